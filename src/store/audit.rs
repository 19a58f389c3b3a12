//! The audit, only ever added to.

use super::batch::{Changes, statement};
use super::db::{Error, Of, sql};
use crate::audit::{Entry, Event};
use crate::id::{Entropy, EntryId};
use crate::time::Timestamp;

impl Changes {
    /// Writes what happens.
    pub fn audit(&mut self, actor: &str, event: Event, now: Timestamp, entropy: &Entropy) {
        let entry = Entry {
            id: EntryId::new(now, entropy),
            at: now,
            account: self.id,
            actor: actor.to_owned(),
            event,
        };
        let (event, detail) = entry.event.parts();
        self.add(statement!(
            "INSERT INTO audit (account, id, at, actor, event, detail) VALUES ($1, $2, $3, $4, $5, $6)",
            &self.account,
            entry.id.to_string(),
            entry.at.millis(),
            entry.actor,
            event,
            detail.to_string(),
        ));
    }
}

impl Of<'_> {
    /// Writes what happened, in the transaction in which it happens.
    pub async fn audit(
        &mut self,
        actor: &str,
        event: Event,
        now: Timestamp,
        entropy: &Entropy,
    ) -> Result<(), Error> {
        let mut changes = Changes::new(self.id);
        changes.audit(actor, event, now, entropy);
        self.run(&changes).await
    }

    /// The latest events of the account, newest first: who did what.
    pub async fn audited(&mut self, limit: i64) -> Result<Vec<(String, String)>, Error> {
        sql!(
            self.tx,
            all(String, String),
            "SELECT actor, event FROM audit WHERE account = $1 ORDER BY id DESC LIMIT $2",
            &self.account,
            limit
        )
    }
}
