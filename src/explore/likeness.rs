//! When findings of two subjects are the same finding, as far as that can be told.
//!
//! An id is of one program. While a property test makes its input smaller, each step explores
//! another program, or the same code with other values; what can be compared then is the property,
//! the names of the semaphores, how a leak came about, and the place in the code, where there is one.

use std::collections::BTreeSet;

use crate::program::PropertyName;
use crate::property::Identity;
use crate::report::Finding;
use crate::run::Ending;

/// What a finding shares with those of similar subjects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Likeness {
    property: PropertyName,
    semaphores: BTreeSet<String>,
    ending: Option<Ending>,
    /// File and line, in Rust code.
    place: Option<(&'static str, u32)>,
}

impl Likeness {
    /// That of a finding.
    pub fn of(finding: &Finding) -> Likeness {
        Likeness {
            property: finding.property,
            semaphores: finding.semaphores.iter().cloned().collect(),
            ending: match &finding.identity {
                Identity::Leak { how, .. } => Some(*how),
                _ => None,
            },
            place: finding.place.and_then(|p| Some((p.file?, p.line))),
        }
    }

    /// The property that failed.
    pub fn property(&self) -> PropertyName {
        self.property
    }
}
