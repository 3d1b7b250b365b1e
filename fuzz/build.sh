#!/usr/bin/env bash
# Builds the targets, or those that are named, with stable Rust:
#
#     fuzz/build.sh [TARGET...]
#     FUZZ_DIR=user-crate/fuzz fuzz/build.sh
#
# They come to lie in target/HOST/release/, or in that of FUZZ_TARGET_DIR, where
#     cargo fuzz build --sanitizer none --no-trace-compares -O
# puts them too. That counts each edge of every crate. To gather the counters is most of what an
# execution costs, so here they are where they guide; docs/fuzzing.md says what that brings.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cd "${FUZZ_DIR:-$here}"
host=$(rustc -vV | sed -n 's/^host: //p')
folder=$(realpath -m "${FUZZ_TARGET_DIR:-target}")
export CARGO_INCREMENTAL=0
export RUSTFLAGS="${RUSTFLAGS:-} --cfg fuzzing"
export RUSTC_WRAPPER=$here/counted.sh
wanted=" $* "
first=
mkdir -p "$folder/$host/release"

# build SET TARGET...: those of a set that are wanted. A set has a folder of its own, since cargo does
# not know that its crates differ from those of another.
build() {
    local set=$1 target binaries=()
    shift
    for target; do
        [[ $wanted == "  " || $wanted == *" $target "* ]] && binaries+=(--bin "$target")
    done
    ((${#binaries[@]})) || return 0
    if [[ ! -d $folder/$set && -n $first ]]; then
        # what is the same for all sets is not compiled again
        cp -a "$folder/$first" "$folder/$set"
        cargo clean --quiet --release --target "$host" --target-dir "$folder/$set" \
            -p selvedge -p selvedge-alone -p selvedge-fuzz
    fi
    first=${first:-$set}
    cargo build --release --target "$host" --target-dir "$folder/$set" "${binaries[@]}"
    find "$folder/$set/$host/release" -maxdepth 1 -type f -executable \
        -exec cp -u {} "$folder/$host/release/" \;
}

if [[ -n ${FUZZ_DIR:-} ]]; then
    all=$(sed -n '/^\[\[bin\]\]/,/^$/s/^name = "\(.*\)"/\1/p' Cargo.toml)
    # shellcheck disable=SC2086 # names of targets have no spaces
    COUNTED=local LEVEL=4 build edges $all
    exit
fi
# the semaphore's functions, those that are large or called from many places, and not those of the
# machine that it is held against
COUNTED=selvedge_alone LEVEL=1 MERGED=1 build semaphore semaphore
# an execution of these is thousands of edges, and its functions tell nearly as much
COUNTED=selvedge LEVEL=1 build functions program lowering hunt empty
# readers are known by their edges
COUNTED=local LEVEL=4 build edges text schedule handler
