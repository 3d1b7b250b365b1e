//! Ops on our semaphore, with cancellation, held against the machine.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| selvedge::integration::fuzz::semaphore(bytes));
