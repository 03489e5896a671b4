#!/bin/bash
# How long from bare hosts to a cluster whose nodes are Ready, beside a plain shell script that does the same steps one after the other? Then: nothing to
# do, and one worker added. On hosts of the rig (test/rig/README.md), which must be up; the hosts are made anew for each.
#   bench/bring-up/run.sh [SHAPE...]      MASTERS+PROXIES+WORKERS; 1+0+1 and 3+1+2 unless told
# PAI_RIG_OFFSET: the first host is h5 plus it
set -euo pipefail
cd "$(dirname "$0")/../.."
(($#)) || set -- 1+0+1 3+1+2
work=$(mktemp -d)
export PAI_RIG_CLUSTER=${PAI_RIG_CLUSTER:-pai-bench}
first=$((5 + ${PAI_RIG_OFFSET:-0}))
hosts=()
finish() {
  ((${#hosts[@]} == 0)) || test/rig/down.sh "${hosts[@]}" > /dev/null 2>&1 || :
  rm -rf "$work" "$HOME/.kube/$PAI_RIG_CLUSTER"
}
trap finish EXIT

# Preloaded into pai: adds what its process used when it ends.
usage=$work/usage.mjs
cat > "$usage" << 'MODULE'
import { writeFileSync } from 'node:fs';
process.on('exit', () => {
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
  const text = `${((userCPUTime + systemCPUTime) / 1e6).toFixed(2)} s CPU, ${(maxRSS / 1024).toFixed(0)} MB`;
  writeFileSync(process.env.PAI_BENCH_USAGE, text);
});
MODULE

load() { cut -d ' ' -f 1 /proc/loadavg; }
# timed WHAT COMMAND...
timed() {
  local what=$1 began seconds
  shift
  : > "$work/usage"
  began=$(date +%s.%N)
  "$@" > "$work/output" 2>&1 || { tail -n 20 "$work/output" >&2; exit 1; }
  seconds=$(awk -v a="$began" -v b="$(date +%s.%N)" 'BEGIN { printf "%.1f", b - a }')
  printf '%-14s %-34s %7s s   %-22s load %s\n' "$shape" "$what" "$seconds" "$(cat "$work/usage")" "$(load)"
}
pai() { PAI_BENCH_USAGE=$work/usage NODE_OPTIONS="--import $usage" node "$work/clone/bin/pai.js" "$@" -p "$work/configuration" --output plain; }
names() { seq -f h%.0f -s , "$1" "$(($1 + $2 - 1))"; }
with_addresses() { tr , '\n' <<< "$1" | awk -F h 'NF == 2 { printf "%s=172.30.0.%d\n", $0, 10 + $2 }' | paste -sd ,; }
clone() {
  rm -rf "$work/clone"
  mkdir "$work/clone"
  cp -r bin dist tasks templates paifile.ts package.json service-list.yaml "$work/clone"
  ln -s "$PWD/node_modules" "$work/clone/node_modules"
}
# Both bring hosts to the same point: every machine is a node, and Ready but for a proxy, which waits for nobody.
check_nodes() {
  local ready
  ready=$(test/rig/host.sh "${masters%%,*}" docker exec kubelet /hyperkube kubectl --kubeconfig=/etc/kubernetes/kubelet.conf get nodes --no-headers | grep -cw Ready)
  [ "$ready" -ge "$1" ] || { echo "only $ready nodes are Ready" >&2; exit 1; }
}

for shape; do
  IFS=+ read -r master_count proxy_count worker_count <<< "$shape"
  masters=$(names "$first" "$master_count")
  workers=$(names "$((first + master_count))" "$worker_count")
  more=h$((first + master_count + worker_count))
  proxies=
  ((proxy_count == 0)) || proxies=$(names "$((first + master_count + worker_count + 1))" "$proxy_count")
  IFS=, read -ra hosts <<< "$masters,$workers,$more${proxies:+,$proxies}"

  fresh() {
    test/rig/up.sh --fresh "${hosts[@]}" > /dev/null 2>&1
    rm -rf "$work/configuration"
    test/rig/configure.sh "$work/configuration" "$masters" "$workers" "$proxies"
    clone
    cd "$work/clone"
  }

  fresh
  timed 'pai, bare hosts to nodes Ready' pai run hosts workers
  (cd "$OLDPWD" && check_nodes "$((master_count + worker_count))")
  timed 'pai, nothing to do' pai run hosts workers
  cd "$OLDPWD"
  test/rig/configure.sh "$work/configuration" "$masters" "$workers,$more" "$proxies"
  cd "$work/clone"
  timed 'pai, one worker added' pai run hosts workers
  cd "$OLDPWD"

  fresh
  pai run render > /dev/null
  cd "$OLDPWD"
  server=$(sed -n 's/^ *server: //p' "$work/clone/.cache/rendered/${masters%%,*}/etc/kubernetes/kubelet.conf")
  key=$(test/rig/describe.sh | sed -n 's/.*"key": "\(.*\)".*/\1/p')
  timed 'plain script, the same' bench/bring-up/plain.sh "$work/clone/.cache/rendered" "$key" "$server" 172.30.0.2:5000 \
    "$(with_addresses "$masters")" "$(with_addresses "$workers")" "$(with_addresses "$proxies")"
  check_nodes "$((master_count + worker_count))"
  test/rig/down.sh "${hosts[@]}" > /dev/null 2>&1
  hosts=()
done
