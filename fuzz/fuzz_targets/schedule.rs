//! The reader of schedules.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| selvedge::integration::fuzz::schedule(bytes));
