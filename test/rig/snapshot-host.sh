#!/bin/sh
# What a host is at this moment, as sorted lines that can be compared with those of another moment: processes, mounts, network, rules, cgroups,
# files with mode, owner and size, what Docker knows. Left out is what changes by itself: Docker's store of images, contents of logs, who is logged in.
#   snapshot-host.sh HOST
set -eu
docker exec -i "${PAI_RIG_NAME:-pairig}-${1:?usage: snapshot-host.sh HOST}" sh -s << 'ON_HOST'
set -eu
section() { sed "s|^|$1 |" | LC_ALL=C sort; }

# Threads of the kernel have no command line; this script and logins are not the host's.
for process in /proc/[0-9]*; do
  case ${process#/proc/} in $$) continue ;; esac
  words=$(tr '\0' ' ' 2> /dev/null < "$process/cmdline") || continue
  case $words in '' | 'sh -s '* | 'tr '* | 'sed '* | 'sort '* | *'sshd: '*' ['* | *'sshd: '*@*) continue ;; esac
  printf '%s\n' "$words"
done | section process
cut -d ' ' -f 2,3 /proc/mounts | section mount
ip -o link | sed 's/^[0-9]*: //; s/:.*//; s/@.*//' | section interface
ip -o addr | awk '{print $2, $3, $4}' | section address
{ ip route; ip -6 route; } | section route
for tables in iptables ip6tables iptables-legacy ip6tables-legacy; do
  if command -v "$tables-save" > /dev/null; then
    "$tables-save" 2> /dev/null | sed '/^#/d; s/ *\[[0-9]*:[0-9]*\]$//' | section "$tables"
  fi
done
find /sys/fs/cgroup -mindepth 1 -type d 2> /dev/null | section cgroup

# /run and /var/lib/kubelet are file systems of their own.
find / /run /var/lib/kubelet -xdev \( -path /proc -o -path /sys -o -path /dev -o -path /tmp -o -path /var/lib/docker -o -path /var/lib/containerd \
  -o -path /var/log -o -path /run/docker/containerd -o -path /run/sudo \) -prune -o \
  \( -type d -printf '%m %u:%g folder %p\n' -o -type l -printf '%u:%g link %p %l\n' -o -printf '%m %u:%g %s %p\n' \) | section file
find /var/log -printf '%m %u:%g %y %p\n' | section log
find /etc -xdev -type f -exec sha256sum {} + | section content
if docker version > /dev/null 2>&1; then
  docker ps -a --format '{{.Names}}' | section container
  docker volume ls --format '{{.Name}}' | section volume
  docker network ls --format '{{.Name}}' | section network
fi
ON_HOST
