#!/usr/bin/env bash
# Builds the targets with stable Rust, as
#     cargo fuzz build --sanitizer none --no-trace-compares -O
# does, where cargo-fuzz is not at hand; they come to lie in target/HOST/release/, as there.
# Arguments go to cargo: `--bin text` builds one. FUZZ_DIR=user-crate/fuzz builds those of another
# folder, into the target folder of that one.
set -euo pipefail
cd "${FUZZ_DIR:-$(dirname "${BASH_SOURCE[0]}")}"
host=$(rustc -vV | sed -n 's/^host: //p')
export CARGO_INCREMENTAL=0
# with a target, build scripts are built without these flags, which they could not be linked with
export RUSTFLAGS="${RUSTFLAGS:-} --cfg fuzzing -Cpasses=sancov-module \
-Cllvm-args=-sanitizer-coverage-level=4 -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
-Cllvm-args=-sanitizer-coverage-pc-table"
exec cargo build --release --target "$host" --target-dir "${FUZZ_TARGET_DIR:-target}" "$@"
