# Starts the member on this host again, on the data that it has. Follows lib.sh, etcd-health.sh and etcd-manifest.sh.

put_back etcd
wait_for 400 "etcd on $NODE" etcd_healthy
