//! What a sentence refers to a run by.

use crate::program::Place;

/// Which references are written; what is not has to be clear without them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cite {
    /// Lines and columns, which change with every line that is put in above.
    pub(super) places: bool,
    /// Numbers of steps, which change with every step before.
    pub(super) steps: bool,
}

impl Cite {
    /// As beside a timeline whose steps are numbered.
    pub(super) const ALL: Cite = Cite {
        places: true,
        steps: true,
    };

    /// The place, where places are written.
    pub(super) fn place(self, place: Option<Place>) -> Option<Place> {
        place.filter(|place| self.places && place.is_known())
    }

    /// ` at 5:5`
    pub(super) fn at(self, place: Option<Place>) -> String {
        let place = self.place(place);
        place.map_or(String::new(), |place| format!(" at {place}"))
    }

    /// ` in step 3`, of a step counted from zero.
    pub(super) fn in_step(self, step: usize) -> String {
        if self.steps {
            format!(" in step {}", step + 1)
        } else {
            String::new()
        }
    }
}
