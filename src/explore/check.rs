//! A check in a test: it panics once, with the report.

use std::future::Future;
use std::panic::Location;

use super::Explorer;
#[cfg(feature = "threads")]
use super::closures::closure_of_threads;
use super::closures::{Case, Closure, closure_of};
use super::naming::{command, name_of};
use super::regressions::{Kept, tell_stale};
use crate::program::PropertyName;
use crate::report::{Finding, Report, Style, text, timeline};
use crate::runtime::Here;
use crate::schedule::ScheduleError;

/// Explores the futures that a closure makes, as [`Explorer::closures`] does or as the environment
/// says (`SELVEDGE_RUNS`, `SELVEDGE_SEED` and their kin), and panics with the report if anything is
/// found.
///
/// A finding's schedule is replayed by `SELVEDGE_REPLAY='…' cargo test NAME`; a check that the
/// schedule is not of runs as ever.
///
/// It stops at the first error, once that is made cheapest; `SELVEDGE_KEEP_GOING=1` or
/// [`Explorer::keep_going`] make all runs. If no run had anything to decide or to judge, that is an error
/// too, `vacuous`: then what the closure does is not seen, and was not checked.
///
/// It is a sample: see `docs/green-checks.md` in the repository for what a green check says, and what
/// it does not.
///
/// # Panics
///
/// If something is found, in an exploration, or if the environment says what cannot be used.
///
/// # Examples
///
/// ```
/// use std::sync::Arc;
/// use selvedge::{Semaphore, check_async, task};
///
/// check_async(|| async {
///     let pool = Arc::new(Semaphore::new(1).named("pool"));
///     let other = Arc::clone(&pool);
///     let task = task::spawn(async move {
///         let _permit = other.acquire().await;
///         task::yield_now().await;
///     });
///     drop(pool.acquire().await);
///     // it may have been cancelled, and so may be an error
///     let _ = task.await;
/// });
/// ```
#[track_caller]
pub fn check_async<F, Fut>(closure: F)
where
    F: Fn() -> Fut + Send + Sync + 'static,
    Fut: Future<Output = ()> + 'static,
{
    Explorer::closures().check_async(closure);
}

/// Explores the threads that a closure starts, as [`Explorer::closures`] does or as the environment
/// says (`SELVEDGE_RUNS`, `SELVEDGE_SEED` and their kin), and panics with the report if anything is
/// found.
///
/// A finding's schedule is replayed by `SELVEDGE_REPLAY='…' cargo test NAME`; a check that the
/// schedule is not of runs as ever.
///
/// It stops at the first error, once that is made cheapest; `SELVEDGE_KEEP_GOING=1` or
/// [`Explorer::keep_going`] make all runs. If no run had anything to decide or to judge, that is an error
/// too, `vacuous`: then what the closure does is not seen, and was not checked.
///
/// It is a sample: see `docs/green-checks.md` in the repository for what a green check says, and what
/// it does not.
///
/// # Panics
///
/// If something is found, in an exploration, or if the environment says what cannot be used.
///
/// # Examples
///
/// ```
/// use std::sync::Arc;
/// use selvedge::{Semaphore, fault, thread};
///
/// selvedge::check(|| {
///     let pool = Arc::new(Semaphore::new(1).named("pool"));
///     let handlers: Vec<_> = (0..2)
///         .map(|_| {
///             let pool = Arc::clone(&pool);
///             thread::spawn(move || {
///                 let _permit = pool.acquire_blocking().unwrap();
///                 fault::point("query"); // a panic may strike: the guard puts the permit back
///             })
///         })
///         .collect();
///     for handler in handlers {
///         let _ = handler.join();
///     }
/// });
/// ```
#[cfg(feature = "threads")]
#[track_caller]
pub fn check<F>(closure: F)
where
    F: Fn() + Send + Sync + 'static,
{
    Explorer::closures().check(closure);
}

/// As [`check`], but what is found is returned, and nothing is kept of it.
///
/// # Errors
///
/// The first finding of severity error, if something is found. It displays as the whole report.
///
/// # Panics
///
/// In an exploration, or if the environment says what cannot be used.
#[cfg(feature = "threads")]
#[track_caller]
pub fn try_check<F>(closure: F) -> Result<(), Box<Finding>>
where
    F: Fn() + Send + Sync + 'static,
{
    Explorer::closures().try_check(closure)
}

