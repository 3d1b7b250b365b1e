//! Changes of sequences of ops that leave the others as they are.
//!
//! Any bytes are ops (see [`Ops::from_bytes`]), so that nothing can be broken. But a byte more or
//! less in the middle makes others of all ops after it, and most of what led to something is lost. Here
//! ops come, go and change as a whole, some at a time; and now and then all of them are new.
//!
//! [`Ops::from_bytes`]: crate::explore::Ops::from_bytes

use crate::run::Rng;

/// Bytes of an op: what, and by whom.
const OP: usize = 2;

/// So many changes are made at once, at most.
const CHANGES: u64 = 4;

/// So many ops come or go together, at most.
const TOGETHER: usize = 4;

/// Changes the first `size` bytes of `data`; how many they are then, at least one and at most
/// `most`. The same bytes and seed are the same change, which can be none. Nothing comes from other
/// inputs.
///
/// # Panics
///
/// If `most` is zero, or there are fewer bytes than `most`.
pub fn mutate_ops(data: &mut [u8], size: usize, most: usize, seed: u32) -> usize {
    let data = &mut data[..most];
    let mut rng = Rng::for_run(u64::from(seed), 0);
    // the first byte is how many permits there are
    let mut ops = size.min(most).saturating_sub(1) / OP;
    let room = most.saturating_sub(1) / OP;
    if size == 0 || rng.below(8) == 0 {
        ops = pick(&mut rng, room + 1);
        fill(&mut data[..1 + OP * ops], &mut rng);
    } else {
        for _ in 0..=rng.below(CHANGES) {
            ops = change(data, ops, room, &mut rng);
        }
    }
    1 + OP * ops
}

/// One change; how many ops there are afterwards.
fn change(data: &mut [u8], ops: usize, room: usize, rng: &mut Rng) -> usize {
    match rng.below(9) {
        0 | 1 if ops < room => {
            let new = open(data, ops, room, rng);
            let more = new.len() / OP;
            fill(new, rng);
            ops + more
        }
        2 | 3 if ops > 0 => {
            let at = pick(rng, ops);
            let fewer = (1 + pick(rng, TOGETHER)).min(ops - at);
            let end = 1 + OP * ops;
            data.copy_within(1 + OP * (at + fewer)..end, 1 + OP * at);
            ops - fewer
        }
        4 if ops > 0 => {
            data[1 + OP * pick(rng, ops)] = rng.next_u64() as u8;
            ops
        }
        5 if ops > 0 => {
            data[2 + OP * pick(rng, ops)] = rng.next_u64() as u8;
            ops
        }
        6 if ops > 0 && ops < room => {
            let from = 1 + OP * pick(rng, ops);
            let again = [data[from], data[from + 1]];
            let new = open(data, ops, room, rng);
            new.as_chunks_mut().0.fill(again);
            ops + new.len() / OP
        }
        7 if ops > 1 => {
            let (at, to) = (1 + OP * pick(rng, ops), 1 + OP * pick(rng, ops));
            data.swap(at, to);
            data.swap(at + 1, to + 1);
            ops
        }
        _ => {
            data[0] = rng.next_u64() as u8;
            ops
        }
    }
}

/// Makes place for some ops, of which at least one has room.
fn open<'d>(data: &'d mut [u8], ops: usize, room: usize, rng: &mut Rng) -> &'d mut [u8] {
    let more = (1 + pick(rng, TOGETHER)).min(room - ops);
    let at = 1 + OP * pick(rng, ops + 1);
    data.copy_within(at..1 + OP * ops, at + OP * more);
    &mut data[at..at + OP * more]
}

fn fill(bytes: &mut [u8], rng: &mut Rng) {
    for eight in bytes.chunks_mut(8) {
        let random = rng.next_u64().to_le_bytes();
        eight.copy_from_slice(&random[..eight.len()]);
    }
}

fn pick(rng: &mut Rng, bound: usize) -> usize {
    rng.below(bound as u64) as usize
}
