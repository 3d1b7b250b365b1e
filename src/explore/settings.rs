//! What can be set, in one table: variables of the environment, options of the command line, fields of
//! [`Explorer`]. Whoever reads a value reads it here, so it means the same everywhere, and one that
//! cannot be used is refused everywhere.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use super::{Explorer, Regressions};
use crate::strategy::StrategyName;

/// A variable of the environment, and what its values are.
pub struct Setting {
    /// Its name.
    pub variable: &'static str,
    /// Its values.
    pub value: Value,
    /// What it is in a check where nobody says otherwise.
    pub default: &'static str,
    /// What it is for.
    pub meaning: &'static str,
    /// Whether the command `selvedge` has an option for it, which comes first.
    pub option: Option<&'static str>,
    take: Take,
}

impl fmt::Debug for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Setting")
            .field("variable", &self.variable)
            .field("value", &self.value)
            .field("default", &self.default)
            .finish_non_exhaustive()
    }
}

/// The values that a setting can have; displays as what is expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Value {
    /// A number within bounds.
    Number(Bounds),
    /// A time.
    Time,
    /// A strategy by name.
    Strategy,
    /// A folder, or `off`.
    Folder,
    /// A schedule, as a report prints it.
    Schedule,
}

/// The least and the greatest number, and why no other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// The least.
    pub least: u64,
    /// The greatest.
    pub most: u64,
    reason: &'static str,
}

impl Bounds {
    const ANY: Bounds = Bounds {
        least: 0,
        most: u64::MAX,
        reason: "",
    };
    const FAULTS: Bounds = Bounds {
        most: u32::MAX as u64,
        ..Bounds::ANY
    };
    const SWITCH: Bounds = Bounds {
        most: 1,
        reason: "it is on or off",
        ..Bounds::ANY
    };
    const DEPTH: Bounds = Bounds {
        least: 1,
        most: 1000,
        reason: "pct keeps a place for each change of priority",
    };
    const JOBS: Bounds = Bounds {
        least: 1,
        most: 1024,
        reason: "each is a thread",
    };
    /// As many as a schedule may have, so that every livelock can be replayed.
    const STEPS: Bounds = Bounds {
        least: 1,
        most: 10_000_000,
        reason: "a run has a step, and a schedule has no more steps than this",
    };
    /// In milliseconds.
    const PATIENCE: Bounds = Bounds {
        least: 100,
        most: u64::MAX,
        reason: "a step may have to wait that long for the processor, and would be taken for an \
                 endless one",
    };

    fn has(self, number: u64) -> bool {
        (self.least..=self.most).contains(&number)
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Number(bounds) => {
                write!(f, "a number from {} to {}", bounds.least, bounds.most)
            }
            Value::Time => f.write_str("a time such as 90, 90s, 2m, 1h or 500ms; 0 is no bound"),
            Value::Strategy => {
                f.write_str("exhaustive, depth-first, random, pct, pos, surw, urw or portfolio")
            }
            Value::Folder => f.write_str("a folder, or `off`"),
            Value::Schedule => f.write_str("a schedule, as a report prints it"),
        }
    }
}

/// Where a value goes.
enum Take {
    Number(fn(&mut Explorer, u64)),
    Time,
    Strategy,
    Regressions,
    Replay,
}

