//! One run of each class of runs with the same queue order.
//!
//! After "Queue order is all that matters": whatever is confluent is taken at once, and what is
//! left are enqueues. Two of them depend on each other if they join the same queue. Sleep sets
//! (Godefroid 1996) over the enqueues leave one run for each combination of orders.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use super::eligible::{Reason, eligible};
use crate::machine::{Ahead, Machine, Offer, Sink};
use crate::property::{Fact, Identity, Judge, Situation, StepBound};
use crate::run::{Action, Budget, Choice, Event, Resource, SemaphoreId, View, WorkerId};

/// A count of the classes of runs with the same queue order.
///
/// Two runs are of one class when the acquires join each queue in the same order and all workers
/// take the same branches and panic at the same places.
#[derive(Debug, Clone, Copy)]
pub struct Classes<'a> {
    /// What is run.
    pub machine: &'a Machine,
    /// Bounds of each run.
    pub budget: Budget,
    /// Steps of a run that count as a livelock.
    pub bound: StepBound,
}

/// How far a count is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    /// Complete runs, one of each class; they ended or are stuck.
    pub classes: u64,
    /// Runs given up because every continuation belongs to a class that was counted.
    pub blocked: u64,
    /// The classes whose runs are stuck.
    pub deadlocked: u64,
    /// Steps of all runs, those that runs begin with in common counted once.
    pub steps: u64,
}

/// What a count found.
#[derive(Debug, Clone)]
pub struct Counted<Stop> {
    /// Where it stopped, or ended.
    pub tally: Tally,
    /// Each fact with a schedule that shows it: of those that were seen, one with the fewest
    /// faults and, among these, the fewest steps.
    pub facts: BTreeMap<Fact, Vec<Choice>>,
    /// Plain semaphores that were inflated by an over-release. Whether more of them is held at one
    /// instant than there are permits is no matter of the queue order: `over-admission` on them is
    /// not decided if it is not among the facts. Anything else is.
    pub undecided: BTreeSet<SemaphoreId>,
    /// Why it stopped early; `None` if all classes were counted.
    pub stopped: Option<Stop>,
}

impl Classes<'_> {
    /// Counts until all classes are or the probe says stop. It is asked at every branching.
    ///
    /// # Errors
    ///
    /// Why queue order does not decide everything in this program.
    pub fn count<Stop>(
        &self,
        probe: &mut dyn FnMut(&Tally) -> Option<Stop>,
    ) -> Result<Counted<Stop>, Reason> {
        eligible(self.machine, &self.budget, self.bound)?;
        let mut search = Search::new(self);
        let stopped = search.run(probe);
        Ok(Counted {
            tally: search.tally,
            undecided: search.undecided(),
            facts: search.facts.into_iter().map(|(f, s)| (f, s.2)).collect(),
            stopped,
        })
    }
}

/// A schedule after what it costs: faults and steps.
type Shown = (u32, usize, Vec<Choice>);

/// A state in which nothing confluent is left without a branching.
struct Node {
    words: Vec<u64>,
    panics: u32,
    /// Choices that lead here.
    depth: usize,
    /// Those that are to be followed.
    options: Vec<Choice>,
    next: usize,
    /// Workers whose enqueue here leads to classes that were counted, with its queue.
    sleep: Vec<Sleeper>,
    /// Whether the options are enqueues.
    enqueues: bool,
}

type Sleeper = (WorkerId, SemaphoreId);

/// What comes after what is confluent.
enum Next {
    /// One worker has several ways to go on by itself.
    Ways(Vec<Choice>),
    /// These workers have an acquire to enqueue; maybe none.
    Enqueues(Vec<Sleeper>),
}

struct Search<'a> {
    machine: &'a Machine,
    panics: u32,
    ahead: Ahead,
    judge: Judge,
    nodes: Vec<Node>,
    choices: Vec<Choice>,
    tally: Tally,
    facts: BTreeMap<Fact, Shown>,
    offers: Vec<Offer>,
    notes: Notes,
}

