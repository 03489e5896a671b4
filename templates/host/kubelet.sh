# Starts kubelet, or leaves it alone when the one that runs is what is wanted. Follows lib.sh and the runtime's file.
#
# HYPERKUBE (image), NODE (the node's name and address), KUBELET_FLAGS (those of the release, the runtime and the network),
# NETWORK (host-only, or who gives pods addresses)

start_kubelet() {
  mkdir -p "$ROOT/var/lib/kubelet" "$ROOT/etc/kubernetes/manifests"
  case " $NEW_CERTIFICATES " in
    # What kubelet made of the old certificate by rotation would win over the new one.
    *" kubelet-client "*) rm -f "$ROOT"/var/lib/kubelet/pki/kubelet-client-* ;;
  esac
  pull_image "$HYPERKUBE" || fail "the image $HYPERKUBE can't be pulled: check docker-registry and hyperkube-version"
  # shellcheck disable=SC2086 # words on purpose
  set -- --config=/etc/kubernetes/kubelet.yaml --kubeconfig=/etc/kubernetes/kubelet.conf \
    --hostname-override="$NODE" --node-ip="$NODE" $KUBELET_FLAGS --cgroup-driver="$(cgroup_driver)"
  run_kubelet "$@"
}

# kubelet_unchanged WORD...: whether kubelet runs and was started with these words and the files as they are. Sets spec.
kubelet_unchanged() {
  spec=$({ printf '%s\n' "$@"; cat "$ROOT/etc/kubernetes/kubelet.yaml" "$ROOT/etc/kubernetes/kubelet.conf" "$PKI/kubelet-client.spec" "$PKI/kubelet-server.spec"; } | sha256sum | cut -d ' ' -f 1)
  kubelet_runs && [ "$(kubelet_spec)" = "$spec" ] && [ -z "$NEW_CERTIFICATES" ]
}
