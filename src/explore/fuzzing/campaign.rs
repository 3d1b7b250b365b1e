//! What a fuzz target keeps from input to input, and one run for each.
//!
//! **Invariants**
//!
//! 1. The same input and decisions are the same run in every process, whatever ran before: names,
//!    and with them the order in which workers are offered, are forgotten before each run.
//! 2. The thread that asks makes the run, and explores only as long as that takes: a panic before or
//!    after is nobody's but its own.
//! 3. A run that shows nothing allocates nothing for the report.

use std::cell::RefCell;
use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::{Arc, Mutex, PoisonError};

use super::counters::{Counters, Pairs};
use crate::explore::clock::Clock;
use crate::explore::closure_subject::ClosureSubject;
use crate::explore::closures::{Case, refuse_nesting, reserved};
use crate::explore::halt::Halt;
use crate::explore::runs::{Costed, Facts};
use crate::explore::{Explorer, Regressions};
use crate::property::{Engine, Fact, SharedStrategy, SharedWitness, Situation, Step, Witness};
use crate::report::{Report, Stats, Stopped};
use crate::run::{Choice, Outcome, Point, Strategy, View, switches};
use crate::runtime::{Published, Root, Tasks};
use crate::schedule::{Digest, ScheduleError};
use crate::strategy::{Bytes, Decisions, StrategyName};

/// A closure, and the engine that makes runs of it as a fuzzer decides.
pub struct Fuzzing {
    explorer: Explorer,
    case: Case,
    root: Root,
    subject: ClosureSubject,
    engine: Tasks,
    input: Arc<Mutex<Arc<[u8]>>>,
    /// Replayed instead of what is decided.
    schedule: Option<String>,
    decided: Rc<RefCell<Decided>>,
    look: Rc<RefCell<Look>>,
}

impl fmt::Debug for Fuzzing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fuzzing")
            .field("case", &self.case)
            .finish_non_exhaustive()
    }
}

impl Fuzzing {
    /// Runs of the futures that a closure makes of an input's bytes, under a name that their
    /// schedules carry. The explorer says budgets, step bound and what is watched; which run is made
    /// it does not say.
    #[track_caller]
    pub fn futures<F, Fut>(explorer: &Explorer, name: &str, closure: F) -> Fuzzing
    where
        F: Fn(&[u8]) -> Fut + 'static,
        Fut: Future<Output = ()> + 'static,
    {
        let input = Arc::new(Mutex::new(Arc::from([])));
        let given = Arc::clone(&input);
        let root = Root::Future(Rc::new(move || Box::pin(closure(&current(&given)))));
        Fuzzing::new(explorer, name, input, root)
    }

    /// The same for a closure that is the first of a run's threads.
    #[cfg(feature = "threads")]
    #[track_caller]
    pub fn threads(
        explorer: &Explorer,
        name: &str,
        closure: impl Fn(&[u8]) + Send + Sync + 'static,
    ) -> Fuzzing {
        let input = Arc::new(Mutex::new(Arc::from([])));
        let given = Arc::clone(&input);
        let root = Root::Thread(Arc::new(move || closure(&current(&given))));
        Fuzzing::new(explorer, name, input, root)
    }

    #[track_caller]
    fn new(explorer: &Explorer, name: &str, input: Arc<Mutex<Arc<[u8]>>>, root: Root) -> Fuzzing {
        let case = Case {
            name: name.to_owned(),
            place: Location::caller().into(),
            command: None,
        };
        explorer.refuse_absurd();
        let explorer = Explorer {
            strategy: StrategyName::Bytes,
            ..explorer.clone()
        };
        let subject = explorer.subject(&case, root.clone());
        let engine = subject.tasks.again(*subject.tasks.options());
        Fuzzing {
            explorer,
            case,
            root,
            subject,
            engine,
            input,
            schedule: None,
            decided: Rc::default(),
            look: Rc::default(),
        }
    }

    /// The name.
    pub fn name(&self) -> &str {
        &self.case.name
    }

    /// What runs an input again, as reports tell it.
    #[must_use]
    pub fn of_command(mut self, command: &str) -> Fuzzing {
        self.case.command = Some(command.to_owned());
        self
    }

    /// Takes what variables that begin with `SELVEDGE_` say.
    ///
    /// # Errors
    ///
    /// If such a variable is not known, or has a value that cannot be used: what is accepted.
    pub fn with_environment(mut self) -> Result<Fuzzing, String> {
        let (explorer, schedule) = self.explorer.with_environment()?;
        self.explorer = Explorer {
            strategy: StrategyName::Bytes,
            ..explorer
        };
        self.schedule = schedule;
        self.subject = self.explorer.subject(&self.case, self.root.clone());
        self.engine = self.subject.tasks.again(*self.subject.tasks.options());
        Ok(self)
    }

