//! What never ends is bounded and told.
