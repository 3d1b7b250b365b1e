#!/usr/bin/env bash
# selvedge, Spin and Stateright on the same programs, one thread each, taking turns on one machine.
#
#   benches/compare.sh [-r REPETITIONS] [--limits]     3 repetitions without -r
#
# Programs: the naive ring of N dining philosophers (benches/spin/ring.pml describes it), and a pool
# of 3 permits in strict queue order for 8 workers of 2 rounds (benches/spin/pool.pml).
# "full" is every state of the problem, and each tool must count exactly the same ones. "reduced" is
# what a tool leaves out without losing a deadlock: each in its own way, in the encoding that suits
# it best (benches/spin/*-processes.pml, benches/stateright), so that states differ.
# Spin and Stateright only count; selvedge watches all of its properties and reports what it finds.
# Stateright keeps 8 bytes of hash for a state, Spin and selvedge the whole state.
# Seconds are wall-clock time of the whole process, and MB the peak of its resident memory; both are
# medians over the repetitions. Spin may take 60 s and 4 GiB for the
# reduced ring of 7.
#
# --limits asks instead how far N goes for the reduced ring in 60 s and 2 GiB; it takes minutes.
set -euo pipefail
export LC_ALL=C

# shellcheck source=benches/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

repetitions=3
limits=
while (($#)); do
    case $1 in
        -r) repetitions=${2:-} && shift ;;
        --limits) limits=yes ;;
        *) usage ;;
    esac
    shift || usage
done
[[ $repetitions =~ ^[1-9][0-9]*$ ]] || usage

need_tools
build_selvedge

pool() { # for selvedge
    echo "semaphore pool permits=3 order=fifo"
    printf 'worker user count=8 {\n    repeat 2 {\n        acquire pool\n        release pool\n    }\n}\n'
}

# A search that a limit cut short is no row. within NAME SECONDS MIB COMMAND...: timed under limits;
# prints nothing when it was complete, else why not.
within() {
    local name=$1 seconds=$2 mebibytes=$3 status=0
    shift 3
    (
        ulimit -c 0
        # A little more than is allowed to be used: address space is not memory.
        ulimit -v $((mebibytes * 1024 + 64 * 1024))
        timed "$name" timeout -k 1 "$seconds" "$@"
    ) 2>/dev/null || status=$?
    if ((status == 124 || status == 137)); then
        echo "over $seconds s"
    elif grep -q -i -e 'MEMLIM' -e 'out of memory' -e 'memory allocation' "$scratch/$name.out" "$scratch/$name.err" ||
        ((status > 128)); then
        echo "over $mebibytes MiB"
    elif ((status > 1)); then
        cat "$scratch/$name.err" >&2
        echo "failed with exit status $status"
    elif grep -q -e '"complete":false' -e 'max search depth too small' "$scratch/$name.out"; then
        echo "over $seconds s"
    fi
}

format='%-8s %-10s %-14s %10s %9s %9s %10s %12s\n'
row() { # row PROGRAM TOOL MODE NAME: one line of the table
    # shellcheck disable=SC2059 # the format is ours
    awk -v format="$format" -v program="$1" -v tool="$2" -v mode="$3" -v states="$(states_in "$4")" \
        -v micros="$(median 1 "$scratch/$4.times")" -v kilobytes="$(median 2 "$scratch/$4.times")" 'BEGIN {
            printf format, program, tool, mode, states, sprintf("%.3f", micros / 1e6),
                sprintf("%.1f", kilobytes / 1024), sprintf("%.0f", states / micros * 1e6),
                sprintf("%.1f", kilobytes * 1024 / states)
        }'
}
# shellcheck disable=SC2059 # the format is ours
heading() { printf "$format" program tool mode states seconds peak-MB states/s bytes/state; }

# The reduced ring for ever larger N, until a tool does not complete. Spin compresses its states
# here (COLLAPSE), since memory is what ends it.
if [[ $limits ]]; then
    load_before=$(load)
    : >"$scratch/rows"
    for tool in selvedge Spin; do
        for ((n = 5; n <= 16; n++)); do
            name=$tool-$n
            echo "$tool, n=$n" >&2
            if [[ $tool == selvedge ]]; then
                ring "$n" >"$scratch/ring-$n.sem"
                why=$(within "$name" 60 2048 "$selvedge" check --time 60s --format json "$scratch/ring-$n.sem")
            else
                build_pan "processes-$n" ring-processes "-DN=$n" -DCOLLAPSE -DMEMLIM=2048
                why=$(within "$name" 60 2048 "$scratch/processes-$n/pan" -m1000 -w24 -E -c0)
            fi
            if [[ $why ]]; then
                echo "ring $n   $tool does not complete: $why" >>"$scratch/rows"
                break
            fi
            row "ring $n" "$tool" reduced "$name" >>"$scratch/rows"
        done
    done
    versions
    echo
    heading
    cat "$scratch/rows"
    echo
    busy "$load_before"
    exit
fi

echo "building the program for Stateright" >&2
cargo build --quiet --release --locked --manifest-path "$root/benches/stateright/Cargo.toml" \
    --target-dir "$target/stateright-peer"
stateright=$target/stateright-peer/release/stateright-peer

for n in 5 6 7 8; do
    ring "$n" >"$scratch/ring-$n.sem"
done
pool >"$scratch/pool.sem"
for n in 5 6; do
    build_pan "ring-$n" ring "-DN=$n" -DNOREDUCE
