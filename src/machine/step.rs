//! What a choice does to a state.

use super::code::{END, FrameKind, Instances, Instr, Pc, Waiting};
use super::ledger::{Moving, Refused};
use super::model::Machine;
use super::state::{Standing, State};
use crate::program::Order;
use crate::run::{Action, Cause, Choice, Ending, Event, Permits, SemaphoreId, WorkerId};

/// Hears what a step makes happen.
pub trait Sink {
    /// Something happened.
    fn event(&mut self, _event: Event) {}
    /// A worker stands elsewhere than before, or holds more.
    fn moved(&mut self, _worker: WorkerId) {}
}

/// Hears nothing.
impl Sink for () {}

pub(super) struct Stepper<'a, S> {
    pub(super) machine: &'a Machine,
    pub(super) state: &'a mut [u64],
    pub(super) sink: &'a mut S,
}

impl Machine {
    /// The initial state: workers that are not `spawned` stand at their first op.
    pub fn initial(&self, sink: &mut impl Sink) -> State {
        let mut words = vec![0; self.words()].into_boxed_slice();
        self.reset(&mut words, sink);
        State(words)
    }

    /// Writes the initial state over words that are all zero.
    pub(crate) fn reset(&self, state: &mut [u64], sink: &mut impl Sink) {
        for semaphore in &self.semaphores {
            semaphore.available.set(state, semaphore.permits);
            if let Some(capacity) = semaphore.capacity {
                capacity.set(state, semaphore.permits);
            }
        }
        for id in self.worker_ids() {
            if self.worker(id).spawned {
                self.set_unspawned(state, id);
            }
        }
        let mut stepper = Stepper {
            machine: self,
            state,
            sink,
        };
        for id in self.worker_ids() {
            if !self.worker(id).spawned {
                stepper.flow(id, Flow::At(self.start(id)));
            }
        }
    }

    /// Makes a choice, which must be one that the state offers.
    #[inline]
    pub(crate) fn apply(&self, state: &mut [u64], choice: Choice, sink: &mut impl Sink) {
        Stepper {
            machine: self,
            state,
            sink,
        }
        .step(choice);
    }
}

/// Where a worker goes on.
enum Flow {
    At(Pc),
    Raise(Cause, Option<u32>),
}

