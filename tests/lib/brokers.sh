# shellcheck shell=bash
# The brokers that the integration tests run against. Sourced by tests/run, after
# packaging/lib/requirements.sh, tests/lib/cache.sh and tests/lib/debian.sh.
#
# 2.0 is the distribution's, 2.0.11 in Debian 12. 2.0.21 and 2.1 come from later releases of Debian,
# unpacked in directories of their own under the user's cache and started through their own loaders:
# they need neither root nor chroot.

release_of_2_0_21=trixie
release_of_2_1=forky

# Sets broker_command, broker_version, dynamic_security and sanitizer_runtime for "2.0", "2.0.21" or
# "2.1". 2.0.21 has no sanitizer_runtime: what it runs of the plugin, the other two run as well.
select_broker() {
    case $1 in
    2.0) select_distribution_broker ;;
    2.0.21) select_unpacked_broker "$release_of_2_0_21" ;;
    2.1) select_unpacked_broker "$release_of_2_1" with-sanitizers ;;
    esac
    broker_version=$(version_of "${broker_command[@]}")
    [[ $broker_version == "$1" || $broker_version == "$1".* ]] ||
        die "the tests want Mosquitto $1, but '${broker_command[*]}' is '$broker_version'"
    [[ -f $dynamic_security ]] || die "there is no $dynamic_security"
}

select_distribution_broker() {
    broker_command=(/usr/sbin/mosquitto)
    dynamic_security=/usr/lib/$(architecture)/mosquitto_dynamic_security.so
    sanitizer_runtime="$(g++ -print-file-name=libasan.so) $(g++ -print-file-name=libubsan.so)"
}

# select_unpacked_broker RELEASE [with-sanitizers]
select_unpacked_broker() {
    local name=$1${2+-$2} packages=mosquitto
    [[ -z ${2-} ]] || packages+=,libasan8,libubsan1
    cached "$name" make_root "$1" "$packages"
    local root=$cache/$name loader libraries
    # The loader is the one that the program itself names.
    loader=$(readelf --program-headers "$root/usr/sbin/mosquitto" |
        sed -n 's/.*program interpreter: \(.*\)]/\1/p')
    libraries=$root/usr/lib/$(architecture)
    broker_command=("$root$loader" --library-path "$libraries:$root/lib/$(architecture)"
        "$root/usr/sbin/mosquitto")
    dynamic_security=$libraries/mosquitto_dynamic_security.so
    # With the runtime of an older release, a broker on this C library never ends: exit(3) waits for a
    # lock.
    sanitizer_runtime=${2+"$libraries/libasan.so.8 $libraries/libubsan.so.1"}
}

architecture() { g++ -print-multiarch; }

version_of() {
    local help
    help=$("$@" -h 2>/dev/null) || true
    sed -n '1s/^mosquitto version //p' <<<"$help"
}

# make_root RELEASE PACKAGES DIRECTORY
make_root() {
    fetch_packages "$1" "$2" "$3/download"
    unpack_packages "$3/download" "$3"
    rm -rf "$3/download" "$3/download.log"
}

# unpack_packages DOWNLOAD DIRECTORY
unpack_packages() {
    local package archives=$1/var/cache/apt/archives
    # base-files first: it has the links from /lib to /usr/lib, which others unpack through.
    for package in "$archives"/base-files_*.deb "$archives"/*.deb; do
        dpkg-deb --extract "$package" "$2"
    done
    # Some packages leave it to this to link a library's name to its file.
    ldconfig -n "$2/usr/lib/$(architecture)"
}
