#!/bin/bash
. "$(dirname "$0")/common.sh"
# A key without effect on the weights makes no other configuration, and no more evidence.
for s in 0 1 2; do for a in keep recompute; do $Q train $T --variant q_kv --seed $s --activations $a --out $a -q >/dev/null || fault "training: status $?"; done; done
$Q report keep --json a.json >/dev/null 2>&1; $Q report keep recompute --json b.json >/dev/null 2>&1
python3 - <<'P'
import json
a, b = [json.load(open(f))['cells'][0] for f in ('a.json', 'b.json')]
if (a['n'], a['interval']) != (b['n'], b['interval']):
    print('FAULT same-training-counted-twice:', a['n'], 'trainings have', a['interval'], '- with their own copies they are', b['n'], 'and have', b['interval'])
    raise SystemExit(1)
P
[ $? = 0 ] || exit 1
ok
