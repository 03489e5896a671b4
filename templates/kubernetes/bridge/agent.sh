#!/bin/sh
# What `network: bridge` needs on each host: the network that pods are put into, a route to the pods of each other host, and
# rules that let their packets through. Runs in a privileged pod on the host's network and follows the list of nodes, so that
# a node that comes, goes or gets another range is known to all others without anything being done on them.
#
# NODE_NAME  name of this host's node
# POD_CIDR   addresses of all pods; each node's part is in its spec.podCIDR
# HOST       where the host's /etc/cni/net.d is found
set -u

CONFIGURATION=$HOST/etc/cni/net.d/10-pai.conflist
# Number of who made a route (ip route's "protocol"): ours are found by it again.
OURS=89
EVENTS=/tmp/events

say() { printf '%s\n' "$*"; }

# As kubelet wants it for services: packets between pods of one host pass iptables too.
kernel_settings() {
  modprobe br_netfilter 2> /dev/null || :
  for setting in /proc/sys/net/ipv4/ip_forward /proc/sys/net/bridge/bridge-nf-call-iptables; do
    if [ -f "$setting" ] && [ "$(cat "$setting")" = 0 ]; then echo 1 > "$setting"; fi
  done
}

# rule TABLE CHAIN WORDS...: adds a rule that is not there.
rule() {
  rule_table=$1
  rule_chain=$2
  shift 2
  iptables -w -t "$rule_table" -C "$rule_chain" "$@" 2> /dev/null || iptables -w -t "$rule_table" -A "$rule_chain" "$@"
}

# Docker drops what it does not forward itself; packets to the world carry the host's address, those to other pods their own.
packet_rules() {
  for chain in 'filter PAI-FORWARD' 'nat PAI-MASQUERADE'; do
    # shellcheck disable=SC2086 # table and chain
    set -- $chain
    iptables -w -t "$1" -n -L "$2" > /dev/null 2>&1 || iptables -w -t "$1" -N "$2" || return 1
  done
  # Of another range: all anew.
  iptables -w -t nat -C PAI-MASQUERADE -s "$POD_CIDR" ! -d "$POD_CIDR" -j MASQUERADE 2> /dev/null || {
    iptables -w -t nat -F PAI-MASQUERADE
    iptables -w -F PAI-FORWARD
  }
  rule nat PAI-MASQUERADE -s "$POD_CIDR" ! -d "$POD_CIDR" -j MASQUERADE &&
    rule filter PAI-FORWARD -s "$POD_CIDR" -j ACCEPT &&
    rule filter PAI-FORWARD -d "$POD_CIDR" -j ACCEPT &&
    rule nat POSTROUTING -m comment --comment 'pai: pods' -j PAI-MASQUERADE || return 1
  iptables -w -C FORWARD -m comment --comment 'pai: pods' -j PAI-FORWARD 2> /dev/null ||
    iptables -w -I FORWARD -m comment --comment 'pai: pods' -j PAI-FORWARD
}

# own_network RANGE: the network for pods that start from now on.
own_network() {
  new=${CONFIGURATION%/*}/.pai-new
  cat > "$new" << JSON
{
  "cniVersion": "0.3.1",
  "name": "pai",
  "plugins": [
    {
      "type": "bridge",
      "bridge": "cni0",
      "isGateway": true,
      "hairpinMode": true,
      "ipam": { "type": "host-local", "subnet": "$1", "routes": [{ "dst": "0.0.0.0/0" }] }
    },
    { "type": "portmap", "capabilities": { "portMappings": true } }
  ]
}
JSON
  if cmp -s "$new" "$CONFIGURATION"; then
    rm -f "$new"
    return 0
  fi
  say "pods of this host get addresses of $1"
  if [ -f "$CONFIGURATION" ]; then
    say "another range than before: pods that have an address of the old one must be started again"
    ip link delete cni0 2> /dev/null || :
  fi
  mv -f "$new" "$CONFIGURATION"
}

# routes: standard input has a line for each node: name, address, range.
routes() {
  wanted=
  result=0
  while read -r name address range; do
    if [ "$name" = "$NODE_NAME" ] || [ -z "$range" ]; then continue; fi
    wanted="$wanted $range"
    ip route replace "$range" via "$address" proto "$OURS" || {
      say "no route to the pods of $name: $address must be in a network of this host, without a router between"
      result=1
    }
  done
  for range in $(ip -4 route show proto "$OURS" | cut -d ' ' -f 1); do
    case " $wanted " in
      *" $range "*) ;;
      *)
        say "the pods of $range are gone"
        ip route delete "$range" proto "$OURS"
        ;;
    esac
  done
  return $result
}

# Without --request-timeout: kubectl then forgets that it runs in a pod.
nodes() {
  timeout 30 /hyperkube kubectl get nodes --output='jsonpath={range .items[*]}{.metadata.name} {.status.addresses[?(@.type=="InternalIP")].address} {.spec.podCIDR}{"\n"}{end}'
}

# Everything once. Fails when something is missing, so that the pod is not ready.
arrange() {
  packet_rules || return 1
  nodes > /tmp/nodes || return 1
  own=$(awk -v node="$NODE_NAME" '$1 == node {print $3}' /tmp/nodes)
  [ -n "$own" ] || {
    say "node $NODE_NAME has no range yet (spec.podCIDR)"
    return 1
  }
  own_network "$own" && routes < /tmp/nodes
}

# A pause that a signal ends.
rest() {
  sleep "$1" &
  wait $!
}

# Until something happens to a node, a minute at most.
node_event() {
  timeout 60 /hyperkube kubectl get nodes --watch-only --output=name > "$EVENTS" 2> /dev/null &
  watcher=$!
  head -n 1 < "$EVENTS" > /dev/null &
  wait $!
  kill "$watcher" 2> /dev/null
  wait "$watcher" 2> /dev/null
}

watcher=
trap 'kill $watcher 2> /dev/null; exit 0' TERM INT
rm -f "$EVENTS"
mkfifo "$EVENTS"
kernel_settings
while :; do
  if arrange; then
    touch /tmp/arranged
    node_event
    rest 3
  else
    rm -f /tmp/arranged
    rest 2
  fi
done
