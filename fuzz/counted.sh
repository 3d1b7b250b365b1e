#!/usr/bin/env bash
# What cargo runs in place of rustc: rustc, with counters in the crates of COUNTED, and in no others.
rustc=$1
shift
[[ " $* " =~ \ --crate-name\ ([a-z_]+)\  ]] && crate=${BASH_REMATCH[1]}
case " ${COUNTED:-} " in
*" ${crate:-} "*)
    set -- "$@" -Cpasses=sancov-module \
        -Cllvm-args=-sanitizer-coverage-level=${LEVEL:-4} \
        -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
        -Cllvm-args=-sanitizer-coverage-pc-table
    ;;
esac
exec "$rustc" "$@"
