# shellcheck shell=bash
# The registry and what is pushed to it. Source images.sh first.

make_registry_certificates() {
  local d=$RIG_REGISTRY_CERTS
  mkdir -p "$d"
  openssl req -x509 -newkey rsa:2048 -nodes -days 3650 -subj '/CN=pai rig CA' \
    -addext 'keyUsage=critical,keyCertSign,cRLSign' -keyout "$d/ca.key" -out "$d/ca.crt"
  openssl req -newkey rsa:2048 -nodes -subj '/CN=pai rig registry' -keyout "$d/registry.key" -out "$d/registry.csr"
  printf 'subjectAltName=IP:%s,IP:127.0.0.1\nextendedKeyUsage=serverAuth\n' "$RIG_REGISTRY_IP" > "$d/extensions"
  openssl x509 -req -in "$d/registry.csr" -CA "$d/ca.crt" -CAkey "$d/ca.key" -CAcreateserial -days 3649 \
    -extfile "$d/extensions" -out "$d/registry.crt"
  # bcrypt: the registry takes nothing else
  htpasswd -Bbn "$RIG_REGISTRY_USER" "$RIG_REGISTRY_PASSWORD" > "$d/htpasswd"
}

registry_answers() { curl -fs -o /dev/null "http://$RIG_REGISTRY_PUSH/v2/"; }

start_registry() { # CHECKSUM of its certificate and image
  if [ "$(docker inspect -f "{{index .Config.Labels \"$RIG_NAME.inputs\"}}" "$RIG_NAME-registry" 2> /dev/null)" != "$1" ]; then
    docker rm -f "$RIG_NAME-registry" > /dev/null 2>&1 || true
    docker create --name "$RIG_NAME-registry" --label "$RIG_NAME.inputs=$1" --restart unless-stopped \
      --network "$RIG_NAME" --ip "$RIG_REGISTRY_IP" -p "$RIG_REGISTRY_PUSH:5000" \
      -v "$RIG_NAME-registry:/var/lib/registry" -v "$RIG_REGISTRY_CERTS:/certs:ro" "$RIG_NAME/registry"
  fi
  docker start "$RIG_NAME-registry"
  wait_for 30 registry_answers
}

# This machine's docker client pushes by TLS too; read at each use, so dockerd needs no restart.
trust_registry() {
  local d=/etc/docker/certs.d/$RIG_REGISTRY_TLS
  cmp -s "$RIG_REGISTRY_CERTS/ca.crt" "$d/ca.crt" && return
  mkdir -p "$d"
  cp "$RIG_REGISTRY_CERTS/ca.crt" "$d/ca.crt"
}

registry_up() {
  local inputs
  [ -f "$RIG_REGISTRY_CERTS/htpasswd" ] || step "certificates of the registry" make_registry_certificates
  trust_registry
  inputs=$({ cat "$RIG_REGISTRY_CERTS/registry.crt"; docker image inspect -f '{{.Id}}' "$RIG_NAME/registry"; } | sha256sum | cut -c1-32)
  if [ "$(container_state "$RIG_NAME-registry")" != running ] || ! registry_answers ||
    [ "$(docker inspect -f "{{index .Config.Labels \"$RIG_NAME.inputs\"}}" "$RIG_NAME-registry")" != "$inputs" ]; then
    step "start the registry" start_registry "$inputs"
  fi
}

pushed() { # NAME:TAG: does the registry's manifest name the image that is here?
  curl -fs -H 'Accept: application/vnd.docker.distribution.manifest.v2+json' \
    "http://$RIG_REGISTRY_PUSH/v2/$RIG_IMAGE_NAMESPACE/${1%:*}/manifests/${1#*:}" |
    grep -qF "$(docker image inspect -f '{{.Id}}' "$(component "$1")")"
}

push_components() {
  local name target
  for name in $(component_names); do
    pushed "$name" && continue
    target=$RIG_REGISTRY_PUSH/$RIG_IMAGE_NAMESPACE/$name
    docker tag "$(component "$name")" "$target"
    step "push $name" docker push "$target"
  done
}
