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

put() { # name, value: in the place of the line that has it, or at the end
    if grep -q "^#\{0,1\}$1=" "$draft"; then
        sed "s|^#\{0,1\}$1=.*|$1=$2|" "$draft" >"$draft.next"
        mv "$draft.next" "$draft"
    else
        printf '%s=%s\n' "$1" "$2" >>"$draft"
    fi
}

for name in DJANGO_SECRET_KEY DJANGO_SUPERUSER_PASSWORD POSTGRES_PASSWORD \
    IDENTITY_DATABASE_PASSWORD NOTES_DATABASE_PASSWORD PLANNER_DATABASE_PASSWORD MCP_DATABASE_PASSWORD \
    IDENTITY_NATS_PASSWORD NOTES_NATS_PASSWORD PLANNER_NATS_PASSWORD MCP_NATS_PASSWORD \
    ADMIN_NATS_PASSWORD SYSTEM_NATS_PASSWORD ROUTE_NATS_PASSWORD; do
    grep -q "^$name=." "$draft" || put "$name" "$(secret)"
done

# Each caller of internal endpoints has an Ed25519 key; a key's text is its 32 bytes in base64, the last of its DER form.
command -v openssl >/dev/null || { echo "openssl is needed to make the services' keys: install it." >&2; exit 1; }
work=$(mktemp -d)
trap 'rm -rf "$draft" "$work"' EXIT
public=$(sed -n 's/^SERVICE_PUBLIC_KEYS=//p' "$draft" | tail -1)
for caller in identity notes planner mcp web operator; do
    name=$(printf '%s' "$caller" | tr '[:lower:]' '[:upper:]')_SERVICE_KEY
    grep -q "^$name=." "$draft" && continue
    openssl genpkey -algorithm ed25519 -outform DER -out "$work/key"
    put "$name" "$(tail -c 32 "$work/key" | base64)"
    # The key that a caller had stays beside the new one until it is taken out: what runs goes on with it.
    public=$public${public:+,}$caller:$(openssl pkey -inform DER -in "$work/key" -pubout -outform DER | tail -c 32 | base64)
done
put SERVICE_PUBLIC_KEYS "$public"
chmod 600 "$draft"
mv "$draft" "$env"
echo "deploy/$env is ready; the administrator's password is DJANGO_SUPERUSER_PASSWORD in it."
