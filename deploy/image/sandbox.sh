# shellcheck shell=bash
# To be sourced, as root on Debian: makes a machine without container engine and image registry
# able to run `make image image-test`. Its base is a STAND-IN for the base that the Dockerfile
# names: Debian 12 with Debian's Python 3.11, made from Debian's packages.
sandbox=${SANDBOX:-${XDG_CACHE_HOME:-$HOME/.cache}/cmr-map/sandbox}
mkdir -p "$sandbox"

sandbox_tools() {
  local tools=(podman runc skopeo mmdebstrap)
  dpkg --status "${tools[@]}" > /dev/null 2>&1 && return
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${tools[@]}" > /dev/null
}

# crun fails on hybrid control groups; Holoscan asks for a stack of 32 MB.
sandbox_configuration() {
  cat > "$sandbox/storage.conf" <<EOF
[storage]
driver = "overlay"
graphroot = "$sandbox/store"
runroot = "$sandbox/run"
EOF
  cat > "$sandbox/containers.conf" <<'EOF'
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
[containers]
default_ulimits = ["nofile=4096:4096", "nproc=4096:4096", "stack=33554432:33554432"]
EOF
  export CONTAINERS_STORAGE_CONF=$sandbox/storage.conf CONTAINERS_CONF=$sandbox/containers.conf
  export ENGINE=podman
}

sandbox_base() {
  export BASE=localhost/cmr-map-stand-in-base:bookworm
  podman image exists "$BASE" && return
  mmdebstrap --quiet --mode=root --variant=minbase --include=python3,python3-venv,ca-certificates \
    --aptopt='Acquire::Check-Valid-Until "false"' \
    --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-include=/usr/share/doc/*/copyright' \
    --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
    --customize-hook='rm -f "$1/etc/hostname" "$1/etc/resolv.conf"; : > "$1/etc/resolv.conf"' \
    bookworm "$sandbox/base.tar"
  podman import --quiet "$sandbox/base.tar" "$BASE" > /dev/null
  rm "$sandbox/base.tar"
}

sandbox_tools
sandbox_configuration
sandbox_base
