//! Programs that only acquire and release, written out as the events of each worker.

use std::collections::BTreeMap;

use super::eligible::{Reason, Why};
use crate::program::{
    Amount, Block, Kind, Name, Order, Program, SemaphoreDecl, Statement, StatementKind, block_size,
};
use crate::run::StatementId;

/// So many events are written out at most.
const MOST_EVENTS: usize = 1 << 16;

/// A program without branches: for each worker instance, its events one after the other.
#[derive(Debug, Clone)]
pub struct Straight {
    pub(super) permits: Vec<u64>,
    pub(super) workers: Vec<Vec<Event>>,
}

/// What an event does with its semaphore.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Act {
    /// An acquire joins the queue: it draws its ticket.
    Enqueue,
    /// It is granted.
    Wait,
    /// Permits are put back.
    Release,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Event {
    pub(super) act: Act,
    pub(super) semaphore: usize,
    pub(super) permits: u64,
}

impl Act {
    /// What it depends on, where the semaphore is the same.
    pub(super) fn counterpart(self) -> Act {
        match self {
            Act::Enqueue => Act::Enqueue,
            Act::Wait => Act::Release,
            Act::Release => Act::Wait,
        }
    }
}

impl Event {
    /// One number for its act and semaphore.
    pub(super) fn slot(&self) -> usize {
        slot(self.act, self.semaphore)
    }

    /// That of all events that it depends on.
    pub(super) fn counterpart(&self) -> usize {
        slot(self.act.counterpart(), self.semaphore)
    }
}

fn slot(act: Act, semaphore: usize) -> usize {
    3 * semaphore + act as usize
}

impl Straight {
    /// Writes a program out. Loops are unrolled; faults are left aside, so that a `work` is nothing.
    ///
    /// # Errors
    ///
    /// The first statement that is neither an acquire nor a release, or releases too much.
    pub fn new(program: &Program) -> Result<Straight, Reason> {
        let instances: u64 = program.workers().iter().map(|w| u64::from(w.count)).sum();
        if instances > 64 {
            return Err(Why::Workers.into());
        }
        let mut workers = Vec::new();
        let mut first = 0;
        for decl in program.workers() {
            if decl.spawned {
                return Err(Why::NotStraight.into());
            }
            let mut writer = Writer {
                semaphores: program.semaphores(),
                held: BTreeMap::new(),
                events: Vec::new(),
            };
            writer.block(&decl.body, first)?;
            workers.extend(std::iter::repeat_n(writer.events, decl.count as usize));
            first += block_size(&decl.body);
        }
        Ok(Straight {
            permits: program
                .semaphores()
                .iter()
                .map(|s| u64::from(s.permits))
                .collect(),
            workers,
        })
    }
}

struct Writer<'a> {
    semaphores: &'a [SemaphoreDecl],
    held: BTreeMap<usize, u64>,
    events: Vec<Event>,
}

impl Writer<'_> {
    fn block(&mut self, block: &Block, first: u32) -> Result<(), Reason> {
        let mut id = first;
        for statement in block {
            self.statement(statement, id)?;
            if self.events.len() > MOST_EVENTS {
                return Err(Why::Length.into());
            }
            id += block_size(std::slice::from_ref(statement));
        }
        Ok(())
    }

    fn statement(&mut self, statement: &Statement, id: u32) -> Result<(), Reason> {
        let reason = |why| Reason {
            why,
            statement: Some(StatementId(id)),
        };
        match &statement.kind {
            StatementKind::Acquire { semaphore, permits } => {
                self.acquire(semaphore, *permits).map_err(reason)
            }
            StatementKind::Release {
                semaphore,
                permits,
                from: None,
            } => self.release(semaphore, *permits).map_err(reason),
            StatementKind::With {
                semaphore,
                permits,
                body,
            } => {
                self.acquire(semaphore, *permits).map_err(reason)?;
                self.block(body, id + 1)?;
                self.release(semaphore, Amount::Exactly(*permits))
                    .map_err(reason)
            }
            StatementKind::Repeat { times, body } => {
                for _ in 0..*times {
                    let before = self.events.len();
                    self.block(body, id + 1)?;
                    if self.events.len() == before {
                        break;
                    }
                }
                Ok(())
            }
            StatementKind::Work { .. } => Ok(()),
            _ => Err(reason(Why::NotStraight)),
        }
    }

    fn acquire(&mut self, semaphore: &Name, permits: u32) -> Result<(), Why> {
        let index = self.index(semaphore);
        if self.semaphores[index].order == Order::Barging {
            return Err(Why::Barging);
        }
        let permits = u64::from(permits);
        *self.held.entry(index).or_default() += permits;
        self.push(Act::Enqueue, index, permits);
        self.push(Act::Wait, index, permits);
        Ok(())
    }

    fn release(&mut self, semaphore: &Name, permits: Amount) -> Result<(), Why> {
        let index = self.index(semaphore);
        let held = self.held.entry(index).or_default();
        let permits = match permits {
            Amount::Exactly(n) => u64::from(n),
            Amount::All => *held,
        };
        if self.semaphores[index].kind != Kind::Signal {
            *held = held.checked_sub(permits).ok_or(Why::OverReleases)?;
        }
        self.push(Act::Release, index, permits);
        Ok(())
    }

    fn push(&mut self, act: Act, semaphore: usize, permits: u64) {
        self.events.push(Event {
            act,
            semaphore,
            permits,
        });
    }

    /// Which semaphore a name means; a program that was read names only declared ones.
    fn index(&self, name: &Name) -> usize {
        self.semaphores
            .iter()
            .take_while(|s| s.name.as_str() != name.as_str())
            .count()
    }
}
