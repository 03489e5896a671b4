#!/bin/bash
# The peer: what an administrator's script would do to bring the same cluster up, one step after the other, over plain ssh. It makes keys and
# certificates with openssl, copies files with tar, and runs the same host scripts that pai runs. Only members of etcd start together: none of them is
# healthy alone. It checks nothing that is there already and repeats nothing.
#   plain.sh RENDERED KEY SERVER REGISTRY MASTERS WORKERS [PROXIES]
# RENDERED: what `pai run render` wrote. Hosts are NAME=ADDRESS, lists with commas; KEY logs in as ops, whose sudo asks no password.
set -euo pipefail
rendered=$1 key=$2 server=$3 registry=$4
IFS=, read -ra masters <<< "$5"
IFS=, read -ra workers <<< "$6"
IFS=, read -ra proxies <<< "${7:-}"
repository=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/keys"

# certificate NAME CA CN O USAGE SANS: $work/keys/NAME.crt and .key
certificate() {
  openssl ecparam -name prime256v1 -genkey -noout | openssl pkcs8 -topk8 -nocrypt -out "$work/keys/$1.key"
  openssl req -new -key "$work/keys/$1.key" -subj "${4:+/O=$4}/CN=$3" -out "$work/csr"
  printf 'keyUsage=critical,digitalSignature\nextendedKeyUsage=%s\n%s' "$5" "${6:+subjectAltName=$6}" > "$work/extensions"
  openssl x509 -req -in "$work/csr" -CA "$work/keys/$2.crt" -CAkey "$work/keys/$2.key" -CAcreateserial -days 365 \
    -extfile "$work/extensions" -out "$work/keys/$1.crt" 2> /dev/null
}

authority() { # NAME CN
  openssl ecparam -name prime256v1 -genkey -noout | openssl pkcs8 -topk8 -nocrypt -out "$work/keys/$1.key"
  openssl req -x509 -key "$work/keys/$1.key" -subj "/CN=$2" -days 3650 -addext keyUsage=critical,keyCertSign,cRLSign -out "$work/keys/$1.crt"
}

on() { ssh -i "$key" -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR "ops@$1" "$2"; }

