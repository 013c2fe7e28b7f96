#!/bin/bash
. "$(dirname "$0")/common.sh"
# What the user asked of a sweep is asked of the job's step too.
echo '{"grid":{"task":"copy"}}' > g.json; $Q sweep g.json --slurm 2 --max-time 1h > job.sh 2>err || fault "status $?: $(cat err)"
grep -q '^srun.* --max-time 1h' job.sh || fault "--max-time 1h is left out of the script"
ok