/// As [`check_async`], but what is found is returned: for property tests, and for tests that expect
/// something to be found.
///
/// ```
/// use std::sync::Arc;
/// use selvedge::program::PropertyName;
/// use selvedge::{Semaphore, task, try_check_async};
///
/// let found = try_check_async(|| async {
///     let pool = Arc::new(Semaphore::new(2).named("pool"));
///     task::spawn(async move { pool.acquire().await.unwrap().forget() });
/// });
/// assert!(found.is_ok()); // forgotten on purpose
///
/// let found = try_check_async(|| async {
///     let pool = Arc::new(Semaphore::new(2).named("pool"));
///     task::spawn(async move { pool.acquire_raw().await.unwrap() });
/// });
/// let finding = found.unwrap_err();
/// assert_eq!(finding.property, PropertyName::Leak);
/// assert!(finding.to_string().contains("lost for good: 1 of the 2 permits of pool"));
/// ```
///
/// In a test of proptest it goes together with `?`, since a finding is an error:
///
/// ```
/// use proptest::prelude::*;
/// use std::sync::Arc;
/// use selvedge::{Semaphore, task, try_check_async};
///
/// proptest! {
///     # #![proptest_config(ProptestConfig { cases: 2, failure_persistence: None, ..Default::default() })]
///     # /*
///     #[test]
///     # */
///     fn guards_put_back(permits in 1..4u32, tasks in 1..4) {
///         try_check_async(move || async move {
///             let pool = Arc::new(Semaphore::new(permits as usize));
///             for _ in 0..tasks {
///                 let pool = Arc::clone(&pool);
///                 task::spawn(async move { drop(pool.acquire().await) });
///             }
///         })?;
///     }
/// }
/// # guards_put_back();
/// ```
///
/// There each case makes all the runs of a check; the driver of the feature `proptest` divides them,
/// and keeps to one finding while the case is made smaller.
///
/// # Errors
///
/// The first finding of severity error, if something is found. It displays as the whole report.
///
/// # Panics
///
/// In an exploration, or if the environment says what cannot be used.
#[track_caller]
pub fn try_check_async<F, Fut>(closure: F) -> Result<(), Box<Finding>>
where
    F: Fn() -> Fut + Send + Sync + 'static,
    Fut: Future<Output = ()> + 'static,
{
    Explorer::closures().try_check_async(closure)
}

impl Explorer {
    /// As [`check_async`], with these options where the environment says nothing.
    ///
    /// # Panics
    ///
    /// If something is found, in an exploration, or if the environment says what cannot be used.
    #[track_caller]
    pub fn check_async<F, Fut>(&self, closure: F)
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = ()> + 'static,
    {
        let case = case_of::<F>(Here::from(Location::caller()));
        self.check_case(case, closure_of(closure));
    }

    /// As [`check`], with these options where the environment says nothing.
    ///
    /// # Panics
    ///
    /// If something is found, in an exploration, or if the environment says what cannot be used.
    #[cfg(feature = "threads")]
    #[track_caller]
    pub fn check<F>(&self, closure: F)
    where
        F: Fn() + Send + Sync + 'static,
    {
        let case = case_of::<F>(Here::from(Location::caller()));
        self.check_case(case, closure_of_threads(closure));
    }

    /// As [`try_check_async`], with these options where the environment says nothing.
    ///
    /// # Errors
    ///
    /// The first finding, if something is found.
    ///
    /// # Panics
    ///
    /// In an exploration, or if the environment says what cannot be used.
    #[track_caller]
    pub fn try_check_async<F, Fut>(&self, closure: F) -> Result<(), Box<Finding>>
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = ()> + 'static,
    {
        let case = case_of::<F>(Here::from(Location::caller()));
        self.try_case(case, closure_of(closure))
    }

    /// As [`try_check`], with these options where the environment says nothing.
    ///
    /// # Errors
    ///
    /// The first finding, if something is found.
    ///
    /// # Panics
    ///
    /// In an exploration, or if the environment says what cannot be used.
    #[cfg(feature = "threads")]
    #[track_caller]
    pub fn try_check<F>(&self, closure: F) -> Result<(), Box<Finding>>
    where
        F: Fn() + Send + Sync + 'static,
    {
        let case = case_of::<F>(Here::from(Location::caller()));
        self.try_case(case, closure_of_threads(closure))
    }

