//! Where a worker goes: blocks, repeats, unwinding, its end.

use selvedge::program::CatchKind;

use super::code::{Action, BlockId, Instance};
use super::state::{Exit, Frame, Life, Part};
use super::step::{Step, judge_leaks};

impl Step<'_> {
    pub(super) fn start(&mut self, w: Instance) {
        self.state.workers[w].life = Life::Running;
        self.push_block(w, self.code.instances[w].body);
        self.settle(w);
    }

    pub(super) fn push_block(&mut self, w: Instance, block: BlockId) {
        let frame = Frame::Block { block, next: 0 };
        self.state.workers[w].frames.push(frame);
    }

    /// Counts the statement that the worker stands at as done.
    pub(super) fn advance(&mut self, w: Instance) {
        match self.state.workers[w].frames.last_mut() {
            Some(Frame::Block { next, .. }) => *next += 1,
            _ => unreachable!("a worker stands at a statement of a block"),
        }
    }

    /// The statement is done; on to the next op.
    pub(super) fn go_on(&mut self, w: Instance) {
        self.advance(w);
        self.settle(w);
    }

    /// The statement is done but for one of its blocks.
    pub(super) fn enter(&mut self, w: Instance, block: BlockId) {
        self.advance(w);
        self.push_block(w, block);
        self.settle(w);
    }

    pub(super) fn finish_op(&mut self, w: Instance, refused: bool) {
        if refused {
            self.raise(w, CatchKind::OverRelease);
        } else {
            self.go_on(w);
        }
    }

    pub(super) fn raise(&mut self, w: Instance, kind: CatchKind) {
        self.leave(w, Exit::Raised(kind));
    }

    pub(super) fn leave(&mut self, w: Instance, exit: Exit) {
        self.state.workers[w].leaving = Some(exit);
        self.settle(w);
    }

    /// Advances a worker silently to its next op, or to its end.
    pub(super) fn settle(&mut self, w: Instance) {
        let code = self.code;
        loop {
            let worker = &mut self.state.workers[w];
            let leaving = worker.leaving;
            match worker.frames.last_mut() {
                None => return self.end(w),
                Some(Frame::Guard { .. }) => return,
                Some(Frame::Block { block, next }) => {
                    let (block, at) = (*block, *next);
                    if leaving.is_some() || at == code.blocks[block].len() {
                        worker.frames.pop();
                        continue;
                    }
                    match &code.blocks[block][at].action {
                        Action::Repeat(times, body) => {
                            *next += 1;
                            worker.frames.push(Frame::Repeat {
                                body: *body,
                                left: *times,
                            });
                        }
                        Action::Try(code) => {
                            *next += 1;
                            let part = Part::Body;
                            worker.frames.push(Frame::Try { block, at, part });
                            self.push_block(w, code.body);
                        }
                        _ => return,
                    }
                }
                Some(Frame::Repeat { body, left }) => {
                    if leaving.is_some() || *left == 0 {
                        worker.frames.pop();
                    } else {
                        *left -= 1;
                        let body = *body;
                        self.push_block(w, body);
                    }
                }
                Some(Frame::Try { .. }) => self.settle_try(w),
            }
        }
    }

    /// One of the blocks of a `try` has been left, by its end or otherwise.
    fn settle_try(&mut self, w: Instance) {
        let code = self.code;
        let worker = &mut self.state.workers[w];
        let Some(Frame::Try { block, at, part }) = worker.frames.last_mut() else {
            unreachable!("the caller saw it");
        };
        let Action::Try(parts) = &code.blocks[*block][*at].action else {
            unreachable!("a frame of a try stands for a try");
        };
        if let (Part::Body, Some(Exit::Raised(kind)), Some((kinds, body))) =
            (*part, worker.leaving, &parts.catch)
            && kinds.contains(&kind)
        {
            *part = Part::Catch;
            worker.leaving = None;
            self.push_block(w, *body);
            return;
        }
        match (*part, parts.finally) {
            (Part::Body | Part::Catch, Some(finally)) => {
                *part = Part::Finally(worker.leaving.take());
                self.push_block(w, finally);
            }
            (Part::Body | Part::Catch, None) => {
                worker.frames.pop();
            }
            (Part::Finally(under_way), _) => {
                // What the block raised replaces what was under way.
                worker.leaving = worker.leaving.or(under_way);
                worker.frames.pop();
            }
        }
    }

    fn end(&mut self, w: Instance) {
        let worker = &mut self.state.workers[w];
        worker.life = Life::Ended(worker.leaving.take().unwrap_or(Exit::Return));
        for semaphore in 0..self.code.semaphores.len() {
            if !self.code.judged_late.contains(&(w, semaphore)) {
                judge_leaks(self.code, &self.state, w, semaphore, self.findings);
            }
        }
    }
}
