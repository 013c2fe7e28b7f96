#!/bin/bash
. "$(dirname "$0")/common.sh"
# Bounds are short and say what to write instead.
$Q generate x --top-p 0 2>err; grep -q '0 not in range 0.000000' err && fault "$(cat err)"
grep -q 'between' err || fault "$(cat err)"
$Q compare a b --abs -1 2>err; [ "$(wc -c <err)" -lt 120 ] || fault "compare --abs -1: a message of $(wc -c <err) bytes"
$Q generate x --temperature 0 2>err; grep -q -- --greedy err || fault "--temperature 0 does not lead to --greedy: $(cat err)"
ok
