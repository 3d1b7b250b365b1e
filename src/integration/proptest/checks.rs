//! Property tests whose cases are explored.

use std::cell::RefCell;
use std::fmt::Debug;
use std::future::Future;
use std::io::{self, Write};
use std::panic::Location;
use std::path::{Path, PathBuf};

use ::proptest::strategy::Strategy;
use ::proptest::test_runner::Config;

use super::cases::{Failed, Shrinking, run};
use super::failure::{Failure, Found};
#[cfg(feature = "threads")]
use crate::explore::closure_of_threads;
use crate::explore::regressions::{
    KeptValue, Stale, cut, keep_program, keep_value, kept_programs, kept_values,
};
use crate::explore::{Closure, Explorer, Whole, closure_of};
use crate::program::{BudgetDecl, Program, PropertyName};
use crate::report::{Coverage, Finding, StrategyName, Written};
use crate::schedule::ScheduleError;

/// A property test over cases that are explored.
///
/// The runs of an exploration, 10,000 or as `SELVEDGE_RUNS` says, are divided among proptest's
/// cases, each of which has one at least. What fails is made smaller, printed once by the panic, and
/// kept as text in `selvedge-regressions/` beside the test's file: there it is tried first the next
/// time, whatever has become of the strategy. What is there and cannot be tried any more is told.
///
/// With programs, the program and its schedule are reduced together, and what is printed and kept can
/// be pasted into a corpus:
///
/// ```should_panic
/// use selvedge::integration::proptest::{Checks, programs};
///
/// # std::env::set_current_dir(std::env::temp_dir()).unwrap();
/// Checks::new("handlers").programs(programs(20));
/// ```
///
/// Options are fields: `let mut checks = Checks::new("…"); checks.config.cases = 64;`
///
/// With a closure over futures, each case is its value:
///
/// ```
/// use std::sync::Arc;
/// use selvedge::integration::proptest::Checks;
/// use selvedge::{Semaphore, task};
///
/// Checks::new("handlers put back what they take").futures((1..4usize, 1..4), |(permits, handlers)| async move {
///     let pool = Arc::new(Semaphore::new(permits));
///     for _ in 0..handlers {
///         let pool = Arc::clone(&pool);
///         task::spawn(async move { drop(pool.acquire().await) });
///     }
/// });
/// ```
///
/// A test in which no run of any case had anything to decide or to judge fails (`vacuous`), unless
/// [`Explorer::allow_vacuous`] says otherwise; and so does one that never reached what it
/// [has to](Explorer::must_reach).
///
/// [`Checks::threads`] is the same over a closure that starts threads (feature `threads`).
#[derive(Debug, Clone)]
#[must_use = "nothing is checked before `programs`, `futures` or `threads` is called"]
pub struct Checks {
    /// How each case is explored, where the environment says nothing: its runs are those of all
    /// cases together, and its seed is that of the cases too.
    pub explorer: Explorer,
    /// proptest's own options: how many cases, how long they are made smaller. Its files, which keep
    /// seeds, are not used.
    pub config: Config,
    /// Where regressions are kept; `None` keeps none.
    pub folder: Option<PathBuf>,
    name: String,
    place: &'static Location<'static>,
}

impl Checks {
    /// A test of this name, which its regressions are kept under: give each its own.
    #[track_caller]
    pub fn new(name: &str) -> Checks {
        let place = Location::caller();
        Checks {
            explorer: Explorer {
                budget: BudgetDecl::default(),
                ..Explorer::closures()
            },
            config: Config::default(),
            folder: beside(Path::new(place.file())).map(|folder| folder.join(file_name(name))),
            name: name.to_owned(),
            place,
        }
    }

    /// Explores programs. Nothing may be found in any of them.
    ///
    /// # Panics
    ///
    /// With the [`Failure`], once, if something is found; or if the environment says what cannot be
    /// used.
    #[track_caller]
    pub fn programs(&self, strategy: impl Strategy<Value = Program>) {
        conclude(self.try_programs(strategy));
    }

