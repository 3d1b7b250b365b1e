//! Programs as what a fuzzer's input gives, there and back.

use crate::program::Program;

/// The program that the bytes of an input's first part say: its text, if they are the text of one,
/// and else what [`Program::from_bytes`] makes of them. Any bytes are a program.
pub fn program_of(given: &[u8]) -> Program {
    read(given).unwrap_or_else(|| Program::from_bytes(given))
}

/// Bytes that say a program: [`program_of`] gives the same back.
pub fn seed_of(program: &Program) -> Vec<u8> {
    program.to_string().into_bytes()
}

/// The program that is written there. Few bytes of a fuzzer are a text, and most of those that are
/// not are told at once.
pub(super) fn read(given: &[u8]) -> Option<Program> {
    if !given.starts_with(b"semaphore ") {
        return None;
    }
    Program::parse(std::str::from_utf8(given).ok()?).ok()
}
