# What the security checks want to know of a host, in sections that begin with `== NAME`. Changes nothing; nothing secret is printed: of files only
# modes and owners, of secrets in etcd only how many there are and how many of them are encrypted.

etcd_pid=
for process in "$ROOT"/proc/[0-9]*; do
  words=$(tr '\0' '\n' < "$process/cmdline" 2> /dev/null) || continue
  # hyperkube goes before the component's own name
  first=${words%%
*}
  second=${words#*
}
  second=${second%%
*}
  case ${first##*/}/${second##*/} in
    kubelet/* | kube-apiserver/* | kube-controller-manager/* | kube-scheduler/* | kube-proxy/* | etcd/* | hyperkube/kube*)
      printf '== process\n%s\n' "$words"
      ;;
  esac
  case ${first##*/} in etcd) etcd_pid=${process##*/} ;; esac
done

echo '== files'
for place in etc/kubernetes var/lib/etcd var/lib/kubelet/pki var/lib/pai/pki var/log/kubernetes; do
  [ -e "$ROOT/$place" ] || continue
  case $place in
    # Its directories are enough: what is in them can't be reached but through these.
    var/lib/etcd) find "$ROOT/$place" -maxdepth 1 -exec stat -c '%a %U:%G %F %n' {} + ;;
    *) find "$ROOT/$place" -exec stat -c '%a %U:%G %F %n' {} + ;;
  esac
done

echo '== listening'
cat "$ROOT/proc/net/tcp" "$ROOT/proc/net/tcp6" 2> /dev/null | awk '$4 == "0A" {print $2}'

# etcdctl of the member's own image, from its root: whatever runs the containers.
member() {
  chroot "$ROOT/proc/$etcd_pid/root" etcdctl --endpoints=https://127.0.0.1:2379 --cacert=/etc/kubernetes/pki/etcd-ca.crt \
    --cert=/etc/kubernetes/pki/etcd-client.crt --key=/etc/kubernetes/pki/etcd-client.key --command-timeout=10s "$@"
}
if [ -n "$etcd_pid" ]; then
  echo '== secrets'
  if keys=$(ETCDCTL_API=3 member get --prefix /registry/secrets/ --keys-only 2> /dev/null); then
    printf '%s\n' "$keys" | grep -c '^/registry/secrets/' || :
    # A value begins on the line after its key.
    ETCDCTL_API=3 member get --prefix /registry/secrets/ | grep -ac '^k8s:enc:' || :
  fi
fi
echo '== end'
