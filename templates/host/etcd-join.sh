# How a member starts that has no data: with all others at the first bring-up, or by joining those that serve. Follows lib.sh and etcd-health.sh.
#
# ETCD_NAME, PEER_URL  of this host's member; HOST_NAME
# members   in the payload: NAME=PEER_URL,... of all masters
# partners  in the payload: a line for each other master whose member may serve, `served URL` if it once did, `unknown URL` if that can't be told

etcd_manifest=etc/kubernetes/manifests/etcd.yaml

# Writes the list of members into the manifest that is about to be installed. etcd reads it only where it has no data. So a member with data keeps
# the one that it has, and a master that comes or goes makes no other member start again. The state is `existing` only until a member that joins has
# started: one that lost its data would else come back under its old ID, knowing nothing of what it voted for. With `new` etcd refuses that.
etcd_fill_in() {
  # What asks the other members needs it before the rest is installed.
  if [ -f root/etc/kubernetes/pki/etcd-ca.crt ]; then
    cp -p root/etc/kubernetes/pki/etcd-ca.crt "$PKI/.etcd-ca.crt.pai-new"
    mv -f "$PKI/.etcd-ca.crt.pai-new" "$PKI/etcd-ca.crt"
  fi
  etcd_cluster=$(cat members)
  etcd_state=new
  etcd_forget_removed
  if [ -n "$(ls -A "$ROOT/var/lib/etcd/data" 2>/dev/null)" ]; then
    etcd_present=$ROOT/$etcd_manifest
    [ -f "$etcd_present" ] || etcd_present=$STATE/etcd/etcd.yaml
    if [ -f "$etcd_present" ]; then
      etcd_cluster=$(sed -n 's/.*--initial-cluster=//p' "$etcd_present")
      etcd_state=$(sed -n 's/.*--initial-cluster-state=//p' "$etcd_present")
    fi
  elif [ -s partners ]; then
    etcd_join
  fi
  sed "s|INITIAL_CLUSTER_STATE|$etcd_state|; s|INITIAL_CLUSTER|$etcd_cluster|" "root/$etcd_manifest" > etcd-manifest
  cat etcd-manifest > "root/$etcd_manifest"
}

# Data of a member that was taken out of those that serve is of no use to the one that comes. Its host may have come back with it: then kubelet starts
# that member again and again, and each time it learns that it is none.
etcd_forget_removed() {
  if [ ! -s partners ] || [ -z "$(ls -A "$ROOT/var/lib/etcd/data" 2>/dev/null)" ]; then return 0; fi
  if [ -n "$(pod_container etcd)" ] && etcd_healthy > /dev/null 2>&1; then return 0; fi
  etcd_partner || return 0
  etcd_line=$(etcd_entry "$partner") || return 0
  [ -z "$etcd_line" ] || return 0
  say "the member of etcd on $HOST_NAME was taken out of the members"
  stop_pod etcd
  etcd_move_data
}

# The endpoint of a member that can commit, in $partner.
etcd_partner() {
  etcd_partners=$(awk '{ print $2 }' partners)
  for partner in $etcd_partners; do
    if etcd_ctl --endpoints="$partner" --dial-timeout=3s --command-timeout=5s endpoint health > etcd-words 2>&1; then return 0; fi
  done
  return 1
}

# Becomes a member of those that serve, as a learner: one that is not in sync yet must not count for their quorum.
etcd_join() {
  if ! etcd_partner; then
    ! grep -q '^served ' partners || {
      tail -n 1 etcd-words
      fail "the other members of etcd do not serve, so $HOST_NAME can't join them: see pai etcd status"
    }
    return 0
  fi
  etcd_line=$(etcd_entry "$partner") || fail "the member at $partner does not tell who the members are: run again"
  if [ -z "$etcd_line" ]; then
    say "joining the members of etcd through $partner"
    etcd_ctl --endpoints="$partner" --command-timeout=20s member add "$ETCD_NAME" --learner --peer-urls="$PEER_URL" > etcd-words 2>&1 || {
      tail -n 1 etcd-words
      fail "$HOST_NAME could not be added to the members of etcd"
    }
    etcd_line=$(etcd_entry "$partner")
  elif [ -n "$(etcd_field 5 "$etcd_line")" ]; then
    fail "$HOST_NAME is a member of etcd and has lost its data: pai etcd fix $HOST_NAME"
  fi
  # One that has a name and never started is of the first bring-up, and late.
  if [ -z "$(etcd_field 3 "$etcd_line")" ]; then etcd_state=existing; fi
  # One that never started has no name yet; its own does not matter to the others.
  etcd_cluster=$(awk -F ', ' -v url="$PEER_URL" -v name="$ETCD_NAME" \
    '{ print ($4 == url ? name : ($3 == "" ? "unnamed-" $1 : $3)) "=" $4 }' etcd-list | paste -s -d , -)
}

