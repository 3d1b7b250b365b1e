//! Orders that can deadlock, and orders that something keeps apart.
