#!/bin/sh
# tree.sh TARGET VERSION VARIANT: puts the checkout's files where the package has them. Run by the Dockerfile.
set -eu
target=$1 version=$2 variant=$3 root=$1/root
app=$root/opt/holoscan/app docs=$root/opt/holoscan/docs
mkdir -p "$app" "$docs" "$root/etc/holoscan" "$root/build" \
  "$root/var/holoscan/input" "$root/var/holoscan/output" "$root/var/holoscan/logs"

cp -R app cmr dicomio meshes operators pictures report serving texts "$app"
cp deploy/image/launch.py "$app/__main__.py"
cp deploy/image/bytecode.py "$root/build"
cp app.yaml "$root/var/holoscan/app.yaml"
cp deploy/image/tools.py "$root/var/holoscan/tools"
cp -R models "$target/models"

# As in the repository, so that the links between the pages hold.
cp README.md LICENSE CHANGELOG.md CONTRIBUTING.md app.yaml "$docs"
cp -R docs "$docs/docs"
for card in models/*/README.md; do
  mkdir -p "$docs/${card%/*}" && cp "$card" "$docs/$card"
done
cp -R /licences "$docs/licences"

# Of the packages as they lie in the image: what writes the list has an environment of its own.
site=$(python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
PYTHONPATH=$site /opt/sbom/bin/python -m deploy.trust sbom --site "$site" --output "$docs/sbom.cdx.json"

# Kaapana looks for it in the root of the image.
if [ -f deploy/kaapana/processing-container.json ]; then
  cp deploy/kaapana/processing-container.json "$root"
fi

gpus=1
[ "$variant" != cpu ] || gpus=0
python -m deploy.manifests --output "$root/etc/holoscan" --gpus $gpus
grep -q "\"version\": \"$version\"" "$root/etc/holoscan/app.json" ||
  { echo "VERSION $version is not the version in app.yaml" >&2; exit 1; }

chmod -R u=rwX,go=rX "$target"
chmod 755 "$root/var/holoscan/tools"
chmod 1777 "$root/var/holoscan/output" "$root/var/holoscan/logs"
