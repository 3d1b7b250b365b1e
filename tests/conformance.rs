//! The semantics by example: each program is judged as its `expect` lines say.
#![cfg(feature = "check")]

use std::collections::BTreeSet;

use selvedge::machine::Machine;
use selvedge::program::{Expect, Program, PropertyName};
use selvedge::property::StepBound;
use selvedge::property::{Fact, cycles};
use selvedge::report::Reduction;
use selvedge::run::Budget;
use selvedge::search::{Exhaustive, Keep, Patience};

fn judge(name: &str, text: &str, reduction: Reduction) -> Result<(), String> {
    let program = Program::parse(text).map_err(|e| format!("{name}: {e}"))?;
    let machine = Machine::new(&program);
    let default = Budget::default();
    let decl = program.budget();
    let budget = Budget {
        panics: decl.panics.unwrap_or(default.panics),
        timeouts: decl.timeouts.unwrap_or(default.timeouts),
        cancels: decl.cancels.unwrap_or(default.cancels),
        preemptions: decl.preemptions.or(default.preemptions),
    };
    let search = Exhaustive {
        machine: &machine,
        budget,
        bound: StepBound::default(),
        reduction,
        keep: Keep::Whole,
    };
    let found = search.search::<()>(&mut |_| None, Patience::ENDLESS);
    let mut names: BTreeSet<PropertyName> = found
        .facts
        .keys()
        .filter_map(|f| match f {
            Fact::Failed(identity) if !identity.is_warning() => Some(identity.property()),
            _ => None,
        })
        .collect();
    if !cycles(found.facts.keys(), true).cycles.is_empty() {
        names.insert(PropertyName::LockOrder);
    }
    let expected: BTreeSet<PropertyName> = program
        .expects()
        .iter()
        .filter_map(|e| match e {
            Expect::Clean => None,
            Expect::Fails { property, .. } => Some(*property),
        })
        .collect();
    if names == expected {
        Ok(())
    } else {
        Err(format!("{name}: expected {expected:?}, found {names:?}"))
    }
}

#[test]
fn conformance() {
    let dir = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/conformance");
    let mut bad = Vec::new();
    let mut count = 0;
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        count += 1;
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        for reduction in [Reduction::Sound, Reduction::Symmetry, Reduction::None] {
            if let Err(e) = judge(&name, &text, reduction) {
                bad.push(format!("{reduction:?}: {e}"));
            }
        }
    }
    bad.sort();
    assert_eq!(count, 300);
    assert!(
        bad.is_empty(),
        "{} of {count}:\n{}",
        bad.len(),
        bad.join("\n")
    );
}
