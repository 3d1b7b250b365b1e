//! One exploration of a closure over futures, from options to report.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::panic::Location;
use std::rc::Rc;
use std::sync::Arc;

use super::Explorer;
use super::clock::Clock;
use super::closure_subject::ClosureSubject;
use super::coverage::Whole;
use super::explorer::{EFFORT, stats_of_runs};
use super::findings::{Evidence, Findings, Shown, findings, order};
use super::halt::Halt;
use super::how_far::HowFar;
#[cfg(feature = "proptest")]
use super::naming::command;
use super::replay::replay_of;
use super::runs::{Costed, Facts, Ran, make_runs};
use super::steady::changing_run;
use super::subject::Subject;
use super::watchdog::watched;
use crate::program::{BudgetDecl, PropertyName};
use crate::property::{Fact, Identity, SharedStrategy, StepBound};
use crate::report::{Finding, Reduction, Report, Stats, Stopped, Written};
use crate::run::{Budget, StopFlag};
use crate::runtime::{
    Here, Options, Published, Reserved, Resuming, Root, Tasks, is_exploring,
    keep_quiet_while_exploring,
};
use crate::schedule::{Digest, Schedule, ScheduleError};
use crate::strategy::{Settings, StrategyName, make};

/// What a closure is explored as.
#[derive(Debug, Clone)]
pub(super) struct Case {
    pub(super) name: String,
    /// Where the check stands.
    pub(super) place: Here,
    /// What runs it again.
    pub(super) command: Option<String>,
}

/// What makes the future of a run, or its first thread, in any thread.
pub(crate) type Closure = Arc<dyn Fn() -> Root + Send + Sync>;

impl Explorer {
    /// How closures are explored unless somebody says otherwise: 10,000 runs of the portfolio, one
    /// panic, two timeouts and one cancellation in each, without a clock.
    pub fn closures() -> Explorer {
        Explorer {
            strategy: StrategyName::Portfolio,
            runs: Some(10_000),
            budget: BudgetDecl {
                cancels: Some(1),
                ..BudgetDecl::default()
            },
            step_bound: StepBound(10_000),
            ..Explorer::default()
        }
    }

    /// Explores the futures that a closure makes, under a name that the schedules of it carry.
    ///
    /// Each run calls the closure, and polls what it makes and what that spawns until all have ended
    /// or nothing can go on. The exhaustive strategy is here the depth-first search of all runs.
    ///
    /// # Panics
    ///
    /// In an exploration: one goes after the other. If a field of the explorer is out of its bounds.
    #[track_caller]
    pub fn explore_async<F, Fut>(&self, name: &str, closure: F) -> Report
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = ()> + 'static,
    {
        let case = Case {
            name: name.to_owned(),
            place: Here::from(Location::caller()),
            command: None,
        };
        self.making_all_runs()
            .explore_case(case, closure_of(closure))
    }

    /// Replays a schedule of a closure; the report has what the run shows.
    ///
    /// # Errors
    ///
    /// If the text is no schedule of a closure of that name.
    ///
    /// # Panics
    ///
    /// In an exploration.
    #[track_caller]
    pub fn replay_async<F, Fut>(
        &self,
        name: &str,
        schedule: &str,
        closure: F,
    ) -> Result<Report, ScheduleError>
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = ()> + 'static,
    {
        let case = Case {
            name: name.to_owned(),
            place: Here::from(Location::caller()),
            command: None,
        };
        self.replay_case(case, schedule, closure_of(closure))
    }

    /// Explores the threads that a closure starts, under a name that the schedules of it carry.
    ///
    /// Each run calls the closure as its first worker, and goes on until all that this spawned by
    /// [`thread::spawn`](crate::thread::spawn) have ended or nothing can go on. The exhaustive strategy
    /// is here the depth-first search of all runs.
    ///
    /// # Panics
    ///
    /// In an exploration: one goes after the other. If a field of the explorer is out of its bounds.
    #[cfg(feature = "threads")]
    #[track_caller]
    pub fn explore_threads(
        &self,
        name: &str,
        closure: impl Fn() + Send + Sync + 'static,
    ) -> Report {
        let case = Case {
            name: name.to_owned(),
            place: Here::from(Location::caller()),
            command: None,
        };
        self.making_all_runs()
            .explore_case(case, closure_of_threads(closure))
    }

