//! Worker programs as data: types, reader, printer, builder, generation.
//!
//! **Invariants**
//!
//! 1. A [`Program`] is valid: every name in it means something, every number is in range.
//!    The only ways to get one go through the reader.
//! 2. `parse(print(p)) == p`.
//! 3. Equality of programs ignores places and comments.

mod block_builder;
mod braces;
mod branching;
mod builder;
mod decode;
mod error;
mod format;
mod generate;
mod head;
mod items;
mod lexer;
mod limits;
mod model;
mod printer;
mod property_name;
mod reader;
mod render;
mod statement;
mod statements;
mod text;
mod validate;
mod words;

pub use block_builder::{BlockBuilder, EitherBuilder};
pub use builder::{ProgramBuilder, SemaphoreBuilder, WorkerBuilder};
pub use error::{Problem, ProgramError};
pub use generate::{Size, generate};
pub use model::*;
pub use property_name::{Expect, PropertyName};
pub use statements::{Numbered, block_size};