    /// As [`Checks::programs`], but what failed is returned; if nothing did, what is stale.
    ///
    /// # Errors
    ///
    /// If something is found.
    ///
    /// # Panics
    ///
    /// If the environment says what cannot be used.
    pub fn try_programs(
        &self,
        strategy: impl Strategy<Value = Program>,
    ) -> Result<Vec<Stale>, Box<Failure>> {
        let (explorer, _) = self.in_environment();
        let mut stale = Vec::new();
        let kept = self.folder.as_deref().map_or(Vec::new(), kept_programs);
        for kept in kept {
            let report = kept.and_then(|kept| Ok((kept.report(&explorer)?, kept.path)));
            match report {
                Err(of) => stale.push(of),
                Ok((report, path)) => {
                    if let Err(finding) = report.into_result() {
                        return Err(self.failure(Found::Again { path, finding }, stale));
                    }
                }
            }
        }
        let each = self.share(&explorer);
        let attempt = |program: &Program| each.explore(program, "generated.sem", &()).into_result();
        let ran = run(
            &strategy,
            &self.config,
            explorer.seed,
            Shrinking::Not,
            attempt,
        );
        let failed = match ran {
            Ok(None) => return Ok(stale),
            Ok(Some(failed)) => failed,
            Err(reason) => return Err(self.failure(Found::Cases(reason), stale)),
        };
        let draft = failed.value.draft();
        let mut reduced = each.reduce(&failed.value, &self.name, &failed.finding);
        let whole = Explorer {
            strategy: StrategyName::Exhaustive,
            budget: BudgetDecl::default(),
            states: Some(300_000),
            ..each
        };
        // the story of the reduced program, in full
        let report = whole.explore(&reduced.program, &format!("{}.sem", self.name), &());
        if let Some(at) = report
            .findings
            .iter()
            .position(|f| f.id == reduced.finding.id)
        {
            reduced.finding = report.told(at);
        }
        let kept = self
            .folder
            .as_deref()
            .map(|folder| keep_program(folder, &self.name, &reduced));
        let found = Found::Program {
            reduced: Box::new(reduced),
            case: failed.case,
            from: (draft.size(), draft.instances()),
        };
        Err(Box::new(Failure {
            kept,
            ..*self.failure(found, stale)
        }))
    }

    /// Explores the futures that a closure makes of the values of a strategy.
    ///
    /// A value that failed is kept as `Debug` writes it; since that cannot be read back in general,
    /// it is told the next time that it was not tried. [`Checks::futures_of`] tries it.
    ///
    /// # Panics
    ///
    /// With the [`Failure`], once, if something is found; in an exploration; or if the environment
    /// says what cannot be used.
    #[track_caller]
    pub fn futures<S, F, Fut>(&self, strategy: S, closure: F)
    where
        S: Strategy,
        S::Value: Clone + Debug + Send + Sync + 'static,
        F: Fn(S::Value) -> Fut + Clone + Send + Sync + 'static,
        Fut: Future<Output = ()> + 'static,
    {
        conclude(self.try_futures_of(strategy, |_| None, closure));
    }

    /// As [`Checks::futures`], with what reads a value that was kept.
    ///
    /// # Panics
    ///
    /// As [`Checks::futures`].
    #[track_caller]
    pub fn futures_of<S, F, Fut>(
        &self,
        strategy: S,
        read: impl Fn(&str) -> Option<S::Value>,
        closure: F,
    ) where
        S: Strategy,
        S::Value: Clone + Debug + Send + Sync + 'static,
        F: Fn(S::Value) -> Fut + Clone + Send + Sync + 'static,
        Fut: Future<Output = ()> + 'static,
    {
        conclude(self.try_futures_of(strategy, read, closure));
    }

    /// As [`Checks::futures_of`], but what failed is returned; if nothing did, what is stale.
    ///
    /// # Errors
    ///
    /// If something is found.
    ///
    /// # Panics
    ///
    /// In an exploration, or if the environment says what cannot be used.
    pub fn try_futures_of<S, F, Fut>(
        &self,
        strategy: S,
        read: impl Fn(&str) -> Option<S::Value>,
        closure: F,
    ) -> Result<Vec<Stale>, Box<Failure>>
    where
        S: Strategy,
        S::Value: Clone + Debug + Send + Sync + 'static,
        F: Fn(S::Value) -> Fut + Clone + Send + Sync + 'static,
        Fut: Future<Output = ()> + 'static,
    {
        let (mut explorer, replay) = self.in_environment();
        explorer.budget.cancels = explorer.budget.cancels.or(Some(1));
        self.try_values(
            (&explorer, replay),
            Written::Futures,
            strategy,
            read,
            |value| {
                let (closure, value) = (closure.clone(), value.clone());
                closure_of(move || closure(value.clone()))
            },
        )
    }

