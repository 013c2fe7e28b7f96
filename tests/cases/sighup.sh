#!/bin/bash
. "$(dirname "$0")/common.sh"
# A closed terminal is a signal like the others: state is saved.
for signal in HUP TERM INT; do
  setsid $Q train $T --steps 100000000 --out $signal >/dev/null 2>&1 & p=$!
  for i in $(seq 100); do [ -f $signal/*/lock ] && break; sleep 0.1; done; sleep 0.5
  kill -$signal $p; wait $p 2>/dev/null
  ls $signal/*/checkpoint-*.sha256 >/dev/null 2>&1 || fault "SIG$signal leaves no checkpoint"
done
ok
