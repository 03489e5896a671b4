#!/bin/sh
# Runs on this machine once all pods of SKELETON are ready; it may run again. KUBECONFIG is set, and kubectl is of the cluster's release:
#   kubectl -n default exec deployment/SKELETON -- true
set -eu

echo 'SKELETON runs'
