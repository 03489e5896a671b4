#!/bin/bash
# build-release.sh KUBERNETES ETCD: binaries of a release out of Go's module proxy, for instance
# build-release.sh 1.37.2 3.6.16, kept in the rig's cache as kubernetes-VERSION (where the rig's images take them from).
# Wants a Go that is new enough for the release (its go.mod says). One package at a time and at low
# priority: it takes more than an hour beside other work. Resumable by Go's own cache.
set -euo pipefail
. "$(dirname "$0")/env.sh"
. "$RIG_DIR/lib/common.sh"
(($# == 2)) || die "usage: build-release.sh KUBERNETES ETCD, for instance 1.37.2 3.6.16"
kubernetes=$1 etcd=$2
out=$RIG_CACHE/kubernetes-$kubernetes
work=$RIG_CACHE/build-$kubernetes
mkdir -p "$work" "$out.parts" "$RIG_STATE/log"
need musl-gcc=musl-tools strip=binutils
command -v go > /dev/null || die "no Go on this machine"
export CGO_ENABLED=0 GOTOOLCHAIN=${GOTOOLCHAIN:-auto} GOFLAGS='-mod=mod -buildvcs=false -trimpath'

module_of() { go mod download -json "$1@$2"; }

# A module of our own that requires what is built. k8s.io/kubernetes names its staging modules v0.0.0 and
# replaces them by folders that a module's archive does not have: here by their own release, v0.MINOR.PATCH.
kubernetes_module() {
  local folder=$work/kubernetes mod staging
  mkdir -p "$folder"
  cd "$folder"
  mod=$(module_of k8s.io/kubernetes "v$kubernetes" | sed -n 's/^\t"GoMod": "\(.*\)",\{0,1\}$/\1/p')
  {
    echo "module pai.rig/kubernetes"
    grep -E '^(go|toolchain|godebug) ' "$mod"
    echo "require k8s.io/kubernetes v$kubernetes"
    sed -n 's#^\t*\(replace \)\{0,1\}\(k8s.io/[a-z0-9-]*\) => \./staging/.*#\2#p' "$mod" |
      while read -r staging; do echo "replace $staging => $staging v0.${kubernetes#1.}"; done
  } > go.mod
  rm -f go.sum
}

kubernetes_program() { # NAME
  cd "$work/kubernetes"
  local package version=()
  for package in k8s.io/component-base/version k8s.io/client-go/pkg/version; do
    version+=(-X "$package.gitVersion=v$kubernetes" -X "$package.gitMajor=1" -X "$package.gitMinor=$(minor)"
      -X "$package.gitTreeState=archive" -X "$package.gitCommit=unknown" -X "$package.buildDate=1970-01-01T00:00:00Z")
  done
  nice -n 10 go build -p 1 -ldflags "-s -w ${version[*]}" -o "$out.parts/$1" "k8s.io/kubernetes/cmd/$1"
}
minor() { echo "$kubernetes" | cut -d. -f2; }

etcd_program() { # MODULE NAME
  mkdir -p "$work/$2"
  cd "$work/$2"
  local mod
  mod=$(module_of "go.etcd.io/etcd/$1/v3" "v$etcd" | sed -n 's/^\t"GoMod": "\(.*\)",\{0,1\}$/\1/p')
  { echo "module pai.rig/$2"; grep -E '^(go|toolchain) ' "$mod"; echo "require go.etcd.io/etcd/$1/v3 v$etcd"; } > go.mod
  rm -f go.sum
  nice -n 10 go build -p 1 -ldflags '-s -w' -o "$out.parts/$2" "go.etcd.io/etcd/$1/v3"
}

pause() {
  local source
  source=$(module_of k8s.io/kubernetes "v$kubernetes" | sed -n 's/^\t"Dir": "\(.*\)",\{0,1\}$/\1/p')/build/pause/linux/pause.c
  musl-gcc -Os -static -DVERSION=v3-rig -o "$out.parts/pause" "$source"
  strip "$out.parts/pause"
}

# What env.sh reads: the tags of the images that go with the release.
companions() {
  local source
  source=$(module_of k8s.io/kubernetes "v$kubernetes" | sed -n 's/^\t"Dir": "\(.*\)",\{0,1\}$/\1/p')
  echo "RIG_ETCD=$etcd"
  sed -n 's/^\tPauseVersion = "\([0-9.]*\)".*/RIG_PAUSE=\1/p' "$source/cmd/kubeadm/app/constants/constants.go"
}

step "modules of Kubernetes $kubernetes" kubernetes_module
step "pause" pause
for pair in server:etcd etcdctl:etcdctl etcdutl:etcdutl; do
  [ -x "$out.parts/${pair#*:}" ] || step "compile ${pair#*:} $etcd" etcd_program "${pair%:*}" "${pair#*:}"
done
for program in kubelet kube-apiserver kube-controller-manager kube-scheduler kube-proxy kubectl; do
  [ -x "$out.parts/$program" ] || step "compile $program $kubernetes" kubernetes_program "$program"
done
companions > "$out.parts/companions.sh"
(cd "$out.parts" && sha256sum ./* | sha256sum | cut -d ' ' -f 1 > checksum)
rm -rf "$out"
mv "$out.parts" "$out"
say "$out"
