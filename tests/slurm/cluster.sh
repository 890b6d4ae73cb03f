#!/usr/bin/env bash
# A Slurm cluster of several nodes on this machine, for tests: cluster.sh start | stop
#
# Debian or Ubuntu, as root. Every daemon listens on 127.0.0.1 only; each node believes to have CPUs, memory and one GPU
# of its own. There is no accounting: squeue remembers ended jobs. Everything is kept in $STATE; `start` leaves running
# daemons alone, `stop` ends them and removes the folder. Meanwhile /etc/slurm/slurm.conf leads to the configuration there:
# a job's environment does not always hold SLURM_CONF.
set -euo pipefail
STATE=${STATE:-/tmp/bioloom-slurm}
NODES=${NODES:-3}
PORT=${PORT:-26817} # of the controller; the nodes take the next ones
SITE=/etc/slurm/slurm.conf
export SLURM_CONF=$STATE/slurm.conf

fail() {
    echo "cluster.sh: $*" >&2
    exit 1
}

# runs PID: whether a process runs; one that has ended may wait long for a lazy init to take note of it
runs() {
    [ -e "/proc/$1/exe" ]
}

# pid_of NAME: the process id of a daemon that runs; after a crash its file may name another program's
pid_of() {
    local pid
    pid=$(cat "$STATE/$1.pid" 2>/dev/null) || return
    case $(readlink "/proc/$pid/exe") in
        */munged | */slurmctld* | */slurmd*) echo "$pid" ;;
        *) return 1 ;;
    esac
}

alive() {
    pid_of "$1" >/dev/null
}

# patiently COMMAND...: repeat it until it succeeds, for 20 seconds
patiently() {
    for _ in $(seq 100); do
        "$@" >/dev/null 2>&1 && return
        sleep 0.2
    done
    tail -n 5 "$STATE"/*.log >&2 || true
    fail "gave up: $*"
}

# Daemons that Debian would start by itself read the configuration of a whole machine; this keeps them from starting.
install_packages() {
    local missing=() policy=/usr/sbin/policy-rc.d made=
    for package in munge slurm-client slurmctld slurmd; do
        [ "$(dpkg-query -W -f '${db:Status-Status}' $package 2>/dev/null)" = installed ] || missing+=("$package")
    done
    [ ${#missing[@]} = 0 ] && return
    if [ ! -e $policy ]; then
        printf '#!/bin/sh\nexit 101\n' >$policy
        chmod +x $policy
        made=yes
    fi
    export DEBIAN_FRONTEND=noninteractive
    local get=(apt-get install -y -qq --no-install-recommends "${missing[@]}")
    "${get[@]}" >"$STATE/apt.log" 2>&1 || { apt-get update -qq && "${get[@]}" >"$STATE/apt.log" 2>&1; } \
        || { tail -n 5 "$STATE/apt.log" >&2; made=${made:+failed}; }
    [ -z "$made" ] || rm -f $policy
    command -v slurmctld >/dev/null || fail "could not install ${missing[*]}"
}

write_configuration() {
    [ -s "$STATE/munge.key" ] || (umask 077 && head -c 1024 /dev/urandom >"$STATE/munge.key")
    [ -e "$STATE/gpu" ] || mknod "$STATE/gpu" c 1 3 2>/dev/null || touch "$STATE/gpu" # looks like a device, does nothing
    mkdir -p "$STATE/controller"
    echo "Name=gpu File=$STATE/gpu" >"$STATE/gres.conf"
    printf 'CgroupPlugin=cgroup/v1\nConstrainCores=no\nConstrainRAMSpace=no\n' >"$STATE/cgroup.conf"
    cat >"$SLURM_CONF" <<CONF
ClusterName=bioloom
SlurmctldHost=localhost(127.0.0.1)
SlurmctldPort=$PORT
CommunicationParameters=NoInAddrAny,NoCtldInAddrAny
AuthType=auth/munge
AuthInfo=socket=$STATE/munge.socket
CredType=cred/munge
SlurmUser=root
SlurmdUser=root
SlurmctldPidFile=$STATE/slurmctld.pid
SlurmctldLogFile=$STATE/slurmctld.log
StateSaveLocation=$STATE/controller
SlurmdPidFile=$STATE/%n.pid
SlurmdLogFile=$STATE/%n.log
SlurmdSpoolDir=$STATE/%n
# no cgroups and no accounting, which containers and small machines lack
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
MpiDefault=none
SwitchType=switch/none
# jobs start as soon as they may and end soon after they are told to
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
SchedulerParameters=batch_sched_delay=0,sched_interval=1,bf_interval=2
KillWait=2
# how long squeue shows jobs that have ended
MinJobAge=900
# more CPUs and memory than there are
SlurmdParameters=config_overrides
ReturnToService=2
GresTypes=gpu
NodeName=n[1-$NODES] NodeHostname=localhost NodeAddr=127.0.0.1 Port=[$((PORT + 1))-$((PORT + NODES))] CPUs=4 RealMemory=32000 Gres=gpu:1
PartitionName=cpu Nodes=n[1-$NODES] Default=YES State=UP
PartitionName=gpu Nodes=n[1-$NODES] State=UP
CONF
}

nothing_runs() {
    [ -z "$(squeue --noheader --states=PENDING,RUNNING,COMPLETING)" ]
}

nodes_are_up() {
    [ "$(sinfo --noheader --Node --partition cpu --states idle,alloc,mix --format %N | wc -l)" = "$NODES" ]
}

ours() {
    [ "$(readlink $SITE)" = "$SLURM_CONF" ]
}

start() {
    [ "$(id -u)" = 0 ] || fail "only root can start daemons that run jobs"
    [ ! -e $SITE ] || ours || fail "$SITE: this machine is part of a cluster already"
    mkdir -p "$STATE" ${SITE%/*}
    install_packages
    write_configuration
    ln -sfn "$SLURM_CONF" $SITE
    alive munged || munged --force --num-threads=2 --key-file="$STATE/munge.key" --socket="$STATE/munge.socket" \
        --pid-file="$STATE/munged.pid" --log-file="$STATE/munged.log" --seed-file="$STATE/munge.seed"
    alive slurmctld || slurmctld </dev/null >>"$STATE/slurmctld.log" 2>&1
    patiently scontrol ping
    for node in $(seq -f 'n%g' "$NODES"); do
        mkdir -p "$STATE/$node"
        alive "$node" || slurmd -N "$node" </dev/null >>"$STATE/$node.log" 2>&1
    done
    patiently nodes_are_up
}

stop() {
    [ -d "$STATE" ] || return 0
    if alive slurmctld; then
        scancel --user=root || true
        (patiently nothing_runs) || true
    fi
    for daemon in $(seq -f 'n%g' "$NODES") slurmctld munged; do
        local pid
        pid=$(pid_of "$daemon") || continue
        kill "$pid"
        for _ in $(seq 50); do
            runs "$pid" || continue 2
            sleep 0.1
        done
        kill -9 "$pid"
    done
    ! ours || rm $SITE
    rm -rf "$STATE"
}

case ${1:-} in
    start | stop) "$1" ;;
    *) fail "start or stop?" ;;
esac
