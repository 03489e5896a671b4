# kubelet on the proxy, and the haproxy that it runs as a static pod. Follows lib.sh and kubelet.sh. Its node is registered
# as soon as there are masters; it does not wait for them.

install_certificates
# haproxy wants certificate and key in one file.
cat "$PKI/haproxy-check.crt" "$PKI/haproxy-check.key" > "$PKI/.haproxy.pem.pai-new"
mv -f "$PKI/.haproxy.pem.pai-new" "$PKI/haproxy.pem"
install_tree proxy
start_kubelet
# A new certificate is read at the start only.
case " $NEW_CERTIFICATES " in *" haproxy-check "*) restart_pods haproxy ;; esac
wait_for 200 "haproxy on $NODE" pod_running haproxy
