#!/bin/bash
. "$(dirname "$0")/common.sh"
# A run that began on one text is not finished on another of the same name.
text > t.txt; $Q train $L --steps 20000 --corpus t.txt --out o --max-time 0.1s -q >/dev/null; [ $? = 75 ] || fault "the first part did not stop at --max-time"
tr abc cab < t.txt > n.txt; mv n.txt t.txt
$Q train $L --steps 20000 --corpus t.txt --out o --resume --max-time 1s -q >/dev/null 2>err; s=$?
[ $s = 2 ] || fault "status $s: half trained on one text, half on another"
grep -q 'other data' err || fault "$(cat err)"
ok
