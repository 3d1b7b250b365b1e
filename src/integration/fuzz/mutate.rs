//! Changes of inputs that keep them what they are.
//!
//! A fuzzer that knows nothing of the two parts of an input moves the border between them, and with
//! it all that comes after. Here one part is changed at a time: decisions by what a schedule can
//! differ in, programs by whole instructions, or by whole lines where they are text, and anything
//! else by the fuzzer's own mutations.
//!
//! **Invariants**
//!
//! 1. The same bytes and seed are the same change.
//! 2. What was the text of a program is one afterwards.

use super::input::{HEAD, Input};
use super::seeds::read;
use crate::run::Rng;

/// What the first part of an input is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// Nothing is given: all is decisions.
    Nothing,
    /// Anything.
    Bytes,
    /// A program: its text, or instructions of two bytes.
    Program,
}

/// The fuzzer's own way to change the first bytes of a buffer: so many, of which there may be so
/// many afterwards, one at least; how many there are.
pub type Default<'f> = &'f mut dyn FnMut(&mut [u8], usize, usize) -> usize;

/// From this byte on a decision is a fault, where one can strike: see [`Bytes`].
///
/// [`Bytes`]: crate::strategy::Bytes
const FAULTS: u8 = 224;

/// Changes the first `size` bytes of `data`, which may be up to `most` afterwards; how many they
/// are.
pub fn mutate(
    shape: Shape,
    data: &mut [u8],
    size: usize,
    most: usize,
    seed: u32,
    default: Default<'_>,
) -> usize {
    if most < HEAD {
        return default(data, size, most);
    }
    let mut rng = Rng::for_run(u64::from(seed), 0);
    let Input { given, decisions } = Input::split(&data[..size]);
    let (mut given, mut decisions) = (given.to_vec(), decisions.to_vec());
    let room = most - HEAD;
    let times = 1 + rng.below(3);
    // what a program can show depends on its text more than on the order
    let ways = if shape == Shape::Program { 4 } else { 2 };
    for _ in 0..times {
        if shape == Shape::Nothing || rng.below(ways) == 0 {
            decide(&mut decisions, &mut rng);
        } else {
            // libFuzzer takes no less than one, so a decision may have to go for it
            let room = room.saturating_sub(decisions.len()).max(1);
            give(shape, &mut given, room, &mut rng, default);
        }
    }
    given.truncate(room);
    decisions.truncate(room - given.len());
    let bytes = Input {
        given: &given,
        decisions: &decisions,
    }
    .join();
    data[..bytes.len()].copy_from_slice(&bytes);
    bytes.len()
}

/// Another choice, one more switch or fault, one less, one sooner or later.
fn decide(decisions: &mut Vec<u8>, rng: &mut Rng) {
    let at = rng.below(decisions.len() as u64 + 1) as usize;
    let other = match rng.below(8) {
        0..4 => 1 + rng.below(3) as u8,
        4..6 => FAULTS + rng.below(4) as u8,
        _ => rng.below(256) as u8,
    };
    if at == decisions.len() {
        // what is missing is zero, so that a late choice needs zeros before it
        decisions.extend(std::iter::repeat_n(0, rng.below(8) as usize));
        decisions.push(other);
        return;
    }
    match rng.below(8) {
        0..3 => decisions[at] = other,
        3 => decisions[at] = 0,
        4 => decisions.insert(at, other),
        5 => decisions.insert(at, 0),
        6 => {
            decisions.remove(at);
        }
        _ => {
            let to = rng.below(decisions.len() as u64) as usize;
            decisions.swap(at, to);
        }
    }
}

fn give(shape: Shape, given: &mut Vec<u8>, room: usize, rng: &mut Rng, default: Default<'_>) {
    let is_text = shape == Shape::Program && read(given).is_some();
    if is_text {
        lines(given, rng);
    } else if shape != Shape::Program || rng.below(2) == 0 {
        // instructions are any bytes, and a fuzzer makes much of them at once
        let size = given.len();
        given.resize(size.max(room), 0);
        let size = default(given, size, room);
        given.truncate(size);
    } else {
        instructions(given, rng);
    }
}

/// Changes instructions, each of two bytes.
fn instructions(given: &mut Vec<u8>, rng: &mut Rng) {
    let count = given.len() / 2;
    let at = 2 * rng.below(count as u64 + 1) as usize;
    let mut any = || rng.next_u64() as u8;
    let new = [any(), any()];
    if at == 2 * count {
        given.truncate(at);
        let more = 2 + 2 * rng.below(8);
        given.extend((0..more).map(|_| rng.next_u64() as u8));
        return;
    }
    match rng.below(6) {
        0 => given[at..at + 2].copy_from_slice(&new),
        1 => given[at] = new[0],
        2 => given[at + 1] = new[1],
        3 => drop(given.splice(at..at, new)),
        4 => drop(given.drain(at..at + 2)),
        _ => {
            let from = 2 * rng.below(count as u64) as usize;
            let copied = [given[from], given[from + 1]];
            given.splice(at..at, copied);
        }
    }
}

/// Leaves out, doubles or exchanges lines, or changes a number, so that it is still a program.
fn lines(given: &mut Vec<u8>, rng: &mut Rng) {
    const ATTEMPTS: u32 = 8;
    let Ok(text) = std::str::from_utf8(given) else {
        return;
    };
    for _ in 0..ATTEMPTS {
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        let mut any = || rng.below(lines.len() as u64) as usize;
        let (at, to) = (any(), any());
        match rng.below(4) {
            0 => drop(lines.remove(at)),
            1 => lines.insert(to, lines[at].clone()),
            2 => lines.swap(at, to),
            _ => {
                let digit = char::from(b'1' + rng.below(3) as u8).to_string();
                lines[at] = lines[at].replace(|c: char| c.is_ascii_digit(), &digit);
            }
        }
        let changed = (lines.join("\n") + "\n").into_bytes();
        if read(&changed).is_some() {
            *given = changed;
            return;
        }
    }
}
