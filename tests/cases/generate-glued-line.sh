#!/bin/bash
. "$(dirname "$0")/common.sh"
# What is generated ends its line before a message follows.
text > t.txt; $Q train $L --steps 50 --corpus t.txt --out o -q >/dev/null || fault "training: status $?"
$Q generate o/* --prompt abc --length 5 >out 2>&1 || fault "$(cat out)"
[ "$(wc -l <out)" = 2 ] || fault "$(cat out)"
ok
