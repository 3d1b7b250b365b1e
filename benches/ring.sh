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

# shellcheck source=benches/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

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
for n in "${sizes[@]}"; do
    [[ -n ${ring_states[$n]:-} ]] || usage
done

need_tools
build_selvedge
for n in "${sizes[@]}"; do
    ring "$n" >"$scratch/ring-$n.sem"
    build_pan "ring-$n" ring "-DN=$n" -DNOREDUCE
done

load_before=$(load)
for n in "${sizes[@]}"; do
    for ((i = 1; i <= repetitions; i++)); do
        echo "n=$n, $i of $repetitions" >&2
        run "spin-$n" "$scratch/ring-$n/pan" -m1000 -w"${ring_table[$n]}" -E -c0
        check Spin "n=$n" "$(states_in "spin-$n")" "${ring_states[$n]}"
        run "selvedge-$n" "$selvedge" check --no-reduction --time 0 --format json "$scratch/ring-$n.sem"
        check selvedge "n=$n" "$(states_in "selvedge-$n")" "${ring_states[$n]}"
    done
done

versions
echo
format='%-3s %-9s %12s %9s %12s %10s %12s %7s\n'
# shellcheck disable=SC2059 # the format is ours
printf "$format" n tool states seconds states/s peak-MB bytes/state ratio
for n in "${sizes[@]}"; do
    for tool in spin selvedge; do
        times=$scratch/$tool-$n.times
        [[ $tool == spin ]] && base=$(median 1 "$times")
        awk -v format="$format" -v n="$n" -v tool="$tool" -v states="${ring_states[$n]}" -v base="$base" \
            -v micros="$(median 1 "$times")" -v kilobytes="$(median 2 "$times")" 'BEGIN {
                printf format, n, tool, states, sprintf("%.3f", micros / 1e6),
                    sprintf("%.0f", states / micros * 1e6), sprintf("%.1f", kilobytes / 1024),
                    sprintf("%.1f", kilobytes * 1024 / states), sprintf("%.2f", base / micros)
            }'
    done
done
echo
echo "ratio: states per second, Spin = 1"
busy "$load_before"
