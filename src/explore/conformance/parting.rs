//! How the sides part.

/// The sides part. As small as can be: most ops could return one, and hardly any does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Parting(Box<Words>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Words {
    text: String,
    panicked: bool,
}

impl Parting {
    /// In plain words, how.
    pub(super) fn new(text: impl Into<String>) -> Parting {
        Parting(Box::new(Words {
            text: text.into(),
            panicked: false,
        }))
    }

    /// The semaphore panicked, with a text.
    pub(super) fn panicked(text: &str) -> Parting {
        Parting::broken(format!("the semaphore panicked: {text}"))
    }

    /// A call was ended by a panic.
    pub(super) fn broken(text: String) -> Parting {
        let panicked = true;
        Parting(Box::new(Words { text, panicked }))
    }

    /// The semaphore has no op any more that it had when it was new.
    pub(super) fn cannot(what: &str) -> Parting {
        Parting::new(format!("it cannot {what} now, and could when it was new"))
    }

    pub(super) fn text(&self) -> &str {
        &self.0.text
    }

    /// Whether the semaphore panicked: nothing of it can be trusted.
    pub(super) fn is_panic(&self) -> bool {
        self.0.panicked
    }
}
