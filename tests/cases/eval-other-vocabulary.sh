#!/bin/bash
. "$(dirname "$0")/common.sh"
# A model of the letters abc cannot be evaluated on a text of the letters xyz.
text > t.txt; $Q train $L --steps 300 --corpus t.txt --out o -q >/dev/null || fault "training: status $?"
tr abc xyz < t.txt > n.txt; mv n.txt t.txt
$Q eval o/* --json e.json >/dev/null 2>err; s=$?
[ $s = 3 ] || fault "status $s, val_accuracy $(field e.json metrics.val_accuracy) on a text that has none of the model's letters"
grep -q vocabulary err || fault "the message does not say why: $(cat err)"
ok
