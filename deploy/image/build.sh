#!/usr/bin/env bash
# Builds cmr-map:VERSION with docker, podman or buildah, whichever is there. Settings:
#   ENGINE=podman     another than the first found
#   BASE=IMAGE        another base; it needs Python 3.11 with venv, and glibc 2.35 or later
#   VARIANT=gpu       ONNX Runtime with CUDA; VARIANT=tensorrt with TensorRT too
#   WHEELS=FOLDER     where the wheels are, or are downloaded to, once
#   PYTHON=python3    downloads them with its pip
set -euo pipefail
cd "$(dirname "$0")/../.."
variant=${VARIANT:-cpu}
wheels=${WHEELS:-${XDG_CACHE_HOME:-$HOME/.cache}/cmr-map/wheels-$variant}
version=$(sed -n 's/^  version: //p' app.yaml)

engine=$(deploy/image/engine.sh)

download() {
  "${PYTHON:-python3}" -m pip download --quiet --disable-pip-version-check --no-deps \
    --only-binary :all: --python-version 3.11 --find-links "$wheels" --dest "$wheels" \
    -r deploy/image/requirements.txt -r "deploy/image/requirements-$variant.txt" \
    -r deploy/image/requirements-build.txt -r deploy/image/requirements-sbom.txt "$@"
}
mkdir -p "$wheels"
download --no-index 2> /dev/null || download

arguments=(--network none --build-context "wheels=$wheels" --build-arg "VARIANT=$variant"
  --build-arg "VERSION=$version" --tag "cmr-map:$version" ${BASE:+--build-arg "BASE=$BASE"})
echo "Building cmr-map:$version ($variant) with $engine${BASE:+ on $BASE}"
case $engine in
  docker) docker build "${arguments[@]}" . ;;
  podman) podman build --layers "${arguments[@]}" . ;;
  buildah) buildah build --layers "${arguments[@]}" . ;;
  *) echo "ENGINE=$engine is none of docker, podman, buildah" >&2; exit 2 ;;
esac
