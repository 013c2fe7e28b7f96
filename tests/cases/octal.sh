#!/bin/bash
. "$(dirname "$0")/common.sh"
# A number with a leading zero is neither taken as octal nor as decimal.
$Q train $T --out o -q >/dev/null || fault "training: status $?"
for command in "eval o/* --n-test 010" "train $T --seed 010" "train $T --out p --epochs 0x10" "train $T --out p --n-train +64"; do
  $Q $command --json e.json >/dev/null 2>err; s=$?
  [ $s = 2 ] && grep -q decimal err || fault "$command: status $s, $(cat err)"
done
ok
