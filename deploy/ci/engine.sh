#!/bin/sh
# A Docker engine for the container tests.
#   engine.sh start   use the one that answers; else install Debian's and start one of our own; print what to export
#   engine.sh stop    stop the engine that `start` started, and nothing else
set -eu

work=${CONTAINERS_WORK:-/var/tmp/notechondria-containers}
socket=unix://$work/docker.sock
plugins=$work/config/cli-plugins

say() { printf '%s\n' "$*" >&2; }

# Compose v2 and buildx are packages of a newer Debian; they run on this one when they are merely unpacked.
plugin() {
    docker "$1" version >/dev/null 2>&1 && return
    say "Fetching the Docker plugin $1"
    apt=$work/apt
    mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial" "$plugins"
    echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://deb.debian.org/debian forky main" \
        >"$apt/sources.list"
    set -- "$1" -q -o Dir::Etc::sourcelist="$apt/sources.list" -o Dir::Etc::sourceparts=/dev/null \
        -o Dir::State::lists="$apt/lists" -o Dir::Cache="$apt/cache" -o APT::Sandbox::User=root
    name=$1
    shift
    apt-get "$@" update >&2
    (cd "$apt" && apt-get "$@" download "docker-$name" >&2 && dpkg -x "docker-${name}"_*.deb unpacked)
    cp "$apt/unpacked/usr/libexec/docker/cli-plugins/docker-$name" "$plugins/"
}

start() {
    mkdir -p "$plugins"
    export DOCKER_CONFIG="$work/config"
    if ! docker info >/dev/null 2>&1; then
        export DOCKER_HOST="$socket"
        if ! docker info >/dev/null 2>&1; then
            [ "$(id -u)" -eq 0 ] || { say "No Docker engine answers, and only root can start one."; exit 1; }
            if ! command -v dockerd >/dev/null || ! command -v iptables >/dev/null; then
                say "Installing Debian's Docker engine"
                apt-get -q update >&2
                DEBIAN_FRONTEND=noninteractive apt-get -q -y --no-install-recommends install docker.io iptables >&2
            fi
            # What the caller holds open (a lock, say) is not the engine's to keep.
            dockerd --host "$socket" --data-root "$work/data" --exec-root "$work/exec" --pidfile "$work/docker.pid" \
                --log-level warn >"$work/dockerd.log" 2>&1 </dev/null \
                3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&- &
            tries=0
            until docker info >/dev/null 2>&1; do
                tries=$((tries + 1))
                [ $tries -lt 150 ] || { tail -5 "$work/dockerd.log" >&2; say "The engine does not start."; exit 1; }
                sleep 0.2
            done
            say "Engine $(docker version --format '{{.Server.Version}}') started"
        fi
    fi
    plugin compose
    plugin buildx
    printf 'export DOCKER_CONFIG=%s\n' "$DOCKER_CONFIG"
    [ -z "${DOCKER_HOST:-}" ] || printf 'export DOCKER_HOST=%s\n' "$DOCKER_HOST"
}

stop() {
    [ -f "$work/docker.pid" ] || return 0
    pid=$(cat "$work/docker.pid")
    kill "$pid" 2>/dev/null || return 0
    while kill -0 "$pid" 2>/dev/null; do sleep 0.2; done
    say "Engine stopped"
}

case ${1:-} in
start) start ;;
stop) stop ;;
*) say "Usage: $0 start|stop"; exit 2 ;;
esac
