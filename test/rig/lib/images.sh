# shellcheck shell=bash
# Debian's base image, the images of hosts and registry, the component images. Source common.sh first.

BASE_IMAGE=$RIG_NAME/debian:$RIG_DEBIAN
BASE_TAR=$RIG_CACHE/debian-$RIG_DEBIAN.tar

# --- base ----------------------------------------------------------------------------------------

# Images take packages from where this machine does, by whatever options it needs for that.
write_apt_configuration() { # ROOT
  : > "$1/etc/apt/sources.list"
  debian_sources | while read -r uri suite component; do
    echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $uri $suite $component"
  done >> "$1/etc/apt/sources.list"
  apt-config dump | grep -E '^Acquire::(Check-Valid-Until|Check-Date|https?::Proxy) ' > "$1/etc/apt/apt.conf.d/10machine" || true
  echo 'Acquire::Languages "none";' > "$1/etc/apt/apt.conf.d/20small"
}

make_base_tar() {
  local root=$RIG_CACHE/rootfs mirror include=()
  mirror=$(debian_sources | awk -v d="$RIG_DEBIAN" '$2 == d {print $1; exit}')
  [ -n "$mirror" ] || { echo "apt of this machine has no source for $RIG_DEBIAN"; return 1; }
  [[ $mirror == https:* ]] && include=(--include=ca-certificates)
  rm -rf "$root"
  debootstrap --variant=minbase "${include[@]}" "$RIG_DEBIAN" "$root" "$mirror"
  write_apt_configuration "$root"
  rm -f "$root/etc/machine-id" "$root/etc/resolv.conf" "$root/etc/hostname"
  tar -C "$root" --numeric-owner --exclude='./var/cache/apt/*' --exclude='./var/lib/apt/lists/*' --exclude='./var/log/*' \
    --exclude='./usr/share/doc/*' --exclude='./usr/share/man/*' --exclude='./usr/share/locale/*' \
    -cf "$BASE_TAR.tmp" .
  mv "$BASE_TAR.tmp" "$BASE_TAR"
  rm -rf "$root"
}

import_base() { docker import -c 'CMD ["bash"]' "$BASE_TAR" "$BASE_IMAGE"; }

base_image() {
  if ! docker image inspect "$BASE_IMAGE" > /dev/null 2>&1; then
    [ -f "$BASE_TAR" ] || step "debootstrap $RIG_DEBIAN" make_base_tar
    step "import $BASE_IMAGE" import_base
  fi
}

# --- Kubernetes' binaries --------------------------------------------------------------------------

# The tarball: named by the environment, beside the project, or of the cache (built there when absent)
kubernetes_tarball() {
  local t
  for t in ${PAI_RIG_TARBALL:+"$PAI_RIG_TARBALL"} "$RIG_PROJECT/../shared/rig/$RIG_TARBALL_NAME" "$RIG_CACHE/$RIG_TARBALL_NAME"; do
    [ -f "$t" ] && [ -f "$t.sha256" ] && { realpath "$t"; return; }
  done
  echo "$RIG_CACHE/$RIG_TARBALL_NAME"
}

unpack_kubernetes() { # TARBALL
  (cd "$(dirname "$1")" && sha256sum -c "$(basename "$1").sha256") || return 1
  rm -rf "$RIG_BINARIES.tmp"
  mkdir -p "$RIG_BINARIES.tmp"
  tar -C "$RIG_BINARIES.tmp" --no-same-owner -xJf "$1" || return 1
  awk '{print $1}' "$1.sha256" > "$RIG_BINARIES.tmp/checksum"
  rm -rf "$RIG_BINARIES"
  mv "$RIG_BINARIES.tmp" "$RIG_BINARIES"
}

kubernetes_binaries() {
  local tarball
  tarball=$(kubernetes_tarball)
  if [ ! -f "$tarball" ]; then
    # Binaries that were unpacked before serve as well, whatever became of their tarball.
    [ ! -f "$RIG_BINARIES/checksum" ] || return 0
    [ "$RIG_KUBERNETES" = "$RIG_DEBIAN_KUBERNETES" ] ||
      die "no binaries of Kubernetes $RIG_KUBERNETES in $RIG_BINARIES: test/rig/build-release.sh $RIG_KUBERNETES ETCD makes them"
    step "build Kubernetes $RIG_KUBERNETES (20 min)" "$RIG_DIR/build-kubernetes.sh" "$tarball"
  fi
  [ "$(awk '{print $1}' "$tarball.sha256")" = "$(cat "$RIG_BINARIES/checksum" 2> /dev/null)" ] ||
    step "unpack Kubernetes $RIG_KUBERNETES" unpack_kubernetes "$tarball"
}

# It takes Go and a long time, so only who asks for it gets it: PAI_RIG_COREDNS=1. Clusters of the rig ask a name server outside else.
coredns_binary() {
  [ -f "$RIG_COREDNS_BINARY" ] || [ "${PAI_RIG_COREDNS:-}" != 1 ] ||
    step "build CoreDNS $RIG_COREDNS" "$RIG_DIR/build-coredns.sh" "$RIG_COREDNS_BINARY"
}

has_coredns() { [ -f "$RIG_COREDNS_BINARY" ]; }

# --- building --------------------------------------------------------------------------------------

