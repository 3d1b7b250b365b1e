//! A token is fired: who leaves the queue by that.

use super::op::{CLIENTS, Client, Token};
use super::trial::{Expected, Request, Standing, Trial};
use crate::runtime::Counting;

impl<S: Counting> Trial<'_, S> {
    /// Takes all out of the model's queue who wait with a token. Whoever came last goes first: so
    /// none of them is granted what another one leaves.
    pub(super) fn call_off(&mut self, token: Token) {
        self.fired[usize::from(token)] = true;
        let waits = |r: &Request| r.standing == Standing::Waiting && r.token == Some(token);
        let mut waiting: Vec<Client> = (0..CLIENTS)
            .filter(|&c| self.requests[c].as_ref().is_some_and(waits))
            .collect();
        waiting.sort_unstable_by_key(|&c| self.number(c));
        for &client in &waiting {
            let number = self.number(client);
            self.tell(|row| row.serves(Expected::Cancelled, number));
        }
        for &client in waiting.iter().rev() {
            self.reference.cancel(client);
            self.heard(Some(client));
            if let Some(request) = &mut self.requests[client] {
                request.standing = Standing::CalledOff;
            }
        }
        self.served.extend(waiting);
    }

    pub(super) fn is_called_off(&self, client: Client) -> bool {
        self.requests[client].is_some_and(|r| r.standing == Standing::CalledOff)
    }
}
