//! Progress on a terminal, and interruption.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use selvedge::explore::{Explorer, Watcher};
use selvedge::program::Program;
use selvedge::report::{Stats, StrategyName};

use crate::output::complain;

/// Set by Ctrl-C: end now, and report what there is.
static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// Makes the first Ctrl-C end the exploration, the second one the process.
pub(crate) fn catch_interrupts() {
    let caught = ctrlc::set_handler(|| {
        if INTERRUPTED.swap(true, Ordering::SeqCst) {
            std::process::exit(130);
        }
    });
    if let Err(error) = caught {
        complain(&format!(
            "warning: Ctrl-C will end selvedge without a report: {error}"
        ));
    }
}

pub(crate) fn is_interrupted() -> bool {
    INTERRUPTED.load(Ordering::Relaxed)
}

/// Shows how far one exploration is, on standard error, if that is a terminal.
pub(crate) struct Line {
    bar: ProgressBar,
    name: String,
    shown: Mutex<Instant>,
    /// Estimated: so many states, or runs, there are at most.
    most: Option<f64>,
}

const PATIENCE: Duration = Duration::from_millis(400);
const EVERY: Duration = Duration::from_millis(100);

#[allow(clippy::disallowed_methods)] // a clock that only people see
impl Line {
    pub(crate) fn new(name: &str) -> Line {
        let bar = ProgressBar::new_spinner();
        if let Ok(style) = ProgressStyle::with_template("{spinner} {msg}") {
            bar.set_style(style);
        }
        Line {
            bar,
            name: name.to_owned(),
            shown: Mutex::new(Instant::now() + PATIENCE - EVERY),
            most: None,
        }
    }

    /// Shows besides how large the whole is at most, by an estimate from a few random descents.
    pub(crate) fn with_estimate(self, explorer: &Explorer, program: &Program) -> Line {
        if self.bar.is_hidden() || explorer.strategy.is_random() {
            return self;
        }
        let most = explorer.quick_estimate(program).map(|estimate| {
            if explorer.strategy == StrategyName::Exhaustive {
                estimate.nodes
            } else {
                estimate.runs
            }
        });
        Line { most, ..self }
    }

    pub(crate) fn clear(&self) {
        self.bar.finish_and_clear();
    }
}

impl Watcher for Line {
    #[allow(clippy::disallowed_methods)] // a clock that only people see
    fn progress(&self, stats: &Stats) {
        if self.bar.is_hidden() {
            return;
        }
        let Ok(mut shown) = self.shown.try_lock() else {
            return;
        };
        if shown
            .checked_add(EVERY)
            .is_some_and(|due| Instant::now() < due)
        {
            return;
        }
        *shown = Instant::now();
        let (count, what) = if stats.states > 0 {
            (stats.states, "states")
        } else {
            (stats.runs, "runs")
        };
        let rate = count as f64 / stats.seconds.max(1e-9);
        let most = match self.most {
            Some(most) if most.is_finite() => format!(" of at most about {most:.1e}"),
            _ => String::new(),
        };
        self.bar.set_message(format!(
            "{}: {count} {what}{most}, {rate:.0} a second, depth {}, {:.0} s",
            self.name, stats.depth, stats.seconds
        ));
        self.bar.tick();
    }

    fn is_interrupted(&self) -> bool {
        is_interrupted()
    }
}
