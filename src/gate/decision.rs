//! What a policy decided, and by which of its sentences.

use serde::Serialize;

/// A yes or no, with what decided it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// Whether it is allowed.
    pub is_allowed: bool,
    /// The policies that decided; none where nothing allows it.
    pub reasons: Vec<Reason>,
}

/// A policy that decided.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Reason {
    /// Its `@id`.
    pub id: String,
    /// What it says, in a sentence.
    pub says: String,
}

/// For which resources something is allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reach {
    /// For all.
    All,
    /// For those that whoever asks created.
    Own,
    /// For some; facts that only the app has say which.
    Facts,
    /// For none.
    Nothing,
}

impl Reach {
    /// The name in `X-Vestibule-Scope`; empty where the app has to ask with its facts.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Own => "own",
            Self::Facts | Self::Nothing => "",
        }
    }
}
