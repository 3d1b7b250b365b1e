//! Builds the statements of a program in Rust.

use super::builder::checked_name;
use super::error::Problem;
use super::limits::MOST_NESTED;
use super::model::*;

/// Statements in the making; each method adds one and has the meaning of the statement that it
/// is named after.
#[derive(Debug)]
pub struct BlockBuilder {
    pub(super) block: Block,
    depth: usize,
    pub(super) problems: Vec<Problem>,
}

impl BlockBuilder {
    pub(super) fn at_depth(depth: usize) -> BlockBuilder {
        BlockBuilder {
            block: Block::new(),
            depth,
            problems: Vec::new(),
        }
    }

    /// `acquire S permits=N`
    pub fn acquire(&mut self, semaphore: &str, permits: u32) -> &mut Self {
        let semaphore = self.name(semaphore);
        self.push(StatementKind::Acquire { semaphore, permits })
    }

    /// `try-acquire S permits=N { then }`
    pub fn try_acquire(
        &mut self,
        semaphore: &str,
        permits: u32,
        then: impl FnOnce(&mut BlockBuilder),
    ) -> &mut Self {
        let kind = StatementKind::TryAcquire {
            semaphore: self.name(semaphore),
            permits,
            then: self.nested(then),
            otherwise: None,
        };
        self.push(kind)
    }

    /// `try-acquire S permits=N { then } else { otherwise }`
    pub fn try_acquire_else(
        &mut self,
        semaphore: &str,
        permits: u32,
        then: impl FnOnce(&mut BlockBuilder),
        otherwise: impl FnOnce(&mut BlockBuilder),
    ) -> &mut Self {
        let kind = StatementKind::TryAcquire {
            semaphore: self.name(semaphore),
            permits,
            then: self.nested(then),
            otherwise: Some(self.nested(otherwise)),
        };
        self.push(kind)
    }

    /// `acquire-within S permits=N { then }`
    pub fn acquire_within(
        &mut self,
        semaphore: &str,
        permits: u32,
        then: impl FnOnce(&mut BlockBuilder),
    ) -> &mut Self {
        let kind = StatementKind::AcquireWithin {
            semaphore: self.name(semaphore),
            permits,
            then: self.nested(then),
            otherwise: None,
        };
        self.push(kind)
    }

    /// `acquire-within S permits=N { then } else { otherwise }`
    pub fn acquire_within_else(
        &mut self,
        semaphore: &str,
        permits: u32,
        then: impl FnOnce(&mut BlockBuilder),
        otherwise: impl FnOnce(&mut BlockBuilder),
    ) -> &mut Self {
        let kind = StatementKind::AcquireWithin {
            semaphore: self.name(semaphore),
            permits,
            then: self.nested(then),
            otherwise: Some(self.nested(otherwise)),
        };
        self.push(kind)
    }

    /// `release S permits=N`, or [`Amount::All`].
    pub fn release(&mut self, semaphore: &str, permits: impl Into<Amount>) -> &mut Self {
        let semaphore = self.name(semaphore);
        self.push(StatementKind::Release {
            semaphore,
            permits: permits.into(),
            from: None,
        })
    }

    /// `release S permits=N from=W`
    pub fn release_from(
        &mut self,
        semaphore: &str,
        permits: impl Into<Amount>,
        from: &str,
    ) -> &mut Self {
        let kind = StatementKind::Release {
            semaphore: self.name(semaphore),
            permits: permits.into(),
            from: Some(self.instance(from)),
        };
        self.push(kind)
    }

    /// `with S permits=N { body }`
    pub fn with(
        &mut self,
        semaphore: &str,
        permits: u32,
        body: impl FnOnce(&mut BlockBuilder),
    ) -> &mut Self {
        let kind = StatementKind::With {
            semaphore: self.name(semaphore),
            permits,
            body: self.nested(body),
        };
        self.push(kind)
    }

    /// `work NAME`
    pub fn work(&mut self, name: &str) -> &mut Self {
        let name = self.name(name);
        let panics = Panics::May;
        self.push(StatementKind::Work { name, panics })
    }

    /// `work NAME panics=never`
    pub fn work_that_never_panics(&mut self, name: &str) -> &mut Self {
        let name = self.name(name);
        let panics = Panics::Never;
        self.push(StatementKind::Work { name, panics })
    }

    /// `panic`
    pub fn panic(&mut self) -> &mut Self {
        self.push(StatementKind::Panic)
    }

    /// `return`
    pub fn return_(&mut self) -> &mut Self {
        self.push(StatementKind::Return)
    }

    /// `try { body } catch KINDS { catch }`; no kinds means every kind.
    pub fn try_catch(
        &mut self,
        body: impl FnOnce(&mut BlockBuilder),
        kinds: &[CatchKind],
        catch: impl FnOnce(&mut BlockBuilder),
    ) -> &mut Self {
        let body = self.nested(body);
        let catch = Some(self.catch(kinds, catch));
        self.push(StatementKind::Try {
            body,
            catch,
            finally: None,
        })
    }

    /// `try { body } finally { finally }`
    pub fn try_finally(
        &mut self,
        body: impl FnOnce(&mut BlockBuilder),
        finally: impl FnOnce(&mut BlockBuilder),
    ) -> &mut Self {
        let body = self.nested(body);
        let finally = Some(self.nested(finally));
        self.push(StatementKind::Try {
            body,
            catch: None,
            finally,
        })
    }

