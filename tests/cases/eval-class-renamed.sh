#!/bin/bash
. "$(dirname "$0")/common.sh"
# The model file holds the names of its classes: a class folder that sorts elsewhere now must not move labels.
images d blue=30,30,220 green=30,220,30 red=220,30,30; $Q train $I --data d --out o -q >/dev/null || fault "training: status $?"
for p in train test; do mv d/$p/blue d/$p/zebra; done
$Q eval o/* --json e.json >/dev/null 2>err; s=$?
[ $s = 3 ] || fault "status $s, test_accuracy $(field e.json metrics.test_accuracy): green and red are scored as other classes, zebra is no class of the model"
grep -q zebra err || fault "the message does not name the class: $(cat err)"
ok
