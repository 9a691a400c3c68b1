# shellcheck shell=bash
# Packages of other releases of Debian, from the archives that apt is configured for. Sourced by
# tests/run and tests/packages, after packaging/lib/requirements.sh.

# What from_archives needs.
# shellcheck disable=SC2034  # For those who source this.
debian_packages=(debootstrap debian-archive-keyring)

# fetch_packages RELEASE PACKAGES DIRECTORY: the packages, comma separated, and what they depend on. As
# far as debootstrap needs no root: it finds them, fetches them, and checks the signature.
fetch_packages() {
    from_archives "$1" "$3" --download-only --include="$2"
}

# from_archives RELEASE DIRECTORY OPTION...: tries each archive with debootstrap.
from_archives() {
    local archive log=$2.log
    : >"$log"
    while read -r archive; do
        rm -rf --one-file-system "$2"
        ! bootstrap "$archive" "$@" >>"$log" 2>&1 || return 0
    done < <(archives)
    cat "$log" >&2
    die "Debian's release \"$1\" could not be fetched from any archive that apt is configured for:" \
        "$(archives | tr '\n' ' ')(what debootstrap said is above)"
}

archives() {
    # shellcheck disable=SC2016  # They are apt's.
    apt-get indextargets --no-release-info --format '$(RELEASE) $(REPO_URI)' 'Created-By: Packages' |
        sed -nE '/^[^ ]*-security /d; s/^[^ ]+ ((https?|file):.*)/\1/p' | sort -u
}

# bootstrap ARCHIVE RELEASE DIRECTORY OPTION...: "sid" is the recipe for a release that debootstrap does
# not know yet.
bootstrap() {
    debootstrap --variant=minbase --force-check-gpg \
        --keyring=/usr/share/keyrings/debian-archive-keyring.gpg "${@:4}" \
        "$2" "$3" "$1" /usr/share/debootstrap/scripts/sid </dev/null
}
