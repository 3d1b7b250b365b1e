//! Why a schedule is refused.

use super::Digest;

/// Why a text is not a schedule of the subject at hand.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ScheduleError {
    /// It does not look like one.
    #[error("not a schedule: expected `selvedge:1:DIGEST:CHOICES:CHECKSUM`, as a report prints it")]
    NotASchedule,
    /// Another version of the format.
    #[error("schedule of format version {0}; this selvedge reads version 1: explore again")]
    Version(String),
    /// The checksum does not fit.
    #[error("damaged schedule: its checksum is {found}, its text gives {expected}; copy it again")]
    Damaged {
        /// What stands there.
        found: String,
        /// What should.
        expected: String,
    },
    /// Made from another subject.
    #[error(
        "schedule of another program: made for digest {schedule}, this one has {subject}; \
         the program was changed since, or it is another file"
    )]
    Foreign {
        /// The digest in the schedule.
        schedule: Digest,
        /// The digest of the subject at hand.
        subject: Digest,
    },
    /// A choice that cannot be read.
    #[error("choice {number} of the schedule, `{text}`: {problem}")]
    Choice {
        /// Which one, from one.
        number: usize,
        /// What stands there.
        text: String,
        /// What is wrong with it.
        problem: String,
    },
    /// Too many steps.
    #[error("the schedule has more than {0} steps")]
    TooLong(usize),
}
