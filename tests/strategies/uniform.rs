//! URW and SURW are uniform where nothing waits: in all events, and in the interesting ones.

use std::collections::BTreeMap;

use selvedge::machine::Machine;
use selvedge::program::Program;
use selvedge::run::Choice;
use selvedge::strategy::{Settings, StrategyName};

use super::drive::{Driver, FAULTLESS};

const RUNS: u64 = 20_000;

/// Each of the so many orders that `what` sees in runs comes as often as the next. The choices
/// are those of the whole run.
fn check(text: &str, name: StrategyName, orders: usize, what: fn(&[Choice]) -> Vec<u32>) {
    let program = Program::parse(text).expect("a valid program");
    let machine = Machine::new(&program);
    let settings = Settings {
        seed: 5,
        budget: FAULTLESS,
        ..Settings::default()
    };
    let mut driver = Driver::new(&machine, name, &settings);
    let mut counts: BTreeMap<Vec<u32>, u64> = BTreeMap::new();
    for number in 0..RUNS {
        let (trail, _) = driver.make(number);
        *counts.entry(what(&trail.choices)).or_default() += 1;
    }
    assert_eq!(counts.len(), orders, "{counts:?}");
    let share = 1.0 / orders as f64;
    let deviation = (share * (1.0 - share) * RUNS as f64).sqrt();
    for (order, &count) in &counts {
        let expected = RUNS as f64 * share;
        assert!(
            (count as f64 - expected).abs() < 4.5 * deviation,
            "{name}: {order:?} came {count} times, and not about {expected}"
        );
    }
}

/// Who made each step.
fn workers(choices: &[Choice]) -> Vec<u32> {
    choices.iter().map(|choice| choice.worker.0).collect()
}

#[test]
fn urw_is_uniform_in_all_events() {
    // five over two
    let text = "worker a { work w; work w } worker b { work w; work w; work w }";
    check(text, StrategyName::Urw, 10, workers);
}

#[test]
fn urw_counts_what_a_worker_will_start() {
    // the two children of two events each, and two events of the parent after it started them:
    // 6! / (2! 2! 2!) orders when both are started at once; the second is started one step later
    let text = "worker parent { spawn child; spawn child; work w }
                worker child count=2 spawned { work w; work w }";
    check(text, StrategyName::Urw, 45, workers);
}

#[test]
fn surw_is_uniform_in_the_interesting_events() {
    // four over two orders, however much work there is in between, and for whom
    let text = "semaphore s signal permits=0
                worker a { release s; work w; work w; work w; work w; release s }
                worker b { work w; work w; work w; release s; release s }";
    check(text, StrategyName::Surw, 6, |choices| {
        let mut done = [0; 2];
        let mut order = Vec::new();
        for choice in choices {
            let at = choice.worker.index();
            let interesting = [[0, 5], [3, 4]][at].contains(&done[at]);
            done[at] += 1;
            if interesting {
                order.push(choice.worker.0);
            }
        }
        order
    });
}

#[test]
fn surw_counts_what_a_worker_will_start() {
    // three interesting events of the child and two of the parent, one before it and one after
    let text = "semaphore s signal permits=0
                worker parent { release s; spawn child; work w; release s; work w }
                worker child spawned { work w; release s; release s; release s }";
    check(text, StrategyName::Surw, 4, |choices| {
        let mut done = [0; 2];
        let mut order = Vec::new();
        for choice in choices {
            let at = choice.worker.index();
            let interesting = [&[0, 3][..], &[1, 2, 3]][at].contains(&done[at]);
            done[at] += 1;
            if interesting {
                order.push(choice.worker.0);
            }
        }
        order
    });
}
