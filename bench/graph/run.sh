#!/bin/sh
# Usage: bench/graph/run.sh [--targets 1000,10000] [--rounds 5] [--only pai,ninja] [--scenarios startup,nothing,change,all]
#                           [--jobs N] [--limit SECONDS] [--command-cost MILLISECONDS] [--keep]
set -eu
cd "$(dirname "$0")/../.."
[ -f dist/cli/main.js ] || npm run build
out=.cache/bench/graph
npx esbuild bench/graph/main.ts bench/graph/floor.ts --log-level=warning \
  --bundle --platform=node --format=esm --packages=external --outdir="$out"
exec node "$out/main.js" "$@"
