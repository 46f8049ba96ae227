#!/bin/sh
# Puts Go into .go, for the tests of the gateway's plugins: the wheel that uv.lock pins by its hash, in a folder of its own,
# so that those who only run Notechondria need not fetch it (75 MB).
set -eu
cd "$(dirname "$0")/.."
if [ -e .go/.ready ] && [ .go/.ready -nt uv.lock ]; then exit 0; fi

uv=$(.venv/bin/python tools/get_uv.py .uv)
install() {
    VIRTUAL_ENV='' UV_PYTHON="$PWD/.venv/bin/python" UV_PYTHON_DOWNLOADS=never UV_PROJECT_ENVIRONMENT=.go \
        "$uv" sync --quiet --frozen --only-group go
}
# Behind a proxy that signs for others only this machine's own list of certificates helps.
if ! install 2>/dev/null && ! { export UV_SYSTEM_CERTS=1; install; }; then
    echo "SKIPPED: Go could not be brought, so the gateway's plugins are not tested by themselves." >&2
    exit 0
fi
touch .go/.ready
