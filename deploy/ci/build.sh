#!/bin/sh
# Builds every image, tagged with TAG (default: the version) and marked with commit and build time, which the handshake
# shows. Arguments go to `docker build`.
set -eu
cd "$(dirname "$0")/../.."

tag=${TAG:-$(cat VERSION)}
commit=$(git rev-parse HEAD 2>/dev/null || echo unknown)
[ -z "$(git status --porcelain 2>/dev/null)" ] || commit=$commit-changed
built=$(date -u +%Y-%m-%dT%H:%M:%SZ)
for target in identity notes planner mcp web gateway nats all-in-one; do
    echo "Building notechondria/$target:$tag"
    DOCKER_BUILDKIT=1 docker build --quiet --file deploy/Dockerfile --target "$target" \
        --build-arg COMMIT="$commit" --build-arg BUILD_TIME="$built" \
        --tag "notechondria/$target:$tag" "$@" . >/dev/null
done
