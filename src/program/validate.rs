//! Whether the names of a program mean something.
//!
//! The reader notes every use of a name; this compares the uses with what is declared. So it
//! needs no walk through the blocks, and it knows the exact place of each word.
//!
//! A worker may give to, release from and cancel itself, and spawn its own further instances. A
//! semaphore and a worker may share a name. `join` takes any worker but its own, `spawned` or not.

use std::collections::BTreeMap;

use super::error::{Problem, Problems};
use super::model::*;
use super::property_name::Expect;
use super::reader::Item;
use super::words::{nearest, quoted};

/// A use of a name, or another thing that only the whole file can judge.
#[derive(Debug)]
pub(super) enum Use {
    /// A semaphore, with what of the statement needs a ledger and so is no good on a `signal`
    /// semaphore.
    Semaphore {
        name: Name,
        needs_ledger: Vec<(Span, String)>,
    },
    Worker {
        name: Name,
        kind: UseKind,
    },
    /// A key of a `budget` line.
    Budget {
        key: &'static str,
        span: Span,
    },
}

/// What a worker is named for.
#[derive(Debug)]
pub(super) enum UseKind {
    /// One instance: which, if that is said, and where.
    Instance(Option<(u32, Span)>),
    /// `spawn`.
    Spawn,
    /// `join`, in this worker.
    Join(Option<Name>),
}

/// Checks declarations and uses.
pub(super) fn validate(items: &[Item], uses: &[Use], end: Span, problems: &mut Problems) {
    let mut declared = Declared::default();
    for item in items {
        match item {
            Item::Semaphore(s) => {
                declared
                    .semaphores
                    .entry(s.name.as_str())
                    .and_modify(|first| {
                        twice(problems, "semaphore", &s.name, &first.name);
                    })
                    .or_insert(s);
            }
            Item::Worker(w) => {
                declared
                    .workers
                    .entry(w.name.as_str())
                    .and_modify(|first| {
                        twice(problems, "worker", &w.name, &first.name);
                    })
                    .or_insert(w);
            }
            Item::Budget(..) | Item::Expect(..) => {}
        }
    }
    let mut budget = BTreeMap::new();
    for a_use in uses {
        match a_use {
            Use::Semaphore { name, needs_ledger } => {
                declared.semaphore(name, needs_ledger, problems)
            }
            Use::Worker { name, kind } => declared.worker(name, kind, problems),
            Use::Budget { key, span } => {
                if let Some(first) = budget.insert(*key, *span) {
                    problems.add(|| {
                        Problem::new(*span, format!("repeated budget `{key}`"))
                            .label("expected once in a file")
                            .also(first, "first said here")
                    });
                }
            }
        }
    }
    expects(items, problems);
    if problems.is_empty() && declared.workers.is_empty() {
        problems.add(|| {
            Problem::new(end, "the program has no worker")
                .label("expected at least one `worker`")
                .help("a worker is written `worker handler { work query }`")
        });
    }
}

fn twice(problems: &mut Problems, what: &str, again: &Name, first: &Name) {
    if again.as_str().is_empty() {
        return;
    }
    problems.add(|| {
        Problem::new(
            again.span,
            format!("{what} {} is declared twice", quoted(again.as_str())),
        )
        .label("expected another name")
        .also(first.span, "first declared here")
    });
}

#[derive(Debug, Default)]
struct Declared<'a> {
    semaphores: BTreeMap<&'a str, &'a SemaphoreDecl>,
    workers: BTreeMap<&'a str, &'a WorkerDecl>,
}

