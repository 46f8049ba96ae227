#!/bin/sh
# Installs the project into .venv: finds a Python, finds or brings uv, lets uv do the rest.
# With --production without what only tests and tools need; where those are installed already (.venv/.ready), they stay.
set -eu
cd "$(dirname "$0")/.."

without=
if [ "${1:-}" = --production ] && [ ! -e .venv/.ready ]; then
    without=--no-dev
fi

fail() {
    printf '%s\n' "$1" >&2
    exit 1
}

new_enough() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null
}

python=
# What was installed with stays: another Python would mean another installation.
for candidate in ${PYTHON:-} .venv/bin/python python3 python3.14 python3.13 python3.12 python3.11; do
    if command -v "$candidate" >/dev/null && new_enough "$candidate"; then
        python=$(command -v "$candidate")
        break
    fi
done
if [ -z "$python" ]; then
    found=$(python3 --version 2>/dev/null || echo "none")
    fail "Python 3.11 or later is needed (found: $found). Install it, or say where it is: make PYTHON=/path/to/python3.12 up"
fi

if [ "$(uname -s)" = Linux ] && ldd --version 2>&1 | grep -qi musl; then
    fail "This Linux has the musl C library, for which there is no Postgres wheel. Use a glibc Linux (Debian, Ubuntu, Fedora), or the containers (deploy/compose.yaml)."
fi

# A running stack holds a lock on what it runs from (cli/notechondria_cli/installation.py).
in_use() {
    [ -f .venv/pyvenv.cfg ] && ! "$python" -c 'import fcntl; fcntl.flock(open(".venv/pyvenv.cfg"), fcntl.LOCK_EX | fcntl.LOCK_NB)' 2>/dev/null
}
# What tests need comes beside what is installed, and changes nothing of it while the lists are those it was made from.
only_adds() {
    [ "${1:-}" != --production ] && [ -e .venv/.installed ] && [ ! -e .venv/.ready ] &&
        [ -z "$(find uv.lock pyproject.toml shared services cli deploy/launcher -maxdepth 2 \
            \( -name pyproject.toml -o -name uv.lock \) -newer .venv/.installed)" ]
}
if in_use && ! only_adds "${1:-}"; then
    echo "A stack runs from this folder, so what is installed stays as it is. To go over to the files here: make upgrade" >&2
    exit 75
fi

# Always the Python of this machine, always this folder, whatever environment is active.
unset VIRTUAL_ENV
export UV_PYTHON="$python" UV_PYTHON_DOWNLOADS=never UV_PROJECT_ENVIRONMENT=.venv
cache=${UV_CACHE_DIR:-${XDG_CACHE_HOME:-${HOME:-/nonexistent}/.cache}/uv}
if ! mkdir -p "$cache" 2>/dev/null || ! [ -w "$cache" ]; then
    export UV_CACHE_DIR="$PWD/.uv/cache"
fi

uv=$("$python" tools/get_uv.py .uv) || fail "uv, the installer, could not be brought. See the lines above."

install() {
    "$uv" sync --frozen --compile-bytecode $without
}

# Behind a proxy that signs for others only this machine's own list of certificates helps; a bare container has none.
if ! install && ! { echo "Once more, trusting what this machine trusts." >&2; UV_SYSTEM_CERTS=1 install; }; then
    fail "The installation did not succeed; the reason is above. No network: connect and repeat. No room: make room and repeat. No wheel for this platform: use Linux (glibc) or macOS on x86-64 or ARM, or the containers (deploy/compose.yaml)."
fi
