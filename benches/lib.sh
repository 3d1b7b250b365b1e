# What ring.sh and compare.sh share; sourced by both, not a command.
# Sets root, scratch (removed on exit), target and selvedge.
# shellcheck shell=bash

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# known number of states of the ring, and the size of Spin's hash table for them (a power of two,
# about twice the states)
declare -A ring_states=([5]=166957 [6]=1852327 [7]=20534773)
declare -A ring_table=([5]=19 [6]=22 [7]=25)

usage() { # the comment at the head of the command
    sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//;p;}' "$0" >&2
    exit 2
}

need_tools() {
    local tool missing=()
    for tool in spin gcc; do
        command -v "$tool" >/dev/null || missing+=("$tool")
    done
    [[ -x /usr/bin/time ]] || missing+=(time)
    if ((${#missing[@]})); then
        echo "missing: ${missing[*]}; on Debian: apt-get install ${missing[*]}" >&2
        exit 2
    fi
}

build_selvedge() {
    echo "building selvedge" >&2
    # as fast as it can be made, as the peers are
    CARGO_PROFILE_RELEASE_CODEGEN_UNITS=1 \
        cargo build --quiet --release --features cli --manifest-path "$root/Cargo.toml"
    target=$(cargo metadata --format-version 1 --no-deps --manifest-path "$root/Cargo.toml" |
        sed 's/.*"target_directory":"\([^"]*\)".*/\1/')
    selvedge=$target/release/selvedge
}

# build_pan NAME MODEL SPIN-OPTION GCC-OPTION...: Spin's verifier as $scratch/NAME/pan
build_pan() {
    local name=$1 model=$2 option=$3
    shift 3
    echo "building Spin's verifier $name" >&2
    mkdir "$scratch/$name"
    (
        cd "$scratch/$name"
        # Spin reads models relative to where it runs, and prints the names of local channels.
        spin ${option:+"$option"} -a "$root/benches/spin/$model.pml" >spin.log 2>&1 || {
            cat spin.log >&2
            exit 1
        }
        gcc -O3 -march=native -DSAFETY -DNOCOMP "$@" -w -o pan pan.c
    )
}

ring() { # the ring of N workers, for selvedge
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

# timed NAME COMMAND...: appends "microseconds kilobytes" to NAME.times, leaves the output in
# NAME.out and NAME.err; its status is that of the command
timed() {
    local name=$1 start end status=0
    shift
    start=${EPOCHREALTIME/./}
    /usr/bin/time -q -f %M -o "$scratch/memory" "$@" >"$scratch/$name.out" 2>"$scratch/$name.err" || status=$?
    end=${EPOCHREALTIME/./}
    echo "$((end - start)) $(tail -n 1 "$scratch/memory")" >>"$scratch/$name.times"
    return "$status"
}

# run NAME COMMAND...: timed, but a failure ends everything
run() {
    local status=0
    timed "$@" || status=$?
    # selvedge exits with 1, since the ring deadlocks
    if ((status > 1)); then
        echo "$2 failed with exit status $status:" >&2
        cat "$scratch/$1.err" >&2
        exit 1
    fi
}

states_in() { # states_in NAME: the number of states in what a tool printed
    sed -n -e 's/^ *\([0-9]*\) states, stored.*/\1/p' -e 's/.*"states":\([0-9]*\).*/\1/p' \
        -e 's/^states=\([0-9]*\)$/\1/p' "$scratch/$1.out"
}

check() { # check NAME PROGRAM STATES EXPECTED
    if [[ $3 != "$4" ]]; then
        echo "$1 counts ${3:-no} states for $2 where there are $4" >&2
        exit 1
    fi
}

load() { cut -d' ' -f1 /proc/loadavg 2>/dev/null || echo unknown; }

median() { # median COLUMN FILE
    cut -d' ' -f"$1" "$2" | sort -n | awk '{ v[NR] = $1 } END { print (v[int((NR + 1) / 2)] + v[int(NR / 2) + 1]) / 2 }'
}

versions() {
    echo "$(spin -V | head -n 1), $(gcc --version | head -n 1), $("$selvedge" --version), $(rustc --version)"
}

busy() { # busy LOAD-BEFORE
    echo "load average $1 before and $(load) after; much more than 1 means that others ran too, and that the seconds and the ratios say little"
}
