//! What the lines of `semaphore`, `worker`, `budget` and `expect` say.

use super::error::Problem;
use super::head::Least;
use super::model::*;
use super::property_name::{Expect, PropertyName};
use super::reader::Reader;
use super::validate::Use;
use super::words::{nearest, one_of, quoted};

const ORDERS: [(&str, Order); 3] = [
    ("fifo", Order::Fifo),
    ("fifo-partial", Order::FifoPartial),
    ("barging", Order::Barging),
];

const BUDGETS: [&str; 4] = ["panics", "timeouts", "cancels", "preemptions"];

impl Reader<'_> {
    pub(super) fn semaphore_item(&mut self, span: Span) -> SemaphoreDecl {
        let head = self.head("semaphore", span);
        let name = self.new_name(&head, "a name for the semaphore");
        let keys = ["permits", "order"];
        let flags = ["plain", "signal"];
        let [permits, order] = self.keys(&head, keys, &flags);
        let [plain, signal] = self.flags(&head, 1, flags, &keys);
        if permits.is_none() {
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
            permits: self.number_or(permits, 1, Least::Zero, "permits"),
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
        let count = self.number_or(count, 1, least, "a count");
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
            values.map(|v| v.map(|_| self.number_or(v, 0, Least::Zero, "a budget")));
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
