//! What the targets of this project do with their bytes. Each panics if something is not as it
//! should be.

use std::collections::BTreeSet;

use super::input::Input;
use super::seeds::{program_of, read};
use super::transcript::{Detail, Transcript};
use crate::explore::{Model, budget_of};
use crate::machine::{Machine, Run};
use crate::program::{BudgetDecl, Program};
use crate::property::{Fact, Identity, StepBound, cycles};
use crate::report::Reduction;
use crate::run::{Action, Budget, Choice, WorkerId};
use crate::runtime::{Counting, Lowered};
use crate::schedule::{Digest, Schedule};
use crate::search::{Exhaustive, Keep};
use crate::semaphore::Semaphore;
use crate::strategy::{Bytes, Decisions, Replay};

/// No run of a program is longer.
const BOUND: StepBound = StepBound(400);

/// Programs with more states than this are not searched.
const MOST_STATES: u64 = 150;

/// Ops of a sequence on a semaphore: all five clients can be brought to wait and be called off.
const MOST_OPS: u32 = 16;

/// The bytes of so many ops: how many permits there are, and two for each.
pub const MOST_OP_BYTES: usize = 1 + 2 * MOST_OPS as usize;

/// A program, printed, read, performed by the machine as the decisions say, replayed from the text
/// of its schedule; and if it is small, searched with and without reduction.
///
/// # Panics
///
/// If the program that was printed is another one, if the run is another one when it is replayed,
/// if the searches do not find the same, or not all that the run showed.
pub fn program(bytes: &[u8]) {
    let input = Input::split(bytes);
    let given = read(input.given).unwrap_or_else(|| Program::written(input.given));
    let printed = given.to_string();
    let program = match Program::parse(&printed) {
        Ok(program) => program,
        Err(error) => panic!("what is printed cannot be read: {error}\n{printed}"),
    };
    assert!(program == given, "it is printed as another one:\n{printed}");
    let machine = Machine::new(&program);
    let budget = budget_of(&program, &BudgetDecl::default());
    let decisions = Decisions(input.decisions.to_vec());
    let mut engine = Run::new(&machine, budget, BOUND);
    let run = Transcript::of(Detail::Events, &mut engine, Bytes::new(decisions));
    let names = program.instance_names();
    let choices = through_text(&run.choices, Digest::of(&printed), &names);
    let replayed = Transcript::of(Detail::Events, &mut engine, Replay::new(choices));
    run.is(&replayed, "replayed", &program);
    searched(&program, &machine, budget, &run);
}

fn through_text(choices: &[Choice], digest: Digest, names: &[String]) -> Vec<Choice> {
    let choices = choices.to_vec();
    let schedule = Schedule { digest, choices };
    let text = schedule.encode(names);
    match Schedule::decode(&text, digest, names) {
        Ok(read) => read.choices,
        Err(error) => panic!("{error}: {text}"),
    }
}

/// Holds the searches of a small program against each other, and against a run of it.
fn searched(program: &Program, machine: &Machine, budget: Budget, run: &Transcript) {
    let search = |reduction| {
        let search = Exhaustive {
            machine,
            budget,
            bound: BOUND,
            reduction,
            keep: Keep::Whole,
        };
        let facts = search.facts(&mut |progress| (progress.states > MOST_STATES).then_some(()));
        facts.ok()
    };
    let Some(all) = search(Reduction::None) else {
        return;
    };
    if let Some(missed) = run.facts.iter().find(|fact| !all.contains(fact)) {
        panic!("the search misses what a run shows: {missed:?}\n{program}");
    }
    if let Some(reduced) = search(Reduction::Sound) {
        assert_eq!(
            told(&all),
            told(&reduced),
            "unreduced and reduced\n{program}"
        );
    }
}

/// What is told of facts: a reduction may leave out which of several alike workers shows it.
fn told(facts: &BTreeSet<Fact>) -> (BTreeSet<Identity>, Vec<Vec<crate::run::SemaphoreId>>) {
    let failed = facts.iter().filter_map(|fact| match fact {
        Fact::Failed(identity) => Some(identity.clone()),
        _ => None,
    });
    let cycles = cycles(facts.iter(), true).cycles;
    let cycles = cycles.into_iter().map(|cycle| cycle.semaphores);
    (failed.collect(), cycles.collect())
}

/// What sequences of ops on a semaphore are held against by [`ops_on`].
pub fn model<S: Counting>() -> Model<S> {
    Model::new(MOST_OPS)
}

/// Ops on a semaphore, cancellations among them, held against the machine.
///
/// # Panics
///
/// If they part, with the shortest sequence that was found to show it.
pub fn ops_on<S: Counting>(model: &Model<S>, bytes: &[u8]) {
    if let Err(difference) = model.check_bytes(bytes) {
        panic!("{difference}");
    }
}