    /// As [`Checks::futures`], over the threads that a closure starts with
    /// [`thread::spawn`](crate::thread::spawn).
    ///
    /// # Panics
    ///
    /// As [`Checks::futures`].
    #[cfg(feature = "threads")]
    #[track_caller]
    pub fn threads<S, F>(&self, strategy: S, closure: F)
    where
        S: Strategy,
        S::Value: Clone + Debug + Send + Sync + 'static,
        F: Fn(S::Value) + Clone + Send + Sync + 'static,
    {
        conclude(self.try_threads_of(strategy, |_| None, closure));
    }

    /// As [`Checks::threads`], with what reads a value that was kept.
    ///
    /// # Panics
    ///
    /// As [`Checks::futures`].
    #[cfg(feature = "threads")]
    #[track_caller]
    pub fn threads_of<S, F>(&self, strategy: S, read: impl Fn(&str) -> Option<S::Value>, closure: F)
    where
        S: Strategy,
        S::Value: Clone + Debug + Send + Sync + 'static,
        F: Fn(S::Value) + Clone + Send + Sync + 'static,
    {
        conclude(self.try_threads_of(strategy, read, closure));
    }

    /// As [`Checks::threads_of`], but what failed is returned; if nothing did, what is stale.
    ///
    /// # Errors
    ///
    /// If something is found.
    ///
    /// # Panics
    ///
    /// In an exploration, or if the environment says what cannot be used.
    #[cfg(feature = "threads")]
    pub fn try_threads_of<S, F>(
        &self,
        strategy: S,
        read: impl Fn(&str) -> Option<S::Value>,
        closure: F,
    ) -> Result<Vec<Stale>, Box<Failure>>
    where
        S: Strategy,
        S::Value: Clone + Debug + Send + Sync + 'static,
        F: Fn(S::Value) + Clone + Send + Sync + 'static,
    {
        let (explorer, replay) = self.in_environment();
        self.try_values(
            (&explorer, replay),
            Written::Threads,
            strategy,
            read,
            |value| {
                let (closure, value) = (closure.clone(), value.clone());
                closure_of_threads(move || closure(value.clone()))
            },
        )
    }

    /// Explores what is made of the values of a strategy, after those that were kept. What fails is told
    /// by the run of the schedule that is to be replayed, if one is.
    fn try_values<S>(
        &self,
        (explorer, replay): (&Explorer, Option<String>),
        written: Written,
        strategy: S,
        read: impl Fn(&str) -> Option<S::Value>,
        of: impl Fn(&S::Value) -> Closure,
    ) -> Result<Vec<Stale>, Box<Failure>>
    where
        S: Strategy,
        S::Value: Clone + Debug,
    {
        let each = self.share(explorer);
        let covered = RefCell::new(Coverage::default());
        let attempt = |value: &S::Value| {
            let report = each.explore_at(&self.name, self.place, of(value));
            if let Some(coverage) = &report.coverage {
                covered.borrow_mut().add(coverage);
            }
            report.into_result()
        };
        let mut stale = Vec::new();
        let kept = self.folder.as_deref().map_or(Vec::new(), kept_values);
        for kept in kept {
            let again = kept.and_then(|kept| {
                let value = read(&kept.value).ok_or_else(|| not_read(&kept))?;
                Ok((
                    self.again(&each, &kept, of(&value), &mut stale),
                    value,
                    kept,
                ))
            });
            match again {
                Err(of) => stale.push(of),
                Ok((replayed, value, kept)) => {
                    if let Err(finding) = replayed.and_then(|()| attempt(&value)) {
                        let path = kept.path;
                        return Err(self.failure(Found::Again { path, finding }, stale));
                    }
                }
            }
        }
        let ran = run(
            &strategy,
            &self.config,
            explorer.seed,
            Shrinking::ByProptest,
            attempt,
        );
        match ran {
            Ok(None) => {
                let whole = Whole::of_test(self.place, written);
                let wrong = explorer.judge_coverage(&covered.borrow(), whole);
                match wrong.into_iter().next() {
                    Some(finding) => Err(self.failure(Found::Whole(Box::new(finding)), stale)),
                    None => Ok(stale),
                }
            }
            Ok(Some(mut failed)) => {
                if let Some(schedule) = replay {
                    let closure = of(&failed.value);
                    match each.replay_at(&self.name, self.place, &schedule, closure) {
                        Ok(report) => {
                            if let Err(finding) = report.into_result() {
                                failed.finding = finding;
                            }
                        }
                        // it is of another test of this process
                        Err(ScheduleError::Foreign { .. }) => {}
                        Err(error) => panic!("SELVEDGE_REPLAY: {error}"),
                    }
                }
                Err(self.failed_with(failed, stale))
            }
            Err(reason) => Err(self.failure(Found::Cases(reason), stale)),
        }
    }

