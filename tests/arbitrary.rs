//! Programs, decisions and ops from bytes: any are valid, and fewer are simpler.
#![cfg(feature = "arbitrary")]

use std::collections::BTreeSet;

use arbitrary::{Arbitrary, Unstructured};
use selvedge::explore::Ops;
use selvedge::program::Program;
use selvedge::run::Rng;
use selvedge::strategy::Decisions;

/// Strings of bytes that are compared.
const STRINGS: u64 = 3_000;

fn bytes(number: u64) -> Vec<u8> {
    let mut rng = Rng::for_run(21, number);
    let length = rng.below(1 + number % 120);
    (0..length).map(|_| rng.next_u64() as u8).collect()
}

/// What makes a program large: all of it grows with the bytes.
fn sizes(program: &Program) -> [usize; 4] {
    let instances = program.workers().iter().map(|w| w.count as usize).sum();
    [
        program.semaphores().len(),
        program.workers().len(),
        instances,
        program.statements().len(),
    ]
}

#[test]
fn no_bytes_are_the_simplest() {
    let program = Program::arbitrary(&mut Unstructured::new(&[])).expect("valid");
    assert_eq!(
        program.source(),
        "semaphore pool permits=1\n\nworker left {}\n"
    );
    let ops = Ops::arbitrary(&mut Unstructured::new(&[])).expect("valid");
    assert_eq!(ops.to_string(), "0 permits\n");
    let decisions = Decisions::arbitrary(&mut Unstructured::new(&[])).expect("valid");
    assert_eq!(decisions, Decisions(Vec::new()));
}

#[test]
fn any_bytes_are_a_program_that_prints_as_itself() {
    let mut words = BTreeSet::new();
    for number in 0..STRINGS {
        let bytes = bytes(number);
        let program = Program::arbitrary_take_rest(Unstructured::new(&bytes)).expect("valid");
        assert_eq!(program, Program::from_bytes(&bytes));
        assert_eq!(program.to_string(), program.source());
        assert_eq!(
            Program::parse(&program.to_string()).expect("valid"),
            program
        );
        words.extend(program.statements().iter().map(|s| s.statement.word()));
    }
    assert_eq!(words.len(), 20, "the whole language: {words:?}");
}

#[test]
fn fewer_bytes_are_simpler() {
    for number in 0..STRINGS / 10 {
        let bytes = bytes(number);
        for end in 0..bytes.len() {
            let (less, more) = (&bytes[..end], &bytes[..=end]);
            let (small, large) = (Program::from_bytes(less), Program::from_bytes(more));
            let (before, after) = (sizes(&small), sizes(&large));
            let grows = before.iter().zip(after).all(|(&b, a)| b <= a && a <= b + 1);
            let total = |sizes: [usize; 4]| sizes.iter().sum::<usize>();
            // a new worker is an instance too
            let by_one = total(after) - total(before) <= 1 + usize::from(after[1] > before[1]);
            assert!(grows && by_one, "{less:?}: {small}\n{more:?}: {large}");
            assert!(Ops::from_bytes(less).len() <= Ops::from_bytes(more).len());
        }
    }
}

#[test]
fn programs_and_decisions_stand_beside_each_other() {
    type Input = (Program, Ops, Decisions);
    for number in 0..STRINGS {
        let bytes = bytes(number);
        Input::arbitrary_take_rest(Unstructured::new(&bytes)).expect("any bytes are valid");
    }
}

#[test]
fn our_semaphore_is_as_the_model_for_any_ops() {
    for number in 0..STRINGS {
        let ops = Ops::from_bytes(&bytes(number));
        if let Err(difference) = ops.check::<selvedge::Semaphore>() {
            panic!("{difference}");
        }
    }
}
