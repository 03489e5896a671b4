#!/bin/bash
# build-kubernetes.sh TARBALL: Kubernetes' binaries from Debian's source package, packed with a
# checksum beside. Takes its sources from where this machine's apt takes its packages, and nothing
# from anywhere else: Debian ships the vendored tree. 20 minutes on two cores. Resumable.
set -euo pipefail
. "$(dirname "$0")/env.sh"
. "$RIG_DIR/lib/common.sh"
(($# == 1)) || die "usage: build-kubernetes.sh TARBALL"
tarball=$(realpath -m "$1")
# The package's version names 1.20.5 as well, for the archive had that before it went back.
upstream="1.20.5+really$RIG_KUBERNETES"
servers=(kube-apiserver kube-controller-manager kube-scheduler kube-proxy kubelet kubectl)
work=$RIG_CACHE/build
mkdir -p "$work/apt/lists/partial" "$RIG_STATE/log"

# Debian's Go, by its path: a newer one of the machine's own would build something untried
need dpkg-source=dpkg-dev patch=patch /usr/lib/go/bin/go=golang-go make=make gcc=gcc musl-gcc=musl-tools rsync=rsync xz=xz-utils which=debianutils

# Source lists of its own, so that the machine's configuration of apt stays as it is
apt_sources() { # PROGRAM COMMAND...
  "$1" -q -o "Dir::Etc::sourcelist=$work/apt/sources.list" -o Dir::Etc::sourceparts=/dev/null \
    -o "Dir::State::lists=$work/apt/lists" -o Dir::Cache::srcpkgcache= -o Dir::Cache::pkgcache= -o APT::Sandbox::User=root "${@:2}"
}
fetch() {
  debian_sources | sed 's/^/deb-src /' > "$work/apt/sources.list"
  apt_sources apt-get update
  local version
  version=$(apt_sources apt-cache showsrc --only-source kubernetes | awk -v v="$upstream-" '$1 == "Version:" && index($2, v) == 1 {print $2; exit}')
  [ -n "$version" ] || { echo "no source package of kubernetes $upstream"; return 1; }
  cd "$work"
  apt_sources apt-get source --only-source "kubernetes=$version"
}
source_tree=$work/kubernetes-$upstream
if [ ! -f "$source_tree/build/pause/linux/pause.c" ] && [ ! -f "$source_tree/build/pause/pause.c" ]; then
  rm -rf "$source_tree"
  step "fetch the source of Kubernetes $RIG_KUBERNETES" fetch
fi

# The same way as debian/rules goes: GOPATH mode, vendored packages, no cgo.
compile() {
  cd "$source_tree"
  export GO111MODULE=off CGO_ENABLED=0 GOFLAGS='' GOPATH=$source_tree/.go GOCACHE=$work/go-cache HOME=$work/home
  export PATH=/usr/lib/go/bin:$PATH
  mkdir -p "$HOME" .go/src/k8s.io
  ln -sfn ../../.. .go/src/k8s.io/kubernetes
  make WHAT="${servers[*]/#/cmd/}"
}
step "compile Kubernetes $RIG_KUBERNETES" compile

pack() {
  local out=$work/out
  rm -rf "$out"
  mkdir -p "$out"
  (cd "$source_tree/_output/bin" && cp "${servers[@]}" "$out/")
  # with musl it is a twentieth of the size
  musl-gcc -Os -static -DVERSION="v$RIG_PAUSE-rig" -o "$out/pause" "$(find "$source_tree/build/pause" -name pause.c | head -n 1)"
  strip "$out/pause"
  mkdir -p "$(dirname "$tarball")"
  tar -C "$out" --owner=0 --group=0 -c "${servers[@]}" pause | xz -6 -T0 > "$tarball.tmp"
  mv "$tarball.tmp" "$tarball"
  (cd "$(dirname "$tarball")" && sha256sum "$(basename "$tarball")" > "$tarball.sha256")
}
step "pack $(basename "$tarball")" pack
