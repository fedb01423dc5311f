#!/bin/sh
# unpack_release.sh RELEASE FOLDER PACKAGE...: packages of a Debian release, with all that they need down to libc,
# unpacked into FOLDER. Of those that $ALONE names nothing but themselves. For programs that are newer than the machine; see dev/unpacked.py for how they are run.
#
# Needs apt and no root. The machine's apt is left as it is: sources, lists, cache and status are FOLDER's own; of its
# settings only those for fetching hold (a proxy, certificates). DEBIAN_MIRROR names another mirror. Every package is
# verified by Debian's signature, with the machine's debian-archive-keyring or the one that its own apt fetches.
set -eu

release=$1
folder=$(mkdir -p "$2" && cd "$2" && pwd)
shift 2
mirror=${DEBIAN_MIRROR:-http://deb.debian.org/debian}
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
apt=$folder.apt

clean_up() { rm -rf "$apt"; }
trap clean_up EXIT
trap 'exit 1' HUP INT TERM
clean_up
mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial" "$apt/none"

if [ ! -e "$keyring" ]; then # not everything that has apt is Debian
    (cd "$apt" && apt-get -qq download debian-archive-keyring && dpkg-deb -x debian-archive-keyring_*.deb keyring)
    keyring=$apt/keyring$keyring
fi

: >"$apt/status"
echo "deb [signed-by=$keyring] $mirror $release main" >"$apt/sources.list"
{
    apt-config dump | grep -E '^Acquire::(http|https|Retries|ForceIPv[46]|Check-Valid-Until)\b' || true
    cat <<END
Dir::Etc::main "$apt/none/apt.conf";
Dir::Etc::parts "$apt/none";
Dir::Etc::sourcelist "$apt/sources.list";
Dir::Etc::sourceparts "$apt/none";
Dir::State::lists "$apt/lists";
Dir::State::status "$apt/status";
Dir::Cache "$apt/cache";
Acquire::Languages "none";
END
    # The user that apt fetches as can't enter a folder of root's.
    [ "$(id -u)" != 0 ] || echo 'APT::Sandbox::User "root";'
} >"$apt/apt.conf"

export APT_CONFIG="$apt/apt.conf"
apt-get -qq update
apt-get -qq -y install --no-install-recommends --download-only "$@"
for package in ${ALONE:-}; do
    (cd "$apt/cache/archives" && apt-get -qq download "$package")
done
for package in "$apt"/cache/archives/*.deb; do
    dpkg-deb -x "$package" "$folder"
done
# What no server needs is half of it.
rm -rf "$folder"/usr/share/doc "$folder"/usr/share/man "$folder"/usr/share/locale "$folder"/usr/share/perl* \
    "$folder"/usr/lib/*/perl* "$folder"/usr/lib/*/gconv
