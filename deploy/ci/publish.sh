#!/bin/sh
# Builds every image for two architectures and publishes it to REGISTRY/OWNER/<target>:<version>, with a bill of materials
# (SPDX) and a statement of how it was built (SLSA provenance), which buildx makes and puts beside the image.
# Arguments go to `docker buildx build`. DRY_RUN=1 prints the commands and runs none.
set -eu
cd "$(dirname "$0")/../.."

: "${REGISTRY:?which registry}" "${OWNER:?whose images}"
version=$(cat VERSION)
tag=${REF:-v$version}
tag=${tag#v}
case $tag in
*[!A-Za-z0-9._-]* | '') echo "$tag is no tag of an image." >&2; exit 2 ;;
esac
case ${REF:-} in
v*) [ "$tag" = "$version" ] || { echo "The tag is $tag, and VERSION says $version." >&2; exit 2; } ;;
esac
prefix=$(printf '%s/%s' "$REGISTRY" "$OWNER" | tr '[:upper:]' '[:lower:]') # registries take no capitals
commit=$(git rev-parse HEAD)
built=$(date -u +%Y-%m-%dT%H:%M:%SZ)

run() {
    if [ -n "${DRY_RUN:-}" ]; then printf '%s ' "$@" && echo; else "$@"; fi
}

# Programs of the other architecture are run by the kernel's emulation; a builder of its own can make both.
run docker run --privileged --rm tonistiigi/binfmt:qemu-v9.2.2 --install arm64
run docker buildx create --name notechondria --driver docker-container --use
for target in identity notes planner mcp web gateway nats all-in-one; do
    run docker buildx build --file deploy/Dockerfile --target "$target" --platform linux/amd64,linux/arm64 \
        --build-arg COMMIT="$commit" --build-arg BUILD_TIME="$built" \
        --label org.opencontainers.image.source="https://github.com/$OWNER" \
        --label org.opencontainers.image.revision="$commit" --label org.opencontainers.image.version="$version" \
        --attest type=provenance,mode=max --attest type=sbom \
        --tag "$prefix/$target:$tag" --push "$@" .
done
