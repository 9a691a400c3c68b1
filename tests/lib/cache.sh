# shellcheck shell=bash
# What the tests fetch and keep, outside the repository. Sourced by tests/run and
# tests/packages.

cache=${XDG_CACHE_HOME:-${HOME:-/var/tmp}/.cache}/mosquitto-shared-subscription

# cached NAME COMMAND...: makes the directory $cache/NAME unless it is there. The command is given the
# directory to fill, which gets its name when it is whole; one of an interrupted run goes.
cached() (
    directory=$cache/$1
    mkdir -p "$cache"
    exec {lock}>"$directory.lock"
    flock "$lock"
    [[ ! -d $directory ]] || exit 0
    printf 'Fetching %s ...\n' "$directory"
    rm -rf --one-file-system "$directory.partial"
    mkdir "$directory.partial"
    "${@:2}" "$directory.partial"
    mv "$directory.partial" "$directory"
)
