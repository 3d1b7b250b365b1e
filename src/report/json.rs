//! The report as one line of JSON.
//!
//! **Invariants**
//!
//! 1. Keys come in the order of the documentation; a new one is added, none is renamed without
//!    another `schema`.

use std::collections::BTreeMap;

use serde::Serialize;

use super::model::{Coverage, Finding, Range, Report};

const SCHEMA: u32 = 1;
const VERSION: &str = env!("CARGO_PKG_VERSION");

#[derive(Serialize)]
struct Whole<'a> {
    schema: u32,
    selvedge: &'static str,
    program: &'a str,
    digest: String,
    complete: bool,
    stopped: Option<&'static str>,
    bounds: Bounds,
    strategy: &'static str,
    seed: Option<u64>,
    shard: Option<String>,
    findings: Vec<Found<'a>>,
    /// Of closures only.
    #[serde(skip_serializing_if = "Option::is_none")]
    coverage: Option<Covered<'a>>,
    stats: Figures,
}

#[derive(Serialize)]
struct Covered<'a> {
    runs: u64,
    pilots: u64,
    different: u64,
    at_least: bool,
    choices: [u64; 2],
    ops: [u64; 2],
    workers: u64,
    fault_points: u64,
    faults: u64,
    waits: u64,
    contested: u64,
    judged: bool,
    blocked_in_shuttle: bool,
    reached: &'a BTreeMap<String, u64>,
}

#[derive(Serialize)]
struct Bounds {
    panics: u32,
    timeouts: u32,
    cancels: u32,
    preemptions: Option<u32>,
}

#[derive(Serialize)]
struct Found<'a> {
    id: &'a str,
    property: &'static str,
    severity: &'static str,
    semaphores: &'a [String],
    follows: Option<&'a str>,
    workers: &'a [String],
    place: Option<At<'a>>,
    detail: &'a str,
    schedule: &'a str,
    steps: usize,
    switches: usize,
    faults: u32,
    cheapest: bool,
    danger: Option<&'static str>,
    diagnosis: Option<&'static str>,
    available: &'a [u64],
    #[serde(skip_serializing_if = "Option::is_none")]
    replays: Option<Replayed>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    also: &'a [String],
}

/// Where not each replay showed the finding.
#[derive(Serialize)]
struct Replayed {
    made: u32,
    shown: u32,
}

#[derive(Serialize)]
struct At<'a> {
    file: &'a str,
    line: u32,
    column: u32,
}

#[derive(Serialize)]
struct Figures {
    states: u64,
    runs: u64,
    #[serde(skip_serializing_if = "is_zero")]
    unjudged: u64,
    transitions: u64,
    depth: u64,
    reduction: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    classes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    blocked: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    omission: Option<f64>,
    seconds: f64,
}

#[allow(clippy::trivially_copy_pass_by_ref)] // as serde calls it
fn is_zero(n: &u64) -> bool {
    *n == 0
}

#[derive(Serialize)]
struct Unreadable<'a> {
    schema: u32,
    selvedge: &'static str,
    program: &'a str,
    error: &'a str,
}

/// A report as an object in one line, without a line end.
pub fn json(report: &Report) -> String {
    write(&Whole {
        schema: SCHEMA,
        selvedge: VERSION,
        program: &report.program,
        digest: report.digest.to_string(),
        complete: report.complete,
        stopped: report.stopped.map(|stopped| stopped.as_str()),
        bounds: Bounds {
            panics: report.budget.panics,
            timeouts: report.budget.timeouts,
            cancels: report.budget.cancels,
            preemptions: report.budget.preemptions,
        },
        strategy: report.strategy.as_str(),
        seed: report.seed,
        shard: report.shard.map(|shard| shard.to_string()),
        findings: report.findings.iter().map(|f| found(report, f)).collect(),
        coverage: report.coverage.as_ref().map(covered),
        stats: Figures {
            states: report.stats.states,
            runs: report.stats.runs,
            unjudged: report.stats.unjudged,
            transitions: report.stats.transitions,
            depth: report.stats.depth,
            reduction: report.reduction.as_str(),
            classes: report.stats.classes,
            blocked: report.stats.blocked,
            omission: report.stats.omission,
            seconds: report.stats.seconds,
        },
    })
}

fn covered(coverage: &Coverage) -> Covered<'_> {
    let ends = |range: Range| [range.least, range.most];
    Covered {
        runs: coverage.runs,
        pilots: coverage.pilots,
        different: coverage.different,
        at_least: coverage.at_least,
        choices: ends(coverage.choices),
        ops: ends(coverage.ops),
        workers: coverage.workers,
        fault_points: coverage.fault_points,
        faults: coverage.faults,
        waits: coverage.waits,
        contested: coverage.contested,
        judged: coverage.judged,
        blocked_in_shuttle: coverage.blocked_in_shuttle,
        reached: &coverage.reached,
    }
}

fn found<'a>(report: &'a Report, finding: &'a Finding) -> Found<'a> {
    Found {
        id: &finding.id,
        property: finding.property.as_str(),
        severity: finding.severity.as_str(),
        semaphores: &finding.semaphores,
        follows: finding.follows.as_deref(),
        workers: &finding.workers,
        place: finding.place.map(|place| At {
            file: place.file.unwrap_or(&report.program),
            line: place.line,
            column: place.column,
        }),
        detail: &finding.detail,
        schedule: &finding.schedule,
        steps: finding.steps,
        switches: finding.switches,
        faults: finding.faults,
        cheapest: finding.cheapest,
        danger: finding.danger.map(|danger| danger.as_str()),
        diagnosis: finding.diagnosis.map(|diagnosis| diagnosis.as_str()),
        available: &finding.available,
        replays: (!finding.replays.are_alike()).then_some(Replayed {
            made: finding.replays.made,
            shown: finding.replays.shown,
        }),
        also: &finding.also,
    }
}

/// The object of a file that could not be read: it has `error` in place of findings.
pub fn json_error(program: &str, error: &str) -> String {
    write(&Unreadable {
        schema: SCHEMA,
        selvedge: VERSION,
        program,
        error,
    })
}

fn write(object: &impl Serialize) -> String {
    serde_json::to_string(object).expect("strings, numbers and lists of them are JSON")
}
