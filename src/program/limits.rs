//! How large a program can be. Each limit is named by the error that enforces it.

/// Blocks, one in another, the worker's own counted.
pub(super) const MOST_NESTED: usize = 64;

/// Instances, summed over the workers.
pub(super) const MOST_INSTANCES: u64 = 256;

/// Statements, summed over the file.
pub(super) const MOST_STATEMENTS: usize = 10_000;

/// Bytes of a file.
pub(super) const MOST_BYTES: usize = 1 << 20;
