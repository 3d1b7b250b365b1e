//! Many tests, many processes, large programs, long names.
