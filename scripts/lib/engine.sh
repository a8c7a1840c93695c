# shellcheck shell=bash
# Sourced: finds or starts a container engine. Needs common.sh.

engine_answers() { docker version --format '{{.Server.Version}}' >/dev/null 2>&1; }

# engine_start LOG: starts dockerd in the background and waits until it answers.
# Sets engine_pid. A daemon that is already there is left alone (engine_pid stays empty).
engine_start() {
  local log=$1
  engine_pid=
  engine_answers && return 0
  packages_install docker.io iptables ca-certificates || return 1
  engine_answers && return 0
  say "no container engine answers: starting dockerd (log: $log)"
  mkdir -p "$(dirname "$log")"
  # Its own session: a Ctrl-C meant for the caller does not reach it.
  setsid dockerd >"$log" 2>&1 </dev/null &
  engine_pid=$!
  if wait_for 180 engine_answers; then return 0; fi
  tail -n 5 "$log" >&2
  return 1
}
