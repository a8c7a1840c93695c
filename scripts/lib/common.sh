# shellcheck shell=bash
# Sourced by the scripts beside this folder: messages, packages, paths.
# shellcheck disable=SC2034 # not every one of them uses every path

root_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# Files that are slow to make live here, outside the clone: a new clone reuses them.
cache_dir=${SUPERVISOR_CACHE_DIR:-/var/cache/supervisor-tests}

say() { printf '%s: %s\n' "$(basename "$0")" "$*"; }

die() {
  printf '%s: %s\n' "$(basename "$0")" "$*" >&2
  exit 1
}

need_root() {
  [ "$(id -u)" = 0 ] || die "must run as root (it starts a root daemon and talks to the container engine)"
}

need_rust() {
  command -v cargo >/dev/null || die "needs Rust: cargo is not on the PATH"
}

# packages_install PACKAGE...: installs those that are missing, in one step, and says so.
packages_install() {
  local package missing=()
  for package in "$@"; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing+=("$package")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  say "installing ${missing[*]}"
  apt-get update -qq >/dev/null || return 1
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null || {
    say "could not install ${missing[*]}" >&2
    return 1
  }
}

# wait_for SECONDS COMMAND...: until the command succeeds; 1 when the time is over.
wait_for() {
  local deadline=$((SECONDS + $1))
  shift
  until "$@" >/dev/null 2>&1; do
    [ "$SECONDS" -lt "$deadline" ] || return 1
    sleep 0.1
  done
}
