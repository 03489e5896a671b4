# Follows worker-probe.sh, which has asked for the node. What a run cordoned and could not uncordon takes no pods for good.
case $node_json in *'"pai/cordoned-by":"worker:'*) fail "node $NODE still takes no pods: a run that changed it was cut off" ;; esac
