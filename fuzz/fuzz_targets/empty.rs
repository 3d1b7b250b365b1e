//! Does nothing: what a fuzzer costs by itself, which the rates of the others are measured against.
#![no_main]

libfuzzer_sys::fuzz_target!(|_bytes: &[u8]| {});