# The member commits; a learner is made a full member as soon as it has caught up.
etcd_serves() {
  # A learner that was told to start again has not done so yet.
  if [ -f etcd-restarting ]; then
    [ "$(pod_container etcd)" != "$(cat etcd-restarting)" ] || return 1
    [ -n "$(pod_container etcd)" ] || return 1
    rm -f etcd-restarting
  fi
  if etcd_healthy; then return 0; fi
  if [ ! -s partners ] || [ -z "$(pod_container etcd)" ] || ! etcd_partner; then return 1; fi
  etcd_line=$(etcd_entry "$partner") || return 1
  if [ "$(etcd_field 6 "$etcd_line")" != true ] || [ -z "$(etcd_field 5 "$etcd_line")" ]; then return 1; fi
  if grep -q 'initial-cluster-state=existing' "$ROOT/$etcd_manifest"; then
    # While it does not count yet: nobody misses it.
    pod_container etcd > etcd-restarting
    sed 's/\(--initial-cluster-state=\)existing/\1new/' "$ROOT/$etcd_manifest" > etcd-manifest
    etcd_put_manifest etcd-manifest
    return 1
  fi
  etcd_ctl --endpoints="$partner" --command-timeout=20s member promote "$(etcd_field 1 "$etcd_line")" && etcd_healthy
}

# etcd_put_manifest FILE: gives kubelet the member's manifest, and check_tree what it compares it with.
etcd_put_manifest() {
  etcd_place=$ROOT/$etcd_manifest
  cp "$1" "${etcd_place%/*}/.etcd.yaml.pai-new"
  chmod 600 "${etcd_place%/*}/.etcd.yaml.pai-new"
  mv -f "${etcd_place%/*}/.etcd.yaml.pai-new" "$etcd_place"
  awk -v place="$etcd_place" '$2 != place' "$STATE/files/etcd.sha256" > etcd-files
  sha256sum "$etcd_place" >> etcd-files
  cp etcd-files "$STATE/files/etcd.sha256.pai-new"
  mv -f "$STATE/files/etcd.sha256.pai-new" "$STATE/files/etcd.sha256"
}

# A learner that does not come up is taken out of the members again: there may be only one at a time.
etcd_withdraw() {
  [ -s partners ] || return 0
  etcd_partner || return 0
  etcd_line=$(etcd_entry "$partner") || return 0
  [ "$(etcd_field 6 "$etcd_line")" = true ] || return 0
  say "taking the learner on $HOST_NAME out of the members again"
  stop_pod etcd
  etcd_ctl --endpoints="$partner" --command-timeout=20s member remove "$(etcd_field 1 "$etcd_line")" > /dev/null || return 0
  etcd_move_data
}

# Moves the data aside. Only pai clean deletes what was moved.
etcd_move_data() {
  [ -n "$(ls -A "$ROOT/var/lib/etcd/data" 2>/dev/null)" ] || return 0
  etcd_aside=$ROOT/var/lib/etcd/data.$(date -u +%Y%m%dT%H%M%SZ)
  say "moving the data of etcd to $etcd_aside"
  mv "$ROOT/var/lib/etcd/data" "$etcd_aside"
}

# Waits until the member commits, and remembers that it did: who comes later has to join.
etcd_come_up() {
  (wait_for 400 "etcd on $NODE" etcd_serves) || {
    etcd_withdraw
    exit 1
  }
  printf '%s\n' "$PEER_URL" > "$STATE/etcd-served"
}
