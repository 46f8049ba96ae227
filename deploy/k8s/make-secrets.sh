#!/bin/sh
# Prints the Secrets that the manifests refer to, from deploy/.env (make env):
#   sh deploy/k8s/make-secrets.sh notechondria | kubectl apply -f -
# Whoever keeps secrets elsewhere (External Secrets, Sealed Secrets) makes the same names and keys there.
set -eu
namespace=${1:?Usage: $0 NAMESPACE [ENV FILE]}
env=${2:-$(dirname "$0")/../.env}

value() { sed -n "s/^$1=//p" "$env" | tail -1; }

secret() { # name, then the keys as KEY or KEY=NAME IN .env; empty ones are left out
    printf -- '---\napiVersion: v1\nkind: Secret\nmetadata: {name: %s, namespace: %s}\nstringData:\n' "$1" "$namespace"
    shift
    for pair in "$@"; do
        found=$(value "${pair#*=}" | sed "s/'/''/g")
        [ -z "$found" ] || printf "  %s: '%s'\n" "${pair%%=*}" "$found"
    done
}

secret notechondria-shared SERVICE_PUBLIC_KEYS DJANGO_SECRET_KEY AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY \
    CLOUDFLARE_R2_ACCESS_KEY_ID CLOUDFLARE_R2_SECRET_ACCESS_KEY
for service in IDENTITY NOTES PLANNER MCP; do
    secret "notechondria-$(printf '%s' "$service" | tr '[:upper:]' '[:lower:]')" \
        DATABASE_PASSWORD="${service}_DATABASE_PASSWORD" NATS_PASSWORD="${service}_NATS_PASSWORD" \
        SERVICE_KEY="${service}_SERVICE_KEY"
done
secret notechondria-web SERVICE_KEY=WEB_SERVICE_KEY
secret notechondria-identity-settings DJANGO_SUPERUSER_PASSWORD DJANGO_SUPERUSER_USERNAME DJANGO_SUPERUSER_EMAIL \
    SMTP_PASSWORD GOOGLE_OAUTH_CLIENT_SECRET GITHUB_APP_CLIENT_SECRET
secret notechondria-nats IDENTITY_NATS_PASSWORD NOTES_NATS_PASSWORD PLANNER_NATS_PASSWORD MCP_NATS_PASSWORD \
    ADMIN_NATS_PASSWORD SYSTEM_NATS_PASSWORD ROUTE_NATS_PASSWORD
secret notechondria-postgres password=POSTGRES_PASSWORD
printf '  username: postgres\n'
if [ -n "$(value BACKUP_ACCESS_KEY_ID)" ]; then
    secret notechondria-backups ACCESS_KEY_ID=BACKUP_ACCESS_KEY_ID SECRET_ACCESS_KEY=BACKUP_SECRET_ACCESS_KEY
fi
