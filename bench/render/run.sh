#!/bin/sh
# Usage: bench/render/run.sh [HOSTS] [ROUNDS]     default: 1000 hosts, 7 rounds. Needs python3-jinja2.
set -eu
cd "$(dirname "$0")/../.."
out=.cache/bench/render
npx esbuild bench/render/main.ts bench/render/pai.ts bench/render/nunjucks.ts --log-level=warning \
  --bundle --platform=node --format=esm --packages=external --splitting --outdir="$out"
exec node "$out/main.js" "${1:-1000}" "${2:-7}"
