#!/bin/bash
. "$(dirname "$0")/common.sh"
# Two configurations with one run each, accuracies 0.4 and 0.6: a 95 % interval cannot be their range.
for d in 8 16; do $Q train $T --d-model $d --out o -q >/dev/null || fault "training: status $?"; done
python3 - <<'P'
import json, glob
for p in glob.glob('o/*/result.json'):
    r = json.load(open(p)); r['metrics']['test_accuracy'] = 0.4 if r['config']['d_model'] == 8 else 0.6
    json.dump(r, open(p, 'w'))
P
$Q report o --json r.json >/dev/null || fault "report: status $?"
python3 - <<'P'
import json
for cell in json.load(open('r.json'))['cells']:
    i = cell['interval']
    if i is not None and i[1] - i[0] < 0.5: print('FAULT interval-of-two-configurations: 0.4 and 0.6 give', i); raise SystemExit(1)
P
[ $? = 0 ] || exit 1
ok
