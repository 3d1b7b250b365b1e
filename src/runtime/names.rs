//! What the workers, semaphores, statements and texts of a closure are called.
//!
//! A closure says what it is made of only while it runs, and each run may say it in another order.
//! So ids are given out over all runs of an exploration, to what stays the same from run to run: a
//! worker is the k-th child of its parent, a semaphore has a name or a place where it was made, a
//! statement is an op at a place in the code.
//!
//! **Invariants**
//!
//! 1. What has an id keeps it for the whole exploration.
//! 2. No address is used.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::Location;

use super::blank::blanked;
use crate::run::{SemaphoreId, StatementId, TextId, WorkerId, printable};

/// A place in the code.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Here {
    // the line tells most places apart
    pub(crate) line: u32,
    pub(crate) column: u32,
    pub(crate) file: &'static str,
}

impl PartialEq for Here {
    #[inline]
    fn eq(&self, other: &Here) -> bool {
        // a file has one name in most builds
        (self.line, self.column) == (other.line, other.column)
            && (std::ptr::eq(self.file, other.file) || self.file == other.file)
    }
}

impl Eq for Here {}

/// Whether a file is of the standard library or of a crate that was fetched.
fn is_of_a_dependency(file: &str) -> bool {
    let file = file.replace('\\', "/");
    file.starts_with("/rustc/") || file.contains("/registry/src/") || file.contains("/library/")
}

impl From<&'static Location<'static>> for Here {
    fn from(location: &'static Location<'static>) -> Here {
        Here {
            line: location.line(),
            column: location.column(),
            file: location.file(),
        }
    }
}

/// All names of one exploration.
#[derive(Debug, Default)]
pub(crate) struct Names {
    /// The file that was asked for last, and whether it is of a dependency.
    last_file: Option<(&'static str, bool)>,
    workers: Vec<Worker>,
    semaphores: Vec<Semaphore>,
    /// Those that are told apart by nothing but the order of their first use.
    alike: BTreeMap<Origin, Alike>,
    semaphore_names: BTreeSet<String>,
    /// The number that was tried last with each name that was taken.
    numbers: BTreeMap<String, u32>,
    statements: Vec<Statement>,
    known: BTreeMap<(Key, String), StatementId>,
    /// The statements that were found last, each at its own number: most ops are performed again
    /// and again.
    recent: Vec<Option<Recent>>,
    texts: Vec<String>,
    text_ids: BTreeMap<String, TextId>,
}

/// A place, in the order of files and lines.
type Key = (&'static str, u32, u32);

fn key(place: Here) -> Key {
    (place.file, place.line, place.column)
}

#[derive(Debug)]
struct Worker {
    name: String,
    children: Vec<WorkerId>,
}

#[derive(Debug)]
struct Semaphore {
    name: String,
    /// What it is called where lines must not matter.
    label: String,
    origin: Origin,
}

/// What tells a semaphore from others: its given name, or where it was made.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Origin {
    Given(String),
    Made(Key),
}

/// Semaphores of one origin.
#[derive(Debug, Default)]
struct Alike {
    ids: Vec<SemaphoreId>,
    /// Those before this one are taken in the run that uses it.
    next: usize,
    run: u64,
}

#[derive(Debug)]
struct Statement {
    /// For what stands at a place that is not known, a place that tells it from others.
    place: Here,
    is_placed: bool,
    head: String,
    /// Its words where lines must not matter.
    label: String,
    /// Of a failure, its message when it was met first.
    said: Option<String>,
    /// Whether it puts back or forgets permits; what takes them is another statement.
    is_raw_op: bool,
}

/// A statement that can be found without its words.
#[derive(Debug, Clone, Copy)]
struct Recent {
    place: Here,
    verb: Verb,
    object: u32,
    id: StatementId,
}

/// What a worker does at a statement, as far as it is the same for all statements.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verb {
    Acquire(u32),
    AcquireWithin(u32),
    TryAcquire(u32),
    Release(u32),
    Grow(u32),
    Shrink(u32),
    Drain,
    Forget(u32),
    Close,
    Start,
    /// An await of which nothing is known, nor where it stands.
    Await,
    /// The same in a thread: a scheduling point of shuttle's.
    #[cfg_attr(
        not(feature = "threads"),
        expect(dead_code, reason = "only threads have it")
    )]
    Sync,
    Yield,
    #[cfg_attr(
        not(feature = "threads"),
        expect(dead_code, reason = "only threads have it")
    )]
    Spawn,
    #[cfg_attr(
        not(feature = "threads"),
        expect(dead_code, reason = "only threads have it")
    )]
    Unwind,
    Probe,
    Join,
    /// A join in an expression of which it is not known where it stands.
    JoinSomewhere,
}

