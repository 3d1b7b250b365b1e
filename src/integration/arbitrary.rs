//! `Arbitrary` of the crate arbitrary: programs, decisions and ops from the bytes of a fuzzer.
//!
//! How bytes are decoded is told at [`Program::from_bytes`] and [`Ops::from_bytes`], which do not
//! need the crate: what a fuzzer found is decoded by them too. Any bytes are something valid, and
//! fewer bytes are something simpler. Programs and ops take a part of the bytes where they stand
//! among others, all of them where they stand last, as is the custom.

use ::arbitrary::{Arbitrary, Result, Unstructured};

use crate::explore::Ops;
use crate::program::Program;
use crate::strategy::Decisions;

/// Up to a length that the bytes themselves say.
fn part<'a>(u: &mut Unstructured<'a>) -> Result<&'a [u8]> {
    let length = u.arbitrary_len::<u8>()?;
    u.bytes(length)
}

impl<'a> Arbitrary<'a> for Program {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Program> {
        Ok(Program::from_bytes(part(u)?))
    }

    fn arbitrary_take_rest(u: Unstructured<'a>) -> Result<Program> {
        Ok(Program::from_bytes(u.take_rest()))
    }

    fn size_hint(_depth: usize) -> (usize, Option<usize>) {
        (0, None)
    }
}

impl<'a> Arbitrary<'a> for Ops {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Ops> {
        Ok(Ops::from_bytes(part(u)?))
    }

    fn arbitrary_take_rest(u: Unstructured<'a>) -> Result<Ops> {
        Ok(Ops::from_bytes(u.take_rest()))
    }

    fn size_hint(_depth: usize) -> (usize, Option<usize>) {
        (0, None)
    }
}

impl<'a> Arbitrary<'a> for Decisions {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Decisions> {
        Ok(Decisions(part(u)?.to_vec()))
    }

    fn arbitrary_take_rest(u: Unstructured<'a>) -> Result<Decisions> {
        Ok(Decisions(u.take_rest().to_vec()))
    }

    fn size_hint(_depth: usize) -> (usize, Option<usize>) {
        (0, None)
    }
}
