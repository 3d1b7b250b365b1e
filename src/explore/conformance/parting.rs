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
        Parting(Box::new(Words {
            text: format!("the semaphore panicked: {text}"),
            panicked: true,
        }))
    }

    pub(super) fn text(&self) -> &str {
        &self.0.text
    }

    /// Whether the semaphore panicked: nothing of it can be trusted.
    pub(super) fn is_panic(&self) -> bool {
        self.0.panicked
    }
}
