//! Ids: dense numbers from zero, meaningful within one subject.

/// A semaphore of the subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SemaphoreId(pub u32);

/// A worker instance of the subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WorkerId(pub u32);

/// A statement of the subject, numbered in the order of the text, blocks after their head.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StatementId(pub u32);

/// A text of the subject's that an event carries: a message, or a line of the user's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TextId(pub u32);

impl TextId {
    /// As an index.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

impl SemaphoreId {
    /// As an index.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

impl WorkerId {
    /// As an index.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

impl StatementId {
    /// As an index.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}
