//! The programs of `benches/compare.sh` for Stateright: counts states on one thread and prints how many.
//!
//! ```text
//! stateright-peer ring-N|pool bfs|dfs|symmetry
//! ```
//!
//! A state is one word in both models: Stateright hashes, clones and queues a word faster than an array of bytes.
//! What follows from the positions (forks, free permits, the length of the queue) is not stored.
//! One property that always holds is needed, since Stateright stops when nothing is left to discover.

#![forbid(unsafe_code)]

mod pool;
mod ring;

use std::process::ExitCode;

use stateright::{Checker, Model};

use pool::Pool;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let states = match *words {
        ["pool", "bfs"] => breadth_first(Pool),
        ["pool", "dfs"] => depth_first(Pool),
        ["pool", "symmetry"] => Some(pool::under_symmetry()),
        [name, search] => match (ring::named(name), search) {
            (Some(ring), "bfs") => breadth_first(ring),
            (Some(ring), "dfs") => depth_first(ring),
            _ => None,
        },
        _ => None,
    };
    match states {
        Some(states) => {
            println!("states={states}");
            ExitCode::SUCCESS
        }
        None => {
            eprintln!("usage: stateright-peer ring-N|pool bfs|dfs|symmetry, with N from 3 to 16");
            ExitCode::from(2)
        }
    }
}

fn breadth_first<M>(model: M) -> Option<usize>
where
    M: Model<State = u64, Action = u32> + Send + Sync + 'static,
{
    Some(model.checker().spawn_bfs().join().unique_state_count())
}

fn depth_first<M>(model: M) -> Option<usize>
where
    M: Model<State = u64, Action = u32> + Send + Sync + 'static,
{
    Some(model.checker().spawn_dfs().join().unique_state_count())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_the_known_ones() {
        let ring = || ring::named("ring-5").expect("5 is a size");
        assert_eq!(breadth_first(ring()), Some(166_957));
        assert_eq!(depth_first(ring()), Some(166_957));
        assert_eq!(pool::under_symmetry(), 1_077);
    }
}
