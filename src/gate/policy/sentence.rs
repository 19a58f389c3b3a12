//! One policy of the policy, as people read it.

use serde::Serialize;

use super::Text;

/// A policy: what it is called, what it says, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Sentence {
    /// Its `@id`.
    pub id: String,
    /// Whether it allows or forbids.
    pub effect: Effect,
    /// What it says, in a sentence.
    pub says: String,
    /// The text that it stands in.
    pub text: Text,
    /// Whether that text is the shipped one.
    pub is_shipped: bool,
    /// The line that it begins in.
    pub line: usize,
}

/// What a policy does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// It allows, where nothing forbids.
    Permit,
    /// It forbids, whatever allows.
    Forbid,
}

impl Effect {
    /// The word in policies.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Permit => "permit",
            Self::Forbid => "forbid",
        }
    }
}
