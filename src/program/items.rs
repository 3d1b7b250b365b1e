//! Reads the items of a file: `semaphore`, `worker`, `budget` and `expect`.

use super::error::Problem;
use super::head::Least;
use super::lexer::{Token, TokenKind};
use super::limits::MOST_INSTANCES;
use super::model::*;
use super::property_name::{Expect, PropertyName};
use super::reader::{Item, Reader};
use super::validate::Use;
use super::words::{self, nearest, one_of, quoted};

const ORDERS: [(&str, Order); 3] = [
    ("fifo", Order::Fifo),
    ("fifo-partial", Order::FifoPartial),
    ("barging", Order::Barging),
];

const BUDGETS: [&str; 4] = ["panics", "timeouts", "cancels", "preemptions"];

impl Reader<'_> {
    pub(super) fn items(&mut self) {
        // One problem is told for a run of statements outside a worker, not one for each.
        let mut stray_run = false;
        loop {
            self.skip_ends();
            let token = self.peek();
            self.item_start = token.span.start;
            match token.kind {
                TokenKind::End => break,
                TokenKind::Word => {
                    let was_item = self.item(stray_run);
                    stray_run = !was_item;
                }
                TokenKind::Close => {
                    self.bump();
                    self.braces.unopened = self.braces.unopened.saturating_sub(1);
                    if !stray_run {
                        self.problems.add(|| {
                            Problem::new(token.span, "unmatched `}`").label("it closes nothing")
                        });
                    }
                    stray_run = true;
                }
                _ => {
                    if !stray_run {
                        let found = quoted(self.of(token.span));
                        self.problems.add(|| {
                            Problem::new(token.span, format!("unexpected {found}"))
                                .label(format!("expected {}", words::one_of(&words::ITEMS)))
                        });
                    }
                    self.skip_any(token);
                    stray_run = true;
                }
            }
            self.unwinding = false;
        }
    }

    pub(super) fn skip_any(&mut self, token: Token) {
        if token.kind == TokenKind::Open {
            self.skip_block();
        } else {
            self.bump();
        }
    }

    /// Reads an item. False when it was none.
    pub(super) fn item(&mut self, in_stray_run: bool) -> bool {
        let span = self.peek().span;
        let word = self.of(span);
        let meant = words::ITEMS.iter().copied().find(|item| *item == word);
        let meant = match meant {
            Some(item) => item,
            None => {
                let statement = words::is_statement_word(word);
                let guess = if statement {
                    None
                } else {
                    nearest(word, words::ITEMS)
                };
                let surplus = self.braces.unopened > 0;
                if !in_stray_run || guess.is_some() {
                    self.problems.add(|| {
                        if statement {
                            Problem::new(span, format!("`{word}` outside a worker"))
                                .label("a statement stands between the braces of a worker")
                                .maybe_help(surplus.then(|| {
                                    "there is a `}` too many: perhaps it ended the worker above"
                                        .to_owned()
                                }))
                        } else {
                            Problem::new(span, format!("unknown item {}", quoted(word)))
                                .label(format!("expected {}", words::one_of(&words::ITEMS)))
                                .maybe_help(guess.map(|g| format!("did you mean `{g}`?")))
                        }
                    });
                }
                let Some(guess) = guess else {
                    self.skip_head();
                    if self.peek().kind == TokenKind::Open {
                        self.skip_block();
                    }
                    return false;
                };
                guess
            }
        };
        self.bump();
        match meant {
            "semaphore" => {
                let semaphore = self.semaphore_item(span);
                self.items.push(Item::Semaphore(semaphore));
            }
            "worker" => self.worker_item(span),
            "budget" => {
                let budget = self.budget_item(span);
                self.items
                    .push(Item::Budget(budget, span.to(self.last_span())));
            }
            _ => {
                if let Some(expect) = self.expect_item(span) {
                    self.items
                        .push(Item::Expect(expect, span.to(self.last_span())));
                }
            }
        }
        true
    }

    pub(super) fn worker_item(&mut self, span: Span) {
        let (name, count, count_span, spawned) = self.worker_head(span);
        let before = self.instances;
        self.instances += u64::from(count);
        if before <= MOST_INSTANCES && self.instances > MOST_INSTANCES {
            let instances = self.instances;
            self.problems.add(|| {
                Problem::new(count_span, "too many worker instances").label(format!(
                    "with these there are {instances}, and the limit is {MOST_INSTANCES}"
                ))
            });
        }
        let outer = self.worker.replace(name.clone());
        let body = self.block("worker", span);
        self.worker = outer;
        self.items.push(Item::Worker(WorkerDecl {
            name,
            count,
            spawned,
            body,
            span: span.to(self.last_span()),
        }));
    }

    pub(super) fn semaphore_item(&mut self, span: Span) -> SemaphoreDecl {
        let head = self.head("semaphore", span);
        let name = self.new_name(&head, "a name for the semaphore");
        let keys = ["permits", "order"];
        let flags = ["plain", "signal"];
        let [permits, order] = self.keys(&head, keys, &flags);
        let [plain, signal] = self.flags(&head, 1, flags, &keys);
        let told = name.as_str().is_empty() || head.words().any(|w| self.of(w) == "permits");
        if permits.is_none() && !told {
            let whole = self.whole(&head);
            self.problems.add(|| {
                Problem::new(whole, "a semaphore without permits")
                    .label("expected `permits=` and a number, which can be 0")
            });
        }
        if let (Some(plain), Some(signal)) = (plain, signal) {
            let (first, second) = if plain.start < signal.start {
                (plain, signal)
            } else {
                (signal, plain)
            };
            self.problems.add(|| {
                Problem::new(second, "a semaphore cannot be both `plain` and `signal`")
                    .label("expected one of them")
                    .also(first, "the other one")
                    .help("a `signal` semaphore counts without bounds anyway")
            });
        }
        let order = match order.and_then(|v| v.span) {
            Some(span) => ORDERS[self.choice(span, ORDERS.map(|(word, _)| word))].1,
            None => Order::Fifo,
        };
        let kind = match (plain, signal) {
            (_, Some(_)) => Kind::Signal,
            (Some(_), None) => Kind::Plain,
            (None, None) => Kind::Bounded,
        };
        let semaphore = SemaphoreDecl {
            name,
            permits: self.number_or(permits, 1, Least::Zero, ""),
            order,
            kind,
            span: span.to(self.whole(&head)),
        };
        self.no_block(&head, "");
        semaphore
    }

    /// Name, count, where that is said, and whether instances are spawned.
    pub(super) fn worker_head(&mut self, span: Span) -> (Name, u32, Span, bool) {
        let head = self.head("worker", span);
        let name = self.new_name(&head, "a name for the worker");
        let [count] = self.keys(&head, ["count"], &["spawned"]);
        let [spawned] = self.flags(&head, 1, ["spawned"], &["count"]);
        let count_span = count.map_or(name.span, |c| c.whole());
        let least = Least::One("a worker that never runs can be left out");
        let count = self.number_or(count, 1, least, "a count of zero");
        (name, count, count_span, spawned.is_some())
    }

    pub(super) fn budget_item(&mut self, span: Span) -> BudgetDecl {
        let head = self.head("budget", span);
        let values = self.keys(&head, BUDGETS, &[]);
        self.flags(&head, 0, [], &BUDGETS);
        if head.parts.is_empty() {
            self.problems.add(|| {
                Problem::new(span, "an empty budget")
                    .label(format!("expected {}", one_of(&BUDGETS)))
            });
        }
        for (key, value) in BUDGETS.into_iter().zip(values) {
            if let Some(value) = value {
                self.uses.push(Use::Budget {
                    key,
                    span: value.key,
                });
            }
        }
        let [panics, timeouts, cancels, preemptions] =
            values.map(|v| v.map(|_| self.number_or(v, 0, Least::Zero, "")));
        self.no_block(&head, "");
        BudgetDecl {
            panics,
            timeouts,
            cancels,
            preemptions,
        }
    }

    pub(super) fn expect_item(&mut self, span: Span) -> Option<Expect> {
        let head = self.head("expect", span);
        let name = self.name(&head, "the name of a property, or `clean`,");
        let [on] = self.keys(&head, ["on"], &[]);
        self.flags(&head, 1, [], &["on"]);
        self.no_block(&head, "");
        let on_name = on.and_then(|v| v.span).map(|s| Name::new(self.of(s), s));
        if let Some(name) = &on_name {
            self.uses.push(Use::Semaphore {
                name: name.clone(),
                needs_ledger: Vec::new(),
            });
        }
        let text = name.as_str();
        if text.is_empty() {
            return None;
        }
        if text == "clean" {
            if let Some(on) = on {
                self.problems.add(|| {
                    Problem::new(on.whole(), "`expect clean` is about the whole program")
                        .label("expected no `on=`")
                });
            }
            return Some(Expect::Clean);
        }
        let Ok(property) = text.parse::<PropertyName>() else {
            self.problems.add(|| {
                let names = PropertyName::ALL.map(PropertyName::as_str);
                let guess = nearest(text, names.into_iter().chain(["clean"]));
                Problem::new(name.span, format!("no property is called {}", quoted(text)))
                    .label("expected the name of a property, or `clean`")
                    .help(match guess {
                        Some(guess) => format!("did you mean `{guess}`?"),
                        None => format!("the properties are {}", names.join(", ")),
                    })
            });
            return None;
        };
        Some(Expect::Fails {
            property,
            on: on_name,
        })
    }
}