    /// `try { body } catch KINDS { catch } finally { finally }`; no kinds means every kind.
    pub fn try_catch_finally(
        &mut self,
        body: impl FnOnce(&mut BlockBuilder),
        kinds: &[CatchKind],
        catch: impl FnOnce(&mut BlockBuilder),
        finally: impl FnOnce(&mut BlockBuilder),
    ) -> &mut Self {
        let kind = StatementKind::Try {
            body: self.nested(body),
            catch: Some(self.catch(kinds, catch)),
            finally: Some(self.nested(finally)),
        };
        self.push(kind)
    }

    /// `repeat N { body }`
    pub fn repeat(&mut self, times: u32, body: impl FnOnce(&mut BlockBuilder)) -> &mut Self {
        let body = self.nested(body);
        self.push(StatementKind::Repeat { times, body })
    }

    /// `either { … } or { … }`, with the branches that `build` adds, at least two.
    pub fn either(&mut self, build: impl FnOnce(&mut EitherBuilder<'_>)) -> &mut Self {
        let mut either = EitherBuilder {
            around: self,
            branches: Vec::new(),
        };
        build(&mut either);
        let branches = either.branches;
        self.push(StatementKind::Either { branches })
    }

    /// `grow S permits=N`
    pub fn grow(&mut self, semaphore: &str, permits: u32) -> &mut Self {
        let semaphore = self.name(semaphore);
        self.push(StatementKind::Grow { semaphore, permits })
    }

    /// `shrink S permits=N`
    pub fn shrink(&mut self, semaphore: &str, permits: u32) -> &mut Self {
        let semaphore = self.name(semaphore);
        self.push(StatementKind::Shrink { semaphore, permits })
    }

    /// `drain S`
    pub fn drain(&mut self, semaphore: &str) -> &mut Self {
        let semaphore = self.name(semaphore);
        self.push(StatementKind::Drain { semaphore })
    }

    /// `forget S permits=N`, or [`Amount::All`].
    pub fn forget(&mut self, semaphore: &str, permits: impl Into<Amount>) -> &mut Self {
        let semaphore = self.name(semaphore);
        let permits = permits.into();
        self.push(StatementKind::Forget { semaphore, permits })
    }

    /// `give S permits=N to=W`, or [`Amount::All`].
    pub fn give(&mut self, semaphore: &str, permits: impl Into<Amount>, to: &str) -> &mut Self {
        let kind = StatementKind::Give {
            semaphore: self.name(semaphore),
            permits: permits.into(),
            to: self.instance(to),
        };
        self.push(kind)
    }

    /// `close S`
    pub fn close(&mut self, semaphore: &str) -> &mut Self {
        let semaphore = self.name(semaphore);
        self.push(StatementKind::Close { semaphore })
    }

    /// `cancel W`
    pub fn cancel(&mut self, worker: &str) -> &mut Self {
        let worker = self.instance(worker);
        self.push(StatementKind::Cancel { worker })
    }

    /// `spawn W`
    pub fn spawn(&mut self, worker: &str) -> &mut Self {
        let worker = self.name(worker);
        self.push(StatementKind::Spawn { worker })
    }

    /// `join W`
    pub fn join(&mut self, worker: &str) -> &mut Self {
        let worker = self.name(worker);
        self.push(StatementKind::Join { worker })
    }

    fn push(&mut self, kind: StatementKind) -> &mut Self {
        let span = Span::default();
        self.block.push(Statement { kind, span });
        self
    }

    fn name(&mut self, name: &str) -> Name {
        checked_name(name, &mut self.problems)
    }

    /// `W` or `W.i`
    fn instance(&mut self, written: &str) -> WorkerRef {
        let (name, instance) = match written.split_once('.') {
            None => (written, None),
            Some((name, number)) => match number.parse() {
                Ok(number) => (name, Some(number)),
                // The dot makes it a name that is refused.
                Err(_) => (written, None),
            },
        };
        WorkerRef {
            worker: self.name(name),
            instance,
        }
    }

    fn catch(&mut self, kinds: &[CatchKind], body: impl FnOnce(&mut BlockBuilder)) -> Catch {
        let mut kinds = kinds.to_vec();
        kinds.sort();
        kinds.dedup();
        Catch {
            kinds,
            body: self.nested(body),
        }
    }

    /// A block in this one. Where the reader would refuse it for its depth, it is not built.
    fn nested(&mut self, build: impl FnOnce(&mut BlockBuilder)) -> Block {
        if self.depth >= MOST_NESTED {
            let message = format!("blocks nested too deeply: the limit is {MOST_NESTED}");
            self.problems.push(Problem::new(Span::default(), message));
            return Block::new();
        }
        let mut inner = BlockBuilder::at_depth(self.depth + 1);
        build(&mut inner);
        self.problems.extend(inner.problems);
        inner.block
    }
}

/// The branches of an `either` in the making.
#[derive(Debug)]
pub struct EitherBuilder<'a> {
    around: &'a mut BlockBuilder,
    branches: Vec<Block>,
}

impl EitherBuilder<'_> {
    /// Adds a branch.
    pub fn branch(&mut self, build: impl FnOnce(&mut BlockBuilder)) -> &mut Self {
        let branch = self.around.nested(build);
        self.branches.push(branch);
        self
    }
}
