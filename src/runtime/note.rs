//! Lines of the user's in the timeline.

/// Writes a line into the timeline of a run, as `format!` makes it, beside the step that is under
/// way. It is made in the run that is reported only, so it must not change anything; elsewhere, and
/// without the feature `check`, nothing happens.
///
/// ```
/// selvedge::note!("{} left", 3);
/// ```
#[macro_export]
macro_rules! note {
    ($($arg:tt)+) => {
        $crate::runtime::note_line(|| ::std::format!($($arg)+))
    };
}

/// What [`note!`](crate::note) calls.
#[doc(hidden)]
pub fn note_line(text: impl FnOnce() -> String) {
    #[cfg(feature = "check")]
    super::scene::note_line(text);
    #[cfg(not(feature = "check"))]
    let _ = text;
}
