#!/bin/sh
# Prints the container engine to use: ENGINE, or the first one that works here.
set -eu
if [ -n "${ENGINE:-}" ]; then echo "$ENGINE"
elif docker info > /dev/null 2>&1; then echo docker
elif command -v podman > /dev/null; then echo podman
elif command -v buildah > /dev/null; then echo buildah
else echo 'docker, podman or buildah is needed' >&2; exit 2
fi
