//! Environment variables: those that begin with `SELVEDGE_` must be known, and have a value that
//! can be used, also where a subcommand does not use it.

use std::ffi::OsStr;

use clap::CommandFactory;
use clap::builder::{EnumValueParser, TypedValueParser};

use crate::args::{Args, DURATION, Strategy, duration, jobs};

/// An accepted variable, and how it is read.
struct Variable {
    name: &'static str,
    /// Whether a value can be used.
    accepts: fn(&OsStr) -> bool,
    expected: &'static str,
}

const KNOWN: [Variable; 5] = [
    Variable {
        name: "SELVEDGE_JOBS",
        accepts: |value| parses(&jobs(), value),
        expected: "a number from 1 to 1024",
    },
    Variable {
        name: "SELVEDGE_RUNS",
        accepts: |value| parses(&clap::value_parser!(u64), value),
        expected: "a number from 0 to 18446744073709551615",
    },
    Variable {
        name: "SELVEDGE_SEED",
        accepts: |value| parses(&clap::value_parser!(u64), value),
        expected: "a number from 0 to 18446744073709551615",
    },
    Variable {
        name: "SELVEDGE_STRATEGY",
        accepts: |value| parses(&EnumValueParser::<Strategy>::new(), value),
        expected: "exhaustive, depth-first, random, pct, pos, surw, urw or portfolio",
    },
    Variable {
        name: "SELVEDGE_TIME",
        accepts: |value| value.to_str().is_some_and(|text| duration(text).is_ok()),
        expected: DURATION,
    },
];

/// Whether an argument could have that value.
fn parses<P: TypedValueParser>(parser: &P, value: &OsStr) -> bool {
    parser.parse_ref(&Args::command(), None, value).is_ok()
}

/// # Errors
///
/// If a variable begins with `SELVEDGE_` and is not known, or its value cannot be used.
pub(crate) fn check() -> Result<(), String> {
    let mut unknown = Vec::new();
    let mut bad = Vec::new();
    for (name, value) in std::env::vars_os() {
        let name = name.to_string_lossy();
        if !name.starts_with("SELVEDGE_") {
            continue;
        }
        match KNOWN.iter().find(|known| known.name == name) {
            Some(known) if (known.accepts)(&value) => {}
            Some(known) => bad.push(format!(
                "environment variable {name}: expected {}, found `{}`",
                known.expected,
                value.to_string_lossy()
            )),
            None => unknown.push(name.into_owned()),
        }
    }
    bad.sort();
    unknown.sort();
    if !unknown.is_empty() {
        let known: Vec<&str> = KNOWN.iter().map(|known| known.name).collect();
        bad.push(format!(
            "unknown environment variable {}; accepted are {}",
            unknown.join(", "),
            known.join(", ")
        ));
    }
    if bad.is_empty() {
        Ok(())
    } else {
        Err(bad.join("; "))
    }
}
