# shellcheck shell=bash
# Runs GoogleTest programs and adds up what they say. Sourced by tests/run and tests/packages.

passed=0
failed=0
running=()
failures=()  # what each one that failed said, for the end

# run_tests SECONDS PROCESSES COMMAND...: runs the program's tests in so many processes at once, shows
# what they say, and counts. With GTEST_FILTER in one, as another might have none to run.
run_tests() {
    local log=$scratch/output seconds=$1 processes=${GTEST_FILTER:+1} index
    processes=${processes:-$2}
    shift 2
    if [[ -n ${GTEST_FILTER-} ]] && ! "$@" --gtest_list_tests | grep '^  ' >/dev/null; then
        printf 'No test is called %s here.\n' "$GTEST_FILTER"
        return
    fi
    for ((index = 0; index < processes; ++index)); do
        GTEST_TOTAL_SHARDS=$processes GTEST_SHARD_INDEX=$index \
            timeout --kill-after=10 "$seconds" "$@" --gtest_color=no \
            </dev/null >"$log-$index" 2>&1 &
        running+=($!)
    done
    end_running "$log" count_results "$seconds"
}

# end_running LOG COUNT ARGUMENT: shows what each one that is running says until its end, in the file LOG-<number>, and
# counts: COUNT <file> <status> ARGUMENT.
end_running() {
    local log=$1 count=$2 argument=$3 index status
    for index in "${!running[@]}"; do
        status=0
        wait "${running[index]}" || status=$?
        cat "$log-$index"
        "$count" "$log-$index" "$status" "$argument"
    done
    running=()
}

# count_results LOG STATUS SECONDS: of one process. It fails once more if it ended badly without a failed
# test, or ran none.
count_results() {
    local log=$1 status=$2 now_passed now_failed
    now_passed=$(sum '^\[  PASSED  \] ([0-9]+) tests?\.$' "$log")
    now_failed=$(sum '^\[  FAILED  \] ([0-9]+) tests?, listed below:$' "$log")
    if ((status == 124)); then printf 'The tests took more than %s seconds.\n' "$3"; fi
    if ((now_failed == 0 && (status != 0 || now_passed == 0))); then
        printf 'The tests ended with status %s.\n' "$status"
        # It ended too early to sum up: what it had said so far counts.
        now_passed=$(grep -c '^\[       OK \]' "$log") || true
        now_failed=$(($(grep -c '^\[  FAILED  \]' "$log") + 1)) || true
    fi
    passed=$((passed + now_passed))
    failed=$((failed + now_failed))
    ((now_failed == 0)) || failures+=("$(failed_tests "$log")")
}

# failed_tests LOG: all that a failed test said, or one that never ended.
failed_tests() {
    awk '/^\[ RUN      \]/ { said = "" }
         { said = said $0 "\n" }
         /^\[       OK \]|^\[  SKIPPED \]|^\[-/ { said = "" }
         /^\[  FAILED  \] .*\([0-9]+ ms\)$/ { printf "%s", said; said = "" }
         END { if (said ~ /^\[ RUN/) printf "%s", said }' "$1" | tail -n 100
}

# run_script SECONDS COMMAND...: the same for a script whose last line is "N passed, M failed".
run_script() {
    local log=$scratch/output status=0
    run_bounded "$log" "$@" || status=$?
    count_script "$log" "$status" "$2"
}

# begin_scripts SECONDS COMMAND ARGUMENT...: the script with each argument by itself, all at once, until end_scripts COMMAND.
# No other tests are run in between.
begin_scripts() {
    local log=$scratch/output seconds=$1 command=$2 index=0 argument
    for argument in "${@:3}"; do
        printf '%s %s:\n' "$command" "$argument" >"$log-$index"
        timeout --kill-after=10 "$seconds" "$command" "$argument" </dev/null >>"$log-$index" 2>&1 &
        running+=($!)
        index=$((index + 1))
    done
}

end_scripts() { end_running "$scratch/output" count_script "$1"; }

# count_script LOG STATUS COMMAND
count_script() {
    local log=$1 status=$2 now_passed now_failed
    now_passed=$(sum '^([0-9]+) passed, [0-9]+ failed$' "$log")
    now_failed=$(sum '^[0-9]+ passed, ([0-9]+) failed$' "$log")
    if ((now_failed == 0 && (status != 0 || now_passed == 0))); then
        printf '%s ended with status %s.\n' "$3" "$status"
        now_failed=1
    fi
    passed=$((passed + now_passed))
    failed=$((failed + now_failed))
    ((now_failed == 0)) || failures+=("$(tail -n 30 "$log")")
}

sum() { sed -nE "s/$1/\1/p" "$2" | awk '{ total += $1 } END { print total + 0 }'; }

# In the background, so that a signal to this script reaches the tests at once.
run_bounded() {
    local log=$1 seconds=$2 output printer status=0
    shift 2
    exec {output}> >(tee --ignore-interrupts "$log")
    printer=$!
    timeout --kill-after=10 "$seconds" "$@" </dev/null >&"$output" 2>&1 &
    running=($!)
    exec {output}>&-
    wait "${running[0]}" || status=$?
    running=()
    wait "$printer"
    return "$status"
}

count_failure() {
    printf '%s\n' "$*"
    failed=$((failed + 1))
    failures+=("$*")
}

# sum_up: what failed once more, and as the last line how many passed and failed. Fails if any did, or none
# was run.
sum_up() {
    ((passed + failed > 0)) || count_failure "There was no such test."
    if ((failed > 0)); then printf '%s\n' '' '== What failed' "${failures[@]}"; fi
    printf '\n%s passed, %s failed\n' "$passed" "$failed"
    ((failed == 0))
}

end_tests() {
    ((${#running[@]} == 0)) || kill "${running[@]}" 2>/dev/null || true
}
