# shellcheck shell=bash
# Sourced by test-engines: the live tests, found by cargo, run one file after the other inside a device.
# Needs common.sh and engine-device.sh.

not_applicable=$root_dir/tests/not-applicable
# Name and path of each file's test program.
suite_programs=()

# suite_build: compiles the live tests.
suite_build() {
  local messages
  messages=$(cargo test --package supervisor-tests --locked --features live --test 'live_*' --no-run \
    --message-format=json-render-diagnostics)
  mapfile -t suite_programs < <(jq -r 'select(.reason == "compiler-artifact" and .executable != null and
    (.target.name | startswith("live_"))) | .target.name + " " + .executable' <<<"$messages")
  [ ${#suite_programs[@]} -gt 0 ] || die "cargo built no live test"
}

suite_reset() {
  suite_passed=0 suite_failed=0 suite_skipped=() suite_failures=()
}

# suite_run ENGINE: all files; sums up in suite_passed, suite_failed, suite_skipped, suite_failures.
suite_run() {
  local engine=$1 program declared=()
  mapfile -t declared < <(declared_for "$engine")
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
  tests=$(device_run "$program" --list | sed -n 's/: test$//p')
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
  local name=$1 program=$2 log code=0 counts passed=0 failed=0 ignored=0 test
  shift 2
  log=$(mktemp)
  say "$name"
  device_run "$program" --exact "$@" 2>&1 | tee "$log" || code=$?
  counts=$(sed -n 's/^test result: .* \([0-9]*\) passed; \([0-9]*\) failed; \([0-9]*\) ignored.*/\1 \2 \3/p' "$log")
  read -r passed failed ignored <<<"${counts:-0 0 0}"
  suite_passed=$((suite_passed + passed))
  suite_failed=$((suite_failed + failed))
  while read -r test; do suite_failures+=("$name::$test"); done < <(sed -n 's/^test \(.*\) \.\.\. FAILED.*/\1/p' "$log")
  [ "$ignored" = 0 ] || suite_failures+=("$name: $ignored ignored")
  if [ -z "$counts" ] || [ $((code != 0)) != $((failed > 0)) ]; then
    suite_failures+=("$name ended with exit code $code")
  fi
  rm -f "$log"
}
