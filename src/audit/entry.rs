//! An entry: as it is written, as it stands in the chain, and as it is shown.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Value, json};

use super::personal::{ERASED, Hidden, Salted, hide, reveal};
use super::{Actor, Event};
use crate::id::{AccountId, Entropy, EntryId, UserId};
use crate::time::Timestamp;

/// Whether what was tried was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It was done.
    Done,
    /// It was refused.
    Refused,
}

impl Outcome {
    /// The name in the database and in answers.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Refused => "refused",
        }
    }
}

/// What the chain says of an entry: texts that name a person only as hashes.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "the columns of the table")]
pub struct Record {
    pub account: String,
    pub id: String,
    pub at: i64,
    pub actor: String,
    pub address: Option<String>,
    pub request: Option<String>,
    pub event: String,
    pub outcome: String,
    pub target: Option<String>,
    pub detail: Value,
}

impl Record {
    /// The value whose canonical text is hashed, at its place in the chain.
    pub fn body(&self, number: i64, previous: &str) -> Value {
        json!({
            "account": self.account, "id": self.id, "at": self.at, "actor": self.actor, "address": self.address, "request": self.request,
            "event": self.event, "outcome": self.outcome, "target": self.target, "detail": self.detail, "number": number, "previous": previous,
        })
    }
}

/// An entry that is being written, in the transaction of what it reports.
#[derive(Debug, Clone, PartialEq)]
pub struct Written {
    /// What the chain will say.
    pub record: Record,
    /// What names people, by whom it is about; nobody known where that is empty.
    pub hidden: BTreeMap<String, Hidden>,
}

impl Written {
    /// An entry for what `actor` does to the account, or tried to do.
    pub fn new(
        account: AccountId,
        actor: Actor,
        event: Event,
        now: Timestamp,
        entropy: &Entropy,
    ) -> Self {
        let outcome = event.outcome();
        let (name, mut detail) = event.parts();
        let in_detail = hide(&mut detail, entropy);
        let address = actor.address.map(|text| Salted::new(&text, entropy));
        let record = Record {
            account: account.to_string(),
            id: EntryId::new(now, entropy).to_string(),
            at: now.millis(),
            actor: actor.id,
            address: address.as_ref().map(Salted::hash),
            request: actor.request,
            event: name,
            outcome: outcome.as_str().to_owned(),
            target: target(&detail),
            detail,
        };
        let mut hidden = BTreeMap::<String, Hidden>::new();
        let all = in_detail
            .into_iter()
            .chain(address.map(|salted| ("/address".to_owned(), salted)));
        for (at, salted) in all {
            let person = person(&at, &record.actor, &record.detail).to_owned();
            hidden.entry(person).or_default().insert(at, salted);
        }
        Self { record, hidden }
    }
}

/// What an entry is about, by its id: the first of these that its details name.
fn target(detail: &Value) -> Option<String> {
    [
        "proposal",
        "webhook",
        "user",
        "group",
        "credential",
        "session",
        "token",
        "request",
        "key",
        "change",
        "app",
    ]
    .into_iter()
    .find_map(|name| detail.get(name)?.as_str())
    .map(str::to_owned)
}

/// Whom the value at that place of an entry is about: an address the actor, everything else the person in its details.
pub(super) fn person<'e>(at: &str, actor: &'e str, detail: &'e Value) -> &'e str {
    let named = detail
        .get("user")
        .and_then(Value::as_str)
        .filter(|_| at != "/address");
    named
        .or(Some(actor))
        .filter(|name| UserId::parse(name).is_some())
        .unwrap_or_default()
}

/// An entry as it is shown, with what is known of the people in it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Entry {
    /// Its id.
    pub id: EntryId,
    /// When it happened.
    pub at: Timestamp,
    /// The account that it concerns.
    pub account: AccountId,
    /// Who did it: `shell:<user>`, `system`, or the id of a person or credential.
    pub actor: String,
    /// From which address, where that is known; `erased` where it was.
    pub address: Option<String>,
    /// In which request, as the log calls it.
    pub request: Option<String>,
    /// What happened: the name of an [`Event`].
    pub event: String,
    /// Whether it was done or refused.
    pub outcome: Outcome,
    /// What it is about, by its id.
    pub target: Option<String>,
    /// All that belongs to that event.
    pub detail: Value,
    /// Its place in the account's chain; none until it is sealed, within a second.
    pub number: Option<i64>,
    /// Its hash there.
    pub hash: Option<String>,
}

impl Entry {
    /// The entry of that record, with what names people put back; none where the record is none that we wrote.
    pub fn shown(
        record: Record,
        hidden: &Hidden,
        number: Option<i64>,
        hash: Option<String>,
    ) -> Option<Self> {
        let mut detail = record.detail;
        reveal(&mut detail, hidden);
        let address = record.address.map(|_| {
            hidden
                .get("/address")
                .map_or_else(|| ERASED.to_owned(), |salted| salted.value.clone())
        });
        let outcome = [Outcome::Done, Outcome::Refused]
            .into_iter()
            .find(|outcome| outcome.as_str() == record.outcome)?;
        Some(Self {
            id: EntryId::parse(&record.id)?,
            at: Timestamp::from_millis(record.at),
            account: AccountId::parse(&record.account)?,
            actor: record.actor,
            address,
            request: record.request,
            event: record.event,
            outcome,
            target: record.target,
            detail,
            number,
            hash,
        })
    }
}

/// Which entries are asked for; all of what is given has to hold.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Filter {
    /// Who did it.
    pub actor: Option<String>,
    /// What happened.
    pub event: Option<String>,
    /// What it is about.
    pub target: Option<String>,
    /// Not before.
    pub since: Option<Timestamp>,
    /// Before.
    pub until: Option<Timestamp>,
}
