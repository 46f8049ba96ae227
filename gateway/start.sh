#!/bin/sh
# Starts the gateway in a container: takes the marks off the lines of traefik.yaml that the environment asks for
# (#proxies, #tls, #acme, #metrics, #tracing, #kubernetes) and puts the values in.
# The `notechondria` command does the same on one machine.
#
# With GATEWAY_RESOLVE_SECONDS the names in <SERVICE>_URL are looked up at that interval, and Traefik is given every
# address: under one name it would see one server, keep its connections to one replica, and check only that one's health.
set -eu

written=/etc/traefik/routes
routes=${GATEWAY_ROUTES:-$written}
resolved=${GATEWAY_RESOLVED:-/tmp/routes}

# Whether the service at address $1, port $2 says that it lives: one that is starting or leaving does not.
live() {
    # shellcheck disable=SC2016 - the other shell's variables
    timeout 3 bash -c 'exec 3<>"/dev/tcp/$0/$1" && printf "GET /internal/health/live HTTP/1.0\r\n\r\n" >&3 &&
        read -r _ code _ <&3 && [ "$code" = 200 ]' "$1" "$2" 2>/dev/null
}

# The addresses of name $1, port $2. Of several only those that live, if any does: whenever the list changes Traefik
# begins anew with all of them for healthy.
replicas() {
    all=$(getent ahostsv4 "$1" | sed -n 's/ .*STREAM.*//p' | sort -u)
    some=
    case $all in
    *[[:space:]]*) for one in $all; do ! live "$one" "$2" || some="$some $one"; done ;;
    esac
    printf '%s' "${some:-$all}"
}

