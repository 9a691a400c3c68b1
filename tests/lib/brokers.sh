# shellcheck shell=bash
# The brokers that the integration tests run against. Sourced by tests/run, after
# packaging/lib/requirements.sh and tests/lib/cache.sh.
#
# 2.0 is the distribution's. 2.1 comes from Debian's next release, unpacked in a directory of its own
# under the user's cache and started through its own loader: it needs neither root nor chroot.

next_release=forky

# Sets broker_command, broker_version, dynamic_security and sanitizer_runtime for "2.0" or "2.1".
select_broker() {
    case $1 in
    2.0) select_distribution_broker ;;
    2.1) select_next_broker ;;
    esac
    broker_version=$(version_of "${broker_command[@]}")
    [[ $broker_version == "$1".* ]] ||
        die "the tests want Mosquitto $1.x, but '${broker_command[*]}' is '$broker_version'"
    [[ -f $dynamic_security ]] || die "there is no $dynamic_security"
}

select_distribution_broker() {
    broker_command=(/usr/sbin/mosquitto)
    dynamic_security=/usr/lib/$(architecture)/mosquitto_dynamic_security.so
    sanitizer_runtime="$(g++ -print-file-name=libasan.so) $(g++ -print-file-name=libubsan.so)"
}

select_next_broker() {
    local name=$next_release-with-sanitizers
    cached "$name" make_next_root
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
    sanitizer_runtime="$libraries/libasan.so.8 $libraries/libubsan.so.1"
}

architecture() { g++ -print-multiarch; }

version_of() {
    local help
    help=$("$@" -h 2>/dev/null) || true
    sed -n '1s/^mosquitto version //p' <<<"$help"
}

# make_next_root DIRECTORY
make_next_root() {
    fetch_packages "$1/download"
    unpack_packages "$1/download" "$1"
    rm -rf "$1/download" "$1/download.log"
}

# fetch_packages DIRECTORY: tries each archive that apt is configured for.
fetch_packages() {
    local archive log=$1.log
    : >"$log"
    while read -r archive; do
        rm -rf "$1"
        ! download_from "$archive" "$1" >>"$log" 2>&1 || return 0
    done < <(archives)
    cat "$log" >&2
    die "Debian's release \"$next_release\" could not be fetched from any archive that apt is" \
        "configured for: $(archives | tr '\n' ' ')(what debootstrap said is above)"
}

archives() {
    apt-get indextargets --no-release-info --format '$(RELEASE) $(REPO_URI)' 'Created-By: Packages' |
        sed -nE '/^[^ ]*-security /d; s/^[^ ]+ ((https?|file):.*)/\1/p' | sort -u
}

# download_from ARCHIVE DIRECTORY: as far as debootstrap needs no root: it finds what Mosquitto depends
# on, fetches that, and checks the signature. "sid" is its recipe for a release that it does not know
# yet.
download_from() {
    debootstrap --download-only --variant=minbase --force-check-gpg \
        --keyring=/usr/share/keyrings/debian-archive-keyring.gpg \
        --include=mosquitto,libasan8,libubsan1 \
        "$next_release" "$2" "$1" /usr/share/debootstrap/scripts/sid </dev/null
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
