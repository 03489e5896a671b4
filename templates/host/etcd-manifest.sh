# Manifests of static pods that are away for a while, so that kubelet does not start what has to stand still. Follows lib.sh.

# set_aside NAME: stops a static pod and keeps its manifest in $STATE/etcd.
set_aside() {
  set_aside_manifest=$ROOT/etc/kubernetes/manifests/$1.yaml
  mkdir -p "$STATE/etcd"
  if [ -f "$set_aside_manifest" ]; then
    cp -p "$set_aside_manifest" "$STATE/etcd/$1.yaml.pai-new"
    mv -f "$STATE/etcd/$1.yaml.pai-new" "$STATE/etcd/$1.yaml"
  fi
  say "stopping $1"
  stop_pod "$1"
}

# put_back NAME: starts it again; nothing when it was not set aside.
put_back() {
  [ -f "$STATE/etcd/$1.yaml" ] || return 0
  say "starting $1"
  put_manifest "$1" "$STATE/etcd/$1.yaml"
  rm -f "$STATE/etcd/$1.yaml"
}

# put_manifest NAME FILE: kubelet gets it whole or not at all.
put_manifest() {
  mkdir -p "$ROOT/etc/kubernetes/manifests"
  cp -p "$2" "$ROOT/etc/kubernetes/manifests/.$1.yaml.pai-new"
  mv -f "$ROOT/etc/kubernetes/manifests/.$1.yaml.pai-new" "$ROOT/etc/kubernetes/manifests/$1.yaml"
}
