//! The text form.

use std::fmt::{self, Write};

use xxhash_rust::xxh3::xxh3_64;

use super::error::ScheduleError;
use crate::run::{Action, Choice, WorkerId};

/// A digest of a subject: the same for the same subject on every machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest(pub u64);

impl Digest {
    /// The digest of a text: xxh3, 64 bits.
    pub fn of(text: &str) -> Digest {
        Digest(xxh3_64(text.as_bytes()))
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// The choices of one run, and the subject that they are of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    /// The subject.
    pub digest: Digest,
    /// The choices, first to last.
    pub choices: Vec<Choice>,
}

const VERSION: &str = "1";

/// No schedule is longer: what a worker repeats is written as a count, and a count can be huge.
const MOST_STEPS: usize = 10_000_000;

impl Schedule {
    /// The text; `workers` are the names of the subject's worker instances.
    ///
    /// # Panics
    ///
    /// If a choice is of a worker that has no name.
    pub fn encode(&self, workers: &[String]) -> String {
        let mut body = String::new();
        let mut rest = &self.choices[..];
        while let Some(&choice) = rest.first() {
            let run = rest.iter().take_while(|&&c| c == choice).count();
            let run = if choice.action == Action::Proceed {
                run
            } else {
                1
            };
            if !body.is_empty() {
                body.push(',');
            }
            body.push_str(&workers[choice.worker.index()]);
            let written = match choice.action {
                Action::Proceed if run == 1 => Ok(()),
                Action::Proceed => write!(body, "*{run}"),
                Action::ToSpawn => write!(body, "@spawn"),
                Action::Branch(k) => write!(body, "/{}", k + 1),
                Action::Panic => write!(body, "@panic"),
                Action::Timeout => write!(body, "@timeout"),
                Action::Cancel => write!(body, "@cancel"),
                Action::CancelPart(k) => write!(body, "@cancel/{}", k + 1),
                Action::Fail => write!(body, "@fail"),
                Action::Spurious => write!(body, "@spurious"),
                Action::NewWaker => write!(body, "@new-waker"),
            };
            written.expect("a string takes what is written to it");
            rest = &rest[run..];
        }
        if body.is_empty() {
            body.push('-');
        }
        let text = format!("selvedge:{VERSION}:{}:{body}", self.digest);
        let sum = checksum(&text);
        format!("{text}:{sum}")
    }

    /// The text with this body, which need not mean anything: for those who test the reader.
    #[cfg(feature = "arbitrary")]
    pub(crate) fn sealed(body: &str, digest: Digest) -> String {
        let text = format!("selvedge:{VERSION}:{digest}:{body}");
        let sum = checksum(&text);
        format!("{text}:{sum}")
    }

    /// The names of workers in a text, as far as it can be read: a subject whose workers come to
    /// light only while it runs takes them from here.
    pub fn workers_in(text: &str) -> Vec<String> {
        let body = text.trim().split(':').nth(3).unwrap_or("");
        let mut names: Vec<String> = Vec::new();
        for token in body.split(',') {
            let end = token.find(['*', '/', '@']).unwrap_or(token.len());
            let name = &token[..end];
            if !names.iter().any(|known| known == name) {
                names.push(name.to_owned());
            }
        }
        names
    }

