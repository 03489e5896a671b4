#!/bin/sh
# Usage: bench/configuration/run.sh [MACHINES,MACHINES,...] [ROUNDS]     default: 1000,10000,40000 machines, 5 rounds
# The schemas are those that the last `npm run build` compiled.
set -eu
cd "$(dirname "$0")/../.."
out=.cache/bench/configuration/cli
npx esbuild bench/configuration/main.ts bench/configuration/pai.ts bench/configuration/floor.ts --log-level=warning \
  --bundle --splitting --platform=node --format=esm --packages=external --outdir="$out"
# Where the program looks for them.
mkdir -p "$out/../cluster/schemas"
cp dist/cluster/schemas/compiled.js "$out/../cluster/schemas/"
exec node "$out/main.js" "$out" "${1:-1000,10000,40000}" "${2:-5}"
