//! What has to be shown still: when a finding in a changed program is the same finding.
//!
//! Statements are removed and so renumbered, and semaphores and workers too; so the finding that is
//! kept is told in what stays as it is: the property, the semaphores by name, and the statements by
//! the *marks* that they have from the program that was begun with. Where a statement has gone, what
//! it showed has gone too.
//!
//! Of the statements that merely wait when nothing can go on, some may go: a stuck state with fewer
//! who wait is a smaller form of the same. The statements of a circular wait all stay.

use std::collections::BTreeSet;

use crate::program::PropertyName;
use crate::property::{Danger, Fact, Identity, cycles};
use crate::report::Finding;
use crate::run::{Ending, SemaphoreId, StatementId};
use crate::search::Seen;

/// The start of a statement's span in the program that was begun with.
pub(super) type Mark = u32;

/// The finding that is kept.
#[derive(Debug, Clone)]
pub(super) struct Target {
    property: PropertyName,
    semaphores: BTreeSet<String>,
    marks: BTreeSet<Mark>,
    ending: Option<Ending>,
    danger: Option<Danger>,
    /// Whether those who wait may become fewer.
    may_thin: bool,
}

/// The names of a candidate's semaphores, and the marks of its statements.
#[derive(Debug, Clone)]
pub(super) struct Labels {
    pub(super) semaphores: Vec<String>,
    pub(super) marks: Vec<Mark>,
}

impl Labels {
    fn semaphores(&self, ids: &[SemaphoreId]) -> BTreeSet<String> {
        let name = |id: &SemaphoreId| self.semaphores[id.index()].clone();
        ids.iter().map(name).collect()
    }

    fn marks(&self, ids: &[StatementId]) -> BTreeSet<Mark> {
        ids.iter().map(|id| self.marks[id.index()]).collect()
    }
}

impl Target {
    pub(super) fn of(finding: &Finding, labels: &Labels) -> Target {
        let identity = &finding.identity;
        let circular = finding.trace.cycle.is_some();
        Target {
            property: identity.property(),
            semaphores: labels.semaphores(&identity.semaphores()),
            marks: labels.marks(identity.statements()),
            ending: ending(identity),
            danger: finding.danger,
            may_thin: match identity {
                Identity::Deadlock { .. } => !circular,
                Identity::Exhaustion { .. }
                | Identity::ImpossibleRequest { .. }
                | Identity::LostWakeup { .. } => true,
                _ => false,
            },
        }
    }

    /// The statements that tell it apart.
    pub(super) fn marks(&self) -> &BTreeSet<Mark> {
        &self.marks
    }

    /// Whether one run can show it.
    pub(super) fn is_of_one_run(&self) -> bool {
        self.property != PropertyName::LockOrder || self.danger == Some(Danger::Reachable)
    }

    /// Whether an identity in a candidate is that of the target.
    pub(super) fn is(&self, identity: &Identity, danger: Option<Danger>, labels: &Labels) -> bool {
        if identity.property() != self.property || ending(identity) != self.ending {
            return false;
        }
        let danger_fits = match self.danger {
            // more is known of a smaller one
            Some(Danger::Unknown) => danger.is_some(),
            of => danger == of,
        };
        let semaphores = labels.semaphores(&identity.semaphores());
        let marks = labels.marks(identity.statements());
        danger_fits
            && if self.may_thin {
                let something = !marks.is_empty() || self.marks.is_empty();
                something && semaphores.is_subset(&self.semaphores) && marks.is_subset(&self.marks)
            } else {
                semaphores == self.semaphores && marks == self.marks
            }
    }

    /// The fact of a candidate that shows the target in one run.
    pub(super) fn shown_by<'f>(
        &self,
        facts: impl Iterator<Item = &'f Fact>,
        labels: &Labels,
    ) -> Option<&'f Fact> {
        let shows = |fact: &&Fact| match fact {
            Fact::Failed(identity) => self.is(identity, None, labels),
            Fact::Knotted(knot) if self.danger == Some(Danger::Reachable) => {
                self.is_knotted(knot, labels)
            }
            _ => false,
        };
        facts.into_iter().find(shows)
    }

    /// Whether facts of a candidate, in one run or all together, show the target.
    pub(super) fn is_shown_by<'f>(
        &self,
        mut facts: impl Iterator<Item = &'f Fact>,
        seen: Seen,
        labels: &Labels,
    ) -> bool {
        if self.is_of_one_run() {
            return self.shown_by(&mut facts, labels).is_some();
        }
        cycles(facts, seen == Seen::All)
            .cycles
            .into_iter()
            .any(|cycle| {
                let danger = Some(cycle.danger);
                let identity = Identity::LockOrder {
                    cycle: cycle.semaphores,
                };
                self.is(&identity, danger, labels)
            })
    }

    /// Whether the edges that were waited on at once go round the semaphores of the target.
    fn is_knotted(&self, knot: &BTreeSet<(SemaphoreId, SemaphoreId)>, labels: &Labels) -> bool {
        let name = |id: SemaphoreId| labels.semaphores[id.index()].as_str();
        let within = |id: SemaphoreId| self.semaphores.contains(name(id));
        // each of the cycle's semaphores is held by one who waits for another of them
        let edges = || {
            knot.iter()
                .filter(|(from, to)| within(*from) && within(*to))
        };
        let froms: BTreeSet<&str> = edges().map(|&(from, _)| name(from)).collect();
        let tos: BTreeSet<&str> = edges().map(|&(_, to)| name(to)).collect();
        froms.len() == self.semaphores.len() && tos.len() == self.semaphores.len()
    }
}

fn ending(identity: &Identity) -> Option<Ending> {
    match identity {
        Identity::Leak { how, .. } => Some(*how),
        _ => None,
    }
}
