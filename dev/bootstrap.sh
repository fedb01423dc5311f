#!/bin/sh
# Makes .venv, and installs what it needs on this machine: by apt as root, else it says what to install.
# Needs Python >= 3.11 only. Does nothing, at once, when everything is there. PYTHON=... chooses the Python.
set -eu

UV_VERSION=0.13.9
PATH="$PATH:/usr/sbin:/sbin"
cd "$(dirname "$0")/.."
unset VIRTUAL_ENV UV_PROJECT_ENVIRONMENT
export UV_PYTHON_DOWNLOADS=never
export UV_SYSTEM_CERTS=true # behind a proxy with an authority of its own, the machine knows it and uv does not

have() { command -v "$1" >/dev/null 2>&1; }
fail() { echo "bootstrap: $*" >&2; exit 1; }
runs() { "$1" --version >/dev/null 2>&1; } # a pyenv shim may be there and not run
is_new_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; }

find_python() {
    for candidate in .venv/bin/python "${PYTHON:-python3}" python3 python3.14 python3.13 python3.12 python3.11; do
        if is_new_enough "$candidate"; then echo "$candidate"; return; fi
    done
    fail "no Python >= 3.11 was found; name one with PYTHON=/path/to/python3"
}

# What the environment was made from, and where: its scripts hold the folder's path.
state_of_sources() { { pwd; cat pyproject.toml uv.lock dev/bootstrap.sh; } | cksum; }

missing_packages() {
    have mariadbd && have mariadb-install-db || echo mariadb-server-core # without the service of mariadb-server
    have mariadb || echo mariadb-client-core
    runs uv || runs .bootstrap/bin/uv || "$python" -c 'import ensurepip' 2>/dev/null || echo "$debian_python-venv"
    # The rest is for mysqlclient, which has no wheel for Linux.
    if ! .venv/bin/python -c 'import MySQLdb' 2>/dev/null; then
        have pkg-config || echo pkg-config
        have mariadb_config || pkg-config --exists libmariadb mysqlclient 2>/dev/null || echo libmariadb-dev
        have gcc || echo gcc libc6-dev
        [ -e "$("$python" -c 'import sysconfig; print(sysconfig.get_path("include"))')/Python.h" ] ||
            echo "$debian_python-dev"
    fi
}

install_packages() {
    have apt-get || fail "please install what Debian calls: $*"
    [ "$(id -u)" = 0 ] || fail "some packages are missing. Please run, then try again:
    sudo apt-get install --no-install-recommends $*"
    echo "bootstrap: apt-get install $*"
    export DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1
    apt-get -qq update
    apt-get -qq -y install --no-install-recommends "$@" >/dev/null
}

# Of etcd the tests need the program alone, not the service that Debian's package starts: it is unpacked, not installed.
has_etcd() { have etcd || [ -x .bootstrap/etcd/usr/bin/etcd ]; }

get_etcd() {
    have apt-get && have dpkg-deb || fail "please install etcd 3.4 or later, so that etcd is on the PATH"
    echo "bootstrap: getting etcd"
    mkdir -p .bootstrap/etcd
    [ "$(id -u)" != 0 ] || apt-get -qq update
    if ! (cd .bootstrap/etcd && apt-get -qq download etcd-server && dpkg-deb -x etcd-server_*.deb .) >&2; then
        fail "etcd is missing. Please run, then try again:
    sudo apt-get update"
    fi
    rm -f .bootstrap/etcd/*.deb
}

# Newer servers than this machine's, for the tests that run on several: folder, release, program, the file by which it
# is known to be complete, a package of which nothing is wanted but itself (the plugins of accounts), packages.
newer_servers() {
    echo mysql sid mysqld usr/sbin/mysqld - mysql-server-core mysql-client-core
    echo mariadb-trixie trixie mariadbd usr/lib/mysql/plugin/auth_parsec.so mariadb-server \
        mariadb-server-core mariadb-client-core
}

# Where one can't be had that is said, and tried again after a day; only CI insists.
has_newer_servers() {
    newer_servers | while read -r name _ _ proof _; do
        [ -e ".bootstrap/$name/$proof" ] ||
            { [ "${CI:-}" != true ] && [ -n "$(find ".bootstrap/$name.missing" -mmin -1440 2>/dev/null)" ]; } || exit 1
    done
}

get_newer_servers() {
    newer_servers | while read -r name release program proof alone packages; do
        folder=.bootstrap/$name
        [ ! -e "$folder/$proof" ] || continue
        echo "bootstrap: getting $packages of Debian $release"
        rm -rf "$folder" "$folder.new"
        # shellcheck disable=SC2086  # one word a package
        if ALONE=${alone#-} dev/unpack_release.sh "$release" "$folder.new" $packages >&2 </dev/null &&
            version=$(version_of "$folder.new" "$program") && [ -n "$version" ]; then
            rm -f "$folder.missing"
            mv "$folder.new" "$folder"
            echo "bootstrap: $program $version"
        else
            rm -rf "$folder.new"
            touch "$folder.missing"
            echo "bootstrap: $program of Debian $release can't be had here; tests marked \"servers\" do without it" >&2
            [ "${CI:-}" != true ] || exit 1
        fi
    done
}

version_of() { # by its own loader and libraries, as dev/unpacked.py does
    libraries=$(echo "$1"/usr/lib/*-linux-gnu)
    "$libraries"/ld-linux-*.so.* --library-path "$libraries" "$1/usr/sbin/$2" --no-defaults --version |
        sed -n 's/.* Ver \([^ ]*\).*/\1/p'
}

stamp=.venv/bootstrap-stamp
if [ -x .venv/bin/python ] && [ "$(cat "$stamp" 2>/dev/null)" = "$(state_of_sources)" ] &&
    have mariadbd && have mariadb-install-db && have mariadb && has_etcd && has_newer_servers; then
    exit 0
fi

python=$(find_python)
# Debian names the packages of its default Python python3-*, those of another one python3.X-*.
debian_python=$("$python" -c 'import sys; print("python%d.%d" % sys.version_info[:2])')
[ "$(readlink -f /usr/bin/python3)" != "/usr/bin/$debian_python" ] || debian_python=python3

packages=$(missing_packages)
# shellcheck disable=SC2086  # one word a package
[ -z "$packages" ] || install_packages $(echo $packages)

if runs uv; then
    uv=uv
else
    uv=.bootstrap/bin/uv
    if [ "$("$uv" --version 2>/dev/null | cut -d' ' -f2)" != "$UV_VERSION" ]; then
        echo "bootstrap: getting uv $UV_VERSION"
        "$python" -m venv --clear .bootstrap
        .bootstrap/bin/python -m pip install --quiet --disable-pip-version-check "uv==$UV_VERSION"
    fi
fi

has_etcd || get_etcd # after uv's folder, which is made anew with it
get_newer_servers

echo "bootstrap: making .venv from uv.lock"
if [ "$python" = .venv/bin/python ]; then
    "$uv" sync --locked --quiet
else
    "$uv" sync --locked --quiet --python "$python"
fi
state_of_sources >"$stamp"
