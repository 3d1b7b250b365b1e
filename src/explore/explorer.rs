//! One exploration of a program, from options to report.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use super::clock::Clock;
use super::findings::{Evidence, Findings, Shown, findings, order};
use super::halt::Halt;
use super::invariants::Invariants;
use super::regressions::Regressions;
use super::runs::{Costed, Facts, Ran, keep, make_runs};
use super::subject::{ProgramSubject, Subject};
use crate::machine::{Machine, Run};
use crate::program::{BudgetDecl, Program};
use crate::property::{Engine, Fact, SharedStrategy, StepBound};
use crate::report::{Reduction, Report, Shard, Stats, Stopped};
use crate::run::{Budget, Choice, switches};
use crate::runtime::Wakers;
use crate::search::{
    Classes, Estimate, Exhaustive, Keep, Patience, Progress, Straight, Tally, WaitClasses, estimate,
};
use crate::strategy::{Settings, StrategyName, make};

/// How a program is explored. Start from `Explorer::default()`.
#[derive(Debug, Clone)]
pub struct Explorer {
    /// What picks the choices.
    pub strategy: StrategyName,
    /// Budgets that override those of the program.
    pub budget: BudgetDecl,
    /// Stop after this time; `None` is no bound.
    pub time: Option<Duration>,
    /// Stop after this many states; for the exhaustive search.
    pub states: Option<u64>,
    /// Stop after this many runs; for the other strategies.
    pub runs: Option<u64>,
    /// Steps of a run that count as a livelock.
    pub step_bound: StepBound,
    /// The seed of a random strategy.
    pub seed: u64,
    /// The depth of the bugs that are looked for, at least one; for `pct`.
    pub depth: u32,
    /// Which part of the runs to make; for a random strategy.
    pub shard: Option<Shard>,
    /// Threads that make runs, at least one; for a random strategy.
    pub jobs: usize,
    /// What a search may leave out. Where that cannot be had, the report says what was.
    pub reduction: Reduction,
    /// Whether the exhaustive search keeps states whole.
    pub keep: Keep,
    /// Stop when the states take this many bytes; for the exhaustive search.
    pub memory: Option<u64>,
    /// Which habits of executors are tried out; for futures.
    pub wakers: Wakers,
    /// Real time after which a step of a closure that has not ended counts as one that never does.
    pub patience: Duration,
    /// What the user wants to hold after each step; for closures.
    pub invariants: Invariants,
    /// Where checks keep the schedules of what they find.
    pub regressions: Regressions,
    /// Whether a check of a closure makes all its runs (`SELVEDGE_KEEP_GOING=1`). Otherwise it stops at
    /// the first error, which is made cheapest and told. Who asks for a [`Report`], as by
    /// [`explore_async`](Explorer::explore_async), has all runs made.
    pub keep_going: bool,
    /// Whether a closure may have nothing to decide and nothing to judge in any of its runs, which is
    /// `vacuous` otherwise.
    pub allow_vacuous: bool,
    /// The places that some run of a closure has to reach: see [`must_reach`](Explorer::must_reach).
    pub must_reach: Vec<String>,
}

impl Default for Explorer {
    fn default() -> Explorer {
        Explorer {
            strategy: StrategyName::Exhaustive,
            budget: BudgetDecl::default(),
            time: None,
            states: None,
            runs: None,
            step_bound: StepBound::default(),
            seed: 0,
            depth: Settings::DEPTH,
            shard: None,
            jobs: 1,
            reduction: Reduction::Sound,
            keep: Keep::Whole,
            memory: None,
            wakers: Wakers::default(),
            patience: Duration::from_secs(10),
            invariants: Invariants::default(),
            regressions: Regressions::default(),
            keep_going: false,
            allow_vacuous: false,
            must_reach: Vec::new(),
        }
    }
}

/// Steps that are made at most, for all findings together, to make schedules cheaper.
pub(super) const EFFORT: usize = 5_000_000;

/// Looks on while an exploration goes on.
pub trait Watcher: Sync {
    /// How far it is; called often.
    fn progress(&self, _stats: &Stats) {}
    /// Whether to end it now and report what there is; asked every few milliseconds, by a thread of
    /// its own too.
    fn is_interrupted(&self) -> bool {
        false
    }
    /// Whether it may say so at all.
    fn may_interrupt(&self) -> bool {
        true
    }
}

/// Nobody looks on.
impl Watcher for () {
    fn may_interrupt(&self) -> bool {
        false
    }
}

