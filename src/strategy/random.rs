//! Runs at random: what all random strategies have in common.
//!
//! Which worker goes on and whether a fault strikes are decided apart: an order picks workers, and
//! a fault plan places the faults. Of the branches of a worker each is as likely as the next.
//!
//! **Invariants**
//!
//! 1. Run i depends on the seed and on i alone: not on the runs before it, nor on which shard or
//!    thread makes it.
//! 2. Neither a run nor a step allocates memory, once the runs have had their largest size.
//! 3. No worker is starved for ever: a run that is far longer than runs are is ended by the random
//!    walk, so that a worker that spins until another one has acted does not spin to the step bound
//!    because an order prefers it.

use super::fault_plan::FaultPlan;
use super::order::{Order, Walk};
use super::pct::Pct;
use super::portfolio::Turns;
use super::pos::Pos;
use super::profile::{LONGEST_PILOT, Profile};
use super::ready::Ready;
use super::surw::Surw;
use super::urw::Urw;
use crate::run::{Budget, Choice, Enabled, Event, Outcome, Point, Rng, Strategy, WorkerId};

/// A run is far longer than runs are when it has this many times the steps, and [`SHORT`] more.
const FAR: u64 = 8;

/// Runs that are shorter than this are not far too long, whatever the pilots say.
const SHORT: u64 = 1000;

/// Makes runs at random, the workers in an order of its own.
pub struct Random<O> {
    order: O,
    seed: u64,
    limits: [u32; 3],
    rng: Rng,
    plan: FaultPlan,
    ready: Ready,
    profile: Profile,
    /// Whether this run is a pilot.
    piloting: bool,
    /// Steps of this run.
    steps: u64,
    /// Steps after which the run is ended by the walk.
    patience: u64,
    last: Option<WorkerId>,
}

/// The random walk: of the workers that can go on, each is as likely as the next.
pub type RandomWalk = Random<Walk>;

impl<O: Order> Random<O> {
    /// Runs in an order, with faults within the budget.
    pub fn with(order: O, seed: u64, budget: &Budget) -> Random<O> {
        Random {
            order,
            seed,
            limits: [budget.panics, budget.timeouts, budget.cancels],
            rng: Rng::for_run(seed, 0),
            plan: FaultPlan::default(),
            ready: Ready::default(),
            profile: Profile::default(),
            piloting: false,
            steps: 0,
            patience: 0,
            last: None,
        }
    }
}

impl Random<Walk> {
    /// A walk whose faults stay within the budget.
    pub fn new(seed: u64, budget: &Budget) -> RandomWalk {
        Random::with(Walk, seed, budget)
    }
}

impl Random<Pct> {
    /// Priorities that change `depth - 1` times in a run (PCT).
    pub fn new(depth: u32, seed: u64, budget: &Budget) -> Random<Pct> {
        Random::with(Pct::new(depth), seed, budget)
    }
}

impl Random<Pos> {
    /// A priority for each event (POS).
    pub fn new(seed: u64, budget: &Budget) -> Random<Pos> {
        Random::with(Pos::default(), seed, budget)
    }
}

impl Random<Surw> {
    /// Uniform in the events on one semaphore (SURW).
    pub fn new(seed: u64, budget: &Budget) -> Random<Surw> {
        Random::with(Surw::default(), seed, budget)
    }
}

impl Random<Urw> {
    /// Workers weighted by what they have still to do (URW).
    pub fn new(seed: u64, budget: &Budget) -> Random<Urw> {
        Random::with(Urw::default(), seed, budget)
    }
}

impl Random<Turns> {
    /// The portfolio, which takes turns.
    pub fn new(seed: u64, budget: &Budget) -> Random<Turns> {
        Random::with(Turns::default(), seed, budget)
    }
}

impl<O: Order> Strategy for Random<O> {
    fn pilot(&mut self) -> bool {
        if !self.order.learns() {
            return false;
        }
        let pilot = self.profile.pilot();
        self.piloting = pilot.is_some();
        if let Some(pilot) = pilot {
            // counted from the top, where no run gets to
            self.rng = Rng::for_run(self.seed, u64::MAX - pilot);
            self.last = None;
        }
        self.piloting
    }

    fn begin(&mut self, run: u64) -> bool {
        self.piloting = false;
        self.rng = Rng::for_run(self.seed, run);
        let length = self.profile.length();
        // a run is the same whether or not others have asked for pilots
        let known = if self.order.learns_in(run) { length } else { 0 };
        self.plan.begin(&mut self.rng, self.limits, known);
        self.steps = 0;
        self.last = None;
        self.patience = match length {
            0 => LONGEST_PILOT,
            length => length.saturating_mul(FAR).saturating_add(SHORT),
        };
        self.order.begin(run, &mut self.rng, &self.profile);
        true
    }

    fn choose(&mut self, point: &Point<'_>) -> Option<Choice> {
        let at = self.choose_place(point)?;
        Some(point.enabled[at].choice)
    }

    fn choose_place(&mut self, point: &Point<'_>) -> Option<usize> {
        let (rng, enabled) = (&mut self.rng, point.enabled);
        self.steps += 1;
        if !self.piloting
            && enabled.iter().all(Enabled::is_plain)
            && let Some(at) = self.order.pick_of(rng, enabled.len())
        {
            self.last = Some(enabled[at].choice.worker);
            return Some(at);
        }
        self.ready.collect(enabled);
        if !self.piloting
            && let Some(place) = self.plan.strike(rng, enabled, self.ready.faults())
        {
            let worker = enabled[place].choice.worker;
            self.order.struck(rng, worker);
            self.last = Some(worker);
            return Some(place);
        }
        let able = self.ready.able();
        if able.is_empty() {
            // stuck but for injected cancellations: the plan has placed those that there are
            return None;
        }
        let picked = if self.piloting || self.steps > self.patience {
            Walk.pick(rng, able, enabled)
        } else {
            self.order.pick(rng, able, enabled)
        };
        let place = able[picked].choice(rng, enabled);
        let taken = &enabled[place];
        if self.piloting {
            if self.profile.steps() == LONGEST_PILOT {
                return None;
            }
            self.profile.step(taken);
        }
        self.last = Some(taken.choice.worker);
        Some(place)
    }

    fn stops_at_spawn(&mut self) -> bool {
        !self.piloting && self.order.stops_at_spawns()
    }

    #[inline]
    fn observe(&mut self, event: &Event) {
        match *event {
            Event::Spawned { worker } => {
                let Some(by) = self.last.filter(|&by| by != worker) else {
                    return;
                };
                if self.piloting {
                    self.profile.started(worker, by);
                } else {
                    self.order.started(&mut self.rng, worker, by);
                }
            }
            Event::Ended { worker, .. } if !self.piloting => {
                self.order.ended(&mut self.rng, worker);
            }
            _ => {}
        }
    }

    fn end(&mut self, outcome: Outcome) {
        if std::mem::take(&mut self.piloting) {
            self.profile.end(outcome);
        }
    }
}
