//! What is not meant to be done: a clear message each, never a hang, and the next test is not
//! poisoned.