impl Verb {
    /// Tells what is done apart from what else is done at the same place.
    #[inline]
    fn number(self) -> u32 {
        match self {
            Verb::Start => 0,
            Verb::Await | Verb::Sync => 1,
            Verb::Release(_) => 2,
            _ => 3,
        }
    }

    /// The words; `object` is the name of a semaphore, or of a worker.
    fn head(self, object: &str) -> String {
        let some = |word: &str, permits: u32| match permits {
            1 => format!("{word} {object}"),
            n => format!("{word} {object} permits={n}"),
        };
        match self {
            Verb::Acquire(n) => some("acquire", n),
            Verb::AcquireWithin(n) => some("acquire-within", n),
            Verb::TryAcquire(n) => some("try-acquire", n),
            Verb::Release(n) => some("release", n),
            Verb::Grow(n) => some("grow", n),
            Verb::Shrink(n) => some("shrink", n),
            Verb::Drain => format!("drain {object}"),
            Verb::Forget(n) => some("forget", n),
            Verb::Close => format!("close {object}"),
            Verb::Probe => format!("probe {object}"),
            Verb::Join | Verb::JoinSomewhere => format!("join {object}"),
            Verb::Start => "start".to_owned(),
            Verb::Await => "await".to_owned(),
            Verb::Sync => "sync".to_owned(),
            Verb::Yield => "yield".to_owned(),
            Verb::Spawn => "spawn".to_owned(),
            Verb::Unwind => "unwind".to_owned(),
        }
    }
}

/// How a statement begins that fails.
const FAILURE: &str = "panic: ";

/// The words of a statement, whoever it waits for.
fn whoever(head: &str) -> &str {
    if head.starts_with("join ") {
        "join"
    } else {
        head
    }
}

/// The first worker of every run.
pub(crate) const MAIN: WorkerId = WorkerId(0);

/// So many statements are found again fast; a power of two.
const MOST_RECENT: usize = 256;

impl Names {
    /// Names with `main` in them.
    pub(crate) fn new() -> Names {
        Names {
            workers: vec![Worker {
                name: "main".to_owned(),
                children: Vec::new(),
            }],
            ..Names::default()
        }
    }

    /// Names of the workers of a program; what else it names has ids of its own.
    pub(crate) fn of_program(workers: Vec<String>) -> Names {
        let named = |name| Worker {
            name,
            children: Vec::new(),
        };
        Names {
            workers: workers.into_iter().map(named).collect(),
            ..Names::default()
        }
    }

    /// The `nth` child of a worker, counted from zero.
    pub(crate) fn child(&mut self, parent: WorkerId, nth: usize) -> WorkerId {
        match self.workers[parent.index()].children.get(nth) {
            Some(&known) => known,
            None => self.name_children(parent, nth),
        }
    }

    #[cold]
    fn name_children(&mut self, parent: WorkerId, nth: usize) -> WorkerId {
        let known = self.workers[parent.index()].children.len();
        for n in known..=nth {
            let id = WorkerId(self.workers.len() as u32);
            let name = format!("{}.{}", self.workers[parent.index()].name, n + 1);
            self.workers.push(Worker {
                name,
                children: Vec::new(),
            });
            self.workers[parent.index()].children.push(id);
        }
        self.workers[parent.index()].children[nth]
    }

    /// The semaphore of that name, or made at that place, of which `is_taken` does not say that it
    /// is another one in this run, the `run`th. What is taken stays so until the run has ended.
    pub(crate) fn semaphore(
        &mut self,
        given: Option<&str>,
        made: Here,
        run: u64,
        is_taken: impl Fn(SemaphoreId) -> bool,
    ) -> SemaphoreId {
        let origin = match given {
            Some(name) => Origin::Given(name.to_owned()),
            None => Origin::Made(key(made)),
        };
        let alike = self.alike.entry(origin.clone()).or_default();
        if alike.run != run {
            (alike.run, alike.next) = (run, 0);
        }
        while let Some(&id) = alike.ids.get(alike.next) {
            if !is_taken(id) {
                return id;
            }
            alike.next += 1;
        }
        let is_first = alike.ids.is_empty();
        let id = SemaphoreId(self.semaphores.len() as u32);
        alike.ids.push(id);
        let given = given.map(printable);
        let (name, label) = match given.as_deref() {
            Some(given) => {
                let name = self.free_name(given, "-", is_first);
                (name.clone(), name)
            }
            None => {
                let made_at = format!("{}:{}", made.file, made.line);
                let name = self.free_name(&printable(&made_at), "#", true);
                (name, self.free_name("semaphore", "-", false))
            }
        };
        self.semaphores.push(Semaphore {
            name,
            label,
            origin,
        });
        id
    }

