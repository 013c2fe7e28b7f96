#!/bin/bash
. "$(dirname "$0")/common.sh"
# Since Slurm 22.05 srun does not take over --cpus-per-task of sbatch: the step would get one processor.
$Q sweep table1-small --slurm 4 --jobs 8 > job.sh || fault "status $?"
grep -q '^srun.*cpus-per-task=8\|SRUN_CPUS_PER_TASK' job.sh || fault "$(grep ^srun job.sh): 8 jobs share one processor"
ok