/// The budgets of a program: what the overrides say, else the program, else the defaults.
pub fn budget_of(program: &Program, overrides: &BudgetDecl) -> Budget {
    let (file, default) = (program.budget(), Budget::default());
    let pick = |first: Option<u32>, second: Option<u32>, third| first.or(second).unwrap_or(third);
    Budget {
        panics: pick(overrides.panics, file.panics, default.panics),
        timeouts: pick(overrides.timeouts, file.timeouts, default.timeouts),
        cancels: pick(overrides.cancels, file.cancels, default.cancels),
        preemptions: overrides.preemptions.or(file.preemptions),
    }
}

impl Explorer {
    /// Explores a program that is called `name` in the report.
    ///
    /// # Panics
    ///
    /// If a field of the explorer is out of its bounds.
    #[track_caller]
    pub fn explore(&self, program: &Program, name: &str, watcher: &dyn Watcher) -> Report {
        self.refuse_absurd();
        let clock = Clock::start(self.time);
        Halt::watch(&clock, watcher, |halt| {
            let machine = Machine::new(program);
            let budget = budget_of(program, &self.budget);
            let outcome = if self.strategy == StrategyName::Exhaustive {
                self.exhaust(program, &machine, budget, halt)
            } else {
                let engine = || -> Box<dyn Engine + '_> {
                    Box::new(Run::new(&machine, budget, self.step_bound))
                };
                self.by_runs(&engine, budget, halt)
            };
            let subject = ProgramSubject::new(program, &machine);
            self.conclude(&subject, name, budget, outcome, halt)
        })
    }

    /// Makes a report of what was found in a program.
    pub(super) fn conclude(
        &self,
        subject: &dyn Subject,
        name: &str,
        budget: Budget,
        outcome: Outcome,
        halt: &Halt<'_>,
    ) -> Report {
        let complete = outcome.stopped.is_none();
        let evidence = Evidence {
            subject,
            facts: outcome.facts,
            complete,
            bound: self.step_bound,
            budget,
            effort: Cell::new(EFFORT),
            due: halt.due(),
            last: RefCell::new(None),
        };
        let order = order(&evidence);
        let Findings {
            findings,
            more_cycles,
            not_replayed,
        } = findings(&evidence, &order);
        Report {
            program: name.to_owned(),
            command: None,
            digest: subject.digest(),
            complete,
            stopped: outcome.stopped,
            budget,
            strategy: self.strategy,
            reduction: outcome.reduction,
            seed: self.strategy.is_random().then_some(self.seed),
            shard: self.shard,
            findings,
            order,
            more_cycles,
            not_replayed: not_replayed + outcome.without_schedule,
            timeline: None,
            coverage: None,
            stats: Stats {
                seconds: halt.clock.seconds(),
                ..outcome.stats
            },
        }
    }

    /// How large the tree of runs is, estimated from so many random descents, or from as many as there
    /// is time for; `None` if that is not one.
    pub fn estimate(
        &self,
        program: &Program,
        descents: u32,
        watcher: &dyn Watcher,
    ) -> Option<Estimate> {
        let clock = Clock::start(self.time);
        Halt::watch(&clock, watcher, |halt| {
            let machine = Machine::new(program);
            let exhaustive = Exhaustive {
                machine: &machine,
                budget: budget_of(program, &self.budget),
                bound: self.step_bound,
                reduction: self.reduction,
                keep: self.keep,
            };
            estimate(&exhaustive, descents, self.seed, &|| halt.is_due())
        })
    }

    /// An estimate that takes no time worth mentioning, from a few descents; `None` where it would
    /// take longer.
    pub fn quick_estimate(&self, program: &Program) -> Option<Estimate> {
        const DESCENTS: u32 = 100;
        let quick = Explorer {
            time: Some(Duration::from_millis(200)),
            ..self.clone()
        };
        quick.estimate(program, DESCENTS, &())
    }

    /// The exhaustive strategy, with the reduction that is asked for.
    fn exhaust(
        &self,
        program: &Program,
        machine: &Machine,
        budget: Budget,
        halt: &Halt<'_>,
    ) -> Outcome {
        match self.reduction {
            Reduction::QueueOrder => self.by_queue_order(machine, budget, halt),
            Reduction::Awu => self.counting_awu(program, machine, budget, halt),
            _ => None,
        }
        .unwrap_or_else(|| self.search(machine, budget, halt))
    }

    /// One run of each class of queue orders; `None` if the program is not decided by those.
    fn by_queue_order(
        &self,
        machine: &Machine,
        budget: Budget,
        halt: &Halt<'_>,
    ) -> Option<Outcome> {
        let classes = Classes {
            machine,
            budget,
            bound: self.step_bound,
        };
        let counted = classes
            .count(&mut |tally: &Tally| {
                halt.watcher.progress(&stats_of_classes(tally, halt.clock));
                self.stops(Some(tally.classes), halt)
            })
            .ok()?;
        if !counted.undecided.is_empty() {
            return None;
        }
        let costed = |choices: Vec<Choice>| {
            let faults = machine.faults_of(&choices);
            Shown {
                costed: Costed {
                    faults,
                    steps: choices.len(),
                    switches: switches(&choices),
                    choices,
                },
                cheapest: false,
            }
        };
        let facts = counted.facts.into_iter();
        Some(Outcome {
            facts: facts
                .map(|(fact, choices)| (fact, costed(choices)))
                .collect(),
            stopped: counted.stopped,
            stats: stats_of_classes(&counted.tally, halt.clock),
            reduction: Reduction::QueueOrder,
            without_schedule: 0,
        })
    }

    /// A search, and the Mazurkiewicz classes of runs; `None` if those cannot be counted.
    fn counting_awu(
        &self,
        program: &Program,
        machine: &Machine,
        budget: Budget,
        halt: &Halt<'_>,
    ) -> Option<Outcome> {
        let straight = Straight::new(program).ok()?;
        let outcome = self.search(machine, budget, halt);
        let classes = WaitClasses { program: &straight };
        let (tally, stopped) = classes.count(&mut |tally: &Tally| {
            halt.watcher.progress(&stats_of_classes(tally, halt.clock));
            self.stops(Some(tally.classes), halt)
        });
        Some(Outcome {
            stopped: outcome.stopped.or(stopped),
            stats: Stats {
                states: outcome.stats.states,
                ..stats_of_classes(&tally, halt.clock)
            },
            reduction: Reduction::Awu,
            ..outcome
        })
    }

    fn search(&self, machine: &Machine, budget: Budget, halt: &Halt<'_>) -> Outcome {
        let search = Exhaustive {
            machine,
            budget,
            bound: self.step_bound,
            reduction: self.reduction,
            keep: self.keep,
        };
        let (hurry, over) = (|| halt.is_due(), || halt.is_over());
        let probe = &mut |progress: &Progress| {
            halt.watcher.progress(&stats_of(progress, halt.clock));
            if self.states.is_some_and(|most| progress.states >= most) {
                Some(Stopped::States)
            } else if self.memory.is_some_and(|most| progress.bytes > most) {
                Some(Stopped::Memory)
            } else {
                halt.why()
            }
        };
        let patience = Patience {
            hurry: &hurry,
            over: &over,
        };
        let found = search.search(probe, patience);
        let facts = found
            .facts
            .into_iter()
            .map(|(fact, witnessed)| {
                let shown = Shown {
                    cheapest: witnessed.exact,
                    costed: Costed {
                        faults: witnessed.faults,
                        steps: witnessed.choices.len(),
                        switches: switches(&witnessed.choices),
                        choices: witnessed.choices,
                    },
                };
                (fact, shown)
            })
            .collect();
        Outcome {
            facts,
            stopped: found.stopped,
            stats: Stats {
                omission: (self.keep == Keep::Fingerprints)
                    .then(|| omission(found.progress.states)),
                ..stats_of(&found.progress, halt.clock)
            },
            reduction: search.effective_reduction(),
            without_schedule: found.without_schedule,
        }
    }

    /// The strategies that make runs; those at random in the shard and by the jobs that are asked
    /// for.
    pub(super) fn by_runs<'e>(
        &self,
        engine: &(dyn Fn() -> Box<dyn Engine + 'e> + Sync),
        budget: Budget,
        halt: &Halt<'_>,
    ) -> Outcome {
        let whole = Shard { index: 1, count: 1 };
        let (shard, jobs) = if self.strategy.is_random() {
            (self.shard.unwrap_or(whole), self.jobs.max(1) as u64)
        } else {
            (whole, 1)
        };
        let settings = Settings {
            seed: self.seed,
            budget,
            depth: self.depth,
        };
        let done = AtomicU64::new(0);
        let over = AtomicBool::new(false);
        let (clock, due) = (halt.clock, halt.due());
        let work = |job: u64| {
            let strategy = make(self.strategy, &settings)
                .unwrap_or_else(|| unreachable!("the exhaustive search makes no runs"));
            let strategy: SharedStrategy = Rc::new(RefCell::new(strategy));
            let mut engine = engine();
            let mut stopped = None;
            let first = job
                .saturating_mul(shard.count)
                .saturating_add(shard.index - 1);
            let stride = shard.count.saturating_mul(jobs);
            let make = (first, stride);
            let (ran, _) = make_runs(&mut *engine, &strategy, make, &due, |number, ran| {
                let all = match number {
                    Some(_) => done.fetch_add(1, Ordering::Relaxed),
                    None => 0,
                };
                if job == 0 {
                    halt.watcher.progress(&Stats {
                        runs: all,
                        ..stats_of_runs(ran, clock)
                    });
                }
                stopped = self.stops(number, halt);
                if over.load(Ordering::Relaxed) && stopped.is_none() {
                    stopped = Some(Stopped::Interrupted);
                }
                if matches!(stopped, Some(Stopped::Time | Stopped::Interrupted)) {
                    over.store(true, Ordering::Relaxed);
                }
                stopped.is_some()
            });
            (ran, stopped)
        };
        let parts: Vec<(Ran, Option<Stopped>)> = std::thread::scope(|scope| {
            let others: Vec<_> = (1..jobs)
                .map(|job| scope.spawn(move || work(job)))
                .collect();
            let mut parts = vec![work(0)];
            for other in others {
                match other.join() {
                    Ok(part) => parts.push(part),
                    Err(panic) => std::panic::resume_unwind(panic),
                }
            }
            parts
        });
        let mut all = Ran::default();
        let mut stopped = None;
        for (ran, why) in parts {
            for (fact, costed) in ran.facts {
                keep(&mut all.facts, fact, costed);
            }
            all.runs += ran.runs;
            all.steps += ran.steps;
            all.depth = all.depth.max(ran.depth);
            all.unjudged += ran.unjudged;
            stopped = stopped.or(why);
        }
        Outcome::of_runs(all, stopped, halt.clock)
    }

    /// Whether a run of that number, or a pilot if it has none, is not made any more.
    pub(super) fn stops(&self, number: Option<u64>, halt: &Halt<'_>) -> Option<Stopped> {
        let all_made = self.runs.is_some_and(|most| number.unwrap_or(0) >= most);
        match halt.why() {
            Some(Stopped::Time) | None if all_made => Some(Stopped::Runs),
            why => why,
        }
    }
}

