//! The audit, only ever added to.

use std::collections::BTreeMap;

use serde_json::Value;
use sqlx::FromRow;

use super::batch::{Changes, statement};
use super::db::{Error, Of, sql};
use crate::audit::{Actor, Entry, Event, Filter, Hidden, Link, Record, Written, canonical};
use crate::id::{Entropy, EntryId, UserId};
use crate::time::Timestamp;

#[derive(FromRow)]
pub(super) struct Row {
    account: String,
    id: String,
    at: i64,
    actor: String,
    address: Option<String>,
    request: Option<String>,
    event: String,
    outcome: String,
    target: Option<String>,
    detail: String,
    number: Option<i64>,
    previous: Option<String>,
    hash: Option<String>,
}

impl Row {
    /// Its id.
    pub(super) fn id(&self) -> &str {
        &self.id
    }

    /// What the chain says of it.
    pub(super) fn record(self) -> Record {
        // Whoever changed the text without changing the value has changed it all the same.
        let read = serde_json::from_str::<Value>(&self.detail).unwrap_or_default();
        let detail = if self.detail == serde_json::to_string(&read).unwrap_or_default() {
            read
        } else {
            Value::String(self.detail)
        };
        Record {
            account: self.account,
            id: self.id,
            at: self.at,
            actor: self.actor,
            address: self.address,
            request: self.request,
            event: self.event,
            outcome: self.outcome,
            target: self.target,
            detail,
        }
    }

    /// How it stands in the chain, with what `personal` holds of it.
    pub(super) fn link(mut self, personal: &mut BTreeMap<String, Vec<(String, String)>>) -> Link {
        let number = self.number.unwrap_or_default();
        let previous = self.previous.take().unwrap_or_default();
        let hash = self.hash.take().unwrap_or_default();
        let personal = personal.remove(&self.id).unwrap_or_default();
        Link {
            record: self.record(),
            number,
            previous,
            hash,
            personal,
        }
    }
}

impl Changes {
    /// Writes what happens.
    pub fn audit(
        &mut self,
        actor: impl Into<Actor>,
        event: Event,
        now: Timestamp,
        entropy: &Entropy,
    ) {
        let Written { record, hidden } = Written::new(self.id, actor.into(), event, now, entropy);
        for (person, values) in hidden {
            self.add(statement!(
                "INSERT INTO audit_personal (account, entry, person, content) VALUES ($1, $2, $3, $4)",
                &self.account,
                &record.id,
                person,
                serde_json::to_value(values).map(|value| canonical(&value)).unwrap_or_default(),
            ));
        }
        self.add(statement!(
            "INSERT INTO audit (account, id, at, actor, address, request, event, outcome, target, detail) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
            &self.account,
            record.id,
            record.at,
            record.actor,
            record.address,
            record.request,
            record.event,
            record.outcome,
            record.target,
            canonical(&record.detail),
        ));
    }
}

impl Of<'_> {
    /// Writes what happened, in the transaction in which it happens.
    pub async fn audit(
        &mut self,
        actor: impl Into<Actor>,
        event: Event,
        now: Timestamp,
        entropy: &Entropy,
    ) -> Result<(), Error> {
        let mut changes = Changes::new(self.id);
        changes.audit(actor, event, now, entropy);
        self.run(&changes).await
    }

    /// A page of entries, newest first, from before `after` on.
    pub async fn audit_page(
        &mut self,
        filter: &Filter,
        after: Option<EntryId>,
        limit: i64,
    ) -> Result<Vec<Entry>, Error> {
        let rows = sql!(
            self.tx,
            all Row,
            "SELECT account, id, at, actor, address, request, event, outcome, target, detail, number, previous, hash FROM audit
             WHERE account = $1 AND ($2 IS NULL OR id < $2) AND ($3 IS NULL OR actor = $3) AND ($4 IS NULL OR event = $4) AND ($5 IS NULL OR target = $5)
             AND at >= $6 AND at < $7 ORDER BY id DESC LIMIT $8",
            &self.account,
            after.map(|id| id.to_string()),
            filter.actor.as_deref(),
            filter.event.as_deref(),
            filter.target.as_deref(),
            filter.since.map_or(i64::MIN, Timestamp::millis),
            filter.until.map_or(i64::MAX, Timestamp::millis),
            limit,
        )?;
        let ids = || rows.iter().map(|row| row.id.as_str());
        let (first, last) = (ids().min().unwrap_or(""), ids().max().unwrap_or(""));
        let personal = self.personal(first, last).await?;
        let shown = rows.into_iter().map(|row| {
            let mut hidden = Hidden::new();
            for (_, _, content) in personal.iter().filter(|(entry, ..)| *entry == row.id) {
                hidden.extend(serde_json::from_str::<Hidden>(content).unwrap_or_default());
            }
            let (number, hash) = (row.number, row.hash.clone());
            Entry::shown(row.record(), &hidden, number, hash)
        });
        shown
            .collect::<Option<_>>()
            .ok_or(Error::Stored("audit entry"))
    }

    /// What names people in the entries between two, those included: the entry, the person, and the values.
    pub(super) async fn personal(
        &mut self,
        first: &str,
        last: &str,
    ) -> Result<Vec<(String, String, String)>, Error> {
        sql!(
            self.tx,
            all(String, String, String),
            "SELECT entry, person, content FROM audit_personal WHERE account = $1 AND entry >= $2 AND entry <= $3",
            &self.account,
            first,
            last
        )
    }

    /// Erases what the audit says of a person; that something was said, and its hash, stays.
    pub async fn erase_personal(&mut self, user: UserId) -> Result<u64, Error> {
        sql!(
            self.tx,
            execute,
            "DELETE FROM audit_personal WHERE account = $1 AND person = $2",
            &self.account,
            user.to_string()
        )
    }
}
