#!/bin/bash
. "$(dirname "$0")/common.sh"
# Variables of other libraries' threads do not change how many this program takes.
threads() { rm -rf o; env "$@" $Q train ${T/--threads 1/} --out o -q >/dev/null || fault "$*: status $?"; field o/*/result.json env.threads; }
n=$(threads A=1)
for variable in OMP_PROC_BIND=true OMP_PLACES=cores GOMP_CPU_AFFINITY=0 OMP_THREAD_LIMIT=1 OMP_NUM_THREADS=1 OMP_DYNAMIC=true; do
  b=$(threads $variable); [ "$b" = "$n" ] || fault "$variable: $b thread instead of $n"
done
# What the system allows does.
if [ "$n" -gt 1 ]; then b=$(rm -rf o; taskset -c 0 $Q train ${T/--threads 1/} --out o -q >/dev/null; field o/*/result.json env.threads); [ "$b" = 1 ] || fault "taskset -c 0: $b threads"; fi
ok
