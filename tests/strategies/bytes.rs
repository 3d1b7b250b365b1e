//! Choices from bytes.

use std::collections::BTreeSet;

use selvedge::machine::{Machine, Run};
use selvedge::program::{Program, Size, generate};
use selvedge::property::StepBound;
use selvedge::run::{Budget, Choice, Outcome, Rng, Strategy, switches};
use selvedge::strategy::{Bytes, Decisions, DepthFirst, Replay};

use super::drive::{FAULTLESS, Trail};

const FAULTY: Budget = Budget {
    panics: 1,
    timeouts: 1,
    cancels: 1,
    preemptions: None,
};

fn read(text: &str) -> Program {
    Program::parse(text).expect("a valid program")
}

fn run(machine: &Machine, budget: Budget, bytes: &[u8]) -> (Trail, Outcome, usize) {
    let decisions = Decisions(bytes.to_vec());
    let mut strategy = Bytes::new(decisions.clone());
    let mut trail = Trail::default();
    assert!(strategy.begin(0));
    let outcome = Run::new(machine, budget, StepBound(500)).execute(&mut strategy, &mut trail);
    assert!(!strategy.begin(1), "bytes are one run");
    (trail, outcome, strategy.read())
}

/// Every schedule that depth first finds is one of bytes, those being out of `alphabet`.
fn check_all(text: &str, budget: Budget, alphabet: &[u8]) -> usize {
    let program = read(text);
    let machine = Machine::new(&program);
    let mut all: BTreeSet<Vec<Choice>> = BTreeSet::new();
    let mut depth_first = DepthFirst::new();
    let mut run_all = Run::new(&machine, budget, StepBound(500));
    while depth_first.begin(all.len() as u64) {
        let mut trail = Trail::default();
        run_all.execute(&mut depth_first, &mut trail);
        all.insert(trail.choices);
    }
    let mut reached = BTreeSet::new();
    let mut open = vec![Vec::new()];
    while let Some(bytes) = open.pop() {
        let (trail, _, read) = run(&machine, budget, &bytes);
        let long = trail.choices.len();
        reached.insert(trail.choices);
        // a longer one says something new where the run has a decision of which this has no byte
        if read == bytes.len() && long > read {
            open.extend(alphabet.iter().map(|&byte| [&bytes[..], &[byte]].concat()));
        }
        // runs that nothing but a cancellation could continue end at a byte below the faults'
        if read == bytes.len() && long == read && budget.cancels > 0 {
            open.extend((224..=225).map(|byte| [&bytes[..], &[byte]].concat()));
        }
        assert!(bytes.len() < 50);
    }
    let missing: Vec<_> = all.difference(&reached).collect();
    assert!(missing.is_empty(), "{missing:?}");
    reached.len()
}

#[test]
fn bytes_reach_every_schedule() {
    let two = "semaphore s permits=1
               worker w count=2 { acquire s; work x; release s }";
    let three = "semaphore s permits=1
                 worker w count=3 { acquire s; release s }";
    let branches = "semaphore s permits=1
                    worker a { either { acquire s } or { work x } or { return } }
                    worker b { acquire-within s { release s } else { work y } }";
    check_all(two, FAULTLESS, &[0, 1]);
    check_all(three, FAULTLESS, &[0, 1, 2]);
    check_all(branches, FAULTLESS, &[0, 1, 2, 3]);
    let faults = check_all(two, FAULTY, &[0, 1, 224, 225]);
    assert!(faults > 20, "{faults}");
    check_all(branches, FAULTY, &[0, 1, 2, 3, 224, 225]);
}

#[test]
fn no_bytes_are_the_plain_run() {
    for seed in 0..200 {
        let program = generate(seed, &Size::default());
        let machine = Machine::new(&program);
        let (none, outcome, read) = run(&machine, FAULTY, &[]);
        assert_eq!(
            (none.clone(), outcome, read),
            run(&machine, FAULTY, &[0; 500][..0])
        );
        assert_eq!(none, run(&machine, FAULTY, &[0; 500]).0);
        // nobody is left who could have gone on
        let free = Budget {
            preemptions: Some(0),
            ..FAULTLESS
        };
        assert_eq!(none, run(&machine, free, &[]).0, "{program}");
    }
}

#[test]
fn any_bytes_are_valid_and_leave_a_schedule() {
    let mut faults = 0;
    for seed in 0..300 {
        let program = generate(seed, &Size::default());
        let machine = Machine::new(&program);
        let mut rng = Rng::for_run(8, seed);
        let bytes: Vec<u8> = (0..64).map(|_| rng.below(256) as u8).collect();
        let (trail, outcome, _) = run(&machine, FAULTY, &bytes);
        assert!(outcome != Outcome::Abandoned || trail.stuck, "{program}");
        faults += u32::from(trail.choices.iter().any(|choice| !choice.is_progress()));
        let mut replay = Replay::new(trail.choices.clone());
        let mut again = Trail::default();
        replay.begin(0);
        Run::new(&machine, FAULTY, StepBound(500)).execute(&mut replay, &mut again);
        assert_eq!((replay.diverged(), again), (None, trail));
    }
    assert!(faults > 50, "{faults}");
}

#[test]
fn a_byte_takes_the_next_choice() {
    // four workers of two steps: the byte says how many places to go on, round the end
    let program = read("semaphore s permits=1\nworker w count=4 { work x; work y }");
    let machine = Machine::new(&program);
    let workers = |bytes: &[u8]| -> Vec<u32> {
        let (trail, ..) = run(&machine, FAULTLESS, bytes);
        trail.choices.iter().map(|c| c.worker.0).collect()
    };
    assert_eq!(workers(&[]), [0, 0, 1, 1, 2, 2, 3, 3]);
    assert_eq!(workers(&[2, 1, 0, 2, 3]), [2, 3, 3, 2, 1, 1, 0, 0]);
    // where no fault can strike, all bytes are plain
    assert_eq!(workers(&[255, 254]), workers(&[3, 2]));
    assert_eq!(switches(&run(&machine, FAULTLESS, &[]).0.choices), 3);
}
