//! Panics: those that are injected, and those of the user's.
//!
//! What is injected unwinds without a call of the panic hook, so that nobody prints or aborts. For
//! the user's own panics the hook is where message and place are to be had: while a thread explores,
//! they are kept instead of printed.

use std::any::Any;
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::io::Write;
use std::panic::PanicHookInfo;
use std::sync::{Mutex, Once, PoisonError};

use crate::runtime::names::Here;
use crate::runtime::scene::current::{is_exploring, with_core};

/// A payload of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::runtime) enum Panic {
    /// An injected panic.
    Injected,
    /// The run ends in the middle of a step.
    Abandoned,
}

/// What the `Debug` form of an error says that came of an injected fault: who unwraps it has not
/// failed by itself.
pub(in crate::runtime) const INJECTED: &str = "injected by selvedge";

thread_local! {
    static LAST: RefCell<Option<(String, Option<Here>)>> = const { RefCell::new(None) };
    /// The one before the last, if nobody has looked at that.
    static BEFORE: RefCell<Option<(String, Option<Here>)>> = const { RefCell::new(None) };
}

/// What the last panic of this thread said, and where, if nobody has looked at it yet.
#[cfg(feature = "threads")]
pub(in crate::runtime) fn last_panic() -> Option<(String, Option<Here>)> {
    LAST.with(|last| last.borrow().clone())
}

/// What came of user code that panicked.
pub(in crate::runtime) struct Sight {
    payload: Box<dyn Any + Send>,
    kind: Kind,
}

enum Kind {
    /// It was injected, or comes of what was.
    Injected,
    Abandoned,
    Own {
        text: String,
        place: Option<Here>,
    },
}

impl Sight {
    /// Looks at a payload.
    #[cold]
    #[inline(never)]
    pub(in crate::runtime) fn of(payload: Box<dyn Any + Send>) -> Sight {
        let last = LAST.with(|last| last.borrow_mut().take());
        let kind = match payload.downcast_ref::<Panic>() {
            Some(Panic::Injected) => Kind::Injected,
            Some(Panic::Abandoned) => Kind::Abandoned,
            None => {
                let said = message(&*payload);
                // of another one that was caught before, neither words nor place are this one's
                let of_this = last.filter(|(text, _)| *text == said);
                let (text, place) = of_this.unwrap_or((said, None));
                if text.contains(INJECTED) {
                    Kind::Injected
                } else {
                    Kind::Own { text, place }
                }
            }
        };
        Sight { payload, kind }
    }

    /// Whether the run ends here.
    pub(in crate::runtime) fn is_abandoned(&self) -> bool {
        matches!(self.kind, Kind::Abandoned)
    }

    /// Message and place, if it is the user's own.
    pub(in crate::runtime) fn failure(&self) -> Option<(String, Option<Here>)> {
        match &self.kind {
            Kind::Own { text, place } => Some((text.clone(), *place)),
            _ => None,
        }
    }

    /// Whether it comes of a fault that was injected.
    pub(in crate::runtime) fn is_injected(&self) -> bool {
        matches!(self.kind, Kind::Injected)
    }

    pub(in crate::runtime) fn into_payload(self) -> Box<dyn Any + Send> {
        self.payload
    }
}

const NO_MESSAGE: &str = "a panic without a message";

/// What a panic says, as the standard library reads it.
pub(crate) fn message(payload: &(dyn Any + Send)) -> String {
    if let Some(text) = payload.downcast_ref::<&str>() {
        (*text).to_owned()
    } else if let Some(text) = payload.downcast_ref::<String>() {
        text.clone()
    } else {
        NO_MESSAGE.to_owned()
    }
}

/// Keeps the user's panics while a thread explores, and leaves all others to the hook there was.
pub(crate) fn keep_quiet_while_exploring() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        #[cfg(feature = "threads")]
        let before = crate::runtime::threads::behind_shuttles_hook();
        #[cfg(not(feature = "threads"))]
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if is_exploring() {
                keep(info);
            } else {
                before(info);
            }
        }));
    });
}

fn keep(info: &PanicHookInfo<'_>) {
    let payload = info.payload();
    let text = if let Some(text) = payload.downcast_ref::<&str>() {
        (*text).to_owned()
    } else if let Some(text) = payload.downcast_ref::<String>() {
        text.clone()
    } else {
        NO_MESSAGE.to_owned()
    };
    let place = info.location().map(|location| Here {
        line: location.line(),
        column: location.column(),
        file: kept(location.file()),
    });
    if ENDS.iter().any(|start| text.starts_with(start)) {
        return last_words(&text);
    }
    let before = LAST.with(|last| last.borrow_mut().replace((text, place)));
    BEFORE.with(|earlier| *earlier.borrow_mut() = before);
}

/// What the standard library says when it is about to end the process.
const ENDS: [&str; 2] = [
    "panic in a destructor during cleanup",
    "panic in a function that cannot unwind",
];

/// Tells what is known before the process ends: nobody can report it afterwards.
fn last_words(text: &str) {
    let mut words = format!("\nselvedge: {text}: this ends the process, in a check as elsewhere\n");
    for panic in [BEFORE.take(), LAST.take()].into_iter().flatten() {
        let (text, place) = panic;
        if let Some(Here { file, line, column }) = place {
            words += &format!("  {file}:{line}:{column}: {text}\n");
        } else {
            words += &format!("  {text}\n");
        }
    }
    let schedule = with_core(|core| {
        let progress = core.progress.try_borrow().ok()?;
        Some(progress.published.as_ref()?.schedule())
    });
    if let Some(schedule) = schedule.flatten() {
        words += &format!("  the schedule so far: '{schedule}'\n");
    }
    // past what captures the output of tests, which ends with the process
    let _ = std::io::stderr().write_all(words.as_bytes());
}

/// The name of a file, kept for as long as the program runs: there are only so many.
fn kept(file: &str) -> &'static str {
    static FILES: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());
    let mut files = FILES.lock().unwrap_or_else(PoisonError::into_inner);
    match files.get(file) {
        Some(known) => known,
        None => {
            let file: &'static str = Box::leak(file.to_owned().into_boxed_str());
            files.insert(file);
            file
        }
    }
}
