//! Every pair of ops at a semaphore in every small state.

use std::collections::BTreeSet;

use selvedge::machine::{Machine, State};
use selvedge::program::Program;
use selvedge::run::{Action, Choice, WorkerId};

use super::tally::{Point, Tally};

const A: WorkerId = WorkerId(0);
const B: WorkerId = WorkerId(1);
const FIRST: WorkerId = WorkerId(2);
const SECOND: WorkerId = WorkerId(3);
const SETTER: WorkerId = WorkerId(4);

/// What comes after the op.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Then {
    End,
    /// An acquire that waits in barging order.
    Barge,
}

/// How an op came out shows in where its worker goes on: else pairs would commute by chance.
///
/// Two workers `a` and `b` that may hold some permits and then do one op each, two that may wait,
/// and one that closes, shrinks or drains before.
fn program(order: &str, kind: &str, permits: u32, then: Then) -> String {
    let after = match then {
        Then::End => "",
        Then::Barge => "acquire-within t permits=1 { }",
    };
    let other = |mine: &str| if mine == "a" { "b" } else { "a" };
    let actor = |mine: &str| {
        let ops = ops(kind, other(mine), mine);
        let ops: Vec<String> = ops
            .iter()
            .map(|op| format!("{{ {op}; {after} }}"))
            .collect();
        format!(
            "worker {mine} {{ either {{ }} or {{ acquire s permits=1 }} or {{ acquire s permits=2 }}\n\
             either {} }}\n",
            ops.join(" or ")
        )
    };
    let waiter = |name: &str| {
        format!(
            "worker {name} {{ try {{ either {{ acquire s permits=1 }} or {{ acquire s permits=2 }}\n\
             or {{ acquire-within s permits=3 {{ {after} }} else {{ {after} }} }} }}\n\
             catch cancelled {{ work undo; {after} }} }}\n"
        )
    };
    let resize = if kind == "signal" {
        ""
    } else {
        "or { shrink s permits=1 } or { shrink s permits=3 }"
    };
    format!(
        "semaphore s permits={permits} order={order} {kind}\n\
         semaphore t permits=0 order=barging\n{}{}{}{}\
         worker setter {{ either {{ close s }} or {{ drain s }} {resize} }}\n\
         worker crew count=2 spawned {{ work build\n {after} }}\n",
        actor("a"),
        actor("b"),
        waiter("w"),
        waiter("x"),
    )
}

fn ops(kind: &str, other: &str, mine: &str) -> Vec<String> {
    let mut ops: Vec<String> = [
        "acquire s permits=1",
        "acquire s permits=2",
        "acquire-within s permits=3 { }",
        "try-acquire s permits=1 { work won } else { work lost }",
        "try-acquire s permits=2 { work won } else { work lost }",
        "try-acquire s permits=3 { work won } else { work lost }",
        "release s permits=1",
        "release s permits=2",
        "release s permits=3",
        "drain s",
        "close s",
        "cancel w",
        "cancel x",
        "spawn crew",
        "join crew",
        "work think",
    ]
    .map(str::to_owned)
    .into();
    ops.push(format!("cancel {other}"));
    if kind != "signal" {
        ops.extend(
            [
                "release s permits=all",
                "grow s permits=1",
                "grow s permits=2",
                "shrink s permits=1",
                "shrink s permits=2",
                "shrink s permits=4",
                "forget s permits=1",
                "forget s permits=all",
                "give s permits=1 to=w",
                "release s permits=1 from=w",
            ]
            .map(str::to_owned),
        );
        for permits in ["1", "all"] {
            ops.push(format!("give s permits={permits} to={other}"));
            ops.push(format!("release s permits={permits} from={other}"));
        }
        ops.push(format!("give s permits=1 to={mine}"));
    }
    ops
}

/// Compares everything about one semaphore.
pub(crate) fn play(order: &str, kind: &str, permits: u32, then: Then, tally: &mut Tally) {
    let text = program(order, kind, permits, then);
    let machine = Machine::new(&Program::parse(&text).unwrap_or_else(|e| panic!("{e}\n{text}")));
    tally.program = text;
    let mut stage = vec![machine.initial(&mut ())];
    // what the two hold, then who waits, then what is closed, gone or owed
    for (worker, branches) in [(A, 3), (B, 3), (FIRST, 3), (SECOND, 3), (SETTER, 4)] {
        let absent = matches!(worker, FIRST | SECOND | SETTER);
        let mut seen = BTreeSet::new();
        let mut next = Vec::new();
        for state in &stage {
            if absent {
                next.push(state.clone());
            }
            for k in 0..branches {
                let Some(there) = step(&machine, state, worker, Action::Branch(k)) else {
                    continue;
                };
                // an actor that holds nothing is at its op already, and must not wait
                if matches!(worker, A | B) && k == 0 {
                    next.push(there);
                    continue;
                }
                // in barging order who does not fit waits already
                if worker == FIRST || worker == SECOND {
                    next.extend((order == "barging").then(|| there.clone()));
                }
                let Some(there) = step(&machine, &there, worker, Action::Proceed) else {
                    continue;
                };
                let ready = step(&machine, &there, worker, Action::Branch(0)).is_some();
                if matches!(worker, A | B) && !ready {
                    continue;
                }
                next.push(there);
            }
        }
        next.retain(|state| seen.insert(state.clone()));
        stage = next;
    }
    for state in &stage {
        let of = |w| move |(c, _): &&(Choice, State)| c.worker == w;
        for (i, (_, at_op)) in machine.successors(state).iter().filter(of(A)).enumerate() {
            let successors = machine.successors(at_op);
            let others = |w| w != B;
            Point::new(&machine, at_op, &successors, others).compare(tally, |_, _| true);
            // the two are symmetric
            for (_, both) in successors.iter().filter(of(B)).skip(i) {
                let successors = machine.successors(both);
                let actors = |w| w == A || w == B;
                Point::new(&machine, both, &successors, actors).compare(tally, |_, _| true);
            }
        }
    }
}

fn step(machine: &Machine, state: &State, worker: WorkerId, action: Action) -> Option<State> {
    let choice = Choice { worker, action };
    let successors = machine.successors(state);
    successors
        .into_iter()
        .find(|(c, _)| *c == choice)
        .map(|(_, state)| state)
}
