#!/bin/sh
# Usage: bench/schedule/run.sh [TARGETS,TARGETS,...] [ROUNDS]     default: 1000,10000,50000 targets, 5 rounds
set -eu
cd "$(dirname "$0")/../.."
out=.cache/bench/schedule
npx esbuild bench/schedule/main.ts --log-level=warning \
  --bundle --platform=node --format=esm --packages=external --outdir="$out"
exec node --expose-gc "$out/main.js" "${1:-1000,10000,50000}" "${2:-5}"
