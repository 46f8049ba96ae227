#!/bin/sh
# Writes the .env that compose.yaml needs: sample.env, with secrets of its own in it. What stands there already is kept,
# so it can be repeated; a later version's new secrets are added. Readable by its owner only.
set -eu
cd "$(dirname "$0")"
umask 077

env=${1:-.env}
draft=$env.draft
if [ -e "$env" ]; then cp "$env" "$draft"; else sed '1,3d' ../sample.env >"$draft"; fi
trap 'rm -f "$draft"' EXIT

# 32 letters and digits; a letter first, for NATS takes what begins with a digit for a number.
secret() { printf 'p%s' "$(LC_ALL=C tr -dc 'A-Za-z0-9' </dev/urandom | head -c 31)"; }

for name in INTERNAL_TOKEN DJANGO_SECRET_KEY DJANGO_SUPERUSER_PASSWORD POSTGRES_PASSWORD \
    IDENTITY_DATABASE_PASSWORD NOTES_DATABASE_PASSWORD PLANNER_DATABASE_PASSWORD MCP_DATABASE_PASSWORD \
    IDENTITY_NATS_PASSWORD NOTES_NATS_PASSWORD PLANNER_NATS_PASSWORD MCP_NATS_PASSWORD \
    ADMIN_NATS_PASSWORD SYSTEM_NATS_PASSWORD ROUTE_NATS_PASSWORD; do
    if grep -q "^$name=." "$draft"; then
        continue
    elif grep -q "^#\{0,1\}$name=" "$draft"; then
        sed "s/^#\{0,1\}$name=.*/$name=$(secret)/" "$draft" >"$draft.next"
        mv "$draft.next" "$draft"
    else
        printf '%s=%s\n' "$name" "$(secret)" >>"$draft"
    fi
done
chmod 600 "$draft"
mv "$draft" "$env"
echo "deploy/$env is ready; the administrator's password is DJANGO_SUPERUSER_PASSWORD in it."
