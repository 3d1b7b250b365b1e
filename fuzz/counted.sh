#!/usr/bin/env bash
# What cargo runs in place of rustc: rustc, with counters in the crate that is named by COUNTED and in no
# other, or with COUNTED=local in all that are no packages of a registry; with LEVEL=1 one a function,
# with LEVEL=4 one an edge. With MERGED=1 functions that are not large and not called from many places are
# made parts of those that call them, so that few counters always say the same.
set -euo pipefail
rustc=$1
shift
counts=0
case "${COUNTED:?the crate with counters} $* " in
local\ *) [[ ${CARGO_MANIFEST_DIR:-} == */registry/src/* ]] || counts=1 ;;
*\ --crate-name\ "$COUNTED"\ *) counts=1 ;;
esac
# cargo asks for the compiler's version and targets, too, and runs build scripts without counters
if ((counts)) && [[ " $* " == *" --crate-name "* && " $* " == *" --target "* ]]; then
    set -- "$@" -Cpasses=sancov-module \
        -Cllvm-args=-sanitizer-coverage-level="${LEVEL:?1 or 4}" \
        -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
        -Cllvm-args=-sanitizer-coverage-pc-table
    if ((${MERGED:-0})); then
        for threshold in inline-threshold inlinecold-threshold inline-cold-callsite-threshold; do
            set -- "$@" -Cllvm-args=-$threshold=600
        done
    fi
fi
exec "$rustc" "$@"
