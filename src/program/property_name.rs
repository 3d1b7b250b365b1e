//! The names of the properties, as `expect` lines, findings and JSON spell them.

use std::fmt;
use std::str::FromStr;

use super::model::Name;

/// A property that can fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum PropertyName {
    /// A worker has ended and its ledger still holds permits.
    Leak,
    /// A worker puts back, forgets or gives away more than it holds.
    OverRelease,
    /// Unfinished workers hold more than the capacity and the debt together.
    OverAdmission,
    /// The semaphore and the ledgers disagree, and nothing above explains it.
    Conservation,
    /// Stuck, and no leak explains it.
    Deadlock,
    /// Stuck, and the leaked permits explain it.
    Exhaustion,
    /// Stuck, and a waiter asks for more than the capacity.
    ImpossibleRequest,
    /// Stuck, although the head waiter's request fits in what is available.
    LostWakeup,
    /// The order graph over all runs has a cycle.
    LockOrder,
    /// A run exceeds the step bound without ending.
    Livelock,
    /// The user's own assertion or invariant failed.
    Assertion,
    /// A waiter is overtaken more than the bound allows.
    Starvation,
    /// A replay did not do what the recorded run did.
    Divergence,
    /// Of closures: no run of the exploration had anything to decide or to judge. There was no second
    /// worker, no op on a semaphore, no fault point, no await that waited, no probe and no invariant:
    /// whatever the code does, selvedge did not see it.
    Vacuous,
    /// Of closures: no run reached a place that has to be reached.
    Unreached,
}

impl PropertyName {
    /// All of them, in the order of the documentation.
    pub const ALL: [PropertyName; 15] = [
        PropertyName::Leak,
        PropertyName::OverRelease,
        PropertyName::OverAdmission,
        PropertyName::Conservation,
        PropertyName::Deadlock,
        PropertyName::Exhaustion,
        PropertyName::ImpossibleRequest,
        PropertyName::LostWakeup,
        PropertyName::LockOrder,
        PropertyName::Livelock,
        PropertyName::Assertion,
        PropertyName::Starvation,
        PropertyName::Divergence,
        PropertyName::Vacuous,
        PropertyName::Unreached,
    ];

    /// The name as it is written in programs and reports, for example `over-release`.
    pub fn as_str(self) -> &'static str {
        match self {
            PropertyName::Leak => "leak",
            PropertyName::OverRelease => "over-release",
            PropertyName::OverAdmission => "over-admission",
            PropertyName::Conservation => "conservation",
            PropertyName::Deadlock => "deadlock",
            PropertyName::Exhaustion => "exhaustion",
            PropertyName::ImpossibleRequest => "impossible-request",
            PropertyName::LostWakeup => "lost-wakeup",
            PropertyName::LockOrder => "lock-order",
            PropertyName::Livelock => "livelock",
            PropertyName::Assertion => "assertion",
            PropertyName::Starvation => "starvation",
            PropertyName::Divergence => "divergence",
            PropertyName::Vacuous => "vacuous",
            PropertyName::Unreached => "unreached",
        }
    }
}

impl fmt::Display for PropertyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for PropertyName {
    type Err = ();

    /// Reads a name as [`PropertyName::as_str`] writes it.
    fn from_str(text: &str) -> Result<Self, ()> {
        PropertyName::ALL
            .into_iter()
            .find(|p| p.as_str() == text)
            .ok_or(())
    }
}

/// One `expect` line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expect {
    /// `expect clean`: no property may fail.
    Clean,
    /// `expect P on=S`: property P must fail, on S if said.
    Fails {
        /// The property.
        property: PropertyName,
        /// The semaphore, if one is named.
        on: Option<Name>,
    },
}
