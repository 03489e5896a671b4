#!/bin/bash
# host.sh HOST COMMAND...: runs a command as root on a host, not by ssh; standard input goes along.
# Without a command: a shell.
set -euo pipefail
. "$(dirname "$0")/env.sh"
. "$RIG_DIR/lib/common.sh"
(($#)) || die "usage: host.sh HOST [COMMAND...]"
check_host_name "$1"
host=$1
shift
options=(-i -w /root)
[ -t 0 ] && [ -t 1 ] && options+=(-t)
(($#)) || set -- bash
exec docker exec "${options[@]}" "$RIG_NAME-$host" "$@"
