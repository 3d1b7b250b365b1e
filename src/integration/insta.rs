//! insta's snapshots of reports.
//!
//! The macro becomes `insta::assert_snapshot!` in the crate that calls it: names, files, metadata,
//! settings and `cargo insta review` are insta's own, of the version that this crate depends on.
//! Nothing of insta is compiled for it here.

use std::fmt;

use crate::report::{Report, stable};

/// A report as [`assert_schedule_snapshot!`](crate::assert_schedule_snapshot) compares it: its text is
/// that of [`stable`].
#[derive(Debug, Clone, Copy)]
pub struct Snapshot<'r> {
    report: &'r Report,
    places: bool,
}

impl<'r> Snapshot<'r> {
    /// Findings, timelines and schedules, without places.
    pub fn of(report: &'r Report) -> Snapshot<'r> {
        Snapshot {
            report,
            places: false,
        }
    }

    /// The same with file, line and column of each step, which change with every line that is put in
    /// above.
    #[must_use]
    pub fn with_places(self) -> Snapshot<'r> {
        Snapshot {
            places: true,
            ..self
        }
    }
}

impl fmt::Display for Snapshot<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&stable(self.report, self.places))
    }
}

impl<'r> From<&'r Report> for Snapshot<'r> {
    fn from(report: &'r Report) -> Snapshot<'r> {
        Snapshot::of(report)
    }
}

/// The macro borrows whatever it is given.
impl<'r> From<&&'r Report> for Snapshot<'r> {
    fn from(report: &&'r Report) -> Snapshot<'r> {
        Snapshot::of(report)
    }
}

impl<'r> From<&Snapshot<'r>> for Snapshot<'r> {
    fn from(snapshot: &Snapshot<'r>) -> Snapshot<'r> {
        *snapshot
    }
}

/// Compares a [`Report`] with its snapshot, by insta.
///
/// The forms are those of `insta::assert_snapshot!`: named, unnamed and inline; the crate that calls it
/// depends on insta. What is compared are findings, their timelines and schedules. It is the same in
/// each run, on each machine and after edits that have nothing to do with it; lines and columns of the
/// code are left out unless [`Snapshot::with_places`] asks for them.
///
/// # Panics
///
/// As insta does, if the report is another one.
///
/// # Examples
///
/// ```
/// use selvedge::explore::Explorer;
/// use selvedge::integration::insta::Snapshot;
/// use selvedge::program::Program;
///
/// let program: Program = "
///     semaphore pool permits=2
///     worker handler {
///         acquire pool
///         work query
///         release pool
///     }
/// ".parse()?;
/// let report = Explorer::default().explore(&program, "pool.sem", &());
///
/// selvedge::assert_schedule_snapshot!(report, @"
/// leak: handler.1 panicked and took 1 permit of pool with it
///
///   handler.1: acquire pool (pool 1/2)
///   handler.1: work query (pool 1/2)
///       panic struck here, ends, leaks pool
///
///   handler.1 took pool, panicked: leaked
///   lost for good: 1 of the 2 permits of pool
///
///   schedule: handler.1, handler.1@panic
///
/// pool.sem: 1 finding, complete under panics=1 timeouts=2
/// ");
/// # fn other_forms(report: &selvedge::report::Report) {
/// // in files, as `cargo insta review` keeps them
/// selvedge::assert_schedule_snapshot!(report);
/// selvedge::assert_schedule_snapshot!("a name", report);
/// selvedge::assert_schedule_snapshot!("with lines", Snapshot::of(report).with_places());
/// # }
/// # Ok::<(), selvedge::program::ProgramError>(())
/// ```
#[macro_export]
macro_rules! assert_schedule_snapshot {
    ($report:expr, @$text:literal $(,)?) => {
        ::insta::assert_snapshot!(
            $crate::integration::insta::Snapshot::from(&$report),
            ::core::stringify!($report),
            @$text
        )
    };
    ($name:expr, $report:expr $(,)?) => {
        ::insta::assert_snapshot!(
            $name,
            $crate::integration::insta::Snapshot::from(&$report),
            ::core::stringify!($report)
        )
    };
    ($report:expr $(,)?) => {
        ::insta::assert_snapshot!(
            // insta takes the name of the function
            ::core::option::Option::None::<&str>,
            $crate::integration::insta::Snapshot::from(&$report),
            ::core::stringify!($report)
        )
    };
}
