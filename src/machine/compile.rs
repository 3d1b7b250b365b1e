//! From a worker's body to its code.
//!
//! Blocks are compiled from the back, so that each instruction knows the one after it and no
//! jumps are needed. A `repeat` or `try` whose body takes no choice comes out as nothing.

use std::collections::BTreeMap;

use super::code::{Code, END, Frame, FrameKind, Instances, Instr, Kinds, Pc, Waiting};
use crate::program::{Amount, Panics, Program, Statement, StatementKind, WorkerRef, block_size};
use crate::run::{Permits, SemaphoreId, StatementId, WorkerId};

/// The ids of a program's names.
pub(crate) struct Names<'a> {
    semaphores: BTreeMap<&'a str, SemaphoreId>,
    workers: BTreeMap<&'a str, Instances>,
}

impl<'a> Names<'a> {
    pub(crate) fn new(program: &'a Program) -> Names<'a> {
        let semaphores = (0..)
            .map(SemaphoreId)
            .zip(program.semaphores())
            .map(|(id, decl)| (decl.name.as_str(), id))
            .collect();
        let mut next = 0;
        let mut workers = BTreeMap::new();
        for decl in program.workers() {
            let instances = Instances {
                first: WorkerId(next),
                count: decl.count,
            };
            workers.insert(decl.name.as_str(), instances);
            next += decl.count;
        }
        Names {
            semaphores,
            workers,
        }
    }

    pub(crate) fn semaphore(&self, name: &str) -> SemaphoreId {
        self.semaphores[name]
    }

    pub(crate) fn instances(&self, name: &str) -> Instances {
        self.workers[name]
    }

    pub(crate) fn instance(&self, reference: &WorkerRef) -> WorkerId {
        let instances = self.instances(reference.worker.as_str());
        WorkerId(instances.first.0 + reference.instance.map_or(0, |i| i - 1))
    }
}

/// Compiles one worker; `first` is the number of its first statement.
pub(crate) fn compile(body: &[Statement], first: u32, names: &Names<'_>) -> Code {
    let mut compiler = Compiler {
        names,
        instrs: Vec::new(),
        statements: Vec::new(),
        contexts: Vec::new(),
        frames: Vec::new(),
        counters: Vec::new(),
        slots: 0,
    };
    let outside = Around {
        frame: None,
        loops: 0,
        pends: 0,
    };
    let start = compiler.block(body, first, END, outside);
    compiler.finish(start)
}

/// What stands around a block.
#[derive(Clone, Copy)]
struct Around {
    frame: Option<u32>,
    loops: u32,
    pends: u32,
}

struct Compiler<'a> {
    names: &'a Names<'a>,
    instrs: Vec<Instr>,
    statements: Vec<StatementId>,
    contexts: Vec<Option<u32>>,
    frames: Vec<Frame>,
    counters: Vec<u64>,
    slots: u32,
}

