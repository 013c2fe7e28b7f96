#!/bin/bash
. "$(dirname "$0")/common.sh"
# Without standard error its descriptor must not become that of the first file that is opened, which messages would end up in.
for close in '2>&-' '<&- 2>&-' '>&- 2>&-' '<&- >&- 2>&-'; do
  rm -rf o; eval "$Q train $T --steps 100000000 --log-every 1 --out o $close &"; p=$!
  for i in $(seq 100); do [ -s o/*/metrics.jsonl ] && break; sleep 0.1; done
  for d in 0 1 2; do case $(readlink /proc/$p/fd/$d) in *metrics*|*lock*|*result*) fault "descriptor $d is $(readlink /proc/$p/fd/$d)"; esac; done
  kill $p; wait $p 2>/dev/null
  grep -qv '^{' o/*/metrics.jsonl && fault "metrics.jsonl holds: $(grep -v '^{' o/*/metrics.jsonl | head -1)"
done
ok