    /// Replays a schedule of a closure over threads; the report has what the run shows.
    ///
    /// # Errors
    ///
    /// If the text is no schedule of a closure of that name.
    ///
    /// # Panics
    ///
    /// In an exploration.
    #[cfg(feature = "threads")]
    #[track_caller]
    pub fn replay_threads(
        &self,
        name: &str,
        schedule: &str,
        closure: impl Fn() + Send + Sync + 'static,
    ) -> Result<Report, ScheduleError> {
        let case = Case {
            name: name.to_owned(),
            place: Here::from(Location::caller()),
            command: None,
        };
        self.replay_case(case, schedule, closure_of_threads(closure))
    }

    /// Explores a closure, for a check of that name that stands at `place`.
    #[cfg(feature = "proptest")]
    #[track_caller]
    pub(crate) fn explore_at(
        &self,
        name: &str,
        place: &'static Location<'static>,
        closure: Closure,
    ) -> Report {
        let case = Case {
            name: name.to_owned(),
            place: Here::from(place),
            command: Some(command()),
        };
        self.making_all_runs().explore_case(case, closure)
    }

    /// Replays a schedule of a closure, for a check of that name that stands at `place`.
    #[cfg(feature = "proptest")]
    #[track_caller]
    pub(crate) fn replay_at(
        &self,
        name: &str,
        place: &'static Location<'static>,
        schedule: &str,
        closure: Closure,
    ) -> Result<Report, ScheduleError> {
        let case = Case {
            name: name.to_owned(),
            place: Here::from(place),
            command: Some(command()),
        };
        self.replay_case(case, schedule, closure)
    }

    /// Who asks for a report asks for all that the runs show.
    fn making_all_runs(&self) -> Explorer {
        Explorer {
            keep_going: true,
            ..self.clone()
        }
    }

    #[track_caller]
    pub(super) fn explore_case(&self, case: Case, closure: Closure) -> Report {
        let explorer = self.clone();
        let (of, make) = (case.clone(), Arc::clone(&closure));
        let far = HowFar::of(self, &case);
        watched(self, &case, &closure, Some(far), move |published| {
            explorer.explore_here(&of, make(), published)
        })
    }

    #[track_caller]
    pub(super) fn replay_case(
        &self,
        case: Case,
        schedule: &str,
        closure: Closure,
    ) -> Result<Report, ScheduleError> {
        let (explorer, schedule) = (self.clone(), schedule.to_owned());
        let (of, make) = (case.clone(), Arc::clone(&closure));
        watched(self, &case, &closure, None, move |published| {
            explorer.replay_here(&of, &schedule, make(), published)
        })
    }

    /// The budgets of a closure's runs.
    pub(super) fn limits(&self) -> Budget {
        let default = Budget::default();
        Budget {
            panics: self.budget.panics.unwrap_or(default.panics),
            timeouts: self.budget.timeouts.unwrap_or(default.timeouts),
            cancels: self.budget.cancels.unwrap_or(default.cancels),
            preemptions: self.budget.preemptions,
        }
    }

    /// The strategy that makes runs: a closure has no states that could be searched.
    pub(super) fn runs_by(&self) -> StrategyName {
        match self.strategy {
            StrategyName::Exhaustive => StrategyName::DepthFirst,
            other => other,
        }
    }

    pub(super) fn subject(&self, case: &Case, root: Root) -> ClosureSubject {
        let options = Options {
            budget: self.limits(),
            bound: self.step_bound,
            wakers: self.wakers,
            resuming: Resuming::ByChoice,
            cancels_tasks: true,
            recording: false,
        };
        let written = match root {
            Root::Future(_) => Written::Futures,
            #[cfg(feature = "threads")]
            Root::Thread(_) => Written::Threads,
        };
        let tasks = Tasks::new(root, case.place, options);
        self.watch_in(&tasks, case);
        ClosureSubject {
            tasks,
            digest: Digest::of(&case.name),
            written,
        }
    }

