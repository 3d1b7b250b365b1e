//! Right code on which nothing may be found.
