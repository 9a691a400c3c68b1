# shellcheck shell=bash
# A broker with the plugin under the address and undefined behaviour sanitizers. Sourced by tests/run.
#
# The broker is not instrumented, so the runtime is preloaded (select_broker). What the sanitizers say:
#   - undefined behaviour: in the broker's log, and the broker aborts; the tests look for both.
#   - wrong memory accesses and leaks: in files of a directory, read here when the tests are over.
# The broker leaks too: when it refuses to start, 2.0 in some SUBSCRIBEs, the loader of 2.1. So a leak
# counts only where the memory was asked for by the plugin: the stack names the plugin's code, or a
# library that has been unloaded by then, or operator new, which only the plugin uses.

# Looking for a stack without frame pointers costs time, but the broker has none: what it allocates for
# the plugin would not be found to be the plugin's, nor with stacks of six on 2.1. The functions get
# their names afterwards: each broker would need long for those of its leaks. Its exit status is its
# own unless a memory access is wrong: then it aborts.
asan_options() {
    printf '%s:' detect_leaks=1 fast_unwind_on_malloc=0 malloc_context_size=10 symbolize=0 \
        detect_stack_use_after_return=1 exitcode=0 abort_on_error=1
    printf 'log_path=%s' "$1/asan"
}

# Prints the reports in the directory that the plugin is to blame for.
sanitizer_reports() {
    local reports=("$1"/asan.*)
    [[ -e ${reports[0]} ]] || return 0
    name_functions "${reports[@]}" >"$1/names"
    with_names "$1/names" "${reports[@]}" | awk -v plugin="$repository/(plugin|include|build/[^/]*/plugin)/" '
        # Paragraphs: the title, one for each leak, the summary. Other reports have no leaks.
        BEGIN { RS = ""; ORS = "\n\n" }
        /^A report:/ { leaks = 0; next }
        /LeakSanitizer: detected memory leaks/ { leaks = 1; next }
        !leaks { print; next }
        / leak of / && ($0 ~ plugin || /<unknown module>/ || /operator new/)
    '
}

# name_functions REPORT...: a line for each place in the stacks, "(FILE+OFFSET) FUNCTION at PLACE".
name_functions() {
    local frames file offsets
    frames=$(grep -ohE '\(/[^()]+\+0x[0-9a-f]+\)' "$@" | tr -d '()' | sort -u)
    while read -r file; do
        [[ -r $file ]] || continue
        offsets=$(awk -v file="$file" 'index($0, file "+0x") == 1 { print substr($0, length(file) + 2) }' <<<"$frames")
        # shellcheck disable=SC2086  # Many words.
        paste -d ' ' <(sed "s|.*|(&)|; s|^(|($file+|" <<<"$offsets") \
            <(addr2line --functions --demangle --pretty-print --exe="$file" $offsets 2>/dev/null)
    done < <(sed 's/+0x[0-9a-f]*$//' <<<"$frames" | sort -u)
}

# with_names NAMES REPORT...
with_names() {
    awk '
        FILENAME == ARGV[1] { place = $1; $1 = ""; names[place] = $0; next }
        FNR == 1 { print "\nA report:\n" }
        match($0, /\(\/[^()]+\+0x[0-9a-f]+\)/) { $0 = $0 names[substr($0, RSTART, RLENGTH)] }
        { print }
    ' "$@"
}