    pub(super) fn watch_in(&self, tasks: &Tasks, case: &Case) {
        for (name, holds) in &self.invariants.0 {
            tasks.watch(case.place, name, Arc::clone(holds));
        }
    }

    fn explore_here(&self, case: &Case, root: Root, published: Arc<Published>) -> Report {
        let clock = Clock::start(self.time);
        Halt::watch(&clock, &(), |halt| {
            self.explore_until(case, root, published, halt)
        })
    }

    fn explore_until(
        &self,
        case: &Case,
        root: Root,
        published: Arc<Published>,
        halt: &Halt<'_>,
    ) -> Report {
        let subject = self.subject(case, root);
        subject.tasks.publish(Some(Arc::clone(&published)));
        let (ran, stopped) = self.make_runs(&subject, halt, &published);
        let stats = stats_of_runs(&ran, halt.clock);
        let left_out = ran.left_out || ran.unjudged > 0;
        let facts = subject.without_handed_over(ran.facts, &halt.due());
        // what was not judged was not explored
        let complete = stopped.is_none() && !left_out;
        let why = (stopped, complete);
        let mut report = self.report(case, &subject, facts, why, stats, (halt.clock, &halt.due()));
        let told = |f: &Finding| f.property == PropertyName::Divergence;
        if stopped != Some(Stopped::Hang)
            && !halt.is_due()
            && !report.findings.iter().any(told)
            && let Some(finding) = changing_run(&subject, self.seed, self.runs, &halt.due())
        {
            // what was found first is told first
            report.findings.push(finding);
            report.stopped = stopped.or(Some(Stopped::Runs));
            report.complete = false;
        }
        let coverage = ran.covering.coverage();
        if !report.has_errors() {
            let whole = Whole::of_case(case, subject.written);
            let wrong = self.judge_coverage(&coverage, whole);
            report.findings.splice(0..0, wrong);
        }
        report.coverage = Some(coverage);
        report
    }

    /// The runs of a closure, and why there are no more of them.
    fn make_runs(
        &self,
        subject: &ClosureSubject,
        halt: &Halt<'_>,
        published: &Published,
    ) -> (Ran, Option<Stopped>) {
        let settings = Settings {
            seed: self.seed,
            budget: self.limits(),
            depth: self.depth,
        };
        let strategy = make(self.runs_by(), &settings)
            .unwrap_or_else(|| unreachable!("the exhaustive search makes no runs"));
        let strategy: SharedStrategy = Rc::new(RefCell::new(strategy));
        let mut engine = subject.tasks.again(*subject.tasks.options());
        let shard = self.shard.filter(|_| self.runs_by().is_random());
        let (first, stride) = shard.map_or((0, 1), |s| (s.index - 1, s.count));
        let mut stopped = None;
        let make = (first, stride);
        let (ran, _) = make_runs(&mut engine, &strategy, make, &halt.due(), |number, ran| {
            let hangs = |fact: &Fact| {
                matches!(
                    fact,
                    Fact::Failed(Identity::Livelock | Identity::Spin { .. })
                )
            };
            published.made(ran.runs);
            let is_error = |fact: &Fact| matches!(fact, Fact::Failed(i) if !i.is_warning());
            // who unwinds for ever would do so through all runs that follow
            stopped = if ran.facts.keys().any(hangs) || std::thread::panicking() {
                Some(Stopped::Hang)
            } else if !self.keep_going && ran.facts.keys().any(is_error) {
                Some(Stopped::FirstError)
            } else {
                self.stops(number, halt)
            };
            stopped.is_some()
        });
        (ran, stopped)
    }

