//! Runs, written down so that those of two engines can be laid side by side.

use std::cell::RefCell;
use std::fmt::{Debug, Write};
use std::rc::Rc;

use selvedge::property::{Engine, Fact, SharedStrategy, SharedWitness, Situation, Step, Witness};
use selvedge::run::{
    Choice, Enabled, Event, Outcome, Point, SemaphoreId, Strategy, View, WorkerId,
};
use selvedge::strategy::Replay;

/// A state with the step that led to it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Moment {
    /// Choice, op and faults.
    step: String,
    events: Vec<Event>,
    facts: Vec<Fact>,
    situation: String,
    /// All that a view shows.
    state: String,
    /// What was on offer then, budgets considered.
    enabled: Vec<Enabled>,
}

/// One run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Record {
    pub(crate) moments: Vec<Moment>,
    pub(crate) choices: Vec<Choice>,
    pub(crate) outcome: Outcome,
}

impl Record {
    pub(crate) fn facts(&self) -> impl Iterator<Item = &Fact> {
        self.moments.iter().flat_map(|m| &m.facts)
    }

    pub(crate) fn events(&self) -> impl Iterator<Item = &Event> {
        self.moments.iter().flat_map(|m| &m.events)
    }

    /// Where two runs part, in words; `None` if they do not.
    pub(crate) fn difference(&self, other: &Record) -> Option<String> {
        if self == other {
            return None;
        }
        let all = self.moments.iter().zip(&other.moments);
        let parted = all.enumerate().find(|(_, (a, b))| a != b);
        Some(match parted {
            Some((step, (a, b))) => format!("step {step}:\n  {a:#?}\nbut\n  {b:#?}"),
            None => format!(
                "{} steps and {:?}, but {} steps and {:?}",
                self.choices.len(),
                self.outcome,
                other.choices.len(),
                other.outcome
            ),
        })
    }
}

/// Shown to be compared: most of what is written is the same on both sides, and is short.
fn words(out: &mut String, thing: &dyn Debug) {
    write!(out, "{thing:?} ").expect("a text takes all");
}

fn state(view: &dyn View) -> String {
    let mut out = String::new();
    for s in (0..view.semaphores()).map(SemaphoreId) {
        let signal = view.is_signal(s);
        let capacity = (!signal).then(|| view.capacity(s));
        words(&mut out, &(view.available(s), capacity, view.debt(s)));
        words(&mut out, &(view.is_closed(s), signal, view.is_plain(s)));
        words(&mut out, &(view.queue(s), view.is_queued(s)));
    }
    for w in (0..view.workers()).map(WorkerId) {
        words(&mut out, &(view.status(w), view.statement(w), view.op(w)));
        words(&mut out, &(view.wait(w), view.acquires(w)));
        let held = (0..view.semaphores()).map(|s| view.held(w, SemaphoreId(s)));
        words(&mut out, &held.collect::<Vec<u64>>());
    }
    out
}

#[derive(Default)]
struct Recorder {
    moments: Vec<Moment>,
    choices: Vec<Choice>,
}

impl Witness for Recorder {
    fn state(&mut self, view: &dyn View, situation: Situation, step: &Step<'_>) {
        let mut facts = step.facts.to_vec();
        facts.sort_unstable();
        facts.dedup();
        self.choices.extend(step.choice());
        self.moments.push(Moment {
            step: format!("{:?} {:?} {:?}", step.choice(), step.op(), step.spent.drawn),
            events: step.events.to_vec(),
            facts,
            situation: format!("{situation:?}"),
            state: state(view),
            enabled: Vec::new(),
        });
    }
}

/// Hears what an engine asks a strategy.
struct Overheard {
    strategy: Box<dyn Strategy>,
    /// What was on offer at each point of the run.
    offered: Vec<Vec<Enabled>>,
    ends: Vec<Outcome>,
}

impl Strategy for Overheard {
    fn pilot(&mut self) -> bool {
        self.strategy.pilot()
    }

    fn begin(&mut self, run: u64) -> bool {
        self.offered.clear();
        self.strategy.begin(run)
    }

    fn choose(&mut self, point: &Point<'_>) -> Option<Choice> {
        self.offered.push(point.enabled.to_vec());
        self.strategy.choose(point)
    }

    fn observe(&mut self, event: &Event) {
        self.strategy.observe(event);
    }

    fn end(&mut self, outcome: Outcome) {
        self.ends.push(outcome);
        self.strategy.end(outcome);
    }
}

/// The runs of an engine under a strategy, up to so many.
pub(crate) fn runs(
    engine: &mut dyn Engine,
    strategy: impl Strategy + 'static,
    most: u64,
) -> Vec<Record> {
    let recorder = Rc::new(RefCell::new(Recorder::default()));
    let overheard = Rc::new(RefCell::new(Overheard {
        strategy: Box::new(strategy),
        offered: Vec::new(),
        ends: Vec::new(),
    }));
    let strategy: SharedStrategy = overheard.clone();
    let witness: SharedWitness = recorder.clone();
    while strategy.borrow_mut().pilot() {
        engine.execute(&strategy, &witness);
    }
    let mut records = Vec::new();
    for number in 0..most {
        if !strategy.borrow_mut().begin(number) {
            break;
        }
        recorder.take();
        let outcome = engine.execute(&strategy, &witness);
        assert_eq!(overheard.borrow().ends.last(), Some(&outcome));
        let Recorder {
            mut moments,
            choices,
        } = recorder.take();
        for (moment, enabled) in moments.iter_mut().zip(&overheard.borrow().offered) {
            moment.enabled.clone_from(enabled);
        }
        records.push(Record {
            moments,
            choices,
            outcome,
        });
    }
    records
}

/// The run that these choices make.
pub(crate) fn replay(engine: &mut dyn Engine, choices: &[Choice]) -> Record {
    let mut records = runs(engine, Replay::new(choices.to_vec()), 1);
    records.pop().expect("a replay makes a run")
}
