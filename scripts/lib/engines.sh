# shellcheck shell=bash
# Sourced: the engines that the live tests run on, and a device for each. Needs common.sh, rootfs.sh.
# shellcheck disable=SC2034 # its readers source it

engines=(20.10 26.1 28 podman4 podman5)
# What the live tests call, besides the engine.
live_packages=systemd,systemd-sysv,dbus,procps,iproute2,iptables,curl,ca-certificates,docker-registry,python3-dbusmock

# systemd 257 wants to be told that version 1 of the control groups is meant; older ones ignore it.
systemd=(/sbin/init systemd.unified_cgroup_hierarchy=0 SYSTEMD_CGROUP_ENABLE_LEGACY_FORCE=1)
# Newer ones know only version 2, which the machine may not have: there the engine runs by itself.
engine_alone=(sh -c 'mount --make-rshared / && /usr/local/bin/writable-network && dockerd')

# engine_recipe ENGINE: sets suite and packages of its root file system, configure (what goes over it),
# init (what the device runs), and version: how the engine's own version begins.
engine_recipe() {
  configure=configure_docker init=("${systemd[@]}")
  case $1 in
  20.10) suite=bookworm version=20.10. packages=docker.io ;;
  26.1) suite=trixie version=26.1. packages=docker.io,docker-cli ;;
  28) suite=sid version=28. init=("${engine_alone[@]}") packages=docker.io,docker-cli ;;
  # Debian 12 has docker's command line only together with its engine.
  podman4) suite=bookworm version=4.3. configure=configure_podman packages=podman,netavark,aardvark-dns,crun,catatonit,docker.io ;;
  podman5) suite=trixie version=5.4. configure=configure_podman packages=podman,netavark,aardvark-dns,nftables,crun,catatonit,docker-cli ;;
  *) die "unknown engine $1 (known: ${engines[*]})" ;;
  esac
  packages=$live_packages,$packages
}

# configure_docker DIR: the network's settings are writable, as on a real device; those of the rest of the
# kernel stay as the outer engine has them, read-only.
configure_docker() {
  local units=$1/etc/systemd/system program=$1/usr/local/bin/writable-network
  mkdir -p "$units/sysinit.target.wants" "$1/usr/local/bin"
  printf '%s\n' '#!/bin/sh -e' 'mkdir -p /run/proc' 'mount -t proc proc /run/proc' \
    'mount --bind /run/proc/sys/net /proc/sys/net' >"$program"
  chmod 755 "$program"
  printf '%s\n' '[Unit]' 'DefaultDependencies=no' 'Before=docker.service podman.socket' '[Service]' 'Type=oneshot' \
    'ExecStart=/usr/local/bin/writable-network' >"$units/writable-network.service"
  ln -s ../writable-network.service "$units/sysinit.target.wants/writable-network.service"
}

# configure_podman DIR: Podman's socket in the place of Docker's. Its users name the registries that speak
# plain HTTP. Control groups are its own, as Docker's are: in a device, crun may not allow devices in systemd's.
configure_podman() {
  local unit
  configure_docker "$1"
  mkdir -p "$1/etc/systemd/system/podman.socket.d" "$1/etc/systemd/system/sockets.target.wants" "$1/etc/containers/registries.conf.d"
  printf '%s\n' '[Socket]' 'ListenStream=' 'ListenStream=/run/docker.sock' >"$1/etc/systemd/system/podman.socket.d/docker.conf"
  printf '[[registry]]\nlocation = "%s"\ninsecure = true\n' 127.0.0.1 127.0.0.2 >"$1/etc/containers/registries.conf.d/loopback.conf"
  printf '%s\n' '[engine]' 'cgroup_manager = "cgroupfs"' >"$1/etc/containers/containers.conf"
  for unit in docker.service docker.socket containerd.service; do ln -s /dev/null "$1/etc/systemd/system/$unit"; done
  ln -s /lib/systemd/system/podman.socket "$1/etc/systemd/system/sockets.target.wants/podman.socket"
}
