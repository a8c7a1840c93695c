# shellcheck shell=bash
# Sourced by test: named steps, their times and the summary. Needs common.sh and engine.sh.

step_log=()
step_running=
engine_pid=
# Every shell script of the project; what they source is checked with them.
mapfile -t shell_scripts < <(cd "$root_dir" && grep -lE '^#!.*sh$' -r scripts .ci)

# steps_begin: the script ends with a summary from here on.
steps_begin() {
  # The suites note here which tests passed only on their second run (suite.sh).
  SUPERVISOR_UNSTEADY_LOG=$(mktemp)
  export SUPERVISOR_UNSTEADY_LOG
  trap finish EXIT
}

# step NAME COMMAND...: runs it, notes its time; a failure ends the script.
step() {
  local started=$SECONDS
  step_running=$1
  shift
  say "== $step_running"
  "$@"
  step_log+=("$(printf 'passed %5ss  %s' $((SECONDS - started)) "$step_running")")
  step_running=
}

# The summary, however the script ends, and the end of what it started.
finish() {
  local code=$? line
  trap - EXIT
  say "summary after ${SECONDS}s"
  for line in "${step_log[@]}"; do echo "  $line"; done
  [ -z "$step_running" ] || echo "  FAILED         $step_running"
  while read -r line; do echo "  UNSTEADY       $line"; done <"$SUPERVISOR_UNSTEADY_LOG"
  rm -f "$SUPERVISOR_UNSTEADY_LOG"
  [ -z "$engine_pid" ] || { kill -TERM "$engine_pid" && wait "$engine_pid"; } 2>/dev/null || true
  if [ "$code" = 0 ]; then say "everything passed"; else say "failed (exit code $code)"; fi
  exit "$code"
}
