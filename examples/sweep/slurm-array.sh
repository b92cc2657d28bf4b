#!/bin/bash
# A sweep as a Slurm job array: every task measures one shard, on a node of its own.
#
#   sbatch --parsable slurm-array.sh                 # in the folder of sweep.yaml; says the number of the job, such as 4711
#   sbatch --dependency=afterok:4711 --wrap "mmulator merge 'results/part-*.json' -o results/"
#
# `mmulator` is on the PATH of the nodes (npm install --global mmulator), and the folder is one that they share. A task that
# was stopped (time limit, preemption, a dead node) goes on from its journal when it is requeued: scontrol requeue 4711_3.
# To submit single tasks again, say how many shards there are: SHARDS=4 sbatch --array=3 slurm-array.sh

#SBATCH --job-name=mmulator-sweep
#SBATCH --array=1-4
#SBATCH --cpus-per-task=2
#SBATCH --mem=2G
#SBATCH --time=00:30:00
#SBATCH --requeue
#SBATCH --output=sweep-%A-%a.log
#SBATCH --open-mode=append

set -euo pipefail

exec mmulator sweep "${SWEEP:-sweep.yaml}" \
  --shard "$SLURM_ARRAY_TASK_ID/${SHARDS:-$SLURM_ARRAY_TASK_COUNT}" \
  --workers "${SLURM_CPUS_PER_TASK:-1}" \
  --output "${RESULTS:-results}/"
