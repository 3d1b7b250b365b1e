//! What an exploration of a closure says of itself: whether it had anything to decide or to judge, and
//! whether it reached what it has to reach.

use std::sync::Arc;

use xxhash_rust::xxh3::xxh3_64;

use super::Explorer;
use super::closures::Case;
use crate::program::Place;
use crate::property::{Identity, Situation};
use crate::report::{Coverage, Finding, Replays, Severity, Snapshot, Trace, Written};

impl Explorer {
    /// Requires that some run of a closure reaches the place that [`reached`](crate::reached) names so:
    /// if none does, that is a finding, `unreached`.
    ///
    /// It is judged where nothing else is wrong: a check that stopped at an error has not made all its
    /// runs. In a property test the whole test counts, and not the case.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use selvedge::{Explorer, Semaphore, task};
    ///
    /// Explorer::closures().must_reach("refused").check_async(|| async {
    ///     let pool = Arc::new(Semaphore::new(1));
    ///     let other = Arc::clone(&pool);
    ///     task::spawn(async move {
    ///         let _permit = other.acquire().await;
    ///         task::yield_now().await;
    ///     });
    ///     task::yield_now().await;
    ///     if pool.try_acquire().is_err() {
    ///         selvedge::reached("refused"); // the other task holds the permit
    ///     }
    /// });
    /// ```
    #[must_use]
    pub fn must_reach(mut self, place: &str) -> Explorer {
        self.must_reach.push(place.to_owned());
        self
    }

    /// What is wrong with the coverage of an exploration in which nothing else is.
    pub(crate) fn judge_coverage(&self, coverage: &Coverage, of: Whole) -> Vec<Finding> {
        // who asks for no run knows
        if self.runs == Some(0) {
            return Vec::new();
        }
        let made = coverage.runs + coverage.pilots;
        if made == 0 {
            let detail = "no run was made: the time was over before the first";
            // a part of the runs may be none
            let is_vacuous = self.shard.is_none() && !self.allow_vacuous;
            let finding = || of.finding(Identity::Vacuous, detail.to_owned());
            return is_vacuous.then(finding).into_iter().collect();
        }
        let mut findings = Vec::new();
        if coverage.is_vacuous() && self.must_reach.is_empty() && !self.allow_vacuous {
            findings.push(of.finding(Identity::Vacuous, vacuous(made)));
        }
        let reaches = |place: &&String| !coverage.reached.contains_key(*place);
        for place in self.must_reach.iter().filter(reaches) {
            let place = place.clone();
            let detail = format!("{} reached `{place}`", none_of(made));
            findings.push(of.finding(Identity::Unreached { place }, detail));
        }
        findings
    }
}

fn none_of(runs: u64) -> String {
    match runs {
        1 => "the only run never".to_owned(),
        runs => format!("none of the {runs} runs"),
    }
}

fn vacuous(runs: u64) -> String {
    let had = match runs {
        1 => "the only run had nothing".to_owned(),
        runs => format!("none of the {runs} runs had anything"),
    };
    format!(
        "{had} to decide or to judge: no second worker, no op on a semaphore, no fault point, no await \
         that waited"
    )
}

/// An exploration as a whole: what a finding is about that no run shows.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Whole {
    written: Written,
    place: Place,
}

impl Whole {
    pub(super) fn of_case(case: &Case, written: Written) -> Whole {
        Whole {
            written,
            place: Place {
                file: Some(case.place.file),
                line: case.place.line,
                column: case.place.column,
            },
        }
    }

    /// That of a property test.
    #[cfg(feature = "proptest")]
    pub(crate) fn of_test(
        place: &'static std::panic::Location<'static>,
        written: Written,
    ) -> Whole {
        Whole {
            written,
            place: Place {
                file: Some(place.file()),
                line: place.line(),
                column: place.column(),
            },
        }
    }

    fn finding(&self, identity: Identity, detail: String) -> Finding {
        let property = identity.property();
        let about = match &identity {
            Identity::Unreached { place } => place.as_str(),
            _ => "",
        };
        let hash = xxh3_64(about.as_bytes()) >> 48;
        let nothing = Snapshot {
            semaphores: Arc::new([]),
            workers: Arc::new([]),
        };
        Finding {
            id: format!("{property}-{hash:04x}"),
            identity,
            property,
            severity: Severity::Error,
            follows: None,
            semaphores: Vec::new(),
            workers: Vec::new(),
            also: Vec::new(),
            place: Some(self.place),
            detail,
            schedule: String::new(),
            replays: Replays { made: 0, shown: 0 },
            steps: 0,
            switches: 0,
            faults: 0,
            cheapest: false,
            danger: None,
            diagnosis: None,
            available: Vec::new(),
            trace: Arc::new(Trace {
                semaphores: Vec::new(),
                labels: Vec::new(),
                workers: Vec::new(),
                texts: Vec::new(),
                written: self.written,
                first_found: Vec::new(),
                initial: nothing,
                steps: Vec::new(),
                situation: Situation::Going,
                edges: Vec::new(),
                cycle: None,
            }),
            told: None,
        }
    }
}
