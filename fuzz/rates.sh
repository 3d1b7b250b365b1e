#!/usr/bin/env bash
# Executions a second of each target, and how they compare with an empty one, in one go.
#
#     fuzz/rates.sh [SCALE]
#
# What counts is the processor's time, so that a busy machine does not show. `empty` is a target that
# does nothing; SCALE makes all runs so many times as long.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
scale=${1:-1}
host=$(rustc -vV | sed -n 's/^host: //p')
targets=$PWD/${FUZZ_TARGET_DIR:-target}/$host/release
[[ -x $targets/empty ]] || ./build.sh
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
cd "$room"
export RUST_BACKTRACE=0
TIMEFORMAT='%U %S'

# rate TARGET RUNS ARGUMENT...: executions a second
rate() {
    local target=$1 runs=$(($2 * scale)) spent
    shift 2
    spent=$({ time "$targets/$target" -runs=$runs -seed=1 "$@" >log 2>&1; } 2>&1)
    tail -n 1 log | grep -q '^Done' || { tail -n 20 log >&2; exit 1; }
    awk -v runs=$runs '{ printf "%.0f", runs / ($1 + $2) }' <<<"$spent"
}

# line NAME RATE
line() {
    awk -v name="$1" -v rate="$2" -v empty="$empty" \
        'BEGIN { printf "%-34s %9d a second  %8.5f of empty\n", name, rate, rate / empty }'
}

mkdir hundred
for ((i = 0; i < 20; i++)); do
    # programs of about 100 bytes
    printf 'semaphore pool permits=%d\nworker w count=%d {\n    acquire pool\n    work query\n    release pool\n}\n' \
        $((i % 4 + 1)) $((i % 3 + 1)) >hundred/$i
done
empty=$(rate empty 10000000)
line empty "$empty"
# the first inputs, most of which are new, would count for all otherwise
line semaphore "$(rate semaphore 2000000)"
line 'semaphore, -entropic=0' "$(rate semaphore 2000000 -entropic=0)"
line program "$(rate program 20000)"
line 'program, -entropic=0' "$(rate program 20000 -entropic=0)"
line lowering "$(rate lowering 3000)"
line text "$(rate text 100000)"
line 'text, from files of 100 bytes' "$(rate text 100000 hundred -max_len=100 -entropic=0)"
line schedule "$(rate schedule 50000)"
