//! Polls that only lead to more polls.

use super::op::{CLIENTS, Client};
use super::parting::Parting;
use super::trial::Trial;
use crate::runtime::Counting;

/// After so many polls in a row, each of somebody who was woken, it is taken for granted that they
/// never end.
const MOST_POLLS: u32 = 1_000;

impl<S: Counting> Trial<'_, S> {
    /// The first client from that one on who is woken, in a circle.
    pub(super) fn next_woken(&self, from: Client) -> Option<Client> {
        let mut circle = (from..CLIENTS).chain(0..from);
        circle.find(|&c| self.is_woken(c))
    }

    /// Polls whoever is woken, in turn, until nobody is. What is written of it is the last poll.
    pub(super) fn poll_woken(&mut self) -> Result<(), Parting> {
        // whom the last polls were of, the last one first
        let mut last = [CLIENTS - 1; CLIENTS];
        for _ in 0..MOST_POLLS {
            self.served.clear();
            self.tell(|row| {
                row.model.clear();
                row.subject.clear();
            });
            let Some(client) = self.next_woken((last[0] + 1) % CLIENTS) else {
                return Ok(());
            };
            last.rotate_right(1);
            last[0] = client;
            self.poll(client)?;
            self.look()?;
        }
        match self.next_woken(0) {
            None => Ok(()),
            Some(_) => Err(self.livelock(last)),
        }
    }

    fn livelock(&self, mut last: [Client; CLIENTS]) -> Parting {
        last.sort_unstable_by_key(|&c| self.number(c));
        let mut names: Vec<String> = last.into_iter().map(|c| self.name(c)).collect();
        names.dedup();
        let how = match names.as_slice() {
            [one] => format!("{one} wakes itself each time it is polled"),
            all => format!("the polls of {} wake one another", all.join(", ")),
        };
        Parting::new(format!(
            "livelock: whoever was woken was polled, {MOST_POLLS} times in a row, and somebody is woken still: {how}"
        ))
    }
}