/// The same for our semaphore, with its hook.
///
/// # Panics
///
/// The same.
pub fn semaphore(bytes: &[u8]) {
    thread_local! {
        static MODEL: Model<Semaphore> = model();
    }
    MODEL.with(|model| ops_on(model, bytes));
}

/// A program, performed by the machine, by futures and by threads, as the decisions say.
///
/// # Panics
///
/// If they do not all make the same run.
pub fn lowering(bytes: &[u8]) {
    let input = Input::split(bytes);
    let Some(program) = only_ours(program_of(input.given)) else {
        return;
    };
    // cancellations are worth it, whatever the program says
    let overrides = BudgetDecl {
        cancels: Some(program.budget().cancels.unwrap_or(0).max(1)),
        ..BudgetDecl::default()
    };
    let budget = budget_of(&program, &overrides);
    let machine = Machine::new(&program);
    let decided = || Bytes::new(Decisions(input.decisions.to_vec()));
    let mut model = Run::new(&machine, budget, BOUND);
    let expected = Transcript::of(Detail::States, &mut model, decided());
    let Ok(mut futures) = Lowered::new(&program, budget, BOUND) else {
        return;
    };
    let performed = Transcript::of(Detail::States, &mut futures, decided());
    expected.is(&performed, "by futures", &program);
    #[cfg(feature = "threads")]
    {
        let mut threads = futures.again(budget, BOUND).on_threads();
        let performed = Transcript::of(Detail::States, &mut threads, decided());
        expected.is(&performed, "by threads", &program);
    }
}

/// The program with semaphores that can all be performed by ours.
fn only_ours(program: Program) -> Option<Program> {
    let mut text = program.to_string();
    for word in [" order=fifo-partial", " order=barging", " plain"] {
        text = text.replace(word, "");
    }
    Program::parse(&text).ok()
}

/// The reader of programs.
///
/// # Panics
///
/// If it does, or if what it reads is another program once it was printed or formatted.
pub fn text(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let program = match Program::parse(&text) {
        Ok(program) => program,
        // to draw what is wrong takes longer than all the rest: it is done for one in sixteen
        Err(error) if bytes.len().is_multiple_of(16) => {
            return drop(error.render("fuzzed.sem", false));
        }
        Err(_) => return,
    };
    for (what, written) in [
        ("printed", program.to_string()),
        ("formatted", program.format()),
    ] {
        match Program::parse(&written) {
            Ok(again) => {
                assert!(again == program, "{what}, it is another one:\n{written}");
                let twice = match what {
                    "printed" => again.to_string(),
                    _ => again.format(),
                };
                assert_eq!(written, twice, "{what} twice");
            }
            Err(error) => panic!("{what}, it cannot be read: {error}\n{written}"),
        }
    }
}

/// The reader of schedules: the bytes as a text, as the body of a text whose checksum is right, and
/// as choices.
///
/// # Panics
///
/// If it does, or if a schedule that was written is read as another one.
pub fn schedule(bytes: &[u8]) {
    let names = ["main", "main.1", "main.2", "left.1", "right-hand.12"].map(str::to_owned);
    let digest = Digest::of("fuzzed");
    let text = String::from_utf8_lossy(bytes);
    for text in [text.to_string(), Schedule::sealed(&text, digest)] {
        Schedule::workers_in(&text);
        if let Ok(schedule) = Schedule::decode(&text, digest, &names)
            // a count can be huge
            && schedule.choices.len() < 10_000
        {
            same(&schedule, &names);
        }
    }
    let choices = bytes.chunks_exact(2).map(|pair| Choice {
        worker: WorkerId(u32::from(pair[0]) % names.len() as u32),
        action: action(pair[1]),
    });
    let choices = choices.collect();
    same(&Schedule { digest, choices }, &names);
}

fn same(schedule: &Schedule, names: &[String]) {
    let text = schedule.encode(names);
    match Schedule::decode(&text, schedule.digest, names) {
        Ok(read) => assert_eq!(&read, schedule, "{text}"),
        Err(error) => panic!("{error}: {text}"),
    }
}

fn action(byte: u8) -> Action {
    let number = u32::from(byte / 16);
    match byte % 16 {
        0 => Action::Branch(number),
        1 => Action::Panic,
        2 => Action::Timeout,
        3 => Action::Cancel,
        4 => Action::CancelPart(number),
        5 => Action::Fail,
        6 => Action::Spurious,
        7 => Action::NewWaker,
        8 => Action::ToSpawn,
        _ => Action::Proceed,
    }
}