pub(super) struct Outcome {
    facts: BTreeMap<Fact, Shown>,
    stopped: Option<Stopped>,
    stats: Stats,
    reduction: Reduction,
    /// Findings for whose schedules there was no time.
    without_schedule: u64,
}

impl Outcome {
    fn of_runs(ran: Ran, stopped: Option<Stopped>, clock: &Clock) -> Outcome {
        let stats = stats_of_runs(&ran, clock);
        let facts: Facts = ran.facts;
        Outcome {
            facts: facts
                .into_iter()
                .map(|(fact, costed)| {
                    let shown = Shown {
                        costed,
                        cheapest: false,
                    };
                    (fact, shown)
                })
                .collect(),
            stopped,
            stats,
            reduction: Reduction::None,
            without_schedule: 0,
        }
    }
}

fn stats_of(progress: &Progress, clock: &Clock) -> Stats {
    Stats {
        states: progress.states,
        runs: 0,
        transitions: progress.transitions,
        depth: progress.depth,
        seconds: clock.seconds(),
        ..Stats::default()
    }
}

fn stats_of_classes(tally: &Tally, clock: &Clock) -> Stats {
    Stats {
        runs: tally.classes,
        transitions: tally.steps,
        classes: Some(tally.classes),
        blocked: Some(tally.blocked),
        seconds: clock.seconds(),
        ..Stats::default()
    }
}

/// The probability that two of so many states have the same 64 bits of hash, at most: the number
/// of pairs over the number of hashes.
fn omission(states: u64) -> f64 {
    let states = states as f64;
    states * (states - 1.0) / 2.0 / 2f64.powi(64)
}

pub(super) fn stats_of_runs(ran: &Ran, clock: &Clock) -> Stats {
    Stats {
        states: 0,
        runs: ran.runs,
        unjudged: ran.unjudged,
        transitions: ran.steps,
        depth: ran.depth,
        seconds: clock.seconds(),
        ..Stats::default()
    }
}
