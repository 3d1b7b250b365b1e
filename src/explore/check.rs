//! A check in a test: it panics once, with the report.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::future::Future;
use std::panic::Location;

use super::Explorer;
use super::closures::{Case, Closure, closure_of};
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
        match self.checked(Location::caller(), name_of::<F>(), closure_of(closure)) {
            Checked::Explored(report) => conclude(&report),
            Checked::Replayed(report) => conclude_replay(&report),
        }
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
        let checked = self.checked(Location::caller(), name_of::<F>(), closure_of(closure));
        let (Checked::Explored(report) | Checked::Replayed(report)) = checked;
        report.into_result()
    }

    /// Explores a closure, or replays the schedule that the environment has for it.
    ///
    /// # Panics
    ///
    /// In an exploration, or if the environment says what cannot be used.
    #[track_caller]
    fn checked(
        &self,
        place: &'static Location<'static>,
        name: String,
        closure: Closure,
    ) -> Checked {
        let case = Case {
            name,
            place: Here::from(place),
            command: Some(command()),
        };
        let (explorer, replay) = match self.clone().with_environment() {
            Ok(read) => read,
            Err(problems) => panic!("{problems}"),
        };
        if let Some(schedule) = replay {
            match explorer.replay_case(case.clone(), &schedule, closure.clone()) {
                Ok(report) => return Checked::Replayed(report),
                // it is of another check of this process
                Err(ScheduleError::Foreign { .. }) => {}
                Err(error) => panic!("SELVEDGE_REPLAY: {error}"),
            }
        }
        Checked::Explored(explorer.explore_case(case, closure))
    }
}

/// What a check came to.
enum Checked {
    Explored(Report),
    /// One run, which was asked for.
    Replayed(Report),
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
fn conclude(report: &Report) {
    if report.has_errors() {
        panic!("\n{}", text(report, &style()));
    }
    if !report.findings.is_empty() {
        eprint!("{}", text(report, &style()));
    }
}

/// # Panics
///
/// If the replay shows something.
#[track_caller]
fn conclude_replay(report: &Report) {
    conclude(report);
    match &report.timeline {
        Some(trace) => eprint!("{}", timeline(trace, &report.program, &style())),
        None => eprint!("{}", text(report, &style())),
    }
}

thread_local! {
    /// How many checks this thread has made of closures of each type.
    static CHECKS: RefCell<BTreeMap<&'static str, u32>> = const { RefCell::new(BTreeMap::new()) };
}

/// The type of a closure says in which function it stands; an ordinal tells it from others there.
fn name_of<F>() -> String {
    let name = std::any::type_name::<F>();
    let nth = CHECKS.with(|checks| {
        let mut checks = checks.borrow_mut();
        let count = checks.entry(name).or_insert(0);
        *count += 1;
        *count
    });
    let name = name.strip_suffix("::{{closure}}").unwrap_or(name);
    match nth {
        1 => name.to_owned(),
        n => format!("{name}#{n}"),
    }
}

/// What runs this test again: its thread has its name.
#[allow(clippy::disallowed_methods)] // it is for people, and no finding depends on it
fn command() -> String {
    match std::thread::current().name() {
        Some(name) if name != "main" => format!("cargo test {name}"),
        _ => "cargo test".to_owned(),
    }
}