/// Every variable that begins with `SELVEDGE_`.
pub static SETTINGS: [Setting; 14] = [
    Setting {
        variable: "SELVEDGE_CANCELS",
        value: Value::Number(Bounds::FAULTS),
        default: "1",
        meaning: "injected cancellations of a run",
        option: Some("--cancels"),
        take: Take::Number(|e, n| e.budget.cancels = Some(n as u32)),
    },
    Setting {
        variable: "SELVEDGE_DEPTH",
        value: Value::Number(Bounds::DEPTH),
        default: "3",
        meaning: "depth of the bugs that `pct` looks for",
        option: Some("--depth"),
        take: Take::Number(|e, n| e.depth = n as u32),
    },
    Setting {
        variable: "SELVEDGE_JOBS",
        value: Value::Number(Bounds::JOBS),
        default: "1",
        meaning: "threads that make random runs of a program; a check has one",
        option: Some("--jobs"),
        take: Take::Number(|e, n| e.jobs = n as usize),
    },
    Setting {
        variable: "SELVEDGE_KEEP_GOING",
        value: Value::Number(Bounds::SWITCH),
        default: "0",
        meaning: "1: a check makes all its runs, also after a first error",
        option: None,
        take: Take::Number(|e, n| e.keep_going = n == 1),
    },
    Setting {
        variable: "SELVEDGE_PANICS",
        value: Value::Number(Bounds::FAULTS),
        default: "1",
        meaning: "injected panics of a run",
        option: Some("--panics"),
        take: Take::Number(|e, n| e.budget.panics = Some(n as u32)),
    },
    Setting {
        variable: "SELVEDGE_PREEMPTIONS",
        value: Value::Number(Bounds::FAULTS),
        default: "unbounded",
        meaning: "switches of a run away from a worker that could have gone on",
        option: Some("--preemptions"),
        take: Take::Number(|e, n| e.budget.preemptions = Some(n as u32)),
    },
    Setting {
        variable: "SELVEDGE_REGRESSIONS",
        value: Value::Folder,
        default: "`selvedge-regressions` beside the test",
        meaning: "where checks keep the schedules of what they find",
        option: None,
        take: Take::Regressions,
    },
    Setting {
        variable: "SELVEDGE_REPLAY",
        value: Value::Schedule,
        default: "none",
        meaning: "the schedule that the check it is of replays, in place of exploring",
        option: None,
        take: Take::Replay,
    },
    Setting {
        variable: "SELVEDGE_RUNS",
        value: Value::Number(Bounds::ANY),
        default: "10000",
        meaning: "runs, for all strategies but `exhaustive`",
        option: Some("--runs"),
        take: Take::Number(|e, n| e.runs = Some(n)),
    },
    Setting {
        variable: "SELVEDGE_SEED",
        value: Value::Number(Bounds::ANY),
        default: "0",
        meaning: "the seed of the strategies that make runs at random",
        option: Some("--seed"),
        take: Take::Number(|e, n| e.seed = n),
    },
    Setting {
        variable: "SELVEDGE_STEPS",
        value: Value::Number(Bounds::STEPS),
        default: "10000",
        meaning: "steps of a run that count as a livelock",
        option: Some("--steps"),
        take: Take::Number(|e, n| e.step_bound.0 = n),
    },
    Setting {
        variable: "SELVEDGE_STRATEGY",
        value: Value::Strategy,
        default: "portfolio",
        meaning: "what picks the choices",
        option: Some("--strategy"),
        take: Take::Strategy,
    },
    Setting {
        variable: "SELVEDGE_TIME",
        value: Value::Time,
        default: "0",
        meaning: "time after which an exploration stops",
        option: Some("--time"),
        take: Take::Time,
    },
    Setting {
        variable: "SELVEDGE_TIMEOUTS",
        value: Value::Number(Bounds::FAULTS),
        default: "2",
        meaning: "timeouts of a run that fire while something else could happen",
        option: Some("--timeouts"),
        take: Take::Number(|e, n| e.budget.timeouts = Some(n as u32)),
    },
];

/// Reads a number, as the variable of that name does.
///
/// # Errors
///
/// What is expected, if it is none or out of its bounds.
///
/// # Panics
///
/// If there is no such variable, or it has no number.
pub fn number(variable: &str, text: &str) -> Result<u64, String> {
    let setting = SETTINGS.iter().find(|s| s.variable == variable);
    let Some(Value::Number(bounds)) = setting.map(|s| s.value) else {
        panic!("{variable} has no number")
    };
    number_within(bounds, text).ok_or_else(|| expected(Value::Number(bounds), text))
}

fn number_within(bounds: Bounds, text: &str) -> Option<u64> {
    let number = text.trim().parse().ok()?;
    bounds.has(number).then_some(number)
}

/// Reads a time, as `SELVEDGE_TIME` does.
///
/// # Errors
///
/// What is expected, if it is none.
pub fn time(text: &str) -> Result<Duration, String> {
    read_time(text).ok_or_else(|| expected(Value::Time, text))
}

fn read_time(text: &str) -> Option<Duration> {
    let text = text.trim();
    let digits = text
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(text.len());
    let number: f64 = text[..digits].parse().ok()?;
    let unit = match &text[digits..] {
        "" | "s" => 1.0,
        "ms" => 1e-3,
        "m" => 60.0,
        "h" => 3600.0,
        _ => return None,
    };
    Duration::try_from_secs_f64(number * unit).ok()
}

fn expected(value: Value, found: &str) -> String {
    format!("expected {value}, found `{found}`")
}

/// Whether the variables that begin with `SELVEDGE_` can be used.
///
/// # Errors
///
/// All that is wrong with them: one that is not known, or has a value that cannot be used.
pub fn check_environment() -> Result<(), String> {
    Explorer::default().with_environment().map(|_| ())
}

