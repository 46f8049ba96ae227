#!/bin/sh
# The part of the official image's entrypoint that our compose file uses: initdb on the first start, the database, TCP.
set -eu
if [ ! -s "$PGDATA/PG_VERSION" ]; then
    mkdir -p "$PGDATA"
    umask 077
    printf '%s' "${POSTGRES_PASSWORD:?}" >/tmp/password
    # shellcheck disable=SC2086 - several arguments in one variable, as upstream has it
    initdb -D "$PGDATA" -U postgres -A scram-sha-256 --pwfile=/tmp/password ${POSTGRES_INITDB_ARGS:-}
    rm /tmp/password
    echo "host all all all scram-sha-256" >>"$PGDATA/pg_hba.conf"
    pg_ctl -D "$PGDATA" -w -o "-c listen_addresses= -c unix_socket_directories=/var/run/postgresql" start
    PGPASSWORD=$POSTGRES_PASSWORD createdb -h /var/run/postgresql -U postgres "${POSTGRES_DB:-postgres}"
    pg_ctl -D "$PGDATA" -w -m fast stop
fi
exec "$@" -c "listen_addresses=*" -c unix_socket_directories=/var/run/postgresql
