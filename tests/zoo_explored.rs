//! The zoo under exploration: each bug is found as what it is, within the runs that a check makes
//! by default, and nothing is found on the fixed twin.
#![cfg(feature = "check")]

use std::sync::Arc;
use std::time::Duration;

use selvedge::program::PropertyName;
use selvedge::report::{Report, Style, text};
use selvedge::runtime::Counting;
use selvedge::{Explorer, task, time, tracked};

mod zoo;

/// Acquires so many permits of the semaphore, and puts them back at once.
async fn passes_through<S: Counting>(semaphore: Arc<S>, permits: u32) {
    let permit = tracked(&*semaphore).named("zoo").acquire_many(permits);
    drop(permit.await);
}

/// The only permit is released to those who wait for it.
async fn one_permit<S: Counting + 'static, const WAITERS: usize>() {
    let semaphore = Arc::new(S::with_permits(1));
    let permit = tracked(&*semaphore).named("zoo").acquire().await;
    let waiters: [_; WAITERS] =
        std::array::from_fn(|_| task::spawn(passes_through(Arc::clone(&semaphore), 1)));
    task::yield_now().await;
    drop(permit);
    for waiter in waiters {
        // who was cancelled has no result
        let _ = waiter.await;
    }
}

/// One of ten permits is held, and is put back when somebody else got one, who may stand behind a
/// waiter for all ten; that one gives up when nothing else can happen.
async fn behind_a_large_request<S: Counting + 'static>() {
    let semaphore = Arc::new(S::with_permits(10));
    let permit = tracked(&*semaphore).named("zoo").acquire().await;
    let large = passes_through(Arc::clone(&semaphore), 10);
    let large = task::spawn(time::timeout(Duration::from_secs(1), large));
    let small = task::spawn(passes_through(Arc::clone(&semaphore), 1));
    let _ = small.await;
    drop(permit);
    let _ = large.await;
}

/// Two permits are put back at once, and one of the two who get them keeps its own until the other
/// has had one.
async fn two_at_once<S: Counting + 'static>() {
    let semaphore = Arc::new(S::with_permits(2));
    let both = tracked(&*semaphore).named("zoo").acquire_many(2).await;
    let other = task::spawn(passes_through(Arc::clone(&semaphore), 1));
    let keeper = Arc::clone(&semaphore);
    let keeper = task::spawn(async move {
        let permit = tracked(&*keeper).named("zoo").acquire().await;
        let _ = other.await;
        drop(permit);
    });
    task::yield_now().await;
    drop(both);
    let _ = keeper.await;
}

/// Three permits are wanted, of which one comes back before the others.
async fn in_parts<S: Counting + 'static>() {
    let semaphore = Arc::new(S::with_permits(3));
    let one = tracked(&*semaphore).named("zoo").acquire().await;
    let two = tracked(&*semaphore).named("zoo").acquire_many(2).await;
    let waiter = task::spawn(passes_through(Arc::clone(&semaphore), 3));
    task::yield_now().await;
    drop(one);
    task::yield_now().await;
    drop(two);
    let _ = waiter.await;
}

/// The properties that are found, each once.
fn properties(report: &Report) -> Vec<PropertyName> {
    let mut found: Vec<_> = report.findings.iter().map(|f| f.property).collect();
    found.dedup();
    found
}

/// Explores with so many runs; two explorations say the same.
fn explore<F: Future<Output = ()> + 'static>(runs: u64, program: fn() -> F) -> Report {
    let explorer = Explorer {
        runs: Some(runs),
        ..Explorer::closures()
    };
    explorer.explore_async("zoo", program)
}

/// A check finds these properties and no others, and the same when it is made again.
fn finds<F: Future<Output = ()> + 'static>(expected: &[PropertyName], program: fn() -> F) {
    let style = Style {
        figures: false,
        ..Style::default()
    };
    let [first, again] = [(); 2].map(|()| Explorer::closures().explore_async("zoo", program));
    let told = text(&first, &style);
    assert_eq!(properties(&first), expected, "\n{told}");
    assert_eq!(told, text(&again, &style));
    let needed = (0..).map(|n| 1 << n);
    let needed = needed.map(|runs| explore(runs, program));
    let needed = needed.take(15).find(|report| !report.findings.is_empty());
    let needed = needed.expect("it was found above").stats.runs;
    println!("{expected:?} within {needed} runs");
}

/// A check finds nothing.
fn finds_nothing<F: Future<Output = ()> + 'static>(program: fn() -> F) {
    let report = Explorer::closures().explore_async("zoo", program);
    assert!(
        report.findings.is_empty(),
        "\n{}",
        text(&report, &Style::default())
    );
}

/// What is found on each bug, and nothing on its twin, under the same program.
macro_rules! twins {
    ($($name:ident: [$($property:ident)+] by $program:ident $(of $waiters:literal)?;)*) => {$(
        #[test]
        fn $name() {
            finds(
                &[$(PropertyName::$property),+],
                $program::<zoo::$name::Buggy $(, $waiters)?>,
            );
            finds_nothing($program::<zoo::$name::Fixed $(, $waiters)?>);
        }
    )*};
}

twins! {
    a5: [LostWakeup] by one_permit of 2;
    a8: [Leak] by one_permit of 1;
    a10: [LostWakeup] by behind_a_large_request;
    a11: [LostWakeup] by two_at_once;
    a12: [Leak Exhaustion] by one_permit of 2;
    a20: [Leak] by in_parts;
}
