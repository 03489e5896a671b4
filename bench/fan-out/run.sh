#!/bin/sh
# Usage: bench/fan-out/run.sh [HOSTS,HOSTS,...] [ROUNDS]     default: 10,50,100 hosts, 5 rounds
set -eu
cd "$(dirname "$0")/../.."
out=.cache/bench/fan-out
npx esbuild bench/fan-out/main.ts bench/fan-out/pai.ts bench/fan-out/bare.ts --log-level=warning \
  --bundle --splitting --platform=node --format=esm --packages=external --outdir="$out"
exec node "$out/main.js" "$out" "${1:-10,50,100}" "${2:-5}"
