#!/usr/bin/env bash
# Builds the targets with stable Rust; they come to lie in target/HOST/release/, where
#     cargo fuzz build --sanitizer none --no-trace-compares -O
# puts them too, which is the way where cargo-fuzz is at hand. That counts every edge of every crate;
# here counters are where they guide, since to gather them is most of what an execution costs:
#   semaphore  in the semaphore, and not in the machine that it is held against
#   the rest   in this package, and not in its dependencies
# and for `program` and `lowering`, of which an execution is thousands of edges, one for each function.
# What that is worth is in docs/fuzzing.md. Arguments go to cargo: `--bin text` builds one.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
host=$(rustc -vV | sed -n 's/^host: //p')
