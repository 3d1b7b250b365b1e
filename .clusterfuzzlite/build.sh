#!/usr/bin/env bash
# Builds the targets for ClusterFuzzLite: each in $OUT, with its seeds beside it. The container gives
# SRC and OUT; OUT=/some/folder .clusterfuzzlite/build.sh does the same without one.
set -euo pipefail
cd "${SRC:+$SRC/selvedge}" 2>/dev/null || cd "$(dirname "${BASH_SOURCE[0]}")/.."
: "${OUT:?a folder for what is built}"
mkdir -p "$OUT"
# the container's flags are for nightly and its sanitizers
unset RUSTFLAGS CFLAGS CXXFLAGS
fuzz/build.sh
host=$(rustc -vV | sed -n 's/^host: //p')
seeds=$(mktemp -d)
trap 'rm -rf "$seeds"' EXIT
cargo run --quiet --release --features threads,arbitrary --example fuzz_corpus -- \
    seeds corpus "$seeds"
for target in program semaphore lowering text schedule; do
    cp "${FUZZ_TARGET_DIR:-fuzz/target}/$host/release/$target" "$OUT/"
    mkdir -p "$seeds/$target"
    cp fuzz/seeds/$target/* "$seeds/$target/"
    if command -v zip >/dev/null; then
        (cd "$seeds/$target" && zip -q -r "$OUT/${target}_seed_corpus.zip" .)
    else
        python3 -c 'import shutil, sys; shutil.make_archive(sys.argv[1], "zip", sys.argv[2])' \
            "$OUT/${target}_seed_corpus" "$seeds/$target"
    fi
    printf '[libfuzzer]\nentropic = 0\n' >"$OUT/$target.options"
done
