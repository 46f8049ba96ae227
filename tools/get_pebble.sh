#!/bin/sh
# Puts Pebble, the ACME server that Let's Encrypt tests clients with, into .pebble: Debian's package, unpacked only.
# Where it cannot be had it says so, and the tests that need it are left out.
set -eu
cd "$(dirname "$0")/.."
folder=.pebble

without() {
    echo "SKIPPED: $1, so no certificate is fetched by ACME." >&2
    exit 0
}

if command -v pebble >/dev/null && command -v pebble-challtestsrv >/dev/null; then exit 0; fi
if [ -x "$folder/usr/bin/pebble" ]; then exit 0; fi
if ! command -v apt-get >/dev/null || ! command -v dpkg-deb >/dev/null; then without "no Pebble here, and no apt-get"; fi

draft=$(mktemp -d "$PWD/.pebble-XXXXXX")
trap 'rm -rf "$draft"' EXIT
bounded() { timeout 30 apt-get -qq -o Acquire::Retries=1 -o Acquire::http::Timeout=10 -o APT::Sandbox::User=root "$@"; }
download() { (cd "$draft" && bounded download pebble 2>"$draft/said"); }

# The lists of a bare machine are empty, or name what is gone; only root may renew them.
if ! download; then
    [ "$(id -u)" = 0 ] || without "apt-get brought no Pebble ($(tail -n 1 "$draft/said"))"
    bounded update >/dev/null 2>&1 || true # a source that we do not need may fail
    download || without "apt-get brought no Pebble ($(tail -n 1 "$draft/said"))"
fi
dpkg-deb -x "$draft"/pebble_*.deb "$draft/unpacked" || without "Pebble's package could not be unpacked"
rm -rf "$folder"
mv "$draft/unpacked" "$folder"