impl Setting {
    /// Takes a value for an explorer, and a schedule to replay; whether it can be used.
    fn read(&self, value: &OsStr, explorer: &mut Explorer, replay: &mut Option<String>) -> bool {
        let text = value.to_str().map(str::trim);
        match (&self.take, self.value) {
            (Take::Number(set), Value::Number(bounds)) => text
                .and_then(|text| number_within(bounds, text))
                .map(|n| set(explorer, n))
                .is_some(),
            (Take::Time, _) => text
                .and_then(read_time)
                .map(|time| explorer.time = (time > Duration::ZERO).then_some(time))
                .is_some(),
            (Take::Strategy, _) => text
                .and_then(|text| StrategyName::ALL.into_iter().find(|s| s.as_str() == text))
                .map(|strategy| explorer.strategy = strategy)
                .is_some(),
            (Take::Regressions, _) => {
                explorer.regressions = match text {
                    Some("off") => Regressions::Off,
                    _ => Regressions::In(value.into()),
                };
                text != Some("")
            }
            (Take::Replay, _) => {
                *replay = text.map(str::to_owned);
                text.is_some_and(|text| !text.is_empty())
            }
            (Take::Number(_), _) => unreachable!("{}: a number has bounds", self.variable),
        }
    }
}

impl Explorer {
    /// Takes what variables that begin with `SELVEDGE_` say, and a schedule to replay.
    ///
    /// # Errors
    ///
    /// If such a variable is not known, or has a value that cannot be used: what is accepted.
    pub(crate) fn with_environment(mut self) -> Result<(Explorer, Option<String>), String> {
        let mut replay = None;
        let mut problems = Vec::new();
        for (name, value) in variables() {
            match SETTINGS.iter().find(|setting| setting.variable == name) {
                None => {
                    let accepted: Vec<&str> = SETTINGS.iter().map(|s| s.variable).collect();
                    problems.push(format!(
                        "unknown environment variable {name}; accepted are {}",
                        accepted.join(", ")
                    ));
                }
                Some(setting) if !setting.read(&value, &mut self, &mut replay) => {
                    let found = value.to_string_lossy();
                    problems.push(format!(
                        "environment variable {name}: {}",
                        expected(setting.value, &found)
                    ));
                }
                Some(_) => {}
            }
        }
        if problems.is_empty() {
            Ok((self, replay))
        } else {
            Err(problems.join("; "))
        }
    }

    /// Refuses what no exploration can be made with.
    ///
    /// # Panics
    ///
    /// If a field is out of its bounds: which, and why.
    #[track_caller]
    pub(super) fn refuse_absurd(&self) {
        let patience = u64::try_from(self.patience.as_millis()).unwrap_or(u64::MAX);
        let fields = [
            ("depth", u64::from(self.depth), Bounds::DEPTH, ""),
            ("jobs", self.jobs as u64, Bounds::JOBS, ""),
            ("patience", patience, Bounds::PATIENCE, " ms"),
            ("step_bound", self.step_bound.0, Bounds::STEPS, ""),
        ];
        for (field, found, bounds, unit) in fields {
            let Bounds {
                least,
                most,
                reason,
            } = bounds;
            let range = match most {
                u64::MAX => format!("at least {least}{unit}"),
                _ => format!("from {least} to {most}{unit}"),
            };
            assert!(
                bounds.has(found),
                "`Explorer::{field}` is {found}{unit}, and must be {range}: {reason}"
            );
        }
        if let Some(shard) = self.shard {
            assert!(
                (1..=shard.count).contains(&shard.index),
                "`Explorer::shard` is {} of {}: parts are counted from 1 to their number, and no \
                 run is in another one",
                shard.index,
                shard.count
            );
        }
    }
}

/// The folder of the package whose tests run, as Cargo says.
#[allow(clippy::disallowed_methods)]
pub(super) fn package() -> Option<PathBuf> {
    std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from)
}

/// Those that are ours, sorted. The one file in the library that reads the environment.
#[allow(clippy::disallowed_methods)]
fn variables() -> Vec<(String, OsString)> {
    let mut ours: Vec<(String, OsString)> = std::env::vars_os()
        .map(|(name, value)| (name.to_string_lossy().into_owned(), value))
        .filter(|(name, _)| name.starts_with("SELVEDGE_"))
        .collect();
    ours.sort();
    ours
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_within_their_bounds() {
        assert_eq!(number("SELVEDGE_JOBS", "1024"), Ok(1024));
        let refused = number("SELVEDGE_JOBS", "0").expect_err("there is none");
        assert_eq!(refused, "expected a number from 1 to 1024, found `0`");
        assert_eq!(time("2m"), Ok(Duration::from_secs(120)));
        assert_eq!(time("1.5"), Ok(Duration::from_millis(1500)));
        assert!(time("soon").is_err() && time("-1s").is_err());
    }
}
