//! What has to be the same on both sides. What that is, is told at [`Conformance`].
//!
//! [`Conformance`]: super::Conformance

use super::op::{CLIENTS, Client};
use super::parting::Parting;
use super::trial::{Expected, Standing, Trial};
use super::words;
use crate::program::Order;
use crate::runtime::{Counting, Handover};

impl<S: Counting> Trial<'_, S> {
    /// Compares who was woken, and how many permits are free.
    pub(super) fn look(&mut self) -> Result<(), Parting> {
        self.subject.look();
        if let Some(row) = &mut self.row {
            for &client in self.subject.woken() {
                row.wakes(self.requests[client].map_or(0, |r| r.number));
            }
        }
        let available = self.subject.available()?;
        self.tell(|row| row.tells(available));
        if let Some(&c) = self
            .served
            .iter()
            .find(|&&c| self.is_called_off(c) && !self.subject.is_woken(c))
        {
            return Err(self.not_woken(c));
        }
        match (S::ORDER, S::HANDOVER) {
            (Order::Barging, _) => self.look_for_sleepers()?,
            (_, Handover::HandOff) => self.look_at_the_served()?,
            (_, Handover::WakeAndRetry) => self.look_at_the_due()?,
        }
        self.look_at_the_count(available)
    }

    fn look_at_the_served(&self) -> Result<(), Parting> {
        if let Some(&c) = self.served.iter().find(|&&c| !self.subject.is_woken(c)) {
            return Err(self.not_woken(c));
        }
        // most ops serve at most one, and order is nothing to that
        if self.served.len() < 2 {
            return Ok(());
        }
        let woken = self.subject.woken();
        // One that had been woken for nothing before may come at any place, and so may those who are
        // called off: they are granted nothing that they could take in a wrong order.
        let in_order = |clients: &[Client]| -> Vec<Client> {
            let both = |c: &&Client| {
                woken.contains(c) && self.served.contains(c) && !self.is_called_off(**c)
            };
            clients.iter().filter(both).copied().collect()
        };
        let (model, subject) = (in_order(self.served), in_order(woken));
        if model == subject {
            return Ok(());
        }
        let names = |clients: Vec<Client>| {
            let names: Vec<String> = clients.into_iter().map(|c| self.name(c)).collect();
            names.join(", ")
        };
        Err(Parting::new(format!(
            "the queue should have been woken in its order ({}: {}) but the order was {}",
            words::claim::<S>(),
            names(model),
            names(subject),
        )))
    }

    fn look_at_the_due(&self) -> Result<(), Parting> {
        let is = |c: Client, standing| self.requests[c].is_some_and(|r| r.standing == standing);
        let sleeps = |c: &&Client| !is(**c, Standing::Due) && !self.subject.is_woken(**c);
        if let Some(&failed) = self.served.iter().find(sleeps) {
            return Err(self.not_woken(failed));
        }
        let comes = |c| is(c, Standing::Due) && self.subject.is_woken(c);
        match self.first_due() {
            Some(first) if !(0..CLIENTS).any(comes) => Err(self.not_woken(first)),
            _ => Ok(()),
        }
    }

    fn look_for_sleepers(&self) -> Result<(), Parting> {
        let waits = |&c: &Client| self.subject.is_pending(c) && !self.is_called_off(c);
        let pending = || (0..CLIENTS).filter(waits);
        let closed = self.reference.is_closed();
        let anyone = pending().any(|c| self.subject.is_woken(c));
        let sleeper = pending().find(|&c| {
            let sleeps = if closed {
                !self.subject.is_woken(c)
            } else {
                !anyone
            };
            sleeps && !self.reference.is_barred(c)
        });
        match sleeper {
            None => Ok(()),
            Some(c) if closed => Err(self.not_woken(c)),
            Some(c) => Err(Parting::new(format!(
                "{} waits for {} (barging: {} available, so it fits) but nobody is woken",
                self.name(c),
                words::permits(self.requests[c].map_or(0, |r| r.permits)),
                self.reference.available(),
            ))),
        }
    }

    fn look_at_the_count(&self, said: Option<usize>) -> Result<(), Parting> {
        let Some(said) = said else {
            return Ok(());
        };
        let model = self.reference.available();
        if said as u64 == model && S::HANDOVER == Handover::HandOff {
            return Ok(());
        }
        let mut most = model;
        let mut late = 0;
        for request in self.requests.iter().flatten() {
            match request.standing {
                Standing::Due if S::HANDOVER == Handover::WakeAndRetry => most += request.permits,
                Standing::Failed { taken } => late += taken,
                _ => {}
            }
        }
        let least = most.saturating_sub(late);
        if (least..=most).contains(&(said as u64)) {
            return Ok(());
        }
        Err(Parting::new(format!(
            "{} should be free ({}) but it says {said}",
            words::permits(most),
            words::claim::<S>(),
        )))
    }

    fn not_woken(&self, client: Client) -> Parting {
        let (should, why) = match self.requests[client].map(|r| r.standing) {
            Some(Standing::Failed { .. }) => (Expected::Closed, "it waited".to_owned()),
            Some(Standing::CalledOff) => (Expected::Cancelled, "it waited".to_owned()),
            // in barging order it fails as a step of its own
            Some(Standing::Waiting) => (Expected::Closed, "it waits".to_owned()),
            _ => (Expected::Granted, self.reason_of(client)),
        };
        Parting::new(format!(
            "{} should have been {} ({}: {why}) but is still pending, and not woken",
            self.name(client),
            words::should_be(should),
            words::claim::<S>(),
        ))
    }
}
