#!/bin/bash
# with_swap.sh COMMAND…: run it with a 256 MiB swap file in use, zswap on and no swap read-ahead, as the swap families were
# recorded; everything is as before in the end. These settings are the whole machine's: keep the command short.
set -e
swap=$(mktemp /var/tmp/recorder-swap-XXXXXX)
zswap=/sys/module/zswap/parameters/enabled
cluster=/proc/sys/vm/page-cluster
old_zswap=$(cat $zswap); old_cluster=$(cat $cluster)
restore() { echo "$old_cluster" > $cluster; echo "$old_zswap" > $zswap; swapoff "$swap" 2>/dev/null || true; rm -f "$swap"; }
trap restore EXIT
dd if=/dev/zero of="$swap" bs=1M count=256 status=none
chmod 600 "$swap"; mkswap -q "$swap" 2>/dev/null || mkswap "$swap" > /dev/null
swapon "$swap"; echo Y > $zswap; echo 0 > $cluster
"$@"
