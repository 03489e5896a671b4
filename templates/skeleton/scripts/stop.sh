#!/bin/sh
# Runs on this machine before SKELETON is stopped or taken down; it may run again, and when only a part of SKELETON is there.
set -eu

echo 'SKELETON stops'
