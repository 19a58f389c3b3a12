//! The chains: each account's entries, and the checkpoints that vouch for where all of them end.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Entry, Hidden, Record, canonical, digest};
use crate::id::hex;

/// What stands for the hash before the first.
pub const NOTHING: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// Where an account's chain ends, or ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Head {
    /// The account.
    pub account: String,
    /// The number of the entry.
    pub number: i64,
    /// Its hash.
    pub hash: String,
}

impl Head {
    /// Where the chain of an account is before its first entry.
    pub fn none(account: &str) -> Self {
        Self {
            account: account.to_owned(),
            number: 0,
            hash: NOTHING.to_owned(),
        }
    }

    /// Where it is after one entry more.
    #[must_use]
    pub fn then(&self, record: &Record) -> Self {
        let number = self.number.saturating_add(1);
        Self {
            account: self.account.clone(),
            number,
            hash: digest(&record.body(number, &self.hash)),
        }
    }
}

/// An entry as it stands in its chain, with what names people beside it.
#[derive(Debug, Clone, PartialEq)]
pub struct Link {
    /// What it says.
    pub record: Record,
    /// Its place.
    pub number: i64,
    /// The hash of the one before.
    pub previous: String,
    /// Its own.
    pub hash: String,
    /// The person, and the canonical text of what is kept of them.
    pub personal: Vec<(String, String)>,
}

impl Link {
    /// The line of an export: the hashed members, the hash, and what names people.
    pub fn line(&self) -> Value {
        let mut line = self.record.body(self.number, &self.previous);
        let personal: serde_json::Map<String, Value> = self
            .personal
            .iter()
            .map(|(person, content)| {
                let read = serde_json::from_str(content).ok();
                let sound = read.filter(|value| canonical(value) == *content);
                (person.clone(), sound.unwrap_or_default())
            })
            .collect();
        if let Some(members) = line.as_object_mut() {
            members.insert("hash".into(), self.hash.as_str().into());
            members.insert("personal".into(), personal.into());
        }
        line
    }
}

impl Link {
    /// The entry as it is shown; none where the record is none that we wrote.
    pub fn shown(self) -> Option<Entry> {
        let mut hidden = Hidden::new();
        for (_, content) in &self.personal {
            hidden.extend(serde_json::from_str::<Hidden>(content).unwrap_or_default());
        }
        Entry::shown(self.record, &hidden, Some(self.number), Some(self.hash))
    }
}

/// What vouches for the chains up to a moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Checkpoint {
    /// Counted from the first of the installation.
    pub number: i64,
    /// The hash of the one before.
    pub previous: String,
    /// When it was made.
    pub at: i64,
    /// The id of the key that signs it.
    pub key: String,
    /// Whether it names the ends of all chains, as the first of a day does.
    pub all: bool,
    /// Where the chains end that went on since the one before, or all of them.
    pub heads: Vec<Head>,
}

impl Checkpoint {
    /// The text that is signed.
    pub fn text(&self) -> String {
        canonical(&serde_json::to_value(self).unwrap_or_default())
    }

    /// Its hash.
    pub fn hash(&self) -> String {
        hex(&openssl::sha::sha256(self.text().as_bytes()))
    }
}

/// A checkpoint with its signature: a line of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signed {
    /// What is signed.
    pub checkpoint: Checkpoint,
    /// ECDSA with SHA-256 over its canonical text; DER in base64.
    pub signature: String,
}

/// What is signed where the beginning of a chain is removed: it goes on after this entry.
pub fn beginning(account: &str, through: i64, hash: &str) -> String {
    canonical(
        &json!({ "purpose": "audit beginning", "account": account, "through": through, "hash": hash }),
    )
}
