//! What a finding follows from: the mistake that comes first.

use super::detail::leaker;
use super::trace::Trace;
use crate::property::Identity;
use crate::run::Event;

/// The finding that this one follows from in its run, if another one is its cause: permits that leak
/// since their release was refused, and waiting for what is lost.
pub(crate) fn cause(identity: &Identity, trace: &Trace) -> Option<Identity> {
    match *identity {
        Identity::Leak {
            semaphore,
            acquired,
            how,
        } => {
            let (leaker, _) = leaker(trace, semaphore, acquired, how)?;
            trace.find(|event| match *event {
                Event::OverReleased {
                    worker,
                    holder,
                    semaphore: s,
                    held,
                    refused: true,
                    statement,
                    ..
                } if s == semaphore && worker == leaker && holder == leaker && held > 0 => {
                    Some(Identity::OverRelease {
                        semaphore,
                        statement,
                    })
                }
                _ => None,
            })
        }
        Identity::Exhaustion { semaphore, .. } => {
            let mut events = trace.events();
            events.find_map(|(_, event)| match *event {
                Event::Leaked {
                    semaphore: s,
                    acquired,
                    how,
                    ..
                } if s == semaphore => Some(Identity::Leak {
                    semaphore,
                    acquired,
                    how,
                }),
                Event::Missing {
                    semaphore: s,
                    statement,
                    ..
                } if s == semaphore => Some(Identity::Missing {
                    semaphore,
                    statement,
                }),
                _ => None,
            })
        }
        _ => None,
    }
}
