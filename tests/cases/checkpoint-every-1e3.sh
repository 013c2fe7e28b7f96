#!/bin/bash
. "$(dirname "$0")/common.sh"
# A number of steps in another notation is not taken as seconds.
for every in 1e3 50.0; do
  $Q train $T --checkpoint-every $every --out o -q >/dev/null 2>err; s=$?
  [ $s = 2 ] && grep -q 'write .*' err || fault "--checkpoint-every $every: status $s, $(cat err)"
done
ok