impl<S: Sink> Stepper<'_, S> {
    #[inline]
    fn step(&mut self, choice: Choice) {
        let id = choice.worker;
        let machine = self.machine;
        let Standing::At(pc) = machine.standing(self.state, id) else {
            unreachable!("a choice is for a worker that runs")
        };
        let context = machine.worker(id).contexts[pc as usize];
        match choice.action {
            Action::Proceed => {
                let flow = self.perform(id, pc, context);
                if let Some(flow) = flow {
                    self.flow(id, flow);
                }
            }
            Action::Branch(k) => {
                let Instr::Pick { branches } = machine.instr(id, pc) else {
                    unreachable!("a branch is taken at an `either`")
                };
                self.flow(id, Flow::At(branches[k as usize]));
            }
            Action::Panic => self.raise(id, Cause::Panic, context),
            Action::Cancel => self.interrupt(id),
            Action::Timeout => {
                let Instr::Acquire {
                    semaphore,
                    permits,
                    otherwise,
                    ..
                } = *machine.instr(id, pc)
                else {
                    unreachable!("a timer runs at an acquire")
                };
                if machine.semaphore(semaphore).order == Order::Barging {
                    self.asks(id, pc, semaphore, u64::from(permits));
                }
                self.sink.event(Event::TimedOut {
                    worker: id,
                    semaphore,
                });
                self.leave_queue(id, semaphore);
                self.flow(id, Flow::At(otherwise));
                self.serve(semaphore);
            }
            Action::CancelPart(_)
            | Action::Fail
            | Action::Spurious
            | Action::NewWaker
            | Action::ToSpawn => {
                unreachable!("these are for closures")
            }
        }
    }

    /// An acquire with a timer has to wait.
    fn asks(&mut self, worker: WorkerId, pc: Pc, semaphore: SemaphoreId, permits: u64) {
        let machine = self.machine;
        let capacity = machine.capacity_of(self.state, semaphore);
        if permits > capacity && !machine.is_signal(semaphore) {
            self.sink.event(Event::AskedTooMuch {
                worker,
                semaphore,
                permits,
                capacity,
                statement: machine.worker(worker).statements[pc as usize],
            });
        }
    }

    /// Performs the op at `pc`; how the worker goes on, `None` if it waits.
    #[inline]
    fn perform(&mut self, id: WorkerId, pc: Pc, context: Option<u32>) -> Option<Flow> {
        let machine = self.machine;
        let statement = machine.worker(id).statements[pc as usize];
        match *machine.instr(id, pc) {
            Instr::Acquire {
                semaphore,
                permits,
                waiting,
                then,
                otherwise,
            } => {
                let permits = u64::from(permits);
                if machine.is_closed(self.state, semaphore) {
                    return Some(self.raising(id, Cause::Closed, context));
                }
                if self.try_take(semaphore, permits) {
                    self.enter(id, pc, semaphore, permits, statement);
                    return Some(Flow::At(then));
                }
                if waiting == Waiting::Never {
                    self.sink.event(Event::TryFailed {
                        worker: id,
                        semaphore,
                        permits,
                    });
                    return Some(Flow::At(otherwise));
                }
                self.sink.event(Event::Queued {
                    worker: id,
                    semaphore,
                    permits,
                    statement,
                });
                if waiting == Waiting::Timed {
                    self.asks(id, pc, semaphore, permits);
                }
                self.enqueue(id, semaphore);
                None
            }
            Instr::Release {
                semaphore,
                permits,
                from,
                next,
            } => {
                let holder = from.unwrap_or(id);
                let op = Moving {
                    worker: id,
                    holder,
                    semaphore,
                    permits,
                    statement,
                };
                Some(match self.release(op, None) {
                    Ok(()) => Flow::At(next),
                    Err(Refused) => self.raising(id, Cause::OverRelease, context),
                })
            }
            Instr::GuardRelease {
                semaphore,
                permits,
                slot,
                next,
            } => {
                let op = Moving {
                    worker: id,
                    holder: id,
                    semaphore,
                    permits: Permits::Exactly(permits),
                    statement,
                };
                // a guard never raises
                let _ = self.release(op, Some(statement));
                Some(self.resume(id, slot, next, context))
            }
            Instr::Work { next, .. } => Some(Flow::At(next)),
            Instr::Panic => Some(self.raising(id, Cause::Panic, context)),
            Instr::Return => Some(self.raising(id, Cause::Return, context)),
            Instr::Grow {
                semaphore,
                permits,
                next,
            } => {
                self.grow(semaphore, u64::from(permits));
                Some(Flow::At(next))
            }
            Instr::Shrink {
                semaphore,
                permits,
                next,
            } => {
                self.shrink(semaphore, u64::from(permits));
                Some(Flow::At(next))
            }
            Instr::Drain { semaphore, next } => {
                let available = machine.semaphore(semaphore).available;
                let permits = available.get(self.state);
                available.set(self.state, 0);
                self.enter(id, pc, semaphore, permits, statement);
                Some(Flow::At(next))
            }
            Instr::Forget {
                semaphore,
                permits,
                next,
            } => {
                let op = Moving {
                    worker: id,
                    holder: id,
                    semaphore,
                    permits,
                    statement,
                };
                Some(match self.withdraw(op) {
                    Some(permits) => {
                        self.forget(semaphore, permits);
                        self.sink.event(Event::Forgot {
                            worker: id,
                            semaphore,
                            permits,
                        });
                        Flow::At(next)
                    }
                    None => self.raising(id, Cause::OverRelease, context),
                })
            }
            Instr::Give {
                semaphore,
                permits,
                to,
                next,
            } => {
                let op = Moving {
                    worker: id,
                    holder: id,
                    semaphore,
                    permits,
                    statement,
                };
                Some(match self.give(op, to) {
                    Ok(()) => Flow::At(next),
                    Err(Refused) => self.raising(id, Cause::OverRelease, context),
                })
            }
            Instr::Close { semaphore, next } => {
                self.close(semaphore);
                Some(Flow::At(next))
            }
            Instr::Cancel { target, next } => {
                if machine.waiting(self.state, target).is_some() {
                    self.interrupt(target);
                }
                Some(Flow::At(next))
            }
            Instr::Spawn { instances, next } => Some(match self.spawn(instances) {
                Ok(()) => Flow::At(next),
                Err(NoneLeft) => self.raising(id, Cause::Panic, context),
            }),
            Instr::Join { next, .. } => Some(Flow::At(next)),
            Instr::Pick { .. } | Instr::LoopEnd { .. } | Instr::FinallyEnd { .. } => {
                unreachable!("invariant 1 of the code: a worker does not proceed from here")
            }
        }
    }

    /// A waiter goes on as if its acquire had just returned.
    pub(super) fn granted(&mut self, id: WorkerId) {
        let machine = self.machine;
        let Standing::At(pc) = machine.standing(self.state, id) else {
            unreachable!("a waiter runs")
        };
        let Instr::Acquire {
            semaphore,
            permits,
            then,
            ..
        } = *machine.instr(id, pc)
        else {
            unreachable!("a waiter stands at its acquire")
        };
        let statement = machine.worker(id).statements[pc as usize];
        self.enter(id, pc, semaphore, u64::from(permits), statement);
        self.flow(id, Flow::At(then));
    }

    /// Cancels a worker's wait.
    fn interrupt(&mut self, id: WorkerId) {
        let Some((semaphore, _, _)) = self.machine.waiting(self.state, id) else {
            unreachable!("only who waits is cancelled")
        };
        self.leave_queue(id, semaphore);
        self.fail(id, Cause::Cancelled);
        self.serve(semaphore);
    }

    /// Makes the op at which a worker stands fail.
    pub(super) fn fail(&mut self, id: WorkerId, cause: Cause) {
        let Standing::At(pc) = self.machine.standing(self.state, id) else {
            unreachable!("who fails runs")
        };
        let context = self.machine.worker(id).contexts[pc as usize];
        self.raise(id, cause, context);
    }

    fn raise(&mut self, id: WorkerId, cause: Cause, context: Option<u32>) {
        let flow = self.raising(id, cause, context);
        self.flow(id, flow);
    }

    fn raising(&mut self, id: WorkerId, cause: Cause, context: Option<u32>) -> Flow {
        self.sink.event(Event::Raised { worker: id, cause });
        Flow::Raise(cause, context)
    }

    /// The end of a guard or a `finally`: goes on, or unwinds further.
    fn resume(&mut self, id: WorkerId, slot: u32, next: Pc, context: Option<u32>) -> Flow {
        const CAUSES: [Cause; 5] = [
            Cause::Return,
            Cause::Panic,
            Cause::Cancelled,
            Cause::Closed,
            Cause::OverRelease,
        ];
        let field = self.machine.worker(id).causes[slot as usize];
        match field.get(self.state) {
            0 => Flow::At(next),
            n => {
                field.set(self.state, 0);
                Flow::Raise(CAUSES[n as usize - 1], context)
            }
        }
    }

    /// Advances a worker silently to its next op, or to its end.
    #[inline(always)]
    fn flow(&mut self, id: WorkerId, flow: Flow) {
        match flow {
            Flow::At(pc) if pc < self.machine.worker(id).visible => self.stand(id, pc),
            _ => self.flow_on(id, flow),
        }
    }

    #[inline(always)]
    fn stand(&mut self, id: WorkerId, pc: Pc) {
        self.machine.worker(id).pc.set(self.state, u64::from(pc));
        self.sink.moved(id);
    }

    /// Through instructions that take no choice.
    fn flow_on(&mut self, id: WorkerId, mut flow: Flow) {
        let machine = self.machine;
        let code = machine.worker(id);
        loop {
            flow = match flow {
                Flow::At(END) => return self.ended(id, Ending::Returned),
                Flow::At(pc) if pc < code.visible => return self.stand(id, pc),
                Flow::At(pc) => match code.instrs[pc as usize] {
                    Instr::LoopEnd {
                        slot,
                        times,
                        body,
                        next,
                    } => {
                        let counter = machine.worker(id).counters[slot as usize];
                        let done = counter.get(self.state) + 1;
                        if done < u64::from(times) {
                            counter.set(self.state, done);
                            Flow::At(body)
                        } else {
                            counter.set(self.state, 0);
                            Flow::At(next)
                        }
                    }
                    Instr::FinallyEnd { slot, next } => {
                        self.resume(id, slot, next, code.contexts[pc as usize])
                    }
                    _ => unreachable!("invariant 1 of the code: silent instructions come last"),
                },
                Flow::Raise(cause, None) => {
                    self.forget_frames(id, 0, 0);
                    return self.ended(id, cause.into());
                }
                Flow::Raise(cause, Some(frame)) => {
                    let frame = code.frames[frame as usize];
                    match frame.kind {
                        FrameKind::Pend { at, slot } => {
                            self.forget_frames(id, frame.loops, frame.pends);
                            machine.worker(id).causes[slot as usize]
                                .set(self.state, 1 + cause as u64);
                            Flow::At(at)
                        }
                        FrameKind::Catch { kinds, at } if kinds.contains(cause) => {
                            self.forget_frames(id, frame.loops, frame.pends);
                            Flow::At(at)
                        }
                        FrameKind::Catch { .. } => Flow::Raise(cause, frame.outer),
                    }
                }
            }
        }
    }

    /// Clears the counters and causes of what is left (invariant 1).
    fn forget_frames(&mut self, id: WorkerId, loops: u32, pends: u32) {
        let worker = self.machine.worker(id);
        for counter in &worker.counters[(loops as usize).min(worker.counters.len())..] {
            counter.set(self.state, 0);
        }
        for cause in &worker.causes[(pends as usize).min(worker.causes.len())..] {
            cause.set(self.state, 0);
        }
    }

    fn spawn(&mut self, instances: Instances) -> Result<(), NoneLeft> {
        let machine = self.machine;
        let id = (instances.first.0..instances.first.0 + instances.count)
            .map(WorkerId)
            .find(|&w| machine.standing(self.state, w) == Standing::Unspawned)
            .ok_or(NoneLeft)?;
        self.sink.event(Event::Spawned { worker: id });
        self.flow(id, Flow::At(machine.start(id)));
        Ok(())
    }
}

/// All instances were started already.
struct NoneLeft;