    /// The folder in which findings are to be kept, if one was named.
    pub fn folder(&self) -> Option<PathBuf> {
        match &self.explorer.regressions {
            Regressions::In(folder) => Some(folder.clone()),
            Regressions::Beside | Regressions::Off => None,
        }
    }

    /// The schedule that the environment wants to be replayed.
    pub fn schedule(&self) -> Option<String> {
        self.schedule.clone()
    }

    /// Makes the run that the decisions choose, and counts its switches. The report, with what was
    /// found shrunk and replayed, if anything was.
    ///
    /// # Panics
    ///
    /// In an exploration.
    pub fn run(
        &mut self,
        input: &[u8],
        decisions: &Decisions,
        counters: Option<&'static Counters>,
    ) -> Option<Report> {
        refuse_nesting();
        *self.input.lock().unwrap_or_else(PoisonError::into_inner) = Arc::from(input);
        reserved(|| {
            self.engine.forget();
            self.explorer.watch_in(&self.subject.tasks, &self.case);
            self.decided.borrow_mut().begin(decisions);
            self.look.borrow_mut().begin(counters);
            let strategy: SharedStrategy = self.decided.clone();
            let witness: SharedWitness = self.look.clone();
            self.engine.execute(&strategy, &witness);
            if self.look.borrow().shows_something() {
                self.report()
            } else {
                None
            }
        })
    }

    /// Replays a schedule of a run with this input.
    ///
    /// # Errors
    ///
    /// If the text is no schedule of a closure of this name.
    ///
    /// # Panics
    ///
    /// In an exploration.
    pub fn replay(&mut self, input: &[u8], schedule: &str) -> Result<Report, ScheduleError> {
        refuse_nesting();
        *self.input.lock().unwrap_or_else(PoisonError::into_inner) = Arc::from(input);
        reserved(|| {
            let unwatched = Arc::new(Published::new(Digest::of(&self.case.name), 0));
            self.explorer
                .replay_here(&self.case, schedule, self.root.clone(), unwatched)
        })
    }

    fn report(&self) -> Option<Report> {
        let clock = Clock::start(self.explorer.time);
        let look = std::mem::take(&mut *self.look.borrow_mut());
        let stats = Stats {
            runs: 1,
            transitions: look.choices.len() as u64,
            ..Stats::default()
        };
        let why = (Some(Stopped::Runs), false);
        let explorer = &self.explorer;
        let report = Halt::watch(&clock, &(), |halt| {
            let due = halt.due();
            let facts = self.subject.without_handed_over(look.facts, &due);
            explorer.report(&self.case, &self.subject, facts, why, stats, (&clock, &due))
        });
        report.has_errors().then_some(report)
    }
}

fn current(input: &Mutex<Arc<[u8]>>) -> Arc<[u8]> {
    Arc::clone(&input.lock().unwrap_or_else(PoisonError::into_inner))
}

/// The decisions of the run that is under way.
#[derive(Default)]
struct Decided(Option<Bytes>);

impl Decided {
    fn begin(&mut self, decisions: &Decisions) {
        self.0 = Some(Bytes::new(decisions.clone()));
    }
}

impl Strategy for Decided {
    fn begin(&mut self, run: u64) -> bool {
        self.0.as_mut().is_some_and(|bytes| bytes.begin(run))
    }

    fn choose(&mut self, point: &Point<'_>) -> Option<Choice> {
        self.0.as_mut()?.choose(point)
    }

    fn end(&mut self, _outcome: Outcome) {}
}

/// Looks at a run: what it shows, and which steps follow one another.
#[derive(Default)]
struct Look {
    choices: Vec<Choice>,
    facts: Facts,
    pairs: Option<Pairs>,
}

impl Look {
    fn begin(&mut self, counters: Option<&'static Counters>) {
        self.choices.clear();
        self.facts.clear();
        self.pairs = counters.map(Pairs::new);
    }

    /// Whether a property failed. An order that this run did not deadlock on is a warning at most.
    fn shows_something(&self) -> bool {
        let failed = |fact: &Fact| matches!(fact, Fact::Failed(i) if !i.is_warning());
        self.facts.keys().any(failed)
    }
}

impl Witness for Look {
    fn state(&mut self, view: &dyn View, situation: Situation, step: &Step<'_>) {
        self.choices.extend(step.choice());
        if let Some(pairs) = &mut self.pairs {
            pairs.state(view, situation, step);
        }
        for fact in step.facts {
            if !self.facts.contains_key(fact) {
                let costed = Costed {
                    faults: step.spent.faults(),
                    steps: self.choices.len(),
                    switches: switches(&self.choices),
                    choices: self.choices.clone(),
                };
                self.facts.insert(fact.clone(), costed);
            }
        }
    }
}
