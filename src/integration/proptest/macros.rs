//! Property tests as proptest writes them.

/// Property tests over futures or threads, in the form of `proptest!`: each case is explored.
///
/// ```
/// use std::sync::Arc;
/// use selvedge::{Semaphore, task};
///
/// selvedge::check_cases! {
///     # /*
///     #[test]
///     # */
///     fn handlers_put_back(permits in 1..4usize, handlers in 1..4) {
///         let pool = Arc::new(Semaphore::new(permits));
///         for _ in 0..handlers {
///             let pool = Arc::clone(&pool);
///             task::spawn(async move { drop(pool.acquire().await) });
///         }
///     }
/// }
/// # handlers_put_back();
/// ```
///
/// The body is the body of an `async` block, called anew for each run; see
/// [`Checks`](crate::integration::proptest::Checks) for what is done with what fails.
///
/// After `#![threads]` it is plain code that starts threads, which needs the feature of that name:
///
#[cfg_attr(feature = "threads", doc = "```")]
#[cfg_attr(not(feature = "threads"), doc = "```text")]
/// use std::sync::Arc;
/// use selvedge::{Semaphore, thread};
///
/// selvedge::check_cases! {
///     #![threads]
///
///     # /*
///     #[test]
///     # */
///     fn handlers_put_back(permits in 1..4usize, handlers in 1..4) {
///         let pool = Arc::new(Semaphore::new(permits));
///         for _ in 0..handlers {
///             let pool = Arc::clone(&pool);
///             thread::spawn(move || drop(pool.acquire_blocking()));
///         }
///     }
/// }
/// # handlers_put_back();
/// ```
#[macro_export]
macro_rules! check_cases {
    (#![threads] $(
        $(#[$meta:meta])*
        fn $name:ident($($value:pat in $strategy:expr),+ $(,)?) $body:block
    )+) => {$(
        $(#[$meta])*
        fn $name() {
            $crate::check_cases!(@checks $name)
                .threads(($($strategy,)+), |($($value,)+)| $body);
        }
    )+};
    ($(
        $(#[$meta:meta])*
        fn $name:ident($($value:pat in $strategy:expr),+ $(,)?) $body:block
    )+) => {$(
        $(#[$meta])*
        fn $name() {
            $crate::check_cases!(@checks $name)
                .futures(($($strategy,)+), |($($value,)+)| async move { $body });
        }
    )+};
    (@checks $name:ident) => {
        $crate::integration::proptest::Checks::new(concat!(
            module_path!(),
            "::",
            stringify!($name)
        ))
    };
}