    /// A name that no other semaphore has: the stem, or else that with a number.
    fn free_name(&mut self, stem: &str, before_number: &str, plain: bool) -> String {
        if plain && self.semaphore_names.insert(stem.to_owned()) {
            return stem.to_owned();
        }
        let first = u32::from(before_number == "#");
        let number = self.numbers.entry(stem.to_owned()).or_insert(first);
        loop {
            *number += 1;
            let name = format!("{stem}{before_number}{number}");
            if self.semaphore_names.insert(name.clone()) {
                return name;
            }
        }
    }

    /// Whether nothing but the order of first use tells it from another one.
    pub(crate) fn is_ambiguous(&self, id: SemaphoreId) -> bool {
        let origin = &self.semaphores[id.index()].origin;
        self.alike.get(origin).is_some_and(|a| a.ids.len() > 1)
    }

    /// The statement of an op on a semaphore at a place.
    #[inline]
    pub(crate) fn op(&mut self, place: Here, verb: Verb, semaphore: SemaphoreId) -> StatementId {
        self.find(place, verb, semaphore.0)
    }

    /// Whether a place is in the standard library or in a crate that was fetched.
    pub(crate) fn is_of_a_dependency(&mut self, place: Here) -> bool {
        match self.last_file {
            Some((file, is_of_one)) if std::ptr::eq(file, place.file) => is_of_one,
            _ => {
                let is_of_one = is_of_a_dependency(place.file);
                self.last_file = Some((place.file, is_of_one));
                is_of_one
            }
        }
    }

    /// The statement of waiting for a worker at a place.
    #[inline]
    pub(crate) fn join(&mut self, place: Here, on: WorkerId) -> StatementId {
        self.find(place, Verb::Join, on.0)
    }

    /// The same where it is not known at which place: `told_apart_by` is another one.
    pub(crate) fn join_somewhere(&mut self, told_apart_by: Here, on: WorkerId) -> StatementId {
        self.find(told_apart_by, Verb::JoinSomewhere, on.0)
    }

    /// The statement of something that is done to nobody, at a place.
    #[inline]
    pub(crate) fn alone(&mut self, place: Here, verb: Verb) -> StatementId {
        self.find(place, verb, 0)
    }

    #[inline]
    fn find(&mut self, place: Here, verb: Verb, object: u32) -> StatementId {
        let number = place.line ^ place.column << 3 ^ object << 5 ^ verb.number() << 6;
        let at = number as usize % MOST_RECENT;
        match self.recent.get(at) {
            Some(Some(known))
                if known.object == object && known.verb == verb && known.place == place =>
            {
                known.id
            }
            _ => self.learn(at, place, verb, object),
        }
    }

    #[cold]
    fn learn(&mut self, at: usize, place: Here, verb: Verb, object: u32) -> StatementId {
        let (name, label) = match verb {
            Verb::Join | Verb::JoinSomewhere => {
                let name = self.workers[object as usize].name.as_str();
                (name, name)
            }
            Verb::Start | Verb::Await | Verb::Sync | Verb::Yield | Verb::Spawn | Verb::Unwind => {
                ("", "")
            }
            _ => {
                let semaphore = &self.semaphores[object as usize];
                (semaphore.name.as_str(), semaphore.label.as_str())
            }
        };
        let is_placed = !matches!(verb, Verb::Await | Verb::Sync | Verb::JoinSomewhere);
        let (head, label) = (verb.head(name), verb.head(label));
        let id = self.insert(place, is_placed, &head, label);
        self.recent.resize(MOST_RECENT, None);
        self.recent[at] = Some(Recent {
            place,
            verb,
            object,
            id,
        });
        id
    }

    /// The statement of these words at a place.
    pub(crate) fn statement(&mut self, place: Here, head: &str) -> StatementId {
        self.insert(place, true, head, head.to_owned())
    }

    fn insert(&mut self, place: Here, is_placed: bool, head: &str, label: String) -> StatementId {
        let key = (key(place), head.to_owned());
        let next = StatementId(self.statements.len() as u32);
        *self.known.entry(key).or_insert_with(|| {
            self.statements.push(Statement {
                place,
                is_placed,
                head: printable(head),
                label: printable(&label),
                said: None,
                is_raw_op: head.starts_with("release ") || head.starts_with("forget "),
            });
            next
        })
    }

    /// What fails with a message at a place: another one for each message, its numbers and quoted
    /// values apart.
    pub(crate) fn failure(&mut self, place: Here, message: &str) -> StatementId {
        let head = format!("{FAILURE}{}", blanked(message));
        let id = self.statement(place, &head);
        let said = &mut self.statements[id.index()].said;
        said.get_or_insert_with(|| message.to_owned());
        id
    }

    /// A text.
    pub(crate) fn text(&mut self, text: &str) -> TextId {
        if let Some(&id) = self.text_ids.get(text) {
            return id;
        }
        let id = TextId(self.texts.len() as u32);
        self.texts.push(text.to_owned());
        self.text_ids.insert(text.to_owned(), id);
        id
    }

