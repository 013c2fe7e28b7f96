#!/bin/bash
. "$(dirname "$0")/common.sh"
# A terminal that says it is dumb gets no escape sequences.
TERM=dumb script -qec "$Q eval nosuch" /dev/null > out 2>&1
grep -q error out || fault "nothing was said: $(cat -v out)"
grep -q $'\033' out && fault "TERM=dumb gets escape sequences: $(cat -v out | head -1)"
ok
