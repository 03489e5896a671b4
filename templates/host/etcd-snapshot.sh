# Snapshots of etcd. Follows lib.sh and etcd-health.sh.
#
# SNAPSHOT  name of the file, below /var/lib/etcd

# What works on files: in etcdctl up to 3.4, in etcdutl since 3.5, and no more in etcdctl since 3.6.
etcd_util() {
  case ${ETCD_IMAGE##*:} in
    3.[0-4].* | v3.[0-4].*) etcd_tool etcdctl "$@" ;;
    *) etcd_tool etcdutl "$@" ;;
  esac
}

# etcd can read the snapshot; its hash, revision, keys and size are in etcd-words.
etcd_verify() {
  etcd_util snapshot status "/var/lib/etcd/$SNAPSHOT" > etcd-words 2>&1 || {
    tail -n 1 etcd-words
    fail "etcd can't read the snapshot"
  }
}
