//! Stands in until the real ones are merged.
#![allow(missing_docs)]
use super::*;
pub struct Style {
    pub color: bool,
    pub figures: bool,
}
pub fn text(report: &Report, _style: &Style) -> String {
    let mut t = format!(
        "{} complete={} {:?}\n",
        report.program, report.complete, report.stats
    );
    for f in &report.findings {
        t += &format!(
            "  {} {} {:?} {:?} {:?} | {}\n     {} steps={} switches={} faults={} cheapest={} {:?}\n",
            f.id,
            f.severity.as_str(),
            f.semaphores,
            f.workers,
            f.place,
            f.detail,
            f.schedule,
            f.steps,
            f.switches,
            f.faults,
            f.cheapest,
            f.available
        );
    }
    t
}
pub fn timeline(trace: &Trace, _n: &str, _s: &Style) -> String {
    trace
        .steps
        .iter()
        .map(|s| format!("{:?} {} {:?}\n", s.choice, s.text, s.events))
        .collect()
}
pub fn json(_r: &Report) -> String {
    String::new()
}
pub fn json_error(_p: &str, _e: &str) -> String {
    String::new()
}
pub fn github(_r: &Report) -> String {
    String::new()
}
pub fn lock_order_dot(_r: &Report) -> String {
    String::new()
}
pub fn lock_order_text(_r: &Report) -> String {
    String::new()
}
pub fn wait_for_dot(_r: &Trace) -> String {
    String::new()
}
pub fn wait_for_text(_r: &Trace) -> String {
    String::new()
}
