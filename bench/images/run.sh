#!/bin/bash
# What do building and pushing the images of the catalogue cost, beside a shell script with `docker build` and `docker push` in sequence? And an
# unchanged `pai run images`? With the stand-ins of test/stand-ins for sources, on the Docker Engine and the registry of the rig, which must be up.
#   bench/images/run.sh [ROUNDS]      1 unless told; each builds everything twice without a cache
# PAI_BENCH_UNCHANGED=1 measures the unchanged run only.
set -euo pipefail
cd "$(dirname "$0")/../.."
rounds=${1:-1}
work=$(mktemp -d)
chmod 700 "$work"
registry=172.30.0.2
tls=$registry:5443
spaces=()
finish() {
  local space image
  for space in "${spaces[@]}"; do
    for image in $(docker images --format '{{.Repository}}:{{.Tag}}' "$tls/$space/*"); do docker rmi -f "$image" > /dev/null 2>&1 || :; done
  done
  rm -rf "$work"
}
trap finish EXIT

test/rig/describe.sh > "$work/rig.json"
mkdir -p "$work/docker" "$work/clone"
cp -r bin dist tasks templates paifile.ts package.json "$work/clone"
# The whole catalogue: entries that wait for their sources, too.
sed -E 's/^  # ( *[a-z-]+:( .*)?)$/  \1/' service-list.yaml > "$work/clone/service-list.yaml"
ln -s "$PWD/node_modules" "$work/clone/node_modules"
cp -r test/stand-ins "$work/clone/sources"

configure() { # SPACE: the example's configuration with the rig's registry
  rm -rf "$work/configuration"
  cp -r cluster-configuration "$work/configuration"
  node - "$work" "$1" << 'NODE'
const { chmodSync, readFileSync, writeFileSync } = require('node:fs');
const [, , work, space] = process.argv;
const { registry } = JSON.parse(readFileSync(`${work}/rig.json`, 'utf8'));
const info = {
  'docker-namespace': space, 'docker-registry-domain': registry.tls, 'docker-username': registry.user,
  'docker-password': registry.password, 'docker-tag': 'bench', 'secret-name': 'pull', 'docker-registry-ca': registry.ca,
};
const build = { 'base-image': `${registry.plain}/pai/debian:bookworm` };
const cluster = { clusterid: 'bench', 'docker-registry-info': info, 'image-build': build };
writeFileSync(`${work}/configuration/services-configuration.yaml`, JSON.stringify({ cluster }));
chmodSync(`${work}/configuration/services-configuration.yaml`, 0o600);
chmodSync(`${work}/configuration/cluster-configuration.yaml`, 0o600);
// For the plain script: the login as Docker's client keeps it.
const auth = Buffer.from(`${registry.user}:${registry.password}`).toString('base64');
writeFileSync(`${work}/docker/config.json`, JSON.stringify({ auths: { [registry.tls]: { auth } } }), { mode: 0o600 });
NODE
}
pai() { (cd "$work/clone" && node bin/pai.js "$@" -p "$work/configuration"); }
load() { cut -d ' ' -f 1 /proc/loadavg; }
now() { date +%s.%N; }
tell() { # WHAT BEGAN
  printf '%-42s %7.1f s   (load %s)\n' "$1" "$(echo "$(now) - $2" | bc)" "$(load)"
}

# In the order of the list, each after what it is built on, one after the other.
plain() { # SPACE
  local image context
  for image in base-image cleaning-image zookeeper hadoop-run frameworklauncher rest-server webportal drivers gpu-exporter prometheus grafana pylon end-to-end-test; do
    context=$work/contexts/$image
    docker --config "$work/docker" build --no-cache -q --build-arg "BASE_IMAGE=$registry:5000/pai/debian:bookworm" -t "$tls/$1/$image:bench" "$context" > "$work/log" 2>&1 || { tail -20 "$work/log"; return 1; }
    docker --config "$work/docker" push -q "$tls/$1/$image:bench" > "$work/log" 2>&1 || { tail -20 "$work/log"; return 1; }
  done
}

# The same contexts as pai sends, with names by tag.
contexts() { # SPACE
  local image
  rm -rf "$work/contexts"
  pai run render-images > /dev/null
  cp -r "$work/clone/.cache/rendered/images" "$work/contexts"
  for image in "$work"/contexts/*; do
    sed -i 's/@<image:[a-z-]*>/:bench/' "$image/Dockerfile"
    mkdir -p "$image/copied_file"
  done
  cp -r test/stand-ins/hadoop/. "$work/contexts/hadoop-run/copied_file"
  cp -r test/stand-ins/frameworklauncher/. "$work/contexts/frameworklauncher/copied_file"
  cp -r test/stand-ins/pai/rest-server "$work/contexts/rest-server/copied_file"
  cp -r test/stand-ins/pai/webportal "$work/contexts/webportal/copied_file"
  cp -r test/stand-ins/nvidia/. "$work/contexts/drivers/copied_file"
  cp -r test/stand-ins/grafana/. "$work/contexts/grafana/copied_file"
}

if [ -z "${PAI_BENCH_UNCHANGED-}" ]; then
  for ((round = 1; round <= rounds; round++)); do
    # The classic builder for both, as Debian's client has no other.
    export DOCKER_BUILDKIT=0
    space=bench-plain-$$-$round
    spaces+=("$space")
    configure "$space"
    contexts
    # Once, as with pai below: the registry then has what an image starts from.
    plain "$space"
    began=$(now)
    plain "$space"
    tell 'plain script: 13 images, one by one' "$began"
    for builder in classic buildkit; do
      [ $builder = classic ] || unset DOCKER_BUILDKIT
      space=bench-$builder-$$-$round
      spaces+=("$space")
      configure "$space"
      # Once, so that being built anew without a cache is what is measured: a first build may find layers of another namespace.
      rm -rf "$work/clone/.cache"
      pai run images > "$work/log" 2>&1 || { tail -20 "$work/log"; exit 1; }
      began=$(now)
      pai run images --force > "$work/log" 2>&1 || { tail -20 "$work/log"; exit 1; }
      tell "pai run images --force, $builder" "$began"
    done
  done
else
  spaces+=("bench-unchanged-$$")
  configure "bench-unchanged-$$"
  pai run images > "$work/log" 2>&1 || { tail -20 "$work/log"; exit 1; }
fi

pai run images > /dev/null
for _ in 1 2 3 4 5; do
  began=$(now)
  said=$(pai run images | tail -1)
  tell "pai run images: $said" "$began"
done
