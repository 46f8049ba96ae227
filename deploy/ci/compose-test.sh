#!/bin/sh
# The containers for real: an engine (ours when none answers), base images, our images, the compose file, the tests of
# deploy/ci/tests against the published loopback port. Leaves nothing running. Arguments go to pytest.
# KEEP=1 leaves engine and images, for the next run.
set -eu
cd "$(dirname "$0")/../.."

began=$(date +%s)
settings=$(sh deploy/ci/engine.sh start)
eval "$settings"
finish() {
    [ -n "${KEEP:-}" ] || sh deploy/ci/engine.sh stop
}
trap finish EXIT
trap 'exit 130' INT TERM

sh deploy/ci/base-images.sh
TAG=test sh deploy/ci/build.sh --network host --pull=false
echo "Images after $(($(date +%s) - began)) s:"
docker images --format '{{.Repository}}:{{.Tag}} {{.Size}}' | grep '^notechondria/.*:test' | sort
.venv/bin/pytest deploy/ci/tests -p no:cacheprovider -q -s --timeout 600 --durations=8 "$@"
echo "Everything took $(($(date +%s) - began)) s"
