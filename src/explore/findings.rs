//! From facts to findings: each with a schedule that was replayed.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::rc::Rc;
use std::sync::Arc;

use super::identify::{ids, words};
use super::replay::{Divergence, Replayed, replay_in_time};
use super::runs::Costed;
use super::shrink::shrink;
use super::subject::{Subject, name};
use crate::program::{Place, PropertyName};
use crate::property::{Cycle, Danger, Fact, Identity, StepBound, cycles_that_meet, told_in_full};
use crate::report::{
    Diagnosis, Finding, OrderEdge, Replays, Severity, TraceStep, Written, about, cause,
};
use crate::run::{Budget, Choice, Op, SemaphoreId, StatementId, StopFlag};
use crate::schedule::Schedule;

/// A fact's schedule, and whether it is known to be the cheapest.
#[derive(Clone)]
pub(super) struct Shown {
    pub(super) costed: Costed,
    pub(super) cheapest: bool,
}

/// What an exploration saw, before it is told.
pub(super) struct Evidence<'a> {
    pub(super) subject: &'a dyn Subject,
    pub(super) facts: BTreeMap<Fact, Shown>,
    /// Whether everything within the bounds was seen.
    pub(super) complete: bool,
    pub(super) bound: StepBound,
    pub(super) budget: Budget,
    /// Steps that may still be made to make schedules cheaper.
    pub(super) effort: Cell<usize>,
    /// Whether nobody wants to wait any more.
    pub(super) due: StopFlag,
    /// The run replayed last: findings often share a schedule.
    pub(super) last: RefCell<Option<(Vec<Choice>, Rc<Replayed>)>>,
}

impl Evidence<'_> {
    /// A schedule that shows a fact, made cheaper where it is not the cheapest.
    fn shrunk(&self, fact: &Fact, shown: &Shown) -> Shown {
        let mut shown = shown.clone();
        if !shown.cheapest && !self.due.is_set() {
            let (costed, effort) = shrink(
                self.subject,
                self.budget,
                fact,
                shown.costed,
                self.effort.get(),
                &self.due,
            );
            self.effort.set(self.effort.get() - effort);
            shown.costed = costed;
        }
        shown
    }

    /// The run of a schedule; `None` if there is no time for it any more.
    fn replay(&self, shown: &Shown) -> Option<Rc<Replayed>> {
        let choices = &shown.costed.choices;
        let mut last = self.last.borrow_mut();
        if let Some((of, replayed)) = &*last
            && of == choices
        {
            return Some(Rc::clone(replayed));
        }
        let replayed = replay_in_time(self.subject, choices, self.bound, &self.due)?;
        let replayed = Rc::new(replayed);
        *last = Some((choices.clone(), Rc::clone(&replayed)));
        Some(replayed)
    }

    /// Replays a schedule often enough to say that it shows a fact; one that does, if any does.
    ///
    /// `None` if there is no time for any.
    fn replay_often(&self, fact: &Fact, shown: &Shown) -> Option<(Rc<Replayed>, Replays)> {
        let shows = |run: &Replayed| run.divergence.is_none() && run.facts.contains(fact);
        let mut told = self.replay(shown)?;
        let mut replays = Replays {
            made: 1,
            shown: u32::from(shows(&told)),
        };
        // a program has nothing that a schedule does not decide
        let most = match self.subject.written() {
            Written::Program => 1,
            Written::Futures | Written::Threads => REPLAYS,
        };
        while replays.made < most && !self.due.is_set() {
            let choices = &shown.costed.choices;
            let Some(again) = replay_in_time(self.subject, choices, self.bound, &self.due) else {
                break;
            };
            replays.made += 1;
            if shows(&again) {
                replays.shown += 1;
                if replays.shown == 1 {
                    told = Rc::new(again);
                }
            }
        }
        Some((told, replays))
    }

    /// A schedule of a fact, as cheap as it can be made, and what replays of it show; `None` if there
    /// is no time for a replay.
    fn confirmed(&self, fact: &Fact, found: &Shown) -> Option<(Shown, Rc<Replayed>, Replays)> {
        let shrunk = self.shrunk(fact, found);
        let (replayed, replays) = self.replay_often(fact, &shrunk)?;
        if replays.shown == 0 && shrunk.costed != found.costed {
            // what does not show each time cannot be made cheaper
            let (replayed, replays) = self.replay_often(fact, found)?;
            return Some((found.clone(), replayed, replays));
        }
        Some((shrunk, replayed, replays))
    }
}

/// What is told of the facts.
pub(super) struct Findings {
    /// Errors first, then in the order of the properties and of the text.
    pub(super) findings: Vec<Finding>,
    /// Whether there are more cycles of the order graph than are told.
    pub(super) more_cycles: bool,
    /// How many more there are, for whose replay there was no time.
    pub(super) not_replayed: u64,
}

