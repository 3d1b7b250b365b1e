#!/usr/bin/env bash
# Kills a campaign, and a process that writes regressions, with SIGKILL at random moments, so many
# times each (100 if not said), and looks at what is left: whatever was printed has to be there, and
# nothing may be half written. Then a disk that is full: the error has to say what was not written.
#
#     fuzz/kill.sh [TIMES]
#
# What libFuzzer itself writes, its corpus and its crash files, it writes in place: a file that was cut
# off there is counted and told. Any bytes are an input, so a later campaign takes it as it is.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
times=${1:-100}
host=$(rustc -vV | sed -n 's/^host: //p')
target=$PWD/${FUZZ_TARGET_DIR:-target}/$host/release/handler
[[ -x $target ]] || ./build.sh handler
(cd .. && cargo build --quiet --release --features check --example fuzz_writes)
writes=$PWD/../${CARGO_TARGET_DIR:-target}/release/examples/fuzz_writes
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
failures=0
fail() {
    echo "FAILED: $*"
    failures=$((failures + 1))
}

# some_while MILLISECONDS: waits up to so long
some_while() {
    sleep "$(printf '0.%03d' $((RANDOM % $1)))"
}

# killed COMMAND...: starts it, kills it after a while, unless it has ended
killed() {
    "$@" &
    local id=$!
    some_while "$longest"
    kill -9 $id 2>/dev/null || true
    wait $id 2>/dev/null || true
}

export RUST_BACKTRACE=0 SELVEDGE_REGRESSIONS=$room/found
mkdir -p "$room/corpus" "$room/crashes" "$room/found"
campaign() {
    "$target" "$room/corpus" -seed=$RANDOM -artifact_prefix="$room/crashes/" >"$room/log" 2>&1
}
longest=600 printed=0 cut=0
for ((i = 0; i < times; i++)); do
    killed campaign
    while read -r file; do
        printed=$((printed + 1))
        [[ -s $file && -s $file.txt ]] || fail "$file was printed and is not there"
        grep -q '^  input  ' "$file.txt" || fail "$file.txt is cut off"
    done < <(sed -n 's/^  kept in    //p' "$room/log")
    for file in "$room"/corpus/*; do
        [[ -e $file ]] || continue
        if [[ $(sha1sum <"$file") != "$(basename "$file")  -" ]]; then
            cut=$((cut + 1))
            rm "$file"
        fi
    done
done
for file in "$room"/found/handler-*; do
    [[ $file == *.txt || ! -e $file ]] && continue
    if (unset SELVEDGE_REGRESSIONS && "$target" "$file" >"$room/log" 2>&1); then
        fail "$file does not show what was found"
    fi
done
echo "campaign: killed $times times, $printed findings printed, all there;" \
    "$cut files of libFuzzer's own were cut off"
((printed > 0)) || fail "no campaign found anything: nothing was tested"

file=$room/regressions.txt last=0 longest=80
for ((i = 0; i < times; i++)); do
    killed "$writes" "$file" >"$room/log"
    said=$(tail -n 1 "$room/log")
    [[ -n $said ]] || continue
    first=$(head -n 1 "$file")
    [[ $(tail -n 1 "$file") == "$first end" ]] || fail "$file is half written"
    ((first >= said)) || fail "$said was printed, and $file has $first"
    last=$((last + said))
done
echo "regressions: killed $times times in the middle of $last writes, none lost or half written"
((last > 0)) || fail "nothing was written: nothing was tested"

# a file may not be longer than 8 KiB: as if the disk were full
before=$(sha1sum <"$file")
if (trap '' XFSZ && ulimit -f 8 && "$writes" "$file" 100000) >"$room/log" 2>"$room/error"; then
    fail "a full disk was not noticed"
fi
grep -q "not written: $file: " "$room/error" || fail "a full disk: $(head -n 1 "$room/error")"
[[ $before == "$(sha1sum <"$file")" ]] || fail "a full disk: $file was changed"
echo "full disk: $(head -n 1 "$room/error")"
exit $((failures > 0))
