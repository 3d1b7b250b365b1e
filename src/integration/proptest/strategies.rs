//! Decisions, ops and small things as strategies.

use ::proptest::arbitrary::Arbitrary;
use ::proptest::collection::vec;
use ::proptest::prelude::{Just, any};
use ::proptest::prop_oneof;
use ::proptest::sample::select;
use ::proptest::strategy::{BoxedStrategy, Strategy};

use crate::explore::Ops;
use crate::program::{BudgetDecl, Kind, Order, PropertyName};
use crate::strategy::Decisions;

/// What [`decisions`] makes.
pub type DecisionsStrategy = BoxedStrategy<Decisions>;

/// What [`ops`] makes.
pub type OpsStrategy = BoxedStrategy<Ops>;

/// Decisions for runs of up to so many choices. Most go on as before or take one of the next workers;
/// some are faults. They become smaller towards runs in which everybody goes on as before.
pub fn decisions(most: usize) -> DecisionsStrategy {
    let byte = prop_oneof![
        4 => Just(0u8),
        4 => 1..6u8,
        1 => 224..=255u8,
        1 => any::<u8>(),
    ];
    vec(byte, 0..=most).prop_map(Decisions).boxed()
}

/// Sequences of up to so many ops on a semaphore, to be held against the model.
///
/// ```
/// use proptest::prelude::*;
/// use selvedge::integration::proptest::ops;
///
/// proptest! {
///     # #![proptest_config(ProptestConfig { cases: 8, failure_persistence: None, ..Default::default() })]
///     # /*
///     #[test]
///     # */
///     fn our_semaphore_is_as_it_claims(ops in ops(30)) {
///         ops.check::<selvedge::Semaphore>()?;
///     }
/// }
/// # our_semaphore_is_as_it_claims();
/// ```
pub fn ops(most: usize) -> OpsStrategy {
    let bytes = (any::<u8>(), vec(any::<[u8; 2]>(), 0..=most));
    bytes
        .prop_map(|(permits, pairs)| {
            let mut bytes = vec![permits];
            bytes.extend(pairs.into_iter().flatten());
            Ops::from_bytes(&bytes)
        })
        .boxed()
}

impl Arbitrary for Decisions {
    type Parameters = ();
    type Strategy = DecisionsStrategy;

    fn arbitrary_with((): ()) -> DecisionsStrategy {
        decisions(64)
    }
}

impl Arbitrary for Ops {
    type Parameters = ();
    type Strategy = OpsStrategy;

    fn arbitrary_with((): ()) -> OpsStrategy {
        ops(30)
    }
}

impl Arbitrary for Order {
    type Parameters = ();
    type Strategy = BoxedStrategy<Order>;

    fn arbitrary_with((): ()) -> BoxedStrategy<Order> {
        select(vec![Order::Fifo, Order::FifoPartial, Order::Barging]).boxed()
    }
}

impl Arbitrary for Kind {
    type Parameters = ();
    type Strategy = BoxedStrategy<Kind>;

    fn arbitrary_with((): ()) -> BoxedStrategy<Kind> {
        select(vec![Kind::Bounded, Kind::Plain, Kind::Signal]).boxed()
    }
}

impl Arbitrary for PropertyName {
    type Parameters = ();
    type Strategy = BoxedStrategy<PropertyName>;

    fn arbitrary_with((): ()) -> BoxedStrategy<PropertyName> {
        select(PropertyName::ALL.to_vec()).boxed()
    }
}

impl Arbitrary for BudgetDecl {
    type Parameters = ();
    type Strategy = BoxedStrategy<BudgetDecl>;

    fn arbitrary_with((): ()) -> BoxedStrategy<BudgetDecl> {
        let limit = || ::proptest::option::of(0..3u32);
        (limit(), limit(), limit(), limit())
            .prop_map(|(panics, timeouts, cancels, preemptions)| BudgetDecl {
                panics,
                timeouts,
                cancels,
                preemptions,
            })
            .boxed()
    }
}
