#!/bin/bash
# Builds CoreDNS with the plugins that templates/kubernetes/coredns names, from its Go modules: the other plugins bring the libraries of
# several clouds. Wants Go 1.19 or newer.
#   build-coredns.sh FILE
set -euo pipefail
file=$(realpath -m "${1:?usage: build-coredns.sh FILE}")
. "$(dirname "$0")/env.sh"
work=$(mktemp -d "$RIG_CACHE/coredns.XXXXXX")
trap 'rm -rf "$work"' EXIT
mkdir "$work/source"
cd "$work/source"
{
  echo 'package main'
  echo 'import ('
  for plugin in cache errors forward health kubernetes loadbalance loop metrics ready reload; do
    echo "  _ \"github.com/coredns/coredns/plugin/$plugin\""
  done
  echo '  "github.com/coredns/coredns/coremain"'
  echo ')'
  echo 'func main() { coremain.Run() }'
} > main.go
printf 'module rig/coredns\n\ngo 1.18\n\nrequire github.com/coredns/coredns v%s\n' "$RIG_COREDNS" > go.mod
export GOPATH=$work/go GOFLAGS=-modcacherw CGO_ENABLED=0
go mod tidy
nice -n 5 go build -trimpath -ldflags='-s -w' -o coredns .
mkdir -p "${file%/*}"
mv coredns "$file"