impl Declared<'_> {
    fn semaphore(&self, name: &Name, needs_ledger: &[(Span, String)], problems: &mut Problems) {
        let text = name.as_str();
        let Some(semaphore) = self.semaphores.get(text) else {
            problems.add(|| {
                Problem::new(
                    name.span,
                    format!("no semaphore is called {}", quoted(text)),
                )
                .label("expected a declared semaphore")
                .help(
                    if let Some(near) = nearest(text, self.semaphores.keys().copied()) {
                        format!("did you mean `{near}`?")
                    } else if self.workers.contains_key(text) {
                        format!("`{text}` is a worker")
                    } else if super::words::is_name(text) {
                        format!("declare it: `semaphore {text} permits=1`")
                    } else {
                        "a semaphore is declared outside the workers: `semaphore pool permits=1`"
                            .to_owned()
                    },
                )
            });
            return;
        };
        if semaphore.kind == Kind::Signal {
            for (span, what) in needs_ledger {
                problems.add(|| {
                    Problem::new(*span, format!("{what} on a signal semaphore"))
                        .label("nobody holds permits of it, and it has no capacity")
                        .also(semaphore.name.span, "declared `signal`")
                        .help("it knows acquire in all forms, release, drain and close")
                });
            }
        }
    }

    fn worker(&self, name: &Name, kind: &UseKind, problems: &mut Problems) {
        let text = name.as_str();
        let Some(worker) = self.workers.get(text) else {
            problems.add(|| {
                Problem::new(name.span, format!("no worker is called {}", quoted(text)))
                    .label("expected a declared worker")
                    .maybe_help(
                        if let Some(near) = nearest(text, self.workers.keys().copied()) {
                            Some(format!("did you mean `{near}`?"))
                        } else if self.semaphores.contains_key(text) {
                            Some(format!("`{text}` is a semaphore"))
                        } else {
                            None
                        },
                    )
            });
            return;
        };
        let count = worker.count;
        match kind {
            UseKind::Instance(None) if count > 1 => problems.add(|| {
                Problem::new(name.span, format!("`{text}` has {count} instances"))
                    .label(format!("expected one of `{text}.1` to `{text}.{count}`"))
                    .also(worker.name.span, "declared here")
            }),
            UseKind::Instance(Some((number, span))) if *number > count => problems.add(|| {
                let only = if count == 1 {
                    format!("expected `{text}`, its only instance")
                } else {
                    format!("expected one of `{text}.1` to `{text}.{count}`")
                };
                Problem::new(
                    name.span.to(*span),
                    format!("there is no instance `{text}.{number}`"),
                )
                .label(only)
                .also(worker.name.span, "declared here")
            }),
            UseKind::Spawn if !worker.spawned => problems.add(|| {
                Problem::new(name.span, format!("worker `{text}` is not `spawned`"))
                    .label("expected a worker whose instances wait for `spawn`")
                    .also(worker.name.span, "declared here")
                    .help(format!("write `worker {text} … spawned {{`"))
            }),
            UseKind::Join(Some(within)) if within == name => problems.add(|| {
                Problem::new(name.span, format!("worker `{text}` joins itself"))
                    .label("this would wait for ever")
                    .also(within.span, "in this worker")
            }),
            _ => {}
        }
    }
}

fn expects(items: &[Item], problems: &mut Problems) {
    let mut seen: BTreeMap<String, Span> = BTreeMap::new();
    let mut clean = None;
    let mut fails = None;
    for item in items {
        let Item::Expect(expect, span) = item else {
            continue;
        };
        let text = super::printer::expect_line(expect);
        match expect {
            Expect::Clean => clean = clean.or(Some(*span)),
            Expect::Fails { .. } => fails = fails.or(Some(*span)),
        }
        if let Some(first) = seen.get(&text) {
            let first = *first;
            problems.add(|| {
                Problem::new(*span, format!("repeated {}", quoted(&text)))
                    .label("expected once")
                    .also(first, "first said here")
            });
        } else {
            seen.insert(text, *span);
        }
    }
    if let (Some(clean), Some(fails)) = (clean, fails) {
        problems.add(|| {
            Problem::new(clean, "`expect clean` together with another `expect`")
                .label("nothing may fail")
                .also(fails, "this must fail")
                .help("leave out one of them")
        });
    }
}
