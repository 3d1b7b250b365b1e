//! Places that runs reach.

/// Says that a run reaches this place: the report of an exploration tells in how many runs that was, and
/// [`Explorer::must_reach`] makes it a finding if it was in none. For what is rare and has to be tried:
/// the queue is full, the timeout wins.
///
/// It may be called from each task and each thread of a run, as often as it comes. Outside of an
/// exploration, and without the feature `check`, nothing happens.
///
#[cfg_attr(
    feature = "check",
    doc = "[`Explorer::must_reach`]: crate::Explorer::must_reach"
)]
#[cfg_attr(
    not(feature = "check"),
    doc = "[`Explorer::must_reach`]: https://docs.rs/selvedge"
)]
#[inline]
pub fn reached(place: &str) {
    #[cfg(feature = "check")]
    super::scene::reaches(place);
    #[cfg(not(feature = "check"))]
    let _ = place;
}