# The URLs of $1 (commas between), each name replaced by all of its addresses; a name without any stays: it is down.
addresses() {
    list=
    for url in $(printf '%s' "$1" | tr ',' ' '); do
        place=${url#*://}
        name=${place%%[:/]*}
        port=${place##*:}
        found=$(replicas "$name" "${port%%/*}")
        for address in ${found:-$name}; do
            list="$list,${url%%://*}://$address${place#"$name"}"
        done
    done
    printf '%s' "${list#,}"
}

# services.yaml with the present addresses, by rename, and only when it changed: Traefik loads it at once.
resolve() {
    sed -e "s|(env \"IDENTITY_URL\")|\"$(addresses "${IDENTITY_URL:-}")\"|" \
        -e "s|(env \"NOTES_URL\")|\"$(addresses "${NOTES_URL:-}")\"|" \
        -e "s|(env \"PLANNER_URL\")|\"$(addresses "${PLANNER_URL:-}")\"|" \
        -e "s|(env \"MCP_URL\")|\"$(addresses "${MCP_URL:-}")\"|" \
        -e "s|(env \"WEB_URL\")|\"$(addresses "${WEB_URL:-}")\"|" \
        "$routes/services.yaml" >"$resolved/services.draft"
    if cmp -s "$resolved/services.draft" "$resolved/services.yaml"; then
        rm "$resolved/services.draft"
    else
        mv "$resolved/services.draft" "$resolved/services.yaml"
    fi
}

# Prints the setting named $1, a whole number, or $2 when there is none: the routes' template would take any other text
# for 0, which is no limit at all, and 08 too.
number() {
    eval "given=\${$1:-}"
    digits=$(printf '%s' "${given:-$2}" | tr -d ' ' | sed 's/^0*\([0-9]\)/\1/')
    case $digits in
    '' | *[!0-9]*) echo "$1=$given is not a whole number. Correct it, or leave it out." >&2; exit 2 ;;
    esac
    printf '%s' "$digits"
}

AUTH_RATE_PER_MINUTE=$(number AUTH_RATE_PER_MINUTE 60)
GATEWAY_PATIENCE_SECONDS=$(number GATEWAY_PATIENCE_SECONDS 10)
REQUESTS_PER_CLIENT=$(number REQUESTS_PER_CLIENT 100)
HSTS_SECONDS=$(number HSTS_SECONDS 31536000)
TLS_PUBLIC_PORT=$(number TLS_PUBLIC_PORT 443)
export AUTH_RATE_PER_MINUTE GATEWAY_PATIENCE_SECONDS HSTS_SECONDS REQUESTS_PER_CLIENT TLS_PUBLIC_PORT

home=$(cd "$(dirname "$0")" && pwd)
source=${GATEWAY_STATIC:-$home/traefik.yaml}
rendered=${GATEWAY_RENDERED:-/tmp/traefik.yaml}
marks=
proxies=$(printf '%s' "${TRUSTED_PROXIES:-}" | tr ', ' '\n\n' | sed '/^$/d; s/.*/"&"/' | paste -sd, -)
# In this order: what holds for TLS and proxies together has both marks.
if [ -n "${TLS_CERT_FILE:-}" ] || [ -n "${ACME_EMAIL:-}" ]; then
    marks="$marks tls"
fi
domain=${PUBLIC_BASE_URL:-}
domain=${domain#*://}
domain=${domain%%[:/]*}
resolver='{}'
storage=${ACME_STORAGE:-/var/lib/traefik/acme.json}
authority=
if [ -n "${ACME_EMAIL:-}" ]; then
    marks="$marks acme"
    [ -z "${ACME_CA_FILE:-}" ] || authority="\"$ACME_CA_FILE\""
    resolver="{certResolver: acme, domains: [{main: \"$domain\"}]}"
    [ -n "$domain" ] || { echo "ACME_EMAIL needs PUBLIC_BASE_URL, whose host the certificate is for." >&2; exit 2; }
fi
[ -z "$proxies" ] || marks="$marks proxies"
internal=127.0.0.1:8081
case $(printf '%s' "${METRICS:-}" | tr '[:upper:]' '[:lower:]') in
1 | true | yes | on)
    marks="$marks metrics"
    internal=:8081 # whoever collects them comes from another container
    ;;
esac
collector=${OTEL_EXPORTER_OTLP_ENDPOINT:-}
[ -z "$collector" ] || marks="$marks tracing"
[ -z "${GATEWAY_KUBERNETES_NAMESPACE:-}" ] || marks="$marks kubernetes"
cp "$source" "$rendered.new"
for mark in $marks; do
    sed "s/^\( *\)#$mark /\1/" "$rendered.new" >"$rendered.next" && mv "$rendered.next" "$rendered.new"
done
sed -e "s|\${TRUSTED_PROXIES}|$proxies|" \
    -e "s|\${INTERNAL_ADDRESS}|$internal|" \
    -e "s|\${OTLP_TRACES}|${collector%/}/v1/traces|" \
    -e "s|\${OTEL_TRACES_SAMPLER_ARG}|${OTEL_TRACES_SAMPLER_ARG:-1}|" \
    -e "s|\${TLS_PORT}|${TLS_PORT:-8443}|" \
    -e "s|\${TLS_PUBLIC_PORT}|${TLS_PUBLIC_PORT:-443}|" \
    -e "s|\${TLS_RESOLVER}|$resolver|" \
    -e "s|\${ACME_EMAIL}|${ACME_EMAIL:-}|" \
    -e "s|\${ACME_DIRECTORY}|${ACME_DIRECTORY:-https://acme-v02.api.letsencrypt.org/directory}|" \
    -e "s|\${GATEWAY_KUBERNETES_NAMESPACE}|${GATEWAY_KUBERNETES_NAMESPACE:-}|" \
    -e "s|\${ACME_CA_FILE}|$authority|" \
    -e "s|\${ACME_CERTIFICATE_HOURS}|${ACME_CERTIFICATE_HOURS:-2160}|" \
    -e "s|\${ACME_STORAGE}|$storage|" \
    "$rendered.new" >"$rendered"
rm -f "$rendered.new"
[ "${1:-}" != --render ] || { cat "$rendered"; exit 0; }
if [ -n "${TLS_CERT_FILE:-}" ]; then
    # Traefik would start without them, and refuse every TLS connection.
    for file in "$TLS_CERT_FILE" "${TLS_KEY_FILE:-}"; do
        [ -r "$file" ] || { echo "TLS_CERT_FILE and TLS_KEY_FILE: '$file' cannot be read as user $(id -u)." >&2; exit 2; }
    done
fi
# It holds private keys; when others may read it (after a copy, say) Traefik uses no certificate of it.
[ ! -e "$storage" ] || chmod 600 "$storage" || echo "$storage must have mode 600." >&2
if [ -n "${GATEWAY_KUBERNETES_NAMESPACE:-}" ]; then
    # Of the files those on TLS and the AI service are left; the rest is read from the cluster.
    mkdir -p "$resolved"
    cp "$routes/tls.yaml" "$routes/ai.yaml" "$resolved/"
    sed "s|directory: $written\$|directory: $resolved|" "$rendered" >"$rendered.next" && mv "$rendered.next" "$rendered"
elif [ "${GATEWAY_RESOLVE_SECONDS:-0}" != 0 ]; then
    mkdir -p "$resolved"
    cp "$routes"/*.yaml "$resolved/"
    resolve
    sed "s|directory: $written\$|directory: $resolved|" "$rendered" >"$rendered.next" && mv "$rendered.next" "$rendered"
    # It goes on as a child of Traefik and ends with it, as everything in a container does.
    (set +e; while sleep "$GATEWAY_RESOLVE_SECONDS"; do resolve; done) &
fi
exec traefik "--configFile=$rendered" "$@"
