#!/bin/bash
. "$(dirname "$0")/common.sh"
# Minus zero is zero, and whole numbers are bounded exactly.
$Q train $T --dropout 0 --out o -q >/dev/null || fault "status $?"
$Q train $T --dropout=-0 --out o -q >/dev/null 2>&1; n=$(ls o | wc -l); [ $n = 1 ] || fault "--dropout 0 and --dropout=-0 are $n runs"
$Q train $T --seed 9007199254740992 --out p -q >/dev/null 2>err || fault "--seed 2^53: $(cat err)"
$Q train $T --seed 9007199254740993 --out p -q >/dev/null 2>err && fault "--seed 2^53+1 passes the bound of 2^53"
grep -q 9007199254740992 err || fault "the bound is not written out: $(cat err)"
ok
