//! One subject, and what finds its bug: the ablation of `ablation.sh` is made of runs of this.
//!
//! `HUNT` names the subject: a file of `corpus/`, a bug of `tests/zoo/`, or `any:PROPERTY` for whatever
//! program shows that. `WITHOUT` names what is
//! left out: `mutator`, `counters`, both, or neither if it is not set.
#![no_main]

use std::cell::RefCell;

use selvedge::Explorer;
use selvedge::explore::budget_of;
use selvedge::integration::fuzz::{Counters, Fuzzing, Input, Pairs, Shape, mutate, program_of};
use selvedge::machine::{Machine, Run};
use selvedge::program::{BudgetDecl, Expect, Program, PropertyName};
use selvedge::property::{Fact, Situation, Step, StepBound, Witness, cycles};
use selvedge::run::{Budget, Strategy, View};
use selvedge::strategy::{Bytes, Decisions};

#[path = "../../tests/zoo/mod.rs"]
mod zoo;

use zoo::programs::{behind_a_large_request, in_parts, one_permit, two_at_once};

#[used]
#[cfg_attr(
    target_os = "linux",
    unsafe(link_section = "__libfuzzer_extra_counters")
)]
static COUNTERS: Counters = Counters::new();

/// What is hunted, and how.
struct Hunt {
    subject: Subject,
    counters: Option<&'static Counters>,
    mutates: bool,
}

enum Subject {
    /// Whether circles in the order of semaphores are all that there is to find: most are found in the
    /// first run.
    Program(&'static Machine, Budget, bool),
    Closure(Box<RefCell<Fuzzing>>),
    Any(PropertyName),
}

thread_local! {
    static HUNT: Hunt = Hunt::new();
}

impl Hunt {
    fn new() -> Hunt {
        let name = std::env::var("HUNT").expect("HUNT names a subject");
        let without = std::env::var("WITHOUT").unwrap_or_default();
        let closure = |subject| Subject::Closure(Box::new(RefCell::new(subject)));
        let closures = Explorer::closures();
        macro_rules! zoo {
            ($($bug:ident by $program:ident $(of $waiters:literal)?;)*) => {
                match name.as_str() {
                    $(stringify!($bug) => closure(Fuzzing::futures(&closures, &name, |_| {
                        $program::<zoo::$bug::Buggy $(, $waiters)?>()
                    })),)*
                    file => Hunt::program(file),
                }
            };
        }
        let subject = zoo! {
            a5 by one_permit of 2;
            a8 by one_permit of 1;
            a10 by behind_a_large_request;
            a11 by two_at_once;
            a12 by one_permit of 2;
            a20 by in_parts;
        };
        Hunt {
            subject,
            counters: (!without.contains("counters")).then_some(&COUNTERS),
            mutates: !without.contains("mutator"),
        }
    }

    fn program(file: &str) -> Subject {
        if let Some(property) = file.strip_prefix("any:") {
            return Subject::Any(property.parse().expect("it is a property"));
        }
        let text = std::fs::read_to_string(file).expect("HUNT is a file that can be read");
        let program = Program::parse(&text).expect("it is a program");
        let budget = budget_of(&program, &BudgetDecl::default());
        let order = |expect: &Expect| match expect {
            Expect::Fails { property, .. } => *property == PropertyName::LockOrder,
            Expect::Clean => false,
        };
        let is_circle = program.expects().iter().all(order);
        Subject::Program(
            Box::leak(Box::new(Machine::new(&program))),
            budget,
            is_circle,
        )
    }

    fn run(&self, bytes: &[u8]) {
        let decisions = Decisions(Input::split(bytes).decisions.to_vec());
        match &self.subject {
            Subject::Closure(subject) => {
                let mut subject = subject.borrow_mut();
                let found = subject.run(&[], &decisions, self.counters);
                assert!(found.is_none(), "found");
            }
            Subject::Program(machine, budget, is_circle) => {
                let facts = self.facts(machine, *budget, decisions);
                let failed = facts.iter().any(|fact| matches!(fact, Fact::Failed(_)));
                let circle = *is_circle && !cycles(facts.iter(), false).cycles.is_empty();
                assert!(!failed && !circle, "found");
            }
            Subject::Any(property) => {
                let program = program_of(Input::split(bytes).given);
                let budget = budget_of(&program, &BudgetDecl::default());
                let facts = self.facts(&Machine::new(&program), budget, decisions);
                let shows = facts.iter().any(|fact| match fact {
                    Fact::Failed(identity) => identity.property() == *property,
                    _ => false,
                });
                assert!(!shows, "found");
            }
        }
    }

    fn facts(&self, machine: &Machine, budget: Budget, decisions: Decisions) -> Vec<Fact> {
        let mut look = Look {
            pairs: self.counters.map(Pairs::new),
            facts: Vec::new(),
        };
        let mut strategy = Bytes::new(decisions);
        strategy.begin(0);
        Run::new(machine, budget, StepBound(400)).execute(&mut strategy, &mut look);
        look.facts
    }
}

struct Look {
    pairs: Option<Pairs>,
    facts: Vec<Fact>,
}

impl Witness for Look {
    fn state(&mut self, view: &dyn View, situation: Situation, step: &Step<'_>) {
        if let Some(pairs) = &mut self.pairs {
            pairs.state(view, situation, step);
        }
        self.facts.extend(step.facts.iter().cloned());
    }
}

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| HUNT.with(|hunt| hunt.run(bytes)));

libfuzzer_sys::fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    let default = &mut libfuzzer_sys::fuzzer_mutate;
    let shape = HUNT.with(|hunt| match hunt.subject {
        _ if !hunt.mutates => None,
        Subject::Any(_) => Some(Shape::Program),
        _ => Some(Shape::Nothing),
    });
    match shape {
        Some(shape) => mutate(shape, data, size, max_size, seed, default),
        None => default(data, size, max_size),
    }
});
