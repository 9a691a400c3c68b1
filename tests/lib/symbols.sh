# shellcheck shell=bash
# The plugin has to load in every release of the broker, and they differ in what they export. Sourced by
# tests/run, after tests/lib/results.sh.

# check_symbols PLUGIN: exported_by_brokers.txt is what 2.0.21 exports, which is the least. Anything
# else has to be looked up at run time.
check_symbols() {
    local missing
    missing=$(nm --dynamic --undefined-only "$1" | awk '$2 ~ /^mosquitto_/ { print $2 }' |
        grep -vxF -f "$repository/tests/lib/exported_by_brokers.txt") || true
    if [[ -n $missing ]]; then
        count_failure "Not every broker exports what $1 needs: ${missing//$'\n'/, }"
    else
        passed=$((passed + 1))
        printf 'Every broker exports what the plugin needs.\n'
    fi
}
