# Takes Kubernetes off a worker.
reset_node
remove_tree worker
