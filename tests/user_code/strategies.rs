//! Subjects that every seed has to find.
