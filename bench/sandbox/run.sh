#!/bin/sh
# Usage: bench/sandbox/run.sh [WORKERS,WORKERS,...] [ROUNDS]     default: 10, 100 and 1,000 workers, 1 round. Needs `npm run build` before.
set -eu
cd "$(dirname "$0")/../.."
out=.cache/bench/sandbox
npx esbuild bench/sandbox/main.ts --log-level=warning --bundle --platform=node --format=esm --packages=external --outdir="$out"
exec node "$out/main.js" "$PWD" "${1:-10,100,1000}" "${2:-1}"