# build IMAGE DOCKERFILE [BASE=image] [ARG=value]... [-- FILE...]
# The label holds a digest of all inputs: an image that has it is left as it is, and no file is sent.
build() {
  local image=$1 dockerfile=$RIG_DIR/images/$2 arg file inputs args=() files=() context
  shift 2
  while (($#)) && [ "$1" != -- ]; do args+=(--build-arg "$1"); shift; done
  (($# == 0)) || shift
  files=("$@")
  inputs=$({
    cat "$dockerfile"
    for arg in "${args[@]}"; do
      echo "$arg"
      [[ $arg != BASE=* ]] || docker image inspect -f '{{.Id}}' "${arg#BASE=}"
    done
    for file in "${files[@]}"; do
      basename "$file"
      if [[ $file == "$RIG_BINARIES"/* ]]; then cat "$RIG_BINARIES/checksum"; else cat "$file"; fi
    done
  } | sha256sum | cut -c1-32)
  [ "$(docker image inspect -f "{{index .Config.Labels \"$RIG_NAME.inputs\"}}" "$image" 2> /dev/null)" = "$inputs" ] && return
  context=$(mktemp -d "$RIG_CACHE/context.XXXXXX")
  cp -L "$dockerfile" "$context/Dockerfile"
  ((${#files[@]} == 0)) || ln -sf "${files[@]}" "$context/"
  step "build $image" build_context "$image" "$context" "$inputs" "${args[@]}" || { rm -rf "$context"; return 1; }
  rm -rf "$context"
}

build_context() { # IMAGE FOLDER INPUTS [docker build's arguments]
  local image=$1 context=$2 inputs=$3
  shift 3
  tar -C "$context" -ch . | docker build --label "$RIG_NAME.inputs=$inputs" -t "$image" "$@" -
}

component() { echo "$RIG_REGISTRY_PLAIN/$RIG_IMAGE_NAMESPACE/$1"; } # pause:3.2 -> 172.30.0.2:5000/pai/pause:3.2

# All that the registry offers from the start
component_names() {
  local name
  echo "debian:$RIG_DEBIAN"
  echo "busybox:1"
  echo "pause:$RIG_PAUSE"
  for name in kube-apiserver kube-controller-manager kube-scheduler hyperkube; do echo "$name:v$RIG_KUBERNETES"; done
  echo "etcd:$RIG_ETCD"
  echo "haproxy:$RIG_HAPROXY"
  ! has_coredns || echo "coredns:v$RIG_COREDNS"
}

host_images() {
  local h=$RIG_DIR/images/host
  build "$RIG_NAME/host-bare" host/bare.Dockerfile "BASE=$BASE_IMAGE" "LOGIN=$RIG_USER" "PASSWORD=$RIG_PASSWORD" \
    "LOGIN_NOPASSWD=$RIG_USER_NOPASSWD" \
    -- "$RIG_DIR/images/install-packages" "$h/boot" "$h/runc" "$h/docker-defaults" &&
    build "$RIG_NAME/host-docker" host/docker.Dockerfile "BASE=$RIG_NAME/host-bare"
}

package_image() { # NAME:TAG DOCKERFILE [FILE...]: a component out of Debian's packages
  build "$(component "$1")" "kubernetes/$2" "BASE=$BASE_IMAGE" -- "$RIG_DIR/images/install-packages" "${@:3}"
}

static_images() {
  local busybox name
  busybox=$(command -v busybox)
  build "$(component busybox:1)" kubernetes/busybox.Dockerfile -- "$busybox"
  build "$(component "pause:$RIG_PAUSE")" kubernetes/pause.Dockerfile -- "$RIG_BINARIES/pause"
  for name in kube-apiserver kube-controller-manager kube-scheduler; do
    build "$(component "$name:v$RIG_KUBERNETES")" kubernetes/static.Dockerfile "NAME=$name" -- "$busybox" "$RIG_BINARIES/$name"
  done
}

# Debian's package, or the programs that came with the release
etcd_image() {
  local b=$RIG_BINARIES
  if [ -x "$b/etcd" ]; then
    build "$(component "etcd:$RIG_ETCD")" kubernetes/etcd-release.Dockerfile -- "$(command -v busybox)" "$b/etcd" "$b/etcdctl" "$b/etcdutl"
  else
    package_image "etcd:$RIG_ETCD" etcd.Dockerfile
  fi
}

coredns_image() {
  # The module proxy may be out of reach: the rest of the rig is good without.
  coredns_binary || true
  ! has_coredns || build "$(component "coredns:v$RIG_COREDNS")" kubernetes/coredns.Dockerfile -- "$RIG_COREDNS_BINARY"
}

# A few at a time: apt waits for the mirror as much as for a core.
all_images() {
  base_image
  docker tag "$BASE_IMAGE" "$(component "debian:$RIG_DEBIAN")"
  docker tag "$BASE_IMAGE" "$RIG_REGISTRY_TLS/$RIG_IMAGE_NAMESPACE/debian:$RIG_DEBIAN"
  kubernetes_binaries
  local job pids=() b=$RIG_BINARIES
  for job in host_images registry_image static_images etcd_image coredns_image \
    "package_image hyperkube:v$RIG_KUBERNETES hyperkube.Dockerfile $RIG_DIR/images/kubernetes/hyperkube $b/kubelet $b/kube-proxy $b/kubectl" \
    "package_image haproxy:$RIG_HAPROXY haproxy.Dockerfile"; do
    while (($(jobs -rp | wc -l) >= RIG_JOBS)); do wait -n || true; done
    # shellcheck disable=SC2086 # words on purpose; the rig's own paths are not for blanks
    $job &
    pids+=($!)
  done
  all "${pids[@]}"
}

registry_image() {
  build "$RIG_NAME/registry" registry/registry.Dockerfile "BASE=$BASE_IMAGE" \
    -- "$RIG_DIR/images/install-packages" "$RIG_DIR/images/registry/serve"
}
