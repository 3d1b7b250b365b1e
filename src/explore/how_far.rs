//! Says how far an exploration of a closure is that takes long.

use std::io::{self, Write};
use std::time::Duration;

use super::Explorer;
use super::closures::Case;

/// It is told after this time first.
const FIRST: Duration = Duration::from_secs(10);

/// It is told again when twice the time has passed, and after this time at the latest.
const LATEST: Duration = Duration::from_secs(60);

/// What is known of an exploration before it begins, and when its progress is told next.
pub(super) struct HowFar {
    name: String,
    /// Runs that it makes at most.
    runs: Option<u64>,
    /// Time that it takes at most.
    time: Option<Duration>,
    next: Duration,
}

impl HowFar {
    pub(super) fn of(explorer: &Explorer, case: &Case) -> HowFar {
        let parts = explorer.shard.map_or(1, |shard| shard.count.max(1));
        HowFar {
            name: case.name.clone(),
            runs: explorer.runs.map(|runs| runs.div_ceil(parts)),
            time: explorer.time,
            next: FIRST,
        }
    }

    /// So many runs were made, and so much time has passed: tells it if it is time to. It goes past what
    /// captures the output of tests, since nobody looks at that before a test has ended.
    pub(super) fn tell(&mut self, made: u64, passed: Duration) {
        if self.is_due(passed) {
            // nobody hears that nobody can be told
            let _ = writeln!(io::stderr().lock(), "{}", self.line(made, passed));
        }
    }

    fn is_due(&mut self, passed: Duration) -> bool {
        let is_due = passed >= self.next;
        if is_due {
            self.next = passed + passed.min(LATEST);
        }
        is_due
    }

    fn line(&self, made: u64, passed: Duration) -> String {
        let mut line = format!("selvedge: {}: {made}", self.name);
        if let Some(runs) = self.runs {
            line += &format!(" of {runs}");
        }
        line += &format!(" runs in {} s", passed.as_secs());
        match self.rest(made, passed) {
            Some(Duration::ZERO) => line += ", making what was found cheaper",
            Some(rest) => line += &format!(", about {} s to go", rest.as_secs().max(1)),
            None => {}
        }
        line
    }

    /// The time that is left, if that can be told; none once all runs are made.
    fn rest(&self, made: u64, passed: Duration) -> Option<Duration> {
        let by_runs = self.runs.filter(|_| made > 0).map(|runs| {
            let each = passed.as_secs_f64() / made as f64;
            Duration::from_secs_f64(each * runs.saturating_sub(made) as f64)
        });
        let by_time = self.time.map(|time| time.saturating_sub(passed));
        match (by_runs, by_time) {
            (Some(by_runs), Some(by_time)) => Some(by_runs.min(by_time)),
            (one, other) => one.or(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(runs: Option<u64>, time: Option<u64>, made: u64, passed: u64) -> String {
        let far = HowFar {
            name: "pool".to_owned(),
            runs,
            time: time.map(Duration::from_secs),
            next: FIRST,
        };
        far.line(made, Duration::from_secs(passed))
    }

    #[test]
    fn the_rest_is_told_as_far_as_it_is_known() {
        let all = Some(10_000);
        let text = "selvedge: pool: 2500 of 10000 runs in 10 s, about 30 s to go";
        assert_eq!(line(all, None, 2500, 10), text);
        let text = "selvedge: pool: 2500 of 10000 runs in 10 s, about 20 s to go";
        assert_eq!(line(all, Some(30), 2500, 10), text);
        let text = "selvedge: pool: 0 of 10000 runs in 10 s";
        assert_eq!(line(all, None, 0, 10), text);
        let text = "selvedge: pool: 7 runs in 20 s";
        assert_eq!(line(None, None, 7, 20), text);
        let text = "selvedge: pool: 10000 of 10000 runs in 20 s, making what was found cheaper";
        assert_eq!(line(all, None, 10_000, 20), text);
    }

    #[test]
    fn it_is_told_less_and_less_often() {
        let mut far = HowFar {
            name: "pool".to_owned(),
            runs: None,
            time: None,
            next: FIRST,
        };
        let passed = (1..30).map(|n| n * FIRST);
        let told: Vec<u64> = passed
            .filter(|&p| far.is_due(p))
            .map(|p| p.as_secs())
            .collect();
        assert_eq!(told, [10, 20, 40, 80, 140, 200, 260]);
    }
}