impl Compiler<'_> {
    fn emit(&mut self, instr: Instr, id: u32, around: Around) -> Pc {
        self.instrs.push(instr);
        self.statements.push(StatementId(id));
        self.contexts.push(around.frame);
        (self.instrs.len() - 1) as Pc
    }

    fn frame(&mut self, kind: FrameKind, around: Around) -> Around {
        self.frames.push(Frame {
            kind,
            outer: around.frame,
            loops: around.loops,
            pends: around.pends,
        });
        Around {
            frame: Some((self.frames.len() - 1) as u32),
            ..around
        }
    }

    fn slot(&mut self, around: Around) -> u32 {
        self.slots = self.slots.max(around.pends + 1);
        around.pends
    }

    /// Compiles a block that goes on at `next`; its start, which is `next` if it takes no choice.
    fn block(&mut self, block: &[Statement], first: u32, mut next: Pc, around: Around) -> Pc {
        let mut id = first + block_size(block);
        for statement in block.iter().rev() {
            id -= statement.size();
            next = self.statement(statement, id, next, around);
        }
        next
    }

    fn statement(&mut self, statement: &Statement, id: u32, next: Pc, around: Around) -> Pc {
        let sem = |name: &crate::program::Name| self.names.semaphore(name.as_str());
        let amount = |a: &Amount| match a {
            Amount::Exactly(n) => Permits::Exactly(*n),
            Amount::All => Permits::All,
        };
        let instr = match &statement.kind {
            StatementKind::Acquire { semaphore, permits } => Instr::Acquire {
                semaphore: sem(semaphore),
                permits: *permits,
                waiting: Waiting::Forever,
                then: next,
                otherwise: next,
            },
            StatementKind::TryAcquire {
                semaphore,
                permits,
                then,
                otherwise,
            }
            | StatementKind::AcquireWithin {
                semaphore,
                permits,
                then,
                otherwise,
            } => {
                let semaphore = sem(semaphore);
                let waiting = match &statement.kind {
                    StatementKind::TryAcquire { .. } => Waiting::Never,
                    _ => Waiting::Timed,
                };
                let else_at = id + 1 + block_size(then);
                Instr::Acquire {
                    semaphore,
                    permits: *permits,
                    waiting,
                    then: self.block(then, id + 1, next, around),
                    otherwise: match otherwise {
                        Some(block) => self.block(block, else_at, next, around),
                        None => next,
                    },
                }
            }
            StatementKind::Release {
                semaphore,
                permits,
                from,
            } => Instr::Release {
                semaphore: sem(semaphore),
                permits: amount(permits),
                from: from.as_ref().map(|w| self.names.instance(w)),
                next,
            },
            StatementKind::With {
                semaphore,
                permits,
                body,
            } => {
                let semaphore = sem(semaphore);
                let slot = self.slot(around);
                let release = Instr::GuardRelease {
                    semaphore,
                    permits: *permits,
                    slot,
                    next,
                };
                let at = self.emit(release, id, around);
                let inside = self.frame(FrameKind::Pend { at, slot }, around);
                Instr::Acquire {
                    semaphore,
                    permits: *permits,
                    waiting: Waiting::Forever,
                    then: self.block(body, id + 1, at, inside),
                    otherwise: END,
                }
            }
            StatementKind::Work { panics, .. } => Instr::Work {
                fallible: *panics == Panics::May,
                next,
            },
            StatementKind::Panic => Instr::Panic,
            StatementKind::Return => Instr::Return,
            StatementKind::Try {
                body,
                catch,
                finally,
            } => {
                let catch_at = id + 1 + block_size(body);
                let finally_at = catch_at + catch.as_ref().map_or(0, |c| block_size(&c.body));
                let mut next = next;
                let mut inside = around;
                if let Some(block) = finally {
                    let slot = self.slot(around);
                    let end = self.emit(Instr::FinallyEnd { slot, next }, id, around);
                    let within = Around {
                        pends: around.pends + 1,
                        ..around
                    };
                    next = self.block(block, finally_at, end, within);
                    inside = self.frame(FrameKind::Pend { at: next, slot }, inside);
                }
                if let Some(catch) = catch {
                    let at = self.block(&catch.body, catch_at, next, inside);
                    let kinds = Kinds::new(&catch.kinds);
                    inside = self.frame(FrameKind::Catch { kinds, at }, inside);
                }
                return self.block(body, id + 1, next, inside);
            }
            StatementKind::Repeat { times, body } => {
                let slot = around.loops;
                let end = Instr::LoopEnd {
                    slot,
                    times: *times,
                    body: END,
                    next,
                };
                let end = self.emit(end, id, around);
                let within = Around {
                    loops: around.loops + 1,
                    ..around
                };
                let start = self.block(body, id + 1, end, within);
                if start == end {
                    return next;
                }
                if let Instr::LoopEnd { body, .. } = &mut self.instrs[end as usize] {
                    *body = start;
                }
                let slot = slot as usize;
                if self.counters.len() <= slot {
                    self.counters.resize(slot + 1, 0);
                }
                self.counters[slot] = self.counters[slot].max(u64::from(*times) - 1);
                return start;
            }
            StatementKind::Either { branches } => {
                let mut at = id + 1;
                let mut targets = Vec::with_capacity(branches.len());
                for branch in branches {
                    targets.push(self.block(branch, at, next, around));
                    at += block_size(branch);
                }
                Instr::Pick {
                    branches: targets.into(),
                }
            }
            StatementKind::Grow { semaphore, permits } => Instr::Grow {
                semaphore: sem(semaphore),
                permits: *permits,
                next,
            },
            StatementKind::Shrink { semaphore, permits } => Instr::Shrink {
                semaphore: sem(semaphore),
                permits: *permits,
                next,
            },
            StatementKind::Drain { semaphore } => Instr::Drain {
                semaphore: sem(semaphore),
                next,
            },
            StatementKind::Forget { semaphore, permits } => Instr::Forget {
                semaphore: sem(semaphore),
                permits: amount(permits),
                next,
            },
            StatementKind::Give {
                semaphore,
                permits,
                to,
            } => Instr::Give {
                semaphore: sem(semaphore),
                permits: amount(permits),
                to: self.names.instance(to),
                next,
            },
            StatementKind::Close { semaphore } => Instr::Close {
                semaphore: sem(semaphore),
                next,
            },
            StatementKind::Cancel { worker } => Instr::Cancel {
                target: self.names.instance(worker),
                next,
            },
            StatementKind::Spawn { worker } => Instr::Spawn {
                instances: self.names.instances(worker.as_str()),
                next,
            },
            StatementKind::Join { worker } => Instr::Join {
                instances: self.names.instances(worker.as_str()),
                next,
            },
        };
        self.emit(instr, id, around)
    }

    /// Puts the instructions that take a choice first, in the order of the text.
    fn finish(mut self, start: Pc) -> Code {
        let mut order: Vec<usize> = (0..self.instrs.len()).collect();
        order.sort_by_key(|&i| {
            let guard = matches!(self.instrs[i], Instr::GuardRelease { .. });
            (self.instrs[i].is_silent(), self.statements[i], guard)
        });
        let mut renamed = vec![END; self.instrs.len()];
        for (new, &old) in order.iter().enumerate() {
            renamed[old] = new as Pc;
        }
        let rename = |pc: &mut Pc| {
            if *pc != END {
                *pc = renamed[*pc as usize];
            }
        };
        for instr in &mut self.instrs {
            instr.targets(rename);
        }
        for frame in &mut self.frames {
            match &mut frame.kind {
                FrameKind::Pend { at, .. } | FrameKind::Catch { at, .. } => rename(at),
            }
        }
        let mut start = start;
        rename(&mut start);
        let visible = self.instrs.iter().filter(|i| !i.is_silent()).count() as u32;
        Code {
            instrs: order.iter().map(|&i| self.instrs[i].clone()).collect(),
            statements: order.iter().map(|&i| self.statements[i]).collect(),
            contexts: order.iter().map(|&i| self.contexts[i]).collect(),
            frames: self.frames,
            start,
            visible,
            counters: self.counters,
            slots: self.slots,
        }
    }
}
