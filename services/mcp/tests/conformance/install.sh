#!/bin/sh
# Puts Node 22, the conformance suite, clients of MCP, axe-core and readers of calendars into .venv/.node. Needs npm.
# Without npm, or without a way to the registry, it says so and the tests that need them are skipped.
set -eu
folder=${1:?folder to install into}
stamp="$folder/.ready-4"
if [ -e "$stamp" ]; then exit 0; fi
if ! command -v npm > /dev/null 2>&1; then
  echo "SKIPPED: no npm here, so the MCP conformance suite and the TypeScript client are not run." >&2
  exit 0
fi
mkdir -p "$folder"
if npm install --prefix "$folder" --no-audit --no-fund --loglevel=error --no-save --fetch-retries=1 --fetch-timeout=20000 \
  node@22.23.3 ical.js@2.2.1 node-ical@0.27.2 axe-core@4.14.1 mcp-remote@0.15.1 @modelcontextprotocol/inspector@2.12.0 \
  @modelcontextprotocol/conformance@0.2.0-alpha.12 @modelcontextprotocol/sdk@1.32.2; then
  touch "$stamp"
else
  echo "SKIPPED: npm could not install the MCP conformance suite; it is not run." >&2
fi
