//! Random programs of a number of statements in which something is found.

use selvedge::explore::Explorer;
use selvedge::program::{Program, Size, block_size, generate};
use selvedge::report::{Finding, StrategyName};

/// A program with a finding.
pub(crate) struct Failing {
    pub(crate) seed: u64,
    pub(crate) program: Program,
    pub(crate) finding: Finding,
}

/// What finds it: runs, since not every program of that size can be searched.
pub(crate) fn explorer() -> Explorer {
    Explorer {
        strategy: StrategyName::Portfolio,
        runs: Some(100),
        ..Explorer::default()
    }
}

/// The statements of a program.
pub(crate) fn statements(program: &Program) -> u32 {
    program.workers().iter().map(|w| block_size(&w.body)).sum()
}

/// The worker instances of a program.
pub(crate) fn instances(program: &Program) -> u32 {
    program.workers().iter().map(|w| w.count).sum()
}

/// Failing programs of so many statements, in the order of their seeds. Which of the findings of a
/// program is taken differs from one to the next.
pub(crate) fn failing(size: u32) -> impl Iterator<Item = Failing> {
    let large = Size {
        statements: size,
        plots: size / 8,
        workers: 4,
        instances: 6,
        semaphores: 4,
        ..Size::default()
    };
    (0..).filter_map(move |seed| {
        let program = generate(seed, &large);
        if statements(&program) != size {
            return None;
        }
        let mut findings = explorer().explore(&program, "random.sem", &()).findings;
        let nth = (seed as usize).checked_rem(findings.len())?;
        Some(Failing {
            seed,
            finding: findings.swap_remove(nth),
            program,
        })
    })
}