/// How often the schedule of a closure's finding is replayed.
const REPLAYS: u32 = 8;

/// What is told as one finding.
struct Group<'a> {
    identity: Identity,
    danger: Option<Danger>,
    fact: &'a Fact,
    shown: &'a Shown,
    /// The same of other workers, or at other places.
    others: Vec<(Identity, &'a Shown)>,
}

/// Runs of others of a group that are looked at for who they are about.
const MOST_OTHERS: usize = 16;

impl<'a> Group<'a> {
    /// Takes another one in; the cheapest is told.
    fn takes(&mut self, identity: Identity, fact: &'a Fact, shown: &'a Shown) {
        if shown.costed < self.shown.costed {
            let before = (std::mem::replace(&mut self.identity, identity), self.shown);
            self.others.push(before);
            (self.fact, self.shown) = (fact, shown);
        } else {
            self.others.push((identity, shown));
        }
    }

    /// The workers of the others that are not of the one that is told.
    fn also(&self, evidence: &Evidence<'_>, told: &[String]) -> Vec<String> {
        let mut also: Vec<String> = Vec::new();
        for (identity, shown) in self.others.iter().take(MOST_OTHERS) {
            let Some(replayed) = evidence.replay(shown) else {
                break;
            };
            also.extend(about(identity, None, &replayed.trace, &[]).workers);
        }
        also.sort();
        also.dedup();
        also.retain(|worker| !told.contains(worker));
        also
    }
}

/// The facts that are findings of their own, and those that are told together: what has the same
/// identity in words, as symmetrical workers have.
fn groups<'a>(evidence: &'a Evidence<'_>) -> (Vec<Group<'a>>, bool) {
    let Evidence { subject, facts, .. } = evidence;
    let mut groups: Vec<Group<'a>> = Vec::new();
    let mut known: BTreeMap<String, usize> = BTreeMap::new();
    for (fact, shown) in facts {
        let Fact::Failed(identity) = fact else {
            continue;
        };
        if is_told_by_another(identity, facts) {
            continue;
        }
        match known.entry(words(*subject, identity)) {
            Entry::Occupied(at) => groups[*at.get()].takes(identity.clone(), fact, shown),
            Entry::Vacant(free) => {
                free.insert(groups.len());
                groups.push(Group {
                    identity: identity.clone(),
                    danger: None,
                    fact,
                    shown,
                    others: Vec::new(),
                });
            }
        }
    }
    let may_meet = |a, b| subject.may_meet(a, b);
    let cycles = cycles_that_meet(facts.keys(), evidence.complete, &may_meet);
    for cycle in cycles.cycles {
        if let Some((fact, shown)) = shows_cycle(facts, &cycle) {
            groups.push(Group {
                identity: Identity::LockOrder {
                    cycle: cycle.semaphores,
                },
                danger: Some(cycle.danger),
                fact,
                shown,
                others: Vec::new(),
            });
        }
    }
    (groups, cycles.cut)
}

/// The findings behind facts.
pub(super) fn findings(evidence: &Evidence<'_>, order: &[OrderEdge]) -> Findings {
    let subject = evidence.subject;
    let (groups, cut) = groups(evidence);
    let identities: Vec<&Identity> = groups.iter().map(|group| &group.identity).collect();
    let ids = ids(subject, &identities);
    let mut groups: Vec<_> = groups.iter().zip(ids).collect();
    // where time runs out, as many as possible are told
    groups.sort_by_key(|(group, _)| group.shown.costed.steps);
    let mut findings: Vec<Finding> = Vec::new();
    let mut not_replayed = 0;
    for (group, id) in groups {
        let Some((shown, replayed, replays)) = evidence.confirmed(group.fact, group.shown) else {
            not_replayed += 1;
            continue;
        };
        let mut told = finding(
            subject,
            &group.identity,
            group.danger,
            &shown,
            &replayed,
            order,
            id,
        );
        told.replays = replays;
        told.also = group.also(evidence, &told.workers);
        if replays.shown == 0 {
            if let Identity::Assertion { statement } = group.identity {
                // no trace has its message
                told.detail = subject.statement(statement).head;
            }
            let mut diverges = told.clone();
            diverged(&mut diverges, &replayed);
            let is_one = told.property == PropertyName::Divergence;
            if is_one || subject.written() == Written::Program {
                told = diverges;
            } else {
                // a finding of its own, beside the one that was found
                let digits = told.id.rsplit('-').next().unwrap_or_default();
                diverges.id = format!("{}-{digits}", diverges.property);
                findings.push(diverges);
            }
        }
        findings.push(told);
    }
    in_order(&mut findings);
    Findings {
        findings,
        more_cycles: cut,
        not_replayed,
    }
}

