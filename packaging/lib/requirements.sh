# shellcheck shell=bash
# What the scripts need from the distribution, and how it is installed when it is missing.
# Sourced by packaging/quickstart, tests/run and tests/packages.

# shellcheck disable=SC2034  # For those who source this.
build_packages=(g++ cmake ninja-build mosquitto-dev libmosquitto-dev libsqlite3-dev
    nlohmann-json3-dev)
# shellcheck disable=SC2034
broker_packages=(mosquitto mosquitto-clients)

# Debian keeps the broker where an ordinary user's PATH does not look.
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin

die() {
    printf '%s: %s\n' "${0##*/}" "$*" >&2
    exit 1
}

# Installs those of the packages that are missing; without root it says how to, and ends.
require_packages() {
    local missing
    command -v apt-get >/dev/null ||
        die "this needs Debian or one of its relatives, with apt-get. Packages: $*"
    mapfile -t missing < <(missing_packages "$@")
    ((${#missing[@]} == 0)) || install_packages "${missing[@]}"
}

missing_packages() {
    local package
    for package in "$@"; do
        dpkg-query --show --showformat '${db:Status-Status}\n' "$package" 2>/dev/null |
            grep -qx installed || printf '%s\n' "$package"
    done
}

install_packages() {
    if ((EUID != 0)); then
        die "some packages are missing. Run this as root, then start $0 again:

    apt-get update && apt-get install --no-install-recommends -y $*
"
    fi
    printf 'Installing %s ...\n' "$*"
    local output
    output=$(without_starting_mosquitto apt_install "$@" 2>&1) ||
        die "apt-get could not install $*:"$'\n'"$output"
    say_if_mosquitto_starts_at_boot "$@"
}

apt_install() {
    export DEBIAN_FRONTEND=noninteractive
    apt-get -o DPkg::Lock::Timeout=300 update &&
        apt-get -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 \
            install --no-install-recommends -y "$@"
}

policy=/usr/sbin/policy-rc.d
policy_mark='# Written for as long as an installation of Mosquitto takes.'

# Runs a command while the distribution's own Mosquitto service is not started, with or without
# systemd: a package asks this policy before it starts its service. A subshell, for its own traps.
without_starting_mosquitto() (
    trap restore_policy EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM HUP
    replace_policy
    "$@"
)

replace_policy() {
    # One with our mark is left from a run that was killed.
    if [[ -e $policy ]] && ! grep -qxF "$policy_mark" "$policy"; then
        mv "$policy" "$policy.saved"
    fi
    cat >"$policy" <<END
#!/bin/sh
$policy_mark
case " \$* " in *" mosquitto "* | *" mosquitto.service "*) exit 101 ;; esac
[ ! -x $policy.saved ] || exec $policy.saved "\$@"
exit 0
END
    chmod 755 "$policy"
}

restore_policy() {
    rm -f "$policy"
    [[ ! -e $policy.saved ]] || mv "$policy.saved" "$policy"
}

say_if_mosquitto_starts_at_boot() {
    [[ " $* " == *" mosquitto "* && -d /run/systemd/system ]] || return 0
    printf '%s\n' "Debian's own Mosquitto service was not started; from the next boot on it will be," \
        "on port 1883, unless you run: systemctl disable mosquitto"
}
