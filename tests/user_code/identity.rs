//! Which findings are one, and which are two.
