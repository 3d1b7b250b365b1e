//! The cases of a property test: proptest makes them and makes them smaller, and one finding is
//! followed.

use std::cell::RefCell;

use ::proptest::strategy::Strategy;
use ::proptest::test_runner::{
    Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner,
};

use crate::explore::Likeness;
use crate::property::Identity;
use crate::report::Finding;
use crate::run::Rng;

/// The case that failed, the smallest that was found.
pub(super) struct Failed<T> {
    pub(super) value: T,
    pub(super) finding: Box<Finding>,
    /// The case that failed first, from one.
    pub(super) case: u32,
}

/// Whether proptest makes a case smaller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shrinking {
    ByProptest,
    /// By somebody else, later.
    Not,
}

/// Makes the cases and tries each, until one fails; then smaller ones, of which those that show
/// another finding than the first count as passing.
///
/// # Errors
///
/// If cases cannot be made, or trying one panics.
pub(super) fn run<S: Strategy>(
    strategy: &S,
    config: &Config,
    seed: u64,
    shrinking: Shrinking,
    attempt: impl Fn(&S::Value) -> Result<(), Box<Finding>>,
) -> Result<Option<Failed<S::Value>>, String>
where
    S::Value: Clone,
{
    let mut config = Config {
        failure_persistence: None,
        ..config.clone()
    };
    if shrinking == Shrinking::Not {
        config.max_shrink_iters = 0;
    }
    let mut bytes = [0; 32];
    let mut random = Rng::for_run(seed, 0);
    for chunk in bytes.chunks_exact_mut(8) {
        chunk.copy_from_slice(&random.next_u64().to_le_bytes());
    }
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let mut runner = TestRunner::new_with_rng(config, rng);
    let first: RefCell<Option<Likeness>> = RefCell::new(None);
    let failed: RefCell<Option<Failed<S::Value>>> = RefCell::new(None);
    let cases = RefCell::new(0);
    let result = runner.run(strategy, |value| {
        if first.borrow().is_none() {
            *cases.borrow_mut() += 1;
        }
        let is_endless =
            |failed: &Failed<S::Value>| matches!(failed.finding.identity, Identity::Spin { .. });
        if failed.borrow().as_ref().is_some_and(is_endless) {
            // each attempt would leave one more thread that spins until the process ends
            return Ok(());
        }
        let Err(finding) = attempt(&value) else {
            return Ok(());
        };
        let likeness = Likeness::of(&finding);
        let same = first.borrow_mut().get_or_insert_with(|| likeness.clone()) == &likeness;
        if !same {
            return Ok(());
        }
        let reason = finding.detail.clone();
        *failed.borrow_mut() = Some(Failed {
            value,
            finding,
            case: *cases.borrow(),
        });
        Err(TestCaseError::fail(reason))
    });
    match (result, failed.into_inner()) {
        (Ok(()), _) => Ok(None),
        (Err(TestError::Fail(..)), Some(failed)) => Ok(Some(failed)),
        (Err(TestError::Fail(reason, _) | TestError::Abort(reason)), _) => {
            Err(reason.message().to_owned())
        }
    }
}