done
for n in 5 6 7; do
    build_pan "processes-$n" ring-processes "-DN=$n" -DMEMLIM=4096
done
build_pan pool pool "" -DNOREDUCE
build_pan pool-processes pool-processes ""

# A reduction that misses the deadlock would be no reduction: stop at the first one.
# it writes the way there, a file named .trail, where it runs
(cd "$scratch" && "$scratch/processes-6/pan" -m1000 -w21) >"$scratch/deadlock.out"
grep -q 'invalid end state' "$scratch/deadlock.out" || {
    echo "Spin does not find the deadlock of the ring as processes" >&2
    exit 1
}

# Stateright's faster search, by one look at the larger ring
search=dfs
for each in bfs dfs; do
    run "stateright-$each" "$stateright" ring-6 "$each"
    check "Stateright ($each)" "ring 6" "$(states_in "stateright-$each")" "${ring_states[6]}"
done
if (($(cut -d' ' -f1 "$scratch/stateright-bfs.times") < $(cut -d' ' -f1 "$scratch/stateright-dfs.times"))); then
    search=bfs
fi

# entry PROGRAM TOOL MODE EXPECTED COMMAND...: a row to measure; EXPECTED is - where it is the
# tool's own affair
programs=() tools=() modes=() expected=() commands=()
entry() {
    programs+=("$1") tools+=("$2") modes+=("$3") expected+=("$4")
    shift 4
    commands+=("$(printf '%q ' "$@")")
}
pan=(-m1000 -E -c0)
for n in 5 6; do
    known=${ring_states[$n]}
    entry "ring $n" selvedge full "$known" "$selvedge" check --no-reduction --time 0 --format json "$scratch/ring-$n.sem"
    entry "ring $n" Spin full "$known" "$scratch/ring-$n/pan" "${pan[@]}" -w"${ring_table[$n]}"
    entry "ring $n" Stateright "full, $search" "$known" "$stateright" "ring-$n" "$search"
    entry "ring $n" selvedge reduced - "$selvedge" check --time 0 --format json "$scratch/ring-$n.sem"
    entry "ring $n" Spin reduced - "$scratch/processes-$n/pan" "${pan[@]}" -w"$((n == 5 ? 19 : 21))"
done
entry "ring 7" selvedge reduced - "$selvedge" check --time 0 --format json "$scratch/ring-7.sem"
entry "ring 7" Spin reduced - "$scratch/processes-7/pan" "${pan[@]}" -w24
entry "ring 8" selvedge reduced - "$selvedge" check --time 0 --format json "$scratch/ring-8.sem"
entry pool selvedge full 7798785 "$selvedge" check --no-reduction --time 0 --format json "$scratch/pool.sem"
entry pool Spin full 7798785 "$scratch/pool/pan" "${pan[@]}" -w24
entry pool Stateright "full, $search" 7798785 "$stateright" pool "$search"
entry pool selvedge reduced - "$selvedge" check --time 0 --format json "$scratch/pool.sem"
entry pool Spin reduced - "$scratch/pool-processes/pan" "${pan[@]}" -w24
entry pool Stateright "symmetry, dfs" 1077 "$stateright" pool symmetry

load_before=$(load)
reasons=()
for ((i = 1; i <= repetitions; i++)); do
    for row in "${!commands[@]}"; do
        [[ -z ${reasons[$row]:-} ]] || continue
        what="${programs[$row]}, ${tools[$row]}, ${modes[$row]}"
        echo "$what, $i of $repetitions" >&2
        eval "command=(${commands[$row]})"
        # shellcheck disable=SC2154 # eval sets it
        if [[ ${programs[$row]} == "ring 7" && ${tools[$row]} == Spin ]]; then
            reasons[row]=$(within "row-$row" 60 4096 "${command[@]}")
            continue
        fi
        run "row-$row" "${command[@]}"
        if [[ ${expected[$row]} != - ]]; then
            check "${tools[$row]}" "${programs[$row]}" "$(states_in "row-$row")" "${expected[$row]}"
        fi
        if grep -q 'max search depth too small' "$scratch/row-$row.out"; then
            echo "Spin did not go to the bottom for $what: raise -m" >&2
            exit 1
        fi
        if [[ ${tools[$row]} == selvedge ]]; then
            deadlocks=$(grep -c '"deadlock"' "$scratch/row-$row.out" || true)
            wanted=1
            [[ ${programs[$row]} == pool ]] && wanted=0
            if ((deadlocks != wanted)) || ! grep -q '"complete":true' "$scratch/row-$row.out"; then
                echo "selvedge is incomplete or has the wrong findings for ${programs[$row]}, ${modes[$row]}" >&2
                exit 1
            fi
        fi
    done
done

versions
grep -A 1 '^name = "stateright"$' "$root/benches/stateright/Cargo.lock" |
    sed -n 's/^version = "\(.*\)"$/Stateright \1/p'
echo
heading
for row in "${!commands[@]}"; do
    if [[ ${reasons[$row]:-} ]]; then
        # shellcheck disable=SC2059 # the format is ours
        printf "$format" "${programs[$row]}" "${tools[$row]}" "${modes[$row]}" "${reasons[$row]}" "" "" "" ""
    else
        row "${programs[$row]}" "${tools[$row]}" "${modes[$row]}" "row-$row"
    fi
done
echo
echo "medians of $repetitions"
busy "$load_before"
