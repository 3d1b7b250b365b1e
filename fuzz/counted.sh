#!/usr/bin/env bash
# What cargo runs in place of rustc: rustc, with counters in the crate that is named by COUNTED, and in
# no other; with LEVEL=1 one a function, with LEVEL=4 one an edge.
set -euo pipefail
rustc=$1
shift
case " $* " in
*" --crate-name ${COUNTED:?the crate with counters} "*)
    set -- "$@" -Cpasses=sancov-module \
        -Cllvm-args=-sanitizer-coverage-level="${LEVEL:?1 or 4}" \
        -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
        -Cllvm-args=-sanitizer-coverage-pc-table
    ;;
esac
exec "$rustc" "$@"
