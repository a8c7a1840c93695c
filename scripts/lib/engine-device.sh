# shellcheck shell=bash
# Sourced by test-engines: one device at a time, with the engine under test inside. Needs common.sh.

test_app=supervisor-test-app
device=
device_version=

# device_boot ENGINE: the device of build-device ENGINE, with the clone and cargo's folder as on this machine.
device_boot() {
  local target=${CARGO_TARGET_DIR:-$root_dir/target} mounts folder
  device=supervisor-engine-$1-$$
  device_version=none
  mounts=()
  for folder in "$root_dir" "$target" "$SUPERVISOR_BIN_DIR"; do mounts+=(-v "$folder:$folder:ro"); done
  docker volume create --label supervisor-test=1 "$device" >/dev/null || return 1
  docker create --name "$device" --label supervisor-test=1 --hostname device \
    --cap-add ALL --cap-drop SYS_RESOURCE --security-opt seccomp=unconfined --security-opt apparmor=unconfined \
    --cgroupns host -v /sys/fs/cgroup:/sys/fs/cgroup:rw --tmpfs /run:exec --tmpfs /run/lock --tmpfs /tmp:exec \
    -v "$device:/var/lib" "${mounts[@]}" -e container=docker "supervisor-test-engine:$1" "${init[@]}" >/dev/null || return 1
  device_configure || return 1
  docker start "$device" >/dev/null || return 1
  wait_for 300 docker exec "$device" timeout 30 docker version || return 1
  device_version=$(docker exec "$device" docker version --format '{{.Server.Version}}') || return 1
  docker save "$test_app" | docker exec -i "$device" docker load >/dev/null
}

# The engine's configuration goes over the root file system.
device_configure() {
  local stage code=0
  stage=$(mktemp -d)
  "$configure" "$stage" && docker cp "$stage/." "$device:/" || code=$?
  rm -rf "$stage"
  return $code
}

# device_is_version PREFIX: the engine is the one that was asked for.
device_is_version() {
  case $device_version in
  "$1"*) say "engine $device_version" ;;
  *) say "the engine is $device_version, not $1" >&2 && return 1 ;;
  esac
}

# device_run COMMAND...: runs it on the device as cargo would; ends it after 30 minutes.
device_run() {
  docker exec -w "$root_dir/tests" -e "SUPERVISOR_BIN_DIR=$SUPERVISOR_BIN_DIR" "$device" timeout 1800 "$@"
}

# What the engine says, for a failed run.
device_report() {
  docker exec "$device" sh -c 'docker version; docker ps -a; journalctl -n 40 --no-pager -u docker -u podman' 2>&1 || true
  docker logs --tail 40 "$device" 2>&1 || true
}

# Removes the device and the control groups, empty by then, that it and its inner containers leave behind.
device_remove() {
  local ids id group
  [ -n "$device" ] || return 0
  ids=$(docker inspect -f '{{.Id}}' "$device" 2>/dev/null
    docker exec "$device" timeout 10 docker ps -aq --no-trunc 2>/dev/null) || true
  docker rm -f -v "$device" >/dev/null 2>&1 || true
  docker volume rm -f "$device" >/dev/null 2>&1 || true
  for id in $ids; do
    for group in /sys/fs/cgroup/*/docker/"$id"; do
      [ ! -d "$group" ] || find "$group" -depth -type d -exec rmdir {} + 2>/dev/null || true
    done
  done
  device=
}
