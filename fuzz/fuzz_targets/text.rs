//! The reader of programs.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| selvedge::integration::fuzz::text(bytes));