# step HOST SCRIPT CERTIFICATES FILES: sends certificates (NAME:FILE, separated by spaces) and rendered files (patterns of find), and runs the script there.
step() {
  local name=${1%%=*} address=${1#*=} script=$2 certificates=$3 payload
  shift 3
  payload=$(mktemp -d -p "$work")
  mkdir -p "$payload/certs" "$payload/root"
  for pair in $certificates; do
    cp "$work/keys/${pair#*:}.crt" "$payload/certs/${pair%%:*}.crt"
    cp "$work/keys/${pair#*:}.key" "$payload/certs/${pair%%:*}.key"
    echo plain > "$payload/certs/${pair%%:*}.spec"
    date -d "$(openssl x509 -in "$work/keys/${pair#*:}.crt" -noout -enddate | cut -d = -f 2)" +%s > "$payload/certs/${pair%%:*}.expires"
  done
  # A number that pai counts up with each renewal.
  echo 0 > "$payload/certs/generation"
  printf '%s\n' "$members" > "$payload/members"
  : > "$payload/partners"
  date +%s > "$payload/clock"
  cp "$rendered/$name/scripts/$script.sh" "$payload/script"
  for pattern; do
    (cd "$rendered/$name" && find . -path "./$pattern" -type f -exec cp --parents {} "$payload/root" \;)
  done
  # What pai makes only when it runs stands there as a name.
  { grep -rlE '<(ca|etcd-ca|front-proxy-ca|sa|secrets-encryption)\.(crt|key|pub)>' "$payload/root" || :; } | while IFS= read -r file; do
    placeholder=$(grep -oE '<[a-z-]+\.(crt|key|pub)>' "$file" | head -n 1)
    awk -v name="$placeholder" -v place="$work/keys/$(tr -d '<>' <<< "$placeholder")" '
      BEGIN { while ((getline line < place) > 0) text = text (text == "" ? "" : "\n") line }
      { at = index($0, name); if (at) print substr($0, 1, at - 1) text substr($0, at + length(name)); else print }' "$file" > "$work/filled.$name"
    cp "$work/filled.$name" "$file"
  done
  if [ "$script" = host ]; then
    mkdir -p "$payload/root/etc/docker"
    printf '{"insecure-registries": ["%s"]}\n' "$registry" > "$payload/root/etc/docker/daemon.json"
  fi
  tar -C "$payload" -cf - . | on "$address" "sudo sh -c 'umask 077; rm -rf /var/lib/plain; mkdir -p /var/lib/plain /var/lib/pai; cd /var/lib/plain; tar -xf -; ROOT= sh ./script < /dev/null'" > "$work/log.$name" 2>&1 ||
    { cat "$work/log.$name" >&2; exit 1; }
}

# Members of etcd: NAME=URL, with commas between them.
members=
for host in "${masters[@]}"; do
  of() { sed -n "s/^$1=//p" "$rendered/${host%%=*}/scripts/etcd.sh" | tr -d "'" | head -n 1; }
  members=${members:+$members,}$(of ETCD_NAME)=$(of PEER_URL)
done

authority ca kubernetes-ca
authority etcd-ca etcd-ca
authority front-proxy-ca front-proxy-ca
openssl genrsa -out "$work/keys/sa.key" 2048 2> /dev/null
openssl rsa -in "$work/keys/sa.key" -pubout -out "$work/keys/sa.pub" 2> /dev/null
head -c 32 /dev/urandom | base64 > "$work/keys/secrets-encryption.key"

for host in "${masters[@]}" "${workers[@]}" "${proxies[@]}"; do
  name=${host%%=*} address=${host#*=}
  certificate "client-$name" ca "system:node:$address" system:nodes clientAuth ''
  certificate "server-$name" ca "system:node:$address" '' serverAuth "DNS:$name,IP:$address"
  step "$host" host '' 'etc/docker/*'
done

sans=DNS:kubernetes,DNS:kubernetes.default,DNS:kubernetes.default.svc,DNS:kubernetes.default.svc.cluster.local,DNS:localhost,IP:127.0.0.1
for host in "${masters[@]}"; do sans=$sans,DNS:${host%%=*},IP:${host#*=}; done
service=$(grep -ohE -- '--service-cluster-ip-range=[0-9.]+' "$rendered/${masters[0]%%=*}/etc/kubernetes/manifests/kube-apiserver.yaml" | cut -d = -f 2)
sans=$sans,IP:${service%.*}.1,IP:$(sed -E 's|^https://([^:]+):.*|\1|' <<< "$server")
node=('etc/kubernetes/kubelet.*' 'etc/kubernetes/pki/ca.crt')

pids=()
for host in "${masters[@]}"; do
  name=${host%%=*} address=${host#*=}
  certificate "etcd-$name" etcd-ca "$name" '' serverAuth,clientAuth "DNS:$name,DNS:localhost,IP:$address,IP:127.0.0.1"
  certificate "etcd-client-$name" etcd-ca "etcd-client-$name" '' clientAuth ''
  step "$host" etcd "kubelet-client:client-$name kubelet-server:server-$name etcd-server:etcd-$name etcd-peer:etcd-$name etcd-client:etcd-client-$name" \
    "${node[@]}" etc/kubernetes/pki/etcd-ca.crt etc/kubernetes/manifests/etcd.yaml &
  pids+=($!)
done
for pid in "${pids[@]}"; do wait "$pid"; done

for host in "${proxies[@]}"; do
  name=${host%%=*}
  certificate "haproxy-$name" ca pai-haproxy '' clientAuth ''
  step "$host" proxy "kubelet-client:client-$name kubelet-server:server-$name haproxy-check:haproxy-$name" "${node[@]}" 'etc/kubernetes/haproxy/*' etc/kubernetes/manifests/haproxy.yaml
done

for host in "${masters[@]}"; do
  name=${host%%=*}
  certificate "apiserver-$name" ca kube-apiserver '' serverAuth "$sans"
  certificate "apiserver-kubelet-$name" ca kube-apiserver-kubelet-client '' clientAuth ''
  certificate "apiserver-etcd-$name" etcd-ca "kube-apiserver-$name" '' clientAuth ''
  certificate "front-proxy-$name" front-proxy-ca front-proxy-client '' clientAuth ''
  certificate "controller-$name" ca system:kube-controller-manager '' clientAuth ''
  certificate "scheduler-$name" ca system:kube-scheduler '' clientAuth ''
  step "$host" master "kube-apiserver:apiserver-$name kube-apiserver-kubelet-client:apiserver-kubelet-$name kube-apiserver-etcd-client:apiserver-etcd-$name front-proxy-client:front-proxy-$name kube-controller-manager:controller-$name kube-scheduler:scheduler-$name" \
    'etc/kubernetes/kube-*.conf' etc/kubernetes/audit-policy.yaml etc/kubernetes/encryption.yaml 'etc/kubernetes/pki/*' 'etc/kubernetes/manifests/kube-*.yaml'
done

certificate admin ca plain-administrator system:masters clientAuth ''
tar -C "$work/keys" -cf - admin.crt admin.key ca.crt -C "$repository/templates/kubernetes" rbac |
  on "${masters[0]#*=}" "sudo sh -c 'rm -rf /var/lib/plain; mkdir -p /var/lib/plain; cd /var/lib/plain; tar -xf -; /var/lib/pai/bin/kubectl --server=$server --certificate-authority=ca.crt --client-certificate=admin.crt --client-key=admin.key apply -f rbac'" > /dev/null

for host in "${workers[@]}"; do
  name=${host%%=*}
  step "$host" worker "kubelet-client:client-$name kubelet-server:server-$name" "${node[@]}"
done
