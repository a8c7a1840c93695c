# shellcheck shell=bash
# Sourced by test and test-engines: the live or device tests, found by cargo, run one file after the other, here or
# inside a device. Needs common.sh.

# The tests hand files to users who own nothing.
umask 022

not_applicable=$root_dir/tests/not-applicable
# Name and path of each file's test program.
suite_programs=()
# What runs a test program.
suite_runner=run_here
# So many tests of a suite that failed may run once more, alone. Who passes then is unsteady: told in the summary,
# and to be mended, but no reason to refuse a change that has nothing to do with it. 0: none may.
second_runs=${SUPERVISOR_SECOND_RUNS:-2}

# suite_build KIND: compiles the tests of the files KIND_*.
suite_build() {
  local messages
  messages=$(cargo test --package supervisor-tests --locked --features "$1" --test "$1_*" --no-run \
    --message-format=json-render-diagnostics)
  mapfile -t suite_programs < <(jq -r --arg kind "$1_" 'select(.reason == "compiler-artifact" and .executable != null and
    (.target.name | startswith($kind))) | .target.name + " " + .executable' <<<"$messages")
  [ ${#suite_programs[@]} -gt 0 ] || die "cargo built no $1 test"
}

# run_here COMMAND...: on this machine, as cargo would; ends it after 30 minutes.
run_here() { (cd "$root_dir/tests" && timeout --foreground 1800 "$@" </dev/null); }

suite_reset() {
  suite_passed=0 suite_failed=0 suite_skipped=() suite_failures=() suite_unsteady=() suite_second_runs=0
}

# suite_run ENGINE: all files; sums up in suite_passed, suite_failed, suite_skipped, suite_failures and suite_unsteady.
# With an empty name, this machine, everything applies.
suite_run() {
  local program declared=()
  suite_engine=$1
  [ -z "$1" ] || mapfile -t declared < <(declared_for "$1")
  for program in "${suite_programs[@]}"; do
    suite_file "${program%% *}" "${program#* }"
  done
  local entry
  for entry in "${declared[@]}"; do
    # A whole file may be declared before it is there.
    case ${entry%% *} in *'::*') ;; *) suite_failures+=("tests/not-applicable names no test: ${entry%% *}") ;; esac
  done
}

# declared_for ENGINE: "file::test reason" of each test that does not apply to it.
declared_for() {
  local pattern test reason
  while read -r pattern test reason; do
    case $pattern in '' | '#'*) continue ;; esac
    # shellcheck disable=SC2254 # it is a pattern
    case $1 in $pattern) echo "$test $reason" ;; esac
  done <"$not_applicable"
}

# suite_file NAME PROGRAM: what is declared for the file is taken off `declared` and left out; the rest runs.
suite_file() {
  local name=$1 program=$2 entry test left=() skip=() tests all=no
  tests=$("$suite_runner" "$program" --list | sed -n 's/: test$//p')
  for entry in "${declared[@]}"; do
    test=${entry%% *}
    if [ "$test" = "$name::*" ]; then
      all=yes
      while read -r test; do suite_skipped+=("$name::$test: ${entry#* }"); done <<<"$tests"
    elif [ "${test%%::*}" = "$name" ] && grep -qxF "${test#*::}" <<<"$tests"; then
      skip+=(--skip "${test#*::}")
      suite_skipped+=("$test: ${entry#* }")
    else
      left+=("$entry")
    fi
  done
  declared=("${left[@]}")
  [ $all = yes ] || suite_program "$name" "$program" "${skip[@]}"
}

# suite_program NAME PROGRAM SKIP...: runs it and counts. An ignored test counts as a failure: nothing may
# skip itself.
suite_program() {
  local name=$1 program=$2 log code=0 counts passed=0 failed=0 ignored=0 names test
  shift 2
  log=$(mktemp)
  say "$name"
  "$suite_runner" "$program" --exact "$@" 2>&1 | tee "$log" || code=$?
  counts=$(sed -n 's/^test result: .* \([0-9]*\) passed; \([0-9]*\) failed; \([0-9]*\) ignored.*/\1 \2 \3/p' "$log")
  mapfile -t names < <(sed -n 's/^test \(.*\) \.\.\. FAILED.*/\1/p' "$log")
  rm -f "$log"
  read -r passed failed ignored <<<"${counts:-0 0 0}"
  suite_passed=$((suite_passed + passed))
  suite_failed=$((suite_failed + failed))
  if [ -z "$counts" ] || [ $((code != 0)) != $((failed > 0)) ] || [ ${#names[@]} != "$failed" ]; then
    suite_failures+=("$name ended with exit code $code and $failed failed")
  fi
  [ "$ignored" = 0 ] || suite_failures+=("$name: $ignored ignored")
  for test in "${names[@]}"; do suite_once_more "$name" "$program" "$test"; done
}

# suite_once_more NAME PROGRAM TEST: what becomes of a test that failed.
suite_once_more() {
  local name=$1 program=$2 test=$3
  if ! suite_passes_alone "$name" "$program" "$test"; then
    suite_failures+=("$name::$test")
    return
  fi
  suite_passed=$((suite_passed + 1)) suite_failed=$((suite_failed - 1))
  suite_unsteady+=("$name::$test")
  [ -z "${SUPERVISOR_UNSTEADY_LOG:-}" ] || echo "$name::$test${suite_engine:+ on $suite_engine}" >>"$SUPERVISOR_UNSTEADY_LOG"
}

# suite_passes_alone NAME PROGRAM TEST: where it may run once more, it does, and passes.
suite_passes_alone() {
  local log code=0
  [ "$suite_second_runs" -lt "$second_runs" ] || return 1
  suite_second_runs=$((suite_second_runs + 1))
  say "$1: once more $3"
  log=$(mktemp)
  "$suite_runner" "$2" --exact "$3" 2>&1 | tee "$log" || code=$?
  grep -q '^test result: ok\. 1 passed' "$log" || code=1
  rm -f "$log"
  return $code
}

# suite_results: the lists behind the counts, indented, a line each.
suite_results() {
  [ ${#suite_skipped[@]} = 0 ] || printf '          not applicable: %s\n' "${suite_skipped[@]}"
  [ ${#suite_unsteady[@]} = 0 ] || printf '          unsteady, passed on its second run: %s\n' "${suite_unsteady[@]}"
  [ ${#suite_failures[@]} = 0 ] || printf '          failed: %s\n' "${suite_failures[@]}"
}