    #[track_caller]
    fn try_case(&self, case: Case, closure: Closure) -> Result<(), Box<Finding>> {
        let explorer = self.in_environment();
        let replayed = explorer
            .1
            .and_then(|schedule| explorer.0.asked_for(&case, &schedule, &closure));
        let report = replayed.unwrap_or_else(|| explorer.0.explore_case(case, closure));
        report.into_result()
    }

    /// Explores a closure, after what was kept of it, and keeps what is found.
    #[track_caller]
    fn check_case(&self, case: Case, closure: Closure) {
        let (explorer, replay) = self.in_environment();
        if let Some(schedule) = replay
            && let Some(report) = explorer.asked_for(&case, &schedule, &closure)
        {
            return conclude_replay(&report);
        }
        let kept = Kept::of(&case, &explorer.regressions);
        if let Some(kept) = &kept {
            explorer.try_first(kept, &case, &closure);
        }
        let report = explorer.explore_case(case.clone(), closure);
        let told = match &kept {
            Some(kept) => kept.keep(&report),
            None => explorer
                .regressions
                .refusal(&case.name)
                .map(|why| format!("not kept: {why}")),
        };
        conclude(&report, told.as_deref());
    }

    /// These options, where the environment says nothing; and the schedule that it asks for.
    #[track_caller]
    fn in_environment(&self) -> (Explorer, Option<String>) {
        match self.clone().with_environment() {
            Ok(read) => read,
            Err(problems) => panic!("{problems}"),
        }
    }

    /// The replay of the schedule that the environment has; `None` if that is of another check of this
    /// process.
    #[track_caller]
    fn asked_for(&self, case: &Case, schedule: &str, closure: &Closure) -> Option<Report> {
        match self.replay_case(case.clone(), schedule, closure.clone()) {
            Ok(report) => Some(report),
            Err(ScheduleError::Foreign { .. }) => None,
            Err(error) => panic!("SELVEDGE_REPLAY: {error}"),
        }
    }

    /// Replays what was found before.
    ///
    /// # Panics
    ///
    /// If that shows something.
    #[track_caller]
    fn try_first(&self, kept: &Kept, case: &Case, closure: &Closure) {
        let mut stale = Vec::new();
        let mut shown = None;
        for entry in kept.entries() {
            let of = Case {
                name: entry.name.clone(),
                ..case.clone()
            };
            let report = match self.replay_case(of, &entry.schedule, closure.clone()) {
                Ok(report) => report,
                Err(error) => {
                    stale.push((entry, error.to_string()));
                    continue;
                }
            };
            let diverges = |f: &&Finding| f.property == PropertyName::Divergence;
            match report.findings.iter().find(diverges) {
                Some(divergence) if report.findings.len() == 1 => {
                    stale.push((entry, divergence.detail.clone()));
                }
                _ if report.has_errors() => {
                    shown = Some((entry, report));
                    break;
                }
                _ => conclude(&report, None),
            }
        }
        tell_stale(&stale);
        if let Some((entry, report)) = shown {
            let told = format!("kept before in {}", entry.place());
            conclude(&report, Some(&told));
        }
    }
}

fn case_of<F>(place: Here) -> Case {
    Case {
        name: name_of::<F>(),
        place,
        command: Some(command()),
    }
}

fn style() -> Style {
    Style {
        figures: true,
        ..Style::default()
    }
}

/// # Panics
///
/// If something is found.
#[track_caller]
fn conclude(report: &Report, told: Option<&str>) {
    if report.has_errors() {
        let told = told.map_or(String::new(), |told| format!("{told}\n"));
        panic!("\n{}{told}", text(report, &style()));
    }
    if !report.findings.is_empty() || report.has_notes() {
        eprint!("{}", text(report, &style()));
    }
}

/// # Panics
///
/// If the replay shows something.
#[track_caller]
fn conclude_replay(report: &Report) {
    conclude(report, None);
    match &report.timeline {
        Some(trace) => eprint!("{}", timeline(trace, &report.program, &style())),
        None => eprint!("{}", text(report, &style())),
    }
}
