# shellcheck shell=bash
# Sourced: Debian's root file systems as images of test devices, kept in the cache. Needs common.sh.

# The machine's own mirror, as its package manager has it.
# shellcheck disable=SC2016 # the package manager's own placeholder
mirror() { apt-get indextargets --format '$(REPO_URI)' 'Codename: bookworm' 'Created-By: Packages' | head -n 1; }

# bootstrap DIR SUITE PACKAGES: a small Debian with systemd and a container engine.
bootstrap() {
  local dir=$1
  debootstrap --variant=minbase --include="$3" "$2" "$dir" "$(mirror)" || return 1
  rm -rf "$dir"/var/cache/apt/* "$dir"/var/lib/apt/lists/* "$dir"/usr/share/doc "$dir"/usr/share/locale "$dir"/usr/share/man
  mkdir -p "$dir/etc/docker" "$dir/resin-data"
  # Containers of the device must not share the outer engine's addresses.
  printf '{"bip":"172.30.0.1/24","insecure-registries":["172.17.0.0/16"]}\n' >"$dir/etc/docker/daemon.json"
  # On a real device systemd shares the mount tree; in a container it leaves that to others.
  printf '%s\n' '[Unit]' 'DefaultDependencies=no' 'Before=docker.service containerd.service' '[Service]' \
    'Type=oneshot' 'ExecStart=/bin/mount --make-rshared /' '[Install]' 'WantedBy=sysinit.target' \
    >"$dir/etc/systemd/system/shared-mounts.service"
  systemctl --root="$dir" enable shared-mounts.service
  # Each device gets its own machine id at its first boot.
  : >"$dir/etc/machine-id"
}

rootfs_tarball() {
  local tarball=$1 dir log=$1.log
  dir=$(mktemp -d "$cache_dir/rootfs.XXXXXX")
  say "making the root file system of Debian $2 (one or two minutes)"
  if ! bootstrap "$dir" "$2" "$3" >"$log" 2>&1; then
    rm -rf --one-file-system "$dir"
    tail -n 5 "$log" >&2
    die "debootstrap failed (log: $log)"
  fi
  tar -C "$dir" --exclude='./proc/*' --exclude='./sys/*' -cf "$tarball.part" .
  mv "$tarball.part" "$tarball"
  rm -rf --one-file-system "$dir"
}

# rootfs_image IMAGE NAME SUITE PACKAGES: makes IMAGE:NAME. The recipe decides what is kept: another one
# makes another image.
rootfs_image() {
  local image=$1 name=$2 recipe tarball
  recipe=$({ echo "$3 $4" && declare -f bootstrap; } | sha256sum | cut -c1-12)
  tarball=$cache_dir/device-$recipe.tar
  mkdir -p "$cache_dir"
  [ -f "$tarball" ] || rootfs_tarball "$tarball" "$3" "$4"
  if ! docker image inspect "$image:$recipe" >/dev/null 2>&1; then
    docker import -c 'CMD ["/sbin/init"]' -c 'LABEL supervisor-test-image=1' "$tarball" "$image:$recipe" >/dev/null
  fi
  docker tag "$image:$recipe" "$image:$name"
  say "$image:$name, $(docker image inspect -f '{{.Size}}' "$image:$recipe" | numfmt --to=si)B"
}