    /// Reads a text back, for a subject of that digest whose worker instances have these names.
    ///
    /// # Errors
    ///
    /// If the text is no schedule, damaged, of another version, or of another subject.
    pub fn decode(
        text: &str,
        digest: Digest,
        workers: &[String],
    ) -> Result<Schedule, ScheduleError> {
        let text = text.trim();
        let mut parts = text.split(':');
        if parts.next() != Some("selvedge") {
            return Err(ScheduleError::NotASchedule);
        }
        match parts.next() {
            Some(VERSION) => {}
            Some(other) if !other.is_empty() && other.bytes().all(|b| b.is_ascii_digit()) => {
                return Err(ScheduleError::Version(other.to_owned()));
            }
            _ => return Err(ScheduleError::NotASchedule),
        }
        let (Some(made_for), Some(body), Some(found), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(ScheduleError::NotASchedule);
        };
        let expected = checksum(&text[..text.len() - found.len() - 1]);
        if found != expected {
            return Err(ScheduleError::Damaged {
                found: found.to_owned(),
                expected,
            });
        }
        let made_for = u64::from_str_radix(made_for, 16)
            .map(Digest)
            .map_err(|_| ScheduleError::NotASchedule)?;
        if made_for != digest {
            return Err(ScheduleError::Foreign {
                schedule: made_for,
                subject: digest,
            });
        }
        let mut choices = Vec::new();
        if body != "-" {
            for (i, token) in body.split(',').enumerate() {
                let (choice, times) =
                    read_token(token, workers).map_err(|problem| ScheduleError::Choice {
                        number: i + 1,
                        text: token.to_owned(),
                        problem,
                    })?;
                if times > MOST_STEPS - choices.len() {
                    return Err(ScheduleError::TooLong(MOST_STEPS));
                }
                choices.extend(std::iter::repeat_n(choice, times));
            }
        }
        Ok(Schedule { digest, choices })
    }
}

fn checksum(text: &str) -> String {
    format!("{:08x}", xxh3_64(text.as_bytes()) as u32)
}

fn read_token(token: &str, workers: &[String]) -> Result<(Choice, usize), String> {
    let end = token.find(['*', '/', '@']).unwrap_or(token.len());
    let (name, mark) = token.split_at(end);
    let worker = workers
        .iter()
        .position(|w| w == name)
        .map(|i| WorkerId(i as u32))
        .ok_or_else(|| format!("there is no worker `{name}`"))?;
    let number = |text: &str| match text.parse::<u32>() {
        Ok(n) if n > 0 => Ok(n),
        _ => Err(format!("expected a number from 1, found `{text}`")),
    };
    let (action, times) = match mark.split_at(mark.len().min(1)) {
        ("", _) => (Action::Proceed, 1),
        ("*", n) => (Action::Proceed, number(n)? as usize),
        ("/", k) => (Action::Branch(number(k)? - 1), 1),
        ("@", "spawn") => (Action::ToSpawn, 1),
        ("@", "panic") => (Action::Panic, 1),
        ("@", "timeout") => (Action::Timeout, 1),
        ("@", "cancel") => (Action::Cancel, 1),
        ("@", "fail") => (Action::Fail, 1),
        ("@", "spurious") => (Action::Spurious, 1),
        ("@", "new-waker") => (Action::NewWaker, 1),
        ("@", part) if part.starts_with("cancel/") => {
            (Action::CancelPart(number(&part["cancel/".len()..])? - 1), 1)
        }
        _ => {
            return Err(format!(
                "expected `@spawn`, `@panic`, `@timeout`, `@cancel`, `@cancel/1`, `@fail`, `@spurious` \
                 or `@new-waker`, found `{mark}`"
            ));
        }
    };
    Ok((Choice { worker, action }, times))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn names() -> Vec<String> {
        ["left.1", "left.2", "a-b_c.10"].map(String::from).to_vec()
    }

    fn schedule(choices: &[(u32, Action)]) -> Schedule {
        Schedule {
            digest: Digest::of("x"),
            choices: choices
                .iter()
                .map(|&(w, action)| Choice {
                    worker: WorkerId(w),
                    action,
                })
                .collect(),
        }
    }

    #[test]
    fn a_line_for_people() {
        let text = schedule(&[
            (0, Action::Proceed),
            (0, Action::Proceed),
            (1, Action::Panic),
            (2, Action::Branch(1)),
            (2, Action::Proceed),
        ])
        .encode(&names());
        assert_eq!(
            text,
            "selvedge:1:eaf06c6480b2cd11:left.1*2,left.2@panic,a-b_c.10/2,a-b_c.10:f32dcd9d"
        );
    }

    fn refused(change: impl Fn(&str) -> String, expected: &str) {
        let text = schedule(&[(0, Action::Proceed), (1, Action::Timeout)]).encode(&names());
        let error = Schedule::decode(&change(&text), Digest::of("x"), &names())
            .expect_err("it should be refused");
        assert!(
            error.to_string().contains(expected),
            "{error} does not say {expected}"
        );
    }

    #[test]
    fn what_is_refused_says_why() {
        refused(|t| t.replace("left.1", "left.2"), "damaged");
        refused(|t| t[..t.len() - 1].to_owned(), "damaged");
        refused(|t| t.replace("selvedge:1", "selvedge:2"), "version 2");
        refused(|_| String::new(), "not a schedule");
        refused(|_| "selvedge:1".to_owned(), "not a schedule");
        refused(
            |_| schedule(&[]).encode(&[]).replace("selvedge", "loom"),
            "not a schedule",
        );
        let other = Digest::of("y");
        let text = schedule(&[]).encode(&names());
        let error = Schedule::decode(&text, other, &names()).expect_err("foreign");
        assert!(matches!(error, ScheduleError::Foreign { .. }));
        let sealed = |body: &str| {
            let text = format!("selvedge:1:{}:{body}", Digest::of("x"));
            let sum = checksum(&text);
            format!("{text}:{sum}")
        };
        refused(|_| sealed("right.1"), "no worker `right.1`");
        refused(|_| sealed("left.1*0"), "a number from 1");
        refused(|_| sealed("left.1@boom"), "`@boom`");
        refused(|_| sealed("left.1*4000000000"), "more than");
    }

    fn action() -> impl Strategy<Value = Action> {
        prop_oneof![
            3 => Just(Action::Proceed),
            1 => Just(Action::ToSpawn),
            1 => Just(Action::Panic),
            1 => Just(Action::Timeout),
            1 => Just(Action::Cancel),
        1 => (0..5u32).prop_map(Action::CancelPart),
        1 => Just(Action::Fail),
        1 => Just(Action::Spurious),
        1 => Just(Action::NewWaker),
            1 => (0..5u32).prop_map(Action::Branch),
        ]
    }

    proptest! {
        #[test]
        fn encode_then_decode(choices in prop::collection::vec((0..3u32, action()), 0..40)) {
            let schedule = schedule(&choices);
            let text = schedule.encode(&names());
            prop_assert_eq!(Schedule::decode(&text, schedule.digest, &names()), Ok(schedule));
        }

        #[test]
        fn no_text_panics(text in "\\PC{0,60}") {
            let _ = Schedule::decode(&text, Digest::of("x"), &names());
        }
    }
}
