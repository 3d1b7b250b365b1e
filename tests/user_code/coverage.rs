//! A check in which nothing was decided or judged fails; a report says what was covered.
