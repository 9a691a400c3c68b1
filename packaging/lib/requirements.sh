# shellcheck shell=bash
# What the scripts need from the distribution, and how it is installed when it is missing.
# Sourced by packaging/quickstart, tests/run and tests/packages.

# shellcheck disable=SC2034  # For those who source this.
build_packages=(g++ cmake ninja-build mosquitto-dev libmosquitto-dev libsqlite3-dev
    nlohmann-json3-dev)
# shellcheck disable=SC2034
broker_packages=(mosquitto mosquitto-clients)
# shellcheck disable=SC2034
monitoring_packages=(prometheus prometheus-mqtt-exporter prometheus-node-exporter
    python3-prometheus-client)
# What the dashboard is made with. By the programs' names: these often come from elsewhere, and npm together with node.
# shellcheck disable=SC2034
node_packages=()
command -v node >/dev/null || node_packages+=(nodejs)
command -v npm >/dev/null || node_packages+=(npm)

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
    output=$(without_starting_services "$@" 2>&1) ||
        die "apt-get could not install $*:"$'\n'"$output"
    say_what_starts_at_boot "$@"
}

apt_install() {
    export DEBIAN_FRONTEND=noninteractive
    apt-get -o DPkg::Lock::Timeout=300 update &&
        apt-get -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 \
            install --no-install-recommends -y "$@"
}

policy=/usr/sbin/policy-rc.d
policy_mark='# Written for as long as an installation of Mosquitto takes.'
# Of the packages that may be installed, those that bring a service; it has the package's name.
services=(mosquitto prometheus prometheus-mqtt-exporter prometheus-node-exporter)

# Installs packages while the services of the distribution are not started, with or without
# systemd: a package asks this policy before it starts its service. A subshell, for its own traps.
without_starting_services() (
    trap restore_policy EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM HUP
    replace_policy
    apt_install "$@"
)

replace_policy() {
    # One with our mark is left from a run that was killed.
    if [[ -e $policy ]] && ! grep -qxF "$policy_mark" "$policy"; then
        mv "$policy" "$policy.saved"
    fi
    cat >"$policy" <<END
#!/bin/sh
$policy_mark
for service in ${services[*]}; do
    case " \$* " in *" \$service "* | *" \$service.service "*) exit 101 ;; esac
done
[ ! -x $policy.saved ] || exec $policy.saved "\$@"
exit 0
END
    chmod 755 "$policy"
}

restore_policy() {
    rm -f "$policy"
    [[ ! -e $policy.saved ]] || mv "$policy.saved" "$policy"
}

say_what_starts_at_boot() {
    local service
    [[ -d /run/systemd/system ]] || return 0
    for service in "${services[@]}"; do
        [[ " $* " == *" $service "* ]] || continue
        printf '%s\n' "Debian's own service $service was not started; from the next boot on it will be," \
            "unless you run: systemctl disable $service"
    done
}
