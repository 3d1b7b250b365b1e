//! Ops on our semaphore, with cancellation, held against the machine.
#![no_main]

use selvedge::explore::Model;
use selvedge::integration::fuzz::{MOST_OP_BYTES, model, mutate_ops, ops_on};
use selvedge_alone::Semaphore;

thread_local! {
    static MODEL: Model<Semaphore> = model();
}

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| MODEL.with(|model| ops_on(model, bytes)));

// what follows the last op that is performed says nothing
libfuzzer_sys::fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    let most = max_size.min(MOST_OP_BYTES);
    mutate_ops(data, size, most, seed)
});
