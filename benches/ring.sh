#!/usr/bin/env bash
# selvedge and Spin on the same state space, one thread each, taking turns on the same machine.
#
#   benches/ring.sh [-r REPETITIONS] [N...]     N is 5, 6 or 7; without one: 5 6
#
# The state space is the naive ring of N dining philosophers; benches/spin/ring.pml describes it and
# says which encodings were tried for Spin. Both tools must find exactly the known number of states.
# Both search without partial-order reduction and keep every state in full. Spin only counts, with
# its checks switched off; selvedge watches all of its properties and reports what it finds.
# Seconds are wall-clock time of the whole process, medians over the repetitions.
set -euo pipefail
export LC_ALL=C

usage() {
    sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//;p;}' "${BASH_SOURCE[0]}" >&2
    exit 2
}

repetitions=5
while getopts r: option; do
    case $option in
        r) repetitions=$OPTARG ;;
        *) usage ;;
    esac
done
shift $((OPTIND - 1))
[[ $repetitions =~ ^[1-9][0-9]*$ ]] || usage
sizes=("$@")
((${#sizes[@]})) || sizes=(5 6)

# known number of states, and the size of Spin's hash table (a power of two, about twice the states)
declare -A expected=([5]=166957 [6]=1852327 [7]=20534773)
declare -A table=([5]=19 [6]=22 [7]=25)
for n in "${sizes[@]}"; do
    [[ -n ${expected[$n]:-} ]] || usage
done

missing=()
for tool in spin gcc; do
    command -v "$tool" >/dev/null || missing+=("$tool")
done
[[ -x /usr/bin/time ]] || missing+=(time)
if ((${#missing[@]})); then
    echo "missing: ${missing[*]}; on Debian: apt-get install ${missing[*]}" >&2
    exit 2
fi

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

echo "building selvedge" >&2
cargo build --quiet --release --features cli --manifest-path "$root/Cargo.toml"
target=$(cargo metadata --format-version 1 --no-deps --manifest-path "$root/Cargo.toml" |
    sed 's/.*"target_directory":"\([^"]*\)".*/\1/')
selvedge=$target/release/selvedge

ring() { # the program of N workers, for selvedge
    local n=$1 i right
    for ((i = 0; i < n; i++)); do
        echo "semaphore fork-$i permits=1 order=barging"
    done
    for ((i = 0; i < n; i++)); do
        right=$(((i + 1) % n))
        printf '\nworker philosopher-%d {\n    repeat 3 {\n' "$i"
        printf '        %s fork-%d\n' acquire "$i" acquire "$right" release "$right" release "$i"
        printf '    }\n}\n'
    done
}

for n in "${sizes[@]}"; do
    ring "$n" >"$scratch/ring-$n.sem"
    mkdir "$scratch/spin-$n"
    (
        cd "$scratch/spin-$n"
        echo "building Spin's verifier for n=$n" >&2
        spin -DN="$n" -a "$root/benches/spin/ring.pml"
        gcc -O3 -march=native -DSAFETY -DNOREDUCE -DNOCOMP -w -o pan pan.c
    )
done

# run NAME COMMAND...: appends "microseconds kilobytes" to NAME.times, leaves the output in NAME.out
run() {
    local name=$1 start end status=0
    shift
    start=${EPOCHREALTIME/./}
    /usr/bin/time -q -f %M -o "$scratch/memory" "$@" >"$scratch/$name.out" 2>"$scratch/$name.err" || status=$?
    end=${EPOCHREALTIME/./}
    # selvedge exits with 1, since the ring deadlocks
    if ((status > 1)); then
        echo "$1 failed with exit status $status:" >&2
        cat "$scratch/$name.err" >&2
        exit 1
    fi
    echo "$((end - start)) $(cat "$scratch/memory")" >>"$scratch/$name.times"
}

check() { # check NAME N STATES
    if [[ $3 != "${expected[$2]}" ]]; then
        echo "$1 counts ${3:-no} states for n=$2 where there are ${expected[$2]}" >&2
        exit 1
    fi
}

load() { cut -d' ' -f1 /proc/loadavg 2>/dev/null || echo unknown; }
load_before=$(load)
for n in "${sizes[@]}"; do
    for ((i = 1; i <= repetitions; i++)); do
        echo "n=$n, $i of $repetitions" >&2
        run "spin-$n" "$scratch/spin-$n/pan" -m1000 -w"${table[$n]}" -E -c0
        check Spin "$n" "$(sed -n 's/^ *\([0-9]*\) states, stored$/\1/p' "$scratch/spin-$n.out")"
        run "selvedge-$n" "$selvedge" check --no-reduction --time 0 --format json "$scratch/ring-$n.sem"
        check selvedge "$n" "$(sed -n 's/.*"states":\([0-9]*\).*/\1/p' "$scratch/selvedge-$n.out")"
    done
done

median() { # median COLUMN FILE
    cut -d' ' -f"$1" "$2" | sort -n | awk '{ v[NR] = $1 } END { print (v[int((NR + 1) / 2)] + v[int(NR / 2) + 1]) / 2 }'
}

echo "$(spin -V | head -n 1), $(gcc --version | head -n 1), $("$selvedge" --version), $(rustc --version)"
echo
format='%-3s %-9s %12s %9s %12s %10s %12s %7s\n'
# shellcheck disable=SC2059 # the format is ours
printf "$format" n tool states seconds states/s peak-MB bytes/state ratio
for n in "${sizes[@]}"; do
    for tool in spin selvedge; do
        times=$scratch/$tool-$n.times
        [[ $tool == spin ]] && base=$(median 1 "$times")
        awk -v format="$format" -v n="$n" -v tool="$tool" -v states="${expected[$n]}" -v base="$base" \
            -v micros="$(median 1 "$times")" -v kilobytes="$(median 2 "$times")" 'BEGIN {
                printf format, n, tool, states, sprintf("%.3f", micros / 1e6),
                    sprintf("%.0f", states / micros * 1e6), sprintf("%.1f", kilobytes / 1024),
                    sprintf("%.1f", kilobytes * 1024 / states), sprintf("%.2f", base / micros)
            }'
    done
done
echo
echo "ratio: states per second, Spin = 1"
echo "load average $load_before before and $(load) after; much more than 1 means that others ran too, and that the seconds and the ratio say little"