    pub(super) fn report(
        &self,
        case: &Case,
        subject: &ClosureSubject,
        facts: Facts,
        (stopped, complete): (Option<Stopped>, bool),
        stats: Stats,
        (clock, due): (&Clock, &StopFlag),
    ) -> Report {
        let cheapest = false;
        let shown = facts
            .into_iter()
            .map(|(fact, costed)| (fact, Shown { costed, cheapest }));
        let evidence = Evidence {
            subject,
            facts: shown.collect(),
            complete,
            bound: self.step_bound,
            budget: self.limits(),
            effort: Cell::new(EFFORT),
            due: due.clone(),
            last: RefCell::new(None),
        };
        let order = order(&evidence);
        let Findings {
            findings,
            more_cycles,
            not_replayed,
        } = findings(&evidence, &order);
        let strategy = self.runs_by();
        Report {
            program: case.name.clone(),
            command: case.command.clone(),
            digest: subject.digest(),
            complete,
            stopped,
            budget: subject.told(self.limits()),
            strategy,
            reduction: Reduction::None,
            seed: strategy.is_random().then_some(self.seed),
            shard: self.shard,
            findings,
            order,
            more_cycles,
            not_replayed,
            timeline: None,
            coverage: None,
            stats: Stats {
                seconds: clock.seconds(),
                ..stats
            },
        }
    }

    pub(super) fn replay_here(
        &self,
        case: &Case,
        schedule: &str,
        root: Root,
        published: Arc<Published>,
    ) -> Result<Report, ScheduleError> {
        let clock = Clock::start(None);
        let subject = self.subject(case, root);
        subject.tasks.publish(Some(published));
        let named = Schedule::workers_in(schedule);
        subject.tasks.names(|names| {
            for name in &named {
                names.worker_of_name(name);
            }
        });
        let schedule = Schedule::decode(schedule, subject.digest(), &subject.workers())?;
        let replayed = replay_of(&subject, &schedule.choices, self.step_bound);
        let costed = Costed {
            faults: replayed.faults,
            steps: schedule.choices.len(),
            switches: crate::run::switches(&schedule.choices),
            choices: schedule.choices.clone(),
        };
        let mut facts = Facts::new();
        for fact in &replayed.facts {
            facts.insert(fact.clone(), costed.clone());
        }
        let stats = Stats {
            runs: 1,
            transitions: replayed.trace.steps.len() as u64,
            ..Stats::default()
        };
        // one run, and that as it is: nothing is shrunk
        let mut report = self.report(
            case,
            &subject,
            facts,
            (Some(Stopped::Runs), false),
            stats,
            (&clock, &StopFlag::at_once()),
        );
        if let Some(divergence) = &replayed.divergence {
            report.findings.insert(
                0,
                super::findings::divergence(&subject, &schedule, &replayed, divergence),
            );
        }
        report.timeline = report.findings.is_empty().then_some(replayed.trace);
        Ok(report)
    }
}

/// A closure whose futures are boxed.
pub(crate) fn closure_of<F, Fut>(closure: F) -> Closure
where
    F: Fn() -> Fut + Send + Sync + 'static,
    Fut: Future<Output = ()> + 'static,
{
    let closure = Arc::new(closure);
    Arc::new(move || {
        let closure = Arc::clone(&closure);
        Root::Future(Rc::new(move || Box::pin(closure())))
    })
}

/// A closure that is the first of a run's threads.
#[cfg(feature = "threads")]
pub(crate) fn closure_of_threads(closure: impl Fn() + Send + Sync + 'static) -> Closure {
    let closure = Arc::new(closure);
    Arc::new(move || Root::Thread(Arc::clone(&closure) as _))
}

/// Runs `explore` as the exploration of this thread.
pub(super) fn as_exploration<T: Send + 'static>(
    closure: &Closure,
    explore: impl FnOnce() -> T + Send + 'static,
) -> T {
    reserved(|| closure().host(explore))
}

/// Calls `explore` as the exploration of this thread, with nothing that is kept from run to run but the
/// engine.
pub(super) fn reserved<T>(explore: impl FnOnce() -> T) -> T {
    keep_quiet_while_exploring();
    let _reserved = Reserved::new();
    explore()
}

/// # Panics
///
/// In an exploration, or where a panic ends the process.
#[track_caller]
pub(super) fn refuse_nesting() {
    if cfg!(panic = "abort") {
        panic!(
            "selvedge is built with `panic = \"abort\"`, so the first panic of a worker, an injected \
             one too, would end the process without a word: leave `panic` out of the profile that \
             this is built with (cargo's profile for tests has none)"
        );
    }
    assert!(
        !is_exploring(),
        "a check inside of a check: explore one closure after the other, and nothing in a task"
    );
}
