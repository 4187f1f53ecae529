#!/usr/bin/env bash
# Runs an experiment as a Slurm array under a controller and a node of its own on the loopback, loses a task on the way, puts the shards
# together, and compares the tables with those of one sweep.
#
#     tests/slurm/array.sh TOWTANK EXPERIMENT
#
# It needs slurmctld, slurmd and munged (Debian: slurm-wlm, munge), and exits with 77 where they are not installed. Everything that it
# starts and writes is its own, and is gone at the end.
set -euo pipefail

towtank=$(realpath "$1")
experiment=$(realpath "$2")
PATH=$PATH:/usr/sbin:/sbin
for program in slurmctld slurmd munged sbatch scontrol sinfo; do
    if ! command -v "$program" >/dev/null; then
        echo "skipped: $program is not installed (Debian: slurm-wlm, munge)"
        exit 77
    fi
done

root=$(mktemp -d)
chmod 755 "$root"
cd "$root"
started=()
finish() {
    code=$?
    for pid in "${started[@]}"; do kill "$pid" 2>/dev/null || true; done
    for pid in "${started[@]}"; do wait "$pid" 2>/dev/null || true; done
    if [ $code -ne 0 ]; then tail -n 30 ./*.log >&2 || true; fi
    cd / && rm -rf "$root"
    exit $code
}
trap finish EXIT

# A port that nobody listens on now.
free_port() {
    local port
    for _ in $(seq 100); do
        port=$((20000 + RANDOM % 20000))
        if ! (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then echo "$port" && return; fi
    done
    echo "no free port" >&2
    return 1
}

# Until a command succeeds, for a minute at most.
await() {
    for _ in $(seq 300); do
        if "$@" >/dev/null 2>&1; then return; fi
        sleep 0.2
    done
    echo "in vain: $*" >&2
    return 1
}

user=$(id -un)
host=$(hostname -s)
mkdir state spool
dd if=/dev/urandom of=munge.key bs=1 count=1024 status=none
chmod 400 munge.key
cat >slurm.conf <<CONF
ClusterName=loopback
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=$(free_port)
SlurmdPort=$(free_port)
SlurmUser=$user
SlurmdUser=$user
AuthType=auth/munge
AuthInfo=socket=$root/munge.socket
StateSaveLocation=$root/state
SlurmdSpoolDir=$root/spool
SlurmctldPidFile=$root/slurmctld.pid
SlurmdPidFile=$root/slurmd.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerParameters=sched_min_interval=100000,batch_sched_delay=0
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
MpiDefault=none
ReturnToService=2
NodeName=$host NodeAddr=127.0.0.1 CPUs=$(nproc) RealMemory=512 State=UNKNOWN
PartitionName=all Nodes=ALL Default=YES State=UP
CONF
touch cgroup.conf
export SLURM_CONF=$root/slurm.conf

munged --foreground --force --socket="$root/munge.socket" --key-file="$root/munge.key" --pid-file="$root/munged.pid" \
    --log-file="$root/munged.log" --seed-file="$root/munge.seed" >/dev/null 2>&1 &
started+=($!)
await test -S munge.socket
slurmctld -D -f "$SLURM_CONF" >slurmctld.log 2>&1 &
started+=($!)
slurmd -D -f "$SLURM_CONF" -N "$host" >slurmd.log 2>&1 &
started+=($!)
idle() { sinfo --noheader --format=%t | grep -q idle; }
await idle

"$towtank" sweep "$experiment" --slurm --shards 4 --memory 256Mi --out sweep >sweep.sbatch
echo "submitting the array"
sbatch --wait sweep.sbatch

# A task whose folder is lost with its node is submitted again by itself.
rm -r sweep/shard-2-of-4
if "$towtank" sweep "$experiment" --merge sweep --out merged 2>/dev/null; then
    echo "a lost shard was not missed" >&2
    exit 1
fi
sbatch --wait --array=2 sweep.sbatch

"$towtank" sweep "$experiment" --merge sweep --out merged
"$towtank" sweep "$experiment" --out whole
for table in runs.csv groups.csv; do cmp "merged/$table" "whole/$table"; done
echo "the array's tables are those of one sweep"
