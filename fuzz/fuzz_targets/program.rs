//! A generated program with its decisions: printed, read, performed by the machine, replayed, searched
//! with and without reduction.
#![no_main]

use selvedge::integration::fuzz::{Shape, mutate};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| selvedge::integration::fuzz::program(bytes));

libfuzzer_sys::fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    let default = &mut libfuzzer_sys::fuzzer_mutate;
    mutate(Shape::Program, data, size, max_size, seed, default)
});
