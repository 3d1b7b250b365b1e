#!/usr/bin/env bash
# Builds the targets with stable Rust as `cargo fuzz build --sanitizer none -O` does, where cargo-fuzz
# is not at hand; they are in target/fuzz/release/. Arguments go to cargo: `--bin text` builds one.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
export CARGO_INCREMENTAL=0
export RUSTFLAGS="${RUSTFLAGS:-} --cfg fuzzing -Cpasses=sancov-module \
-Cllvm-args=-sanitizer-coverage-level=4 -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
-Cllvm-args=-sanitizer-coverage-pc-table -Cllvm-args=-sanitizer-coverage-trace-compares"
exec cargo build --release --target-dir "${CARGO_TARGET_DIR:-target}/fuzz" "$@"
