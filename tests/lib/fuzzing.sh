# shellcheck shell=bash
# Random clients against a broker. Sourced by tests/run and tests/fuzz/run, after tests/lib/brokers.sh and
# tests/lib/sanitizers.sh.

# shellcheck disable=SC2154  # repository, and what select_broker sets.

# fuzz BROKER PRESET DIRECTORY OPTION...: against the preset's plugin, with the broker that
# select_broker has selected. Reports of sanitizers go into the directory, and are a failure.
fuzz() {
    local name=$1 plugin_preset=$2 reports=$3/reports status=0
    shift 3
    mkdir -p "$reports"
    if [[ $plugin_preset == asan ]]; then
        [[ -n $sanitizer_runtime ]] || die "there are no sanitizers for Mosquitto $name"
        local -x ASAN_OPTIONS UBSAN_OPTIONS=print_stacktrace=1:abort_on_error=1
        ASAN_OPTIONS=$(asan_options "$reports")
    fi
    SHARED_SUBSCRIPTION_PLUGIN=$repository/build/$plugin_preset/plugin/mosquitto_shared_subscription.so \
        SHARED_SUBSCRIPTION_BROKER=$name \
        SHARED_SUBSCRIPTION_BROKER_COMMAND="${broker_command[*]}" \
        SHARED_SUBSCRIPTION_DYNAMIC_SECURITY=$dynamic_security \
        SHARED_SUBSCRIPTION_BROKER_PRELOAD=$(preload_for "$plugin_preset") \
        "$repository/build/dev/tests/fuzz/fuzz" "$@" || status=$?
    sanitizer_reports "$reports" >"$reports.found"
    if [[ -s $reports.found ]]; then
        cat "$reports.found"
        status=1
    fi
    return "$status"
}

preload_for() { [[ $1 != asan ]] || printf '%s' "$sanitizer_runtime"; }
