#!/bin/bash
. "$(dirname "$0")/common.sh"
# Not a number is not a number, for any flag.
for flags in "generate x --temperature nan" "generate x --top-p nan" "train --lr nan" "train --dropout NAN" "train --weight-decay inf" "compare a b --abs nan"; do
  $Q $flags >out 2>err; s=$?
  [ $s = 2 ] && grep -q 'no number\|no finite number' err || fault "$flags: status $s, $(cat err)"
done
ok
