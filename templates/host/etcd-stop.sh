# Stops the member on this host; its manifest is kept. Follows lib.sh and etcd-manifest.sh.

set_aside etcd