/// Errors come first, and causes before what follows from them.
fn in_order(findings: &mut [Finding]) {
    let causes: Vec<Option<usize>> = findings
        .iter()
        .map(|finding| {
            let cause = cause(&finding.identity, &finding.trace)?;
            findings.iter().position(|f| f.identity == cause)
        })
        .collect();
    let ids: Vec<String> = findings.iter().map(|f| f.id.clone()).collect();
    let mut depths: BTreeMap<String, usize> = BTreeMap::new();
    for (at, finding) in findings.iter_mut().enumerate() {
        finding.follows = causes[at].map(|cause| ids[cause].clone());
        // what follows comes of a leak at most, and that of an over-release
        let chain = std::iter::successors(causes[at], |&cause| causes[cause]);
        depths.insert(finding.id.clone(), chain.take(ids.len()).count());
    }
    findings.sort_by(|a, b| {
        let key = |f: &Finding| (f.severity, depths[&f.id], f.property);
        (key(a), &a.identity).cmp(&(key(b), &b.identity))
    });
}

/// Whether a release is told already as one from which an error came.
fn is_told_by_another(identity: &Identity, facts: &BTreeMap<Fact, Shown>) -> bool {
    let Identity::ForeignRelease {
        semaphore,
        statement,
    } = *identity
    else {
        return false;
    };
    facts.contains_key(&Fact::Failed(Identity::OverRelease {
        semaphore,
        statement,
    }))
}

/// The order graph behind facts.
pub(super) fn order(evidence: &Evidence<'_>) -> Vec<OrderEdge> {
    let Evidence { subject, facts, .. } = evidence;
    let semaphores = subject.semaphores();
    let name = |s: &SemaphoreId| name(&semaphores, *s);
    let in_full = told_in_full(facts.keys());
    let names = subject.workers();
    facts
        .iter()
        .filter_map(|(fact, shown)| match fact {
            Fact::Ordered { from, to, worker } => Some((from, to, worker, shown)),
            _ => None,
        })
        .map(|(from, to, worker, shown)| {
            let is_told = in_full.contains(&(*from, *to));
            let Some(replayed) = is_told.then(|| evidence.replay(shown)).flatten() else {
                return OrderEdge {
                    from: name(from),
                    to: name(to),
                    worker: names[worker.index()].clone(),
                    taken: None,
                    place: None,
                    schedule: String::new(),
                };
            };
            let trace = &replayed.trace;
            let schedule = Schedule {
                digest: subject.digest(),
                choices: shown.costed.choices.clone(),
            };
            let stands = trace.last().workers[worker.index()].statement;
            OrderEdge {
                from: name(from),
                to: name(to),
                worker: trace.workers[worker.index()].clone(),
                taken: trace.taken_at(*worker, *from),
                place: stands.map(|(_, place)| place).filter(Place::is_known),
                schedule: schedule.encode(&trace.workers),
            }
        })
        .collect()
}

/// The schedule that shows a cycle: that of a deadlock that waits on it, or else of the dearest of
/// its edges, each taken where it is cheapest.
fn shows_cycle<'a>(
    facts: &'a BTreeMap<Fact, Shown>,
    cycle: &Cycle,
) -> Option<(&'a Fact, &'a Shown)> {
    let edges: Vec<(SemaphoreId, SemaphoreId)> = cycle.hops().collect();
    if cycle.danger == Danger::Reachable {
        return facts
            .iter()
            .filter(|(fact, _)| {
                matches!(fact, Fact::Knotted(knot) if edges.iter().all(|e| knot.contains(e)))
            })
            .min_by_key(|(_, shown)| &shown.costed);
    }
    edges
        .iter()
        .filter_map(|edge| {
            facts
                .iter()
                .filter(|(fact, _)| {
                    matches!(fact, Fact::Ordered { from, to, .. } if (*from, *to) == *edge)
                })
                .min_by_key(|(_, shown)| &shown.costed)
        })
        .max_by_key(|(_, shown)| &shown.costed)
}

