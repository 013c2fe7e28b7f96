#!/bin/bash
. "$(dirname "$0")/common.sh"
# Paths with spaces, in a script that a shell reads again.
mkdir "my grids"; echo '{"grid":{"task":"copy","d_model":8,"heads":2,"layers":1,"n_train":64,"n_test":16}}' > "my grids/a b's.json"
$Q sweep "my grids/a b's.json" --out "my results" --slurm 1 > job.sh || fault "status $?"
mkdir bin; printf '#!/bin/sh\nfor a in "$@"; do case $a in --cpus*) shift;; *) break;; esac; done\nexec "$@"\n' > bin/srun
ln -s "$Q" bin/qkvbench; chmod +x bin/srun
PATH=$PWD/bin:$PATH SLURM_ARRAY_TASK_ID=1 SLURM_ARRAY_TASK_COUNT=1 SLURM_ARRAY_TASK_MIN=1 sh job.sh >out 2>err || fault "the script fails: $(grep srun job.sh): $(head -1 err)"
[ -f "my results"/*/result.json ] || fault "no result in 'my results'"
ok
