#!/usr/bin/env bash
# Executions of the target `semaphore` to each of the errors of planted/, which are planted in a copy of
# the semaphore one after another: with its mutator, with libFuzzer's own, and with sequences that are
# made anew each time and learn nothing. One line an error, tab separated; then what it comes to.
#
#     fuzz/planted.sh [SEEDS [MOST]]
#     EDGES=1 fuzz/planted.sh [SEEDS [MOST]]    with a counter for each edge
#
# The figure is the median over the seeds (21), where a campaign that does not find the error in so
# many executions (1,000,000) counts as those. No input is longer than the ops that are performed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
seeds=${1:-21}
most=${2:-1000000}
host=$(rustc -vV | sed -n 's/^host: //p')
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
tar c --exclude=target --exclude=.git . | tar x -C "$copy"
export RUST_BACKTRACE=0 FUZZ_TARGET_DIR=$copy/target
cd "$copy/fuzz"
# only what is counted is made with the errors: the model stays as it is
sed -i 's|"../../../src/semaphore/|"../../../erroneous/src/semaphore/|' alone/src/lib.rs
# the same target without its mutator, and with one that sees no ops that were there
sed '/fuzz_mutator/,$d' fuzz_targets/semaphore.rs >fuzz_targets/plain.rs
sed 's/mutate_ops(data, size,/mutate_ops(data, 0,/; s/ size: usize/ _size: usize/' \
    fuzz_targets/semaphore.rs >fuzz_targets/anew.rs
for target in plain anew; do
    printf '\n[[bin]]\nname = "%s"\npath = "fuzz_targets/%s.rs"\n' $target $target >>Cargo.toml
done
sed -i 's/build semaphore semaphore$/& plain anew/' build.sh
if [[ -n ${EDGES:-} ]]; then
    sed -i 's/LEVEL=1 MERGED=1 build semaphore/LEVEL=4 build semaphore/' build.sh
fi

# median TARGET: executions to the error
median() {
    for ((seed = 1; seed <= seeds; seed++)); do
        "$copy/target/$host/release/$1" -seed=$seed -runs="$most" -max_len=33 -print_final_stats=1 \
            -artifact_prefix="$copy/" 2>&1 | sed -n 's/^stat::number_of_executed_units: *//p'
    done | sort -n | sed -n "$(((seeds + 1) / 2))p"
}

printf 'planted\tmutator\tno mutator\tanew\n'
for patch in planted/*.patch; do
    rm -rf "$copy/erroneous"
    mkdir -p "$copy/erroneous/src"
    cp -r "$copy/src/semaphore" "$copy/erroneous/src/"
    patch --quiet -p1 -d "$copy/erroneous" <"$patch"
    ./build.sh semaphore plain anew >"$copy/log" 2>&1 || { cat "$copy/log" >&2; exit 1; }
    printf '%s\t%s\t%s\t%s\n' "$(basename "$patch" .patch)" \
        "$(median semaphore)" "$(median plain)" "$(median anew)"
done | tee "$copy/table"
awk -F '\t' '
    { n++; plain += log($3 / $2); anew += log($4 / $2) }
    END {
        printf "%.2f times as many without the mutator, ", exp(plain / n)
        printf "%.2f if made anew (geometric means of %d)\n", exp(anew / n), n
    }
' "$copy/table"