impl<'a> Search<'a> {
    fn new(classes: &Classes<'a>) -> Search<'a> {
        let machine = classes.machine;
        let mut words = vec![0; machine.words()];
        let mut notes = Notes::default();
        machine.reset(&mut words, &mut notes);
        let mut search = Search {
            machine,
            panics: classes.budget.limit(Resource::Panics),
            ahead: Ahead::new(machine),
            judge: Judge::new(&machine.view_words(&words)),
            nodes: Vec::new(),
            choices: Vec::new(),
            tally: Tally::default(),
            facts: BTreeMap::new(),
            offers: Vec::new(),
            notes,
        };
        search.look(&words, 0);
        search.enter(words, 0, Vec::new());
        search
    }

    fn run<Stop>(&mut self, probe: &mut dyn FnMut(&Tally) -> Option<Stop>) -> Option<Stop> {
        while let Some(node) = self.nodes.last_mut() {
            if let Some(stop) = probe(&self.tally) {
                return Some(stop);
            }
            let Some(&choice) = node.options.get(node.next) else {
                self.nodes.pop();
                continue;
            };
            node.next += 1;
            let mut words = node.words.clone();
            let panics = node.panics + u32::from(choice.action == Action::Panic);
            let mut sleep = node.sleep.clone();
            if node.enqueues {
                let view = self.machine.view_words(&words);
                if let Some(queue) = view.acquires(choice.worker) {
                    sleep.retain(|&(_, other)| other != queue);
                    node.sleep.push((choice.worker, queue));
                }
            }
            self.choices.truncate(node.depth);
            self.take(&mut words, choice, panics);
            self.enter(words, panics, sleep);
        }
        None
    }

    /// Takes what is confluent, then counts the run or makes it a node.
    fn enter(&mut self, mut words: Vec<u64>, panics: u32, sleep: Vec<Sleeper>) {
        let (options, enqueues) = match self.close(&mut words, panics, &sleep) {
            Next::Ways(ways) => (ways, false),
            Next::Enqueues(awaited) if awaited.is_empty() => return self.end(&words, panics),
            Next::Enqueues(awaited) => {
                let options: Vec<Choice> = awaited
                    .into_iter()
                    .filter(|&(worker, _)| !is_asleep(&sleep, worker))
                    .map(|(worker, _)| proceed(worker))
                    .collect();
                if options.is_empty() || self.sleeps_for_good(&words, &sleep) {
                    self.tally.blocked += 1;
                    return;
                }
                (options, true)
            }
        };
        self.nodes.push(Node {
            words,
            panics,
            depth: self.choices.len(),
            options,
            next: 0,
            sleep,
            enqueues,
        });
    }

    /// Takes whatever can be taken without branching (invariant 2).
    fn close(&mut self, words: &mut [u64], panics: u32, sleep: &[Sleeper]) -> Next {
        loop {
            let mut offers = std::mem::take(&mut self.offers);
            self.machine.offers(words, &mut offers);
            offers.retain(|o| match o.choice.action {
                Action::Panic => panics < self.panics,
                // `eligible` has seen that there is no budget for these
                Action::Proceed | Action::Branch(_) => true,
                _ => false,
            });
            let mut ways = Vec::new();
            let mut enqueues = Vec::new();
            let mut moved = false;
            for same in offers.chunk_by(|a, b| a.choice.worker == b.choice.worker) {
                let choice = same[0].choice;
                let enqueue = self.machine.view_words(words).acquires(choice.worker);
                let contested = enqueue.filter(|&queue| {
                    is_asleep(sleep, choice.worker)
                        || self.is_contested(words, choice.worker, queue)
                });
                if let Some(queue) = contested {
                    enqueues.push((choice.worker, queue));
                } else if same.len() == 1 {
                    // what others were offered stays true
                    self.take(words, choice, panics);
                    moved = true;
                } else if ways.is_empty() {
                    ways.extend(same.iter().map(|o| o.choice));
                }
            }
            self.offers = offers;
            if moved {
                continue;
            }
            if !ways.is_empty() {
                return Next::Ways(ways);
            }
            return Next::Enqueues(enqueues);
        }
    }

    /// Whether anybody else may still join a queue that a worker is about to join.
    fn is_contested(&self, words: &[u64], worker: WorkerId, queue: SemaphoreId) -> bool {
        self.workers()
            .any(|w| w != worker && self.ahead.may_join(self.machine, words, w, queue))
    }

    /// Whether some sleeping enqueue can be woken no more, neither by those who are awake nor by
    /// those whom they could wake: then every run from here on belongs to a class that was counted.
    fn sleeps_for_good(&self, words: &[u64], sleep: &[Sleeper]) -> bool {
        let mut asleep = sleep.to_vec();
        loop {
            let before = asleep.len();
            let sleeping: Vec<WorkerId> = asleep.iter().map(|&(w, _)| w).collect();
            asleep.retain(|&(_, queue)| {
                !self.workers().any(|w| {
                    !sleeping.contains(&w) && self.ahead.may_join(self.machine, words, w, queue)
                })
            });
            if asleep.is_empty() || asleep.len() == before {
                return !asleep.is_empty();
            }
        }
    }

    fn workers(&self) -> impl Iterator<Item = WorkerId> + use<> {
        (0..self.machine.worker_count() as u32).map(WorkerId)
    }

    fn take(&mut self, words: &mut [u64], choice: Choice, panics: u32) {
        self.notes.clear();
        self.machine.apply(words, choice, &mut self.notes);
        self.choices.push(choice);
        self.tally.steps += 1;
        self.look(words, panics);
    }

    /// Judges a state and the step that led there.
    fn look(&mut self, words: &[u64], panics: u32) {
        let view = self.machine.view_words(words);
        let (facts, choices) = (&mut self.facts, &self.choices);
        let mut see = |fact| keep(facts, fact, panics, choices);
        let Notes { events, moved } = &self.notes;
        events.iter().filter_map(Judge::event).for_each(&mut see);
        for &worker in moved {
            Judge::moved(&view, worker, &mut see);
        }
        self.judge.state(&view, &mut see);
    }

    /// Judges the end of a run and counts it.
    fn end(&mut self, words: &[u64], panics: u32) {
        self.notes.clear();
        self.machine.judge_deferred(words, &mut self.notes);
        self.machine.offers(words, &mut self.offers);
        let situation = self.machine.situation(words, &self.offers, false);
        let (facts, choices) = (&mut self.facts, &self.choices);
        let mut see = |fact| keep(facts, fact, panics, choices);
        let events = &self.notes.events;
        events.iter().filter_map(Judge::event).for_each(&mut see);
        Judge::situation(&self.machine.view_words(words), situation, &mut see);
        self.tally.classes += 1;
        self.tally.deadlocked += u64::from(situation == Situation::Stuck);
    }

    fn undecided(&self) -> BTreeSet<SemaphoreId> {
        let initial = self.machine.initial(&mut ());
        let view = self.machine.view(&initial);
        let inflated = self.facts.keys().filter_map(|fact| match fact {
            Fact::Failed(Identity::OverRelease { semaphore, .. }) => Some(*semaphore),
            _ => None,
        });
        inflated.filter(|&s| view.is_plain(s)).collect()
    }
}

fn is_asleep(sleep: &[Sleeper], worker: WorkerId) -> bool {
    sleep.iter().any(|&(sleeper, _)| sleeper == worker)
}

fn proceed(worker: WorkerId) -> Choice {
    Choice {
        worker,
        action: Action::Proceed,
    }
}

/// Keeps a schedule if it is the first with so few faults and steps.
fn keep(facts: &mut BTreeMap<Fact, Shown>, fact: Fact, faults: u32, choices: &[Choice]) {
    let shown = || (faults, choices.len(), choices.to_vec());
    match facts.entry(fact) {
        Entry::Vacant(entry) => {
            entry.insert(shown());
        }
        Entry::Occupied(mut entry) => {
            let (old_faults, old_steps, _) = *entry.get();
            if (faults, choices.len()) < (old_faults, old_steps) {
                entry.insert(shown());
            }
        }
    }
}

/// What a step told, as far as a property judges it.
#[derive(Default)]
struct Notes {
    events: Vec<Event>,
    moved: Vec<WorkerId>,
}

impl Notes {
    fn clear(&mut self) {
        self.events.clear();
        self.moved.clear();
    }
}

impl Sink for Notes {
    fn event(&mut self, event: Event) {
        if matches!(event, Event::Leaked { .. } | Event::OverReleased { .. }) {
            self.events.push(event);
        }
    }

    fn moved(&mut self, worker: WorkerId) {
        self.moved.push(worker);
    }
}
