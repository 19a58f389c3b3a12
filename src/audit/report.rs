//! What a look at the chains found.

use serde::Serialize;

/// What is found, and what was looked at.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Entries in chains.
    pub entries: u64,
    /// Checkpoints.
    pub checkpoints: u64,
    /// Values of people that were erased, as an entry of the chain says.
    pub erased: u64,
    /// What is not as it was written; nothing where all is whole.
    pub damage: Vec<Damage>,
    /// What nothing here can prove.
    pub unproved: Vec<String>,
}

/// One place where something is not as it was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Damage {
    /// The account; none where it is about checkpoints.
    pub account: Option<String>,
    /// The number in that chain.
    pub number: i64,
    /// The entry.
    pub entry: Option<String>,
    /// What is wrong.
    pub what: String,
}
