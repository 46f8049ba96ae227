#!/bin/sh
# What a container of ours does first. With a command: that command. Without: its service, which waits for Postgres,
# checks the credentials, puts Windows-style paths right, migrates if needed, bootstraps and serves, saying each step in
# one line (shared/library/notechondria_shared/service/runner.py); or, in the image with everything inside, the whole stack.
set -eu

[ $# -eq 0 ] || exec "$@"

case ${NOTECHONDRIA_SERVICE:-} in
all-in-one)
    : "${DATABASE_URL:?Set DATABASE_URL to a Postgres role that may create roles and schemas.}"
    echo "starting services, bus and gateway on port ${PORT:-8080}, data in $NOTECHONDRIA_DATA"
    # Hosts read logs from standard output; the parts write files. A follower that dies takes nothing along.
    mkdir -p "$NOTECHONDRIA_DATA/logs"
    for part in services nats gateway access; do
        : >>"$NOTECHONDRIA_DATA/logs/$part.log"
    done
    tail -q -n 0 -F "$NOTECHONDRIA_DATA/logs/"*.log 2>/dev/null &
    exec python -m notechondria_launcher up --host 0.0.0.0 --port "${PORT:-8080}"
    ;;
identity | notes | planner | mcp | web)
    echo "starting $NOTECHONDRIA_SERVICE"
    exec python -m "${NOTECHONDRIA_SERVICE}_service"
    ;;
*)
    echo "NOTECHONDRIA_SERVICE=${NOTECHONDRIA_SERVICE:-} is none of identity, notes, planner, mcp, web, all-in-one." >&2
    exit 2
    ;;
esac
