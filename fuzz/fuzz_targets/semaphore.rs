//! Ops on our semaphore, with cancellation, held against the machine.
#![no_main]

use selvedge::explore::Model;
use selvedge::integration::fuzz::{model, ops_on};
use selvedge_alone::Semaphore;

thread_local! {
    static MODEL: Model<Semaphore> = model();
}

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| MODEL.with(|model| ops_on(model, bytes)));
