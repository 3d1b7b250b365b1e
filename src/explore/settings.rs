//! What the environment says of the checks of closures.

use std::path::PathBuf;
use std::str::FromStr;

use super::{Explorer, Regressions};
use crate::strategy::StrategyName;

/// A variable that checks know, and what its values are.
struct Variable {
    name: &'static str,
    expected: &'static str,
    /// Takes a value; whether it can be used.
    take: fn(&mut Explorer, &str) -> bool,
}

/// The variable that has a schedule to replay.
pub(super) const REPLAY: &str = "SELVEDGE_REPLAY";

fn number<T: FromStr>(text: &str, set: impl FnOnce(T)) -> bool {
    text.parse().map(set).is_ok()
}

const COUNT: &str = "a number from 0";

const KNOWN: [Variable; 13] = [
    Variable {
        name: "SELVEDGE_CANCELS",
        expected: COUNT,
        take: |e, text| number(text, |n| e.budget.cancels = Some(n)),
    },
    Variable {
        name: "SELVEDGE_DEPTH",
        expected: "a number from 1",
        take: |e, text| number(text, |n| e.depth = n) && e.depth > 0,
    },
    Variable {
        // the command line's: it changes nothing that is found
        name: "SELVEDGE_JOBS",
        expected: "a number from 1",
        take: |_, text| number(text, |_: u16| ()),
    },
    Variable {
        name: "SELVEDGE_PANICS",
        expected: COUNT,
        take: |e, text| number(text, |n| e.budget.panics = Some(n)),
    },
    Variable {
        name: "SELVEDGE_PREEMPTIONS",
        expected: COUNT,
        take: |e, text| number(text, |n| e.budget.preemptions = Some(n)),
    },
    Variable {
        name: "SELVEDGE_REGRESSIONS",
        expected: "a folder, or `off`",
        take: |e, text| {
            e.regressions = match text {
                "off" => Regressions::Off,
                folder => Regressions::In(folder.into()),
            };
            !text.is_empty()
        },
    },
    Variable {
        name: REPLAY,
        expected: "a schedule, as a report prints it",
        take: |_, text| !text.is_empty(),
    },
    Variable {
        name: "SELVEDGE_RUNS",
        expected: COUNT,
        take: |e, text| number(text, |n| e.runs = Some(n)),
    },
    Variable {
        name: "SELVEDGE_SEED",
        expected: COUNT,
        take: |e, text| number(text, |n| e.seed = n),
    },
    Variable {
        name: "SELVEDGE_STEPS",
        expected: "a number from 1",
        take: |e, text| number(text, |n| e.step_bound.0 = n) && e.step_bound.0 > 0,
    },
    Variable {
        name: "SELVEDGE_STRATEGY",
        expected: "the name of a strategy: exhaustive, depth-first, random, pct, pos, surw, urw or \
                   portfolio",
        take: |e, text| {
            let found = StrategyName::ALL.into_iter().find(|s| s.as_str() == text);
            found.map(|strategy| e.strategy = strategy).is_some()
        },
    },
    Variable {
        name: "SELVEDGE_TIME",
        expected: "seconds, such as 90 or 90s",
        take: |e, text| {
            number(text.strip_suffix('s').unwrap_or(text), |n| {
                e.time = (n > 0).then(|| std::time::Duration::from_secs(n));
            })
        },
    },
    Variable {
        name: "SELVEDGE_TIMEOUTS",
        expected: COUNT,
        take: |e, text| number(text, |n| e.budget.timeouts = Some(n)),
    },
];

impl Explorer {
    /// Takes what variables that begin with `SELVEDGE_` say, and a schedule to replay.
    ///
    /// # Errors
    ///
    /// If such a variable is not known, or has a value that cannot be used: what is accepted.
    pub(super) fn with_environment(mut self) -> Result<(Explorer, Option<String>), String> {
        let mut replay = None;
        let mut problems = Vec::new();
        let mut variables: Vec<(String, String)> = variables();
        variables.sort();
        for (name, value) in variables {
            match KNOWN.iter().find(|known| known.name == name) {
                None => {
                    let accepted: Vec<&str> = KNOWN.iter().map(|known| known.name).collect();
                    problems.push(format!(
                        "unknown environment variable {name}; accepted are {}",
                        accepted.join(", ")
                    ));
                }
                Some(known) if !(known.take)(&mut self, value.trim()) => problems.push(format!(
                    "environment variable {name}: expected {}, found `{value}`",
                    known.expected
                )),
                Some(known) if known.name == REPLAY => replay = Some(value),
                Some(_) => {}
            }
        }
        if problems.is_empty() {
            Ok((self, replay))
        } else {
            Err(problems.join("; "))
        }
    }
}

/// The folder of the package whose tests run, as Cargo says.
#[allow(clippy::disallowed_methods)]
pub(super) fn package() -> Option<PathBuf> {
    std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from)
}

/// Those that are ours. The one file in the library that reads the environment.
#[allow(clippy::disallowed_methods)]
fn variables() -> Vec<(String, String)> {
    std::env::vars_os()
        .map(|(name, value)| {
            let text = |s: std::ffi::OsString| s.to_string_lossy().into_owned();
            (text(name), text(value))
        })
        .filter(|(name, _)| name.starts_with("SELVEDGE_"))
        .collect()
}