    /// Replays the schedule that was kept with a value.
    fn again(
        &self,
        explorer: &Explorer,
        kept: &KeptValue,
        closure: Closure,
        stale: &mut Vec<Stale>,
    ) -> Result<(), Box<Finding>> {
        let mut because = |why: String| {
            stale.push(Stale {
                path: kept.path.clone(),
                why,
            });
            Ok(())
        };
        match explorer.replay_at(&self.name, self.place, &kept.schedule, closure) {
            Err(error) => because(format!("its schedule cannot be used: {error}")),
            Ok(report) => match report.into_result() {
                Err(finding) if finding.property == PropertyName::Divergence => {
                    because(finding.detail.clone())
                }
                other => other,
            },
        }
    }

    fn failed_with<T: Debug>(&self, failed: Failed<T>, stale: Vec<Stale>) -> Box<Failure> {
        let value = format!("{:?}", failed.value);
        let kept = self
            .folder
            .as_deref()
            .map(|folder| keep_value(folder, &self.name, &value, &failed.finding));
        let found = Found::Value {
            value,
            finding: failed.finding,
            case: failed.case,
        };
        Box::new(Failure {
            kept,
            ..*self.failure(found, stale)
        })
    }

    fn failure(&self, found: Found, stale: Vec<Stale>) -> Box<Failure> {
        Box::new(Failure {
            test: self.name.clone(),
            found,
            kept: None,
            stale,
        })
    }

    /// What the environment makes of the options, and the schedule that it wants to be replayed.
    fn in_environment(&self) -> (Explorer, Option<String>) {
        match self.explorer.clone().with_environment() {
            Ok(read) => read,
            Err(problems) => panic!("{problems}"),
        }
    }

    /// The part of the runs, or of the states, that each case has.
    fn share(&self, explorer: &Explorer) -> Explorer {
        let cases = u64::from(self.config.cases.max(1));
        let part = |all: Option<u64>| all.map(|all| all.div_ceil(cases).max(1));
        Explorer {
            runs: part(explorer.runs),
            states: part(explorer.states),
            // what was covered is judged of all cases together
            allow_vacuous: true,
            must_reach: Vec::new(),
            ..explorer.clone()
        }
    }
}

fn not_read(kept: &KeptValue) -> Stale {
    Stale {
        path: kept.path.clone(),
        why: format!(
            "it was not tried, since nothing reads `{}`: use `futures_of` or `threads_of`, or make a \
             test of it",
            kept.value
        ),
    }
}

/// # Panics
///
/// With what failed.
#[track_caller]
fn conclude(result: Result<Vec<Stale>, Box<Failure>>) {
    match result {
        Err(failure) => panic!("\n{failure}"),
        Ok(stale) => {
            for stale in stale {
                // not `eprintln`: of a test that passes that would not be seen
                let _ = writeln!(io::stderr(), "{stale}");
            }
        }
    }
}

/// `selvedge-regressions` beside a source file. Its name is relative to the workspace, and a test
/// runs in the folder of its package: so folders at its start are left out until it is there.
fn beside(file: &Path) -> Option<PathBuf> {
    let mut rest = Some(file);
    while let Some(path) = rest {
        if path.is_file() {
            return Some(path.parent()?.join("selvedge-regressions"));
        }
        let mut parts = path.components();
        parts.next()?;
        rest = Some(parts.as_path()).filter(|p| !p.as_os_str().is_empty());
    }
    None
}

/// A name as that of a folder.
fn file_name(name: &str) -> String {
    let plain = |c: char| match c {
        c if c.is_alphanumeric() || c == '-' || c == '_' => c,
        _ => '-',
    };
    let plain: String = name.replace("::", "-").chars().map(plain).collect();
    cut(&plain, name)
}