fn finding(
    subject: &dyn Subject,
    identity: &Identity,
    danger: Option<Danger>,
    shown: &Shown,
    replayed: &Replayed,
    order: &[OrderEdge],
    id: String,
) -> Finding {
    let property = identity.property();
    let semaphores = identity.semaphores();
    let trace = &replayed.trace;
    let about = about(identity, danger, trace, order);
    let schedule = Schedule {
        digest: subject.digest(),
        choices: shown.costed.choices.clone(),
    };
    let series = semaphores.first().copied().or_else(|| {
        // what is about no semaphore shows the first one
        (!trace.semaphores.is_empty()).then_some(SemaphoreId(0))
    });
    Finding {
        id,
        property,
        severity: match danger {
            // an order that no run deadlocked on may be right
            Some(Danger::Unreachable | Danger::Unknown) => Severity::Warning,
            _ if identity.is_warning() => Severity::Warning,
            Some(Danger::Reachable) | None => Severity::Error,
        },
        follows: None,
        semaphores: semaphores
            .iter()
            .map(|&s| name(&trace.semaphores, s))
            .collect(),
        workers: about.workers,
        place: about
            .place
            .or_else(|| {
                let statement = identity.statements().first()?;
                Some(subject.statement(*statement).place)
            })
            .filter(Place::is_known),
        detail: about.detail,
        schedule: schedule.encode(&trace.workers),
        steps: shown.costed.steps,
        switches: shown.costed.switches,
        faults: shown.costed.faults,
        cheapest: shown.cheapest,
        danger,
        diagnosis: match property {
            PropertyName::Leak | PropertyName::Exhaustion => Some(Diagnosis::Leak),
            PropertyName::Deadlock => Some(Diagnosis::Deadlock),
            _ => None,
        },
        available: series.map_or(Vec::new(), |s| trace.available(s)),
        trace: Arc::clone(&replayed.trace),
        identity: identity.clone(),
        told: None,
        replays: Replays { made: 1, shown: 1 },
        also: Vec::new(),
    }
}

/// A finding whose replay does not show it.
fn diverged(finding: &mut Finding, replayed: &Replayed) {
    let why = match &replayed.divergence {
        Some(divergence) => divergence.to_string(),
        None => "the replay took every step and does not show it".to_owned(),
    };
    let whose = match replayed.trace.written {
        Written::Program => "this is a fault of selvedge, please report the program",
        Written::Futures | Written::Threads => {
            "the closure reads something that changes from run to run"
        }
    };
    finding.detail = format!(
        "the {} that was found does not replay: {why}; {whose}",
        finding.property
    );
    finding.property = PropertyName::Divergence;
    finding.severity = Severity::Error;
}

/// A step that does not come back: the last of these choices, of which those before it were
/// replayed.
pub(super) fn spinning(subject: &dyn Subject, choices: &[Choice], replayed: &Replayed) -> Finding {
    let mut trace = (*replayed.trace).clone();
    let last = choices[choices.len() - 1];
    let after = trace.last().clone();
    let state = after.workers.get(last.worker.index());
    let statement = state
        .and_then(|worker| worker.statement)
        .map_or(StatementId(0), |(statement, _)| statement);
    let source = subject.statement(statement);
    trace.steps.push(TraceStep {
        choice: last,
        op: Some(Op::Poll),
        statement,
        text: source.head,
        place: source.place,
        events: Vec::new(),
        after,
    });
    let identity = Identity::Spin { statement };
    let shown = Shown {
        costed: Costed {
            faults: replayed.faults,
            steps: choices.len(),
            switches: crate::run::switches(choices),
            choices: choices.to_vec(),
        },
        cheapest: false,
    };
    let replayed = Replayed {
        trace: Arc::new(trace),
        ..replayed.clone()
    };
    let id = ids(subject, &[&identity]).remove(0);
    finding(subject, &identity, None, &shown, &replayed, &[], id)
}

/// A schedule that leads to one run and then to another, up to a step.
pub(super) fn changing(
    subject: &dyn Subject,
    schedule: &Schedule,
    replayed: &Replayed,
    differs: &Divergence,
) -> Finding {
    let mut finding = divergence(subject, schedule, replayed, differs);
    finding.detail = format!(
        "the same choices lead to different runs, from step {} on: {}",
        differs.step, differs.reason
    );
    finding
}

/// A schedule that its subject does not follow.
pub(super) fn divergence(
    subject: &dyn Subject,
    schedule: &Schedule,
    replayed: &Replayed,
    divergence: &Divergence,
) -> Finding {
    let last = replayed.trace.steps.last();
    let statement = last.map_or(StatementId(0), |step| step.statement);
    let identity = Identity::Outside { statement };
    let shown = Shown {
        costed: Costed {
            faults: replayed.faults,
            steps: schedule.choices.len(),
            switches: crate::run::switches(&schedule.choices),
            choices: schedule.choices.clone(),
        },
        cheapest: false,
    };
    let id = ids(subject, &[&identity]).remove(0);
    let mut finding = finding(subject, &identity, None, &shown, replayed, &[], id);
    finding.detail = format!("the schedule does not fit: {divergence}");
    finding
}
