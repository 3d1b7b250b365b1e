#!/usr/bin/env bash
# Builds the targets, or those that are named, with stable Rust:
#
#     fuzz/build.sh [TARGET...]
#
# They come to lie in target/HOST/release/, where
#     cargo fuzz build --sanitizer none --no-trace-compares -O
# puts them too. That counts each edge of every crate. To gather the counters is most of what an
# execution costs, so here they are where they guide; docs/fuzzing.md says what that brings.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
host=$(rustc -vV | sed -n 's/^host: //p')
folder=${FUZZ_TARGET_DIR:-target}
export CARGO_INCREMENTAL=0
export RUSTFLAGS="${RUSTFLAGS:-} --cfg fuzzing"
export RUSTC_WRAPPER=$PWD/counted.sh
wanted=" $* "
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
    # with a target, build scripts are built without these flags
    cargo build --release --target "$host" --target-dir "$folder/$set" "${binaries[@]}"
    for target; do
        [[ " ${binaries[*]} " != *" --bin $target "* ]] ||
            cp "$folder/$set/$host/release/$target" "$folder/$host/release/"
    done
}

# the functions of the semaphore, and not those of the machine that it is held against
COUNTED=selvedge_alone LEVEL=1 build semaphore semaphore
# an execution of these is thousands of edges, and its functions tell nearly as much
COUNTED=selvedge LEVEL=1 build functions program lowering hunt empty
# readers are known by their edges
COUNTED=selvedge LEVEL=4 build edges text schedule handler
