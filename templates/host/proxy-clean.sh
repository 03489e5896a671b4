# Takes kubelet and haproxy off the proxy.
reset_node
remove_tree proxy
