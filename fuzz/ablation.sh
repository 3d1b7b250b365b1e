#!/usr/bin/env bash
# What the mutator and the counters of switches do for finding bugs: executions to the bug, in the
# buggy programs of corpus/, the bugs of tests/zoo/ and whatever programs show a property, with each
# left out and with both. One line a subject, tab separated; then what it comes to.
#
#     fuzz/ablation.sh [SEEDS [MOST]]
#
# The figure is the median over the seeds (11), where a campaign that does not find the bug in so
# many executions (20,000) counts as those.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
seeds=${1:-11}
most=${2:-20000}
host=$(rustc -vV | sed -n 's/^host: //p')
hunt=$PWD/${FUZZ_TARGET_DIR:-target}/$host/release/hunt
[[ -x $hunt ]] || ./build.sh hunt
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
cd "$room"
export RUST_BACKTRACE=0
corpus=$OLDPWD/../corpus

# executions SUBJECT WITHOUT SEED: to the bug
executions() {
    HUNT=$1 WITHOUT=$2 "$hunt" -seed="$3" -runs="$most" -print_final_stats=1 2>&1 |
        sed -n 's/^stat::number_of_executed_units: *//p'
}

# median SUBJECT WITHOUT
median() {
    for ((seed = 1; seed <= seeds; seed++)); do
        executions "$1" "$2" "$seed"
    done | sort -n | sed -n "$(((seeds + 1) / 2))p"
}

subjects=()
for file in "$corpus"/*.sem; do
    grep -q '^expect clean' "$file" || subjects+=("$file")
done
subjects+=(a5 a8 a10 a11 a12 a20)
for property in leak over-release over-admission deadlock exhaustion impossible-request; do
    subjects+=("any:$property")
done
printf 'subject\tboth\tno mutator\tno counters\tneither\n'
for subject in "${subjects[@]}"; do
    name=$(basename "$subject" .sem)
    printf '%s\t%s\t%s\t%s\t%s\n' "$name" "$(median "$subject" '')" "$(median "$subject" mutator)" \
        "$(median "$subject" counters)" "$(median "$subject" mutator,counters)"
done | tee "$room/table"
# the geometric mean of what leaving something out costs, over the subjects that are not trivial
awk -F '\t' '
    $2 + $3 + $4 + $5 > 40 {
        n++
        for (i = 3; i <= 5; i++) cost[i] += log($i / $2)
    }
    END {
        if (n == 0) exit
        printf "%d of %d subjects take more than a few executions; there it costs, in executions,\n", n, NR
        printf "%.2f times as many without the mutator, ", exp(cost[3] / n)
        printf "%.2f without the counters, %.2f without both\n", exp(cost[4] / n), exp(cost[5] / n)
    }' "$room/table"
