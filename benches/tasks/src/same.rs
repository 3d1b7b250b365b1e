//! The strategy of the exploration, picking for the bare loop.

use selvedge::run::{
    Action, Budget, Choice, Enabled, Op, Point, Resource, SemaphoreId, StatementId, Status,
    Strategy, View, Wait, WorkerId,
};
use selvedge::strategy::RandomWalk;

use crate::bare::{Next, Pick};

/// The random walk and its plan of faults, as the exploration has them.
pub struct Same {
    walk: RandomWalk,
    enabled: Vec<Enabled>,
    cancelled: bool,
    last: Option<Choice>,
}

impl Same {
    pub fn new() -> Same {
        let budget = Budget {
            cancels: 1,
            ..Budget::default()
        };
        Same {
            walk: RandomWalk::new(0, &budget),
            enabled: Vec::new(),
            cancelled: false,
            last: None,
        }
    }
}

impl Pick for Same {
    fn begin(&mut self, run: u64) {
        self.walk.begin(run);
        self.cancelled = false;
        self.last = None;
    }

    fn pick(&mut self, ready: &[usize], droppable: &[usize]) -> Next {
        self.enabled.clear();
        let offer = |task: usize, action, draws| Enabled {
            choice: Choice {
                worker: WorkerId(task as u32),
                action,
            },
            op: Op::Poll,
            draws,
        };
        let polls = ready.iter().map(|&task| offer(task, Action::Proceed, None));
        self.enabled.extend(polls);
        if !self.cancelled {
            let drops = droppable
                .iter()
                .map(|&task| offer(task, Action::Cancel, Some(Resource::Cancels)));
            self.enabled.extend(drops);
        }
        let point = Point {
            enabled: &self.enabled,
            view: &Nothing,
            last: self.last,
        };
        let choice = self.walk.choose(&point).expect("somebody is ready");
        self.last = Some(choice);
        let task = choice.worker.index();
        if choice.action == Action::Cancel {
            self.cancelled = true;
            Next::Drop(task)
        } else {
            Next::Poll(task)
        }
    }
}

/// The walk looks at no state.
struct Nothing;

impl View for Nothing {
    fn semaphores(&self) -> u32 {
        0
    }
    fn workers(&self) -> u32 {
        0
    }
    fn available(&self, _: SemaphoreId) -> u64 {
        0
    }
    fn capacity(&self, _: SemaphoreId) -> u64 {
        0
    }
    fn debt(&self, _: SemaphoreId) -> u64 {
        0
    }
    fn is_closed(&self, _: SemaphoreId) -> bool {
        false
    }
    fn is_signal(&self, _: SemaphoreId) -> bool {
        false
    }
    fn is_plain(&self, _: SemaphoreId) -> bool {
        false
    }
    fn queue(&self, _: SemaphoreId) -> Vec<WorkerId> {
        Vec::new()
    }
    fn is_queued(&self, _: SemaphoreId) -> bool {
        false
    }
    fn takes_parts(&self, _: SemaphoreId) -> bool {
        false
    }
    fn held(&self, _: WorkerId, _: SemaphoreId) -> u64 {
        0
    }
    fn taken(&self, _: SemaphoreId) -> u64 {
        0
    }
    fn holders(&self, _: SemaphoreId) -> &[WorkerId] {
        &[]
    }
    fn status(&self, _: WorkerId) -> Status {
        Status::Running
    }
    fn wait(&self, _: WorkerId) -> Option<Wait> {
        None
    }
    fn statement(&self, _: WorkerId) -> Option<StatementId> {
        None
    }
    fn acquires(&self, _: WorkerId) -> Option<SemaphoreId> {
        None
    }
    fn owned(&self, _: WorkerId) -> &[SemaphoreId] {
        &[]
    }
    fn are_alike(&self, _: WorkerId, _: SemaphoreId) -> bool {
        false
    }
    fn op(&self, _: WorkerId) -> Option<Op> {
        None
    }
    fn may_barge_next(&self, _: WorkerId) -> bool {
        false
    }
    fn instances(&self, _: WorkerId) -> u32 {
        1
    }
}
