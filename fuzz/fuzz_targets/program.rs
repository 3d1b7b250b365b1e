//! A generated program with its decisions: printed, read, performed by the machine, replayed, searched
//! with and without reduction.
#![no_main]

use selvedge::integration::fuzz::{Shape, mutate};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| selvedge::integration::fuzz::program(bytes));

/// Inputs do not grow beyond this, unless a seed did: most programs that are longer have more states
/// than are searched, and only take longer to read.
const LONG: usize = 128;

libfuzzer_sys::fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    let default = &mut libfuzzer_sys::fuzzer_mutate;
    let most = max_size.min(size.max(LONG));
    mutate(Shape::Program, data, size, most, seed, default)
});