    /// How many workers have a name.
    pub(crate) fn workers(&self) -> usize {
        self.workers.len()
    }

    /// The names of all workers.
    pub(crate) fn worker_names(&self) -> Vec<String> {
        self.workers.iter().map(|w| w.name.clone()).collect()
    }

    /// The names of the workers from the `first` on.
    pub(crate) fn worker_names_from(&self, first: usize) -> Vec<String> {
        let workers = self.workers.iter().skip(first);
        workers.map(|w| w.name.clone()).collect()
    }

    /// The names of all semaphores.
    pub(crate) fn semaphore_names(&self) -> Vec<String> {
        self.semaphores.iter().map(|s| s.name.clone()).collect()
    }

    /// What all semaphores are called where lines must not matter.
    pub(crate) fn semaphore_labels(&self) -> Vec<String> {
        self.semaphores.iter().map(|s| s.label.clone()).collect()
    }

    /// The name of a semaphore.
    pub(crate) fn semaphore_name(&self, id: SemaphoreId) -> &str {
        &self.semaphores[id.index()].name
    }

    /// The worker of that name. Names say how a worker was spawned, so it need not have been yet.
    pub(crate) fn worker_of_name(&mut self, name: &str) -> Option<WorkerId> {
        let mut parts = name.split('.');
        let mut id = (parts.next() == Some("main")).then_some(MAIN)?;
        for part in parts {
            let nth: usize = part.parse().ok().filter(|&n| n > 0 && n <= 1_000_000)?;
            id = self.child(id, nth - 1);
        }
        Some(id)
    }

    /// All texts.
    pub(crate) fn all_texts(&self) -> Vec<String> {
        self.texts.clone()
    }

    /// A place that tells a statement from others: where it stands, if that is known.
    pub(crate) fn told_apart_by(&self, id: StatementId) -> Here {
        self.statements[id.index()].place
    }

    /// Whether a statement is a `release` or a `forget`.
    #[inline]
    pub(crate) fn is_raw_op(&self, id: StatementId) -> bool {
        self.statements[id.index()].is_raw_op
    }

    /// Where a statement stands, if that is known, and its words; of a failure, its message.
    pub(crate) fn source(&self, id: StatementId) -> (Option<Here>, &str) {
        let statement = &self.statements[id.index()];
        let said = statement.said.as_ref();
        let place = statement.is_placed.then_some(statement.place);
        (place, said.unwrap_or(&statement.head))
    }

    /// What a statement is called where lines must not matter: its words, and which one it is in
    /// the order of the text of those that say the same. Workers are not told apart. A failure is called
    /// by its file and its message.
    pub(crate) fn label(&self, id: StatementId) -> String {
        let this = &self.statements[id.index()];
        if this.head.starts_with(FAILURE) {
            return format!("{} {}", this.place.file.replace('\\', "/"), this.head);
        }
        let head = whoever(&this.label);
        let alike = self.statements.iter().filter(|s| whoever(&s.label) == head);
        let before: BTreeSet<Key> = alike.map(|s| key(s.place)).collect();
        let before = before.range(..key(this.place)).count();
        format!("{head}#{before}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn workers_are_named_after_who_spawned_them() {
        let mut names = Names::new();
        let second = names.child(MAIN, 1);
        let first_of_second = names.child(second, 0);
        assert_eq!(names.child(MAIN, 1), second);
        assert_eq!(
            names.worker_names(),
            ["main", "main.1", "main.2", "main.2.1"]
        );
        assert_eq!(names.worker_of_name("main.2.1"), Some(first_of_second));
        assert_eq!(names.worker_of_name("other.1"), None);
        assert_eq!(names.worker_of_name("main.0"), None);
    }

    #[test]
    fn semaphores_that_are_alike_are_told_apart_within_a_run() {
        let mut names = Names::new();
        let here = Here::from(Location::caller());
        let first = names.semaphore(None, here, 1, |_| false);
        assert_eq!(names.semaphore(None, here, 1, |_| false), first);
        assert!(!names.is_ambiguous(first));
        let second = names.semaphore(None, here, 1, |id| id == first);
        assert_ne!(second, first);
        assert!(names.is_ambiguous(first) && names.is_ambiguous(second));
        let named = names.semaphore(Some("pool"), here, 1, |_| false);
        assert!(!names.is_ambiguous(named));
        let made = format!("{}:{}", here.file, here.line);
        let again = format!("{made}#2");
        assert_eq!(names.semaphore_names(), [made, again, "pool".to_owned()]);
        assert_eq!(
            names.semaphore_labels(),
            ["semaphore-1", "semaphore-2", "pool"]
        );
    }
}
