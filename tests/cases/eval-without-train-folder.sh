#!/bin/bash
. "$(dirname "$0")/common.sh"
# Neither predict nor eval depends on what the training folder has become.
images d blue=30,30,220 green=30,220,30 red=220,30,30; $Q train $I --data d --out o -q >/dev/null || fault "training: status $?"
$Q eval o/* --json before.json >/dev/null 2>err || fault "status $?: $(cat err)"
rm -r d/train; $Q eval o/* --json after.json >/dev/null 2>err || fault "status $?: $(cat err)"
[ "$(field before.json metrics)" = "$(field after.json metrics)" ] || fault "$(field before.json metrics), then $(field after.json metrics)"
ok
