//! A sequence of ops as data: those of a fuzzer, or of a property test.

use std::fmt;
use std::marker::PhantomData;
use std::sync::{Mutex, TryLockError};

use super::difference::Difference;
use super::draw::LetGo;
use super::op::{Abilities, CLIENTS, LARGEST, LARGEST_RESIZE, MOST_PERMITS, Op, TOKENS, Token};
use super::reference::Models;
use super::sequence::{Performed, perform_told};
use super::shrink::shrink;
use super::trial::{Room, Told, Trial};
use super::words;
use crate::runtime::Counting;

/// Ops on a semaphore, and its permits at the start.
///
/// Any sequence can be performed on any semaphore: what makes no sense when it comes, such as a
/// release by somebody who holds nothing, is left out. At the end everybody lets go.
///
/// ```
/// use selvedge::explore::Ops;
///
/// let ops = Ops::from_bytes(&[1, 0, 0, 9, 0, 8, 0]);
/// assert_eq!(ops.to_string(), "1 permit\nacquire #0\ntry-acquire #0\nrelease #0\n");
/// assert!(ops.check::<selvedge::Semaphore>().is_ok());
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ops {
    permits: u32,
    ops: Vec<Op>,
}

impl Ops {
    /// The ops that bytes say. Any bytes are a sequence, and more bytes say more: the first is how
    /// many permits there are, then two are an op each, what and by whom.
    pub fn from_bytes(bytes: &[u8]) -> Ops {
        let (permits, ops) = said(bytes);
        let ops = ops.collect();
        Ops { permits, ops }
    }

    /// How many ops.
    pub fn len(&self) -> usize {
        self.ops.len()
    }

    /// Whether there are no ops.
    pub fn is_empty(&self) -> bool {
        self.ops.is_empty()
    }

    /// Performs the ops on a semaphore and on the model of the order that it claims.
    ///
    /// # Errors
    ///
    /// The first difference, in the shortest sequence that was found to show one.
    pub fn check<S: Counting>(&self) -> Result<(), Difference> {
        Model::<S>::new(self.ops.len() as u32).check(self)
    }
}

/// What sequences of ops on a semaphore are held against; for those who check many.
pub struct Model<S> {
    models: Models,
    abilities: Abilities,
    most: u32,
    /// Kept from one sequence to the next.
    room: Mutex<Room>,
    semaphore: PhantomData<fn() -> S>,
}

impl<S> fmt::Debug for Model<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Model")
            .field("most", &self.most)
            .finish_non_exhaustive()
    }
}

impl<S: Counting> Model<S> {
    /// The model for sequences of at most so many ops.
    pub fn new(most: u32) -> Model<S> {
        Model {
            models: Models::new(S::ORDER, most),
            abilities: Abilities::of::<S>(),
            most,
            room: Mutex::default(),
            semaphore: PhantomData,
        }
    }

    /// Performs the ops, those after the most left out.
    ///
    /// # Errors
    ///
    /// The first difference, in the shortest sequence that was found to show one.
    pub fn check(&self, ops: &Ops) -> Result<(), Difference> {
        self.held(ops.permits, ops.ops.iter().copied())
    }

    /// The same for the ops that bytes say, which are read as they are performed; see
    /// [`Ops::from_bytes`].
    ///
    /// # Errors
    ///
    /// The same.
    pub fn check_bytes(&self, bytes: &[u8]) -> Result<(), Difference> {
        let (permits, ops) = said(bytes);
        self.held(permits, ops)
    }

    fn held(&self, permits: u32, ops: impl Iterator<Item = Op> + Clone) -> Result<(), Difference> {
        // most sequences show nothing, and nobody reads about those
        let performed = self.perform(permits, ops.clone(), Told::Nothing);
        if performed.parting.is_none() {
            return Ok(());
        }
        let performed = self.perform(permits, ops, Told::Rows);
        let before = performed.ops.len();
        let performed = shrink::<S>(&self.models, self.abilities, performed);
        let found = format!("shrunk from {before} steps to {}", performed.ops.len());
        Err(Difference::new::<S>(&performed, 0, &found))
    }

    fn perform(&self, permits: u32, ops: impl Iterator<Item = Op>, told: Told) -> Performed {
        let mut ops = ops.take(self.most as usize);
        let mut end = LetGo::new();
        let next = |trial: &Trial<'_, S>| match ops.next() {
            Some(op) => Some(op),
            None => end.next(trial),
        };
        // a sequence leaves nothing in the room that the next one would see
        let mut kept = self.room.try_lock();
        let mut own;
        let room = match &mut kept {
            Ok(room) => room,
            Err(TryLockError::Poisoned(room)) => room.get_mut(),
            // another thread is in it
            Err(TryLockError::WouldBlock) => {
                own = Room::default();
                &mut own
            }
        };
        perform_told::<S>(&self.models, self.abilities, permits, told, room, next)
    }
}

/// How many permits bytes say, and which ops.
fn said(bytes: &[u8]) -> (u32, impl Iterator<Item = Op> + Clone) {
    let (permits, rest) = match bytes.split_first() {
        Some((&first, rest)) => (u32::from(first) % (MOST_PERMITS + 1), rest),
        None => (0, bytes),
    };
    let ops = rest.chunks_exact(2).map(|pair| op(pair[0], pair[1]));
    (permits, ops)
}

/// One op, of all that there are.
fn op(what: u8, how: u8) -> Op {
    let client = usize::from(how) % CLIENTS;
    let number = u32::from(how) / CLIENTS as u32;
    let permits = 1 + number % LARGEST;
    let resize = 1 + number % LARGEST_RESIZE;
    // half of the acquires can be called off
    let token = (number / LARGEST) as usize % (2 * TOKENS);
    let token = token.checked_sub(TOKENS).map(|token| token as Token);
    match what % 22 {
        0..=3 => Op::Acquire {
            client,
            permits,
            token,
        },
        4 | 5 => Op::Poll { client },
        6 | 7 => Op::Cancel { client },
        8 | 18 | 19 => Op::Release { client },
        9 | 10 => Op::Try { client, permits },
        11 => Op::ReleasePart { client, permits },
        12 => Op::Forget { client },
        13 => Op::Drain { client },
        14 => Op::Grow { permits: resize },
        15 => Op::Shrink { permits: resize },
        16 => Op::ForgetFree { permits: resize },
        17 => Op::Close,
        20 => Op::Fire {
            token: (number as usize % TOKENS) as Token,
        },
        _ => Op::Merge {
            client,
            from: number as usize % CLIENTS,
        },
    }
}

/// A line each.
impl fmt::Display for Ops {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", words::permits(self.permits.into()))?;
        for &op in &self.ops {
            writeln!(f, "{}", words::op(op, |client| client as u32))?;
        }
        Ok(())
    }
}
