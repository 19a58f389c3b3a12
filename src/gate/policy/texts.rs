//! The texts of a policy: those that are shipped, those of an installation, and what can be wrong with them.

use serde::Serialize;

pub(super) const SCHEMA: &str = include_str!("../../../config/policies/vestibule.cedarschema");
pub(super) const PERMITS: &str = include_str!("../../../config/policies/permits.cedar");

/// What is forbidden in every installation.
pub const SHIPPED_FORBIDS: &str = include_str!("../../../config/policies/forbids.cedar");

/// What an installation says in the place of the shipped texts.
#[derive(Debug, Clone, Default)]
pub struct Texts {
    /// Types and actions; the shipped schema where it is absent.
    pub schema: Option<String>,
    /// What is allowed; the shipped permits where it is absent.
    pub permits: Option<String>,
    /// What is known beside the people of accounts; nothing where it is absent.
    pub entities: Option<String>,
}

/// A text of a policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Text {
    /// Types and actions.
    #[serde(rename = "vestibule.cedarschema")]
    Schema,
    /// What is allowed.
    #[serde(rename = "permits.cedar")]
    Permits,
    /// What is forbidden in every installation.
    #[serde(rename = "forbids.cedar")]
    Forbids,
    /// What is known beside the people of accounts.
    #[serde(rename = "entities.json")]
    Entities,
}

impl Text {
    /// Every text.
    pub const ALL: [Self; 4] = [Self::Schema, Self::Permits, Self::Forbids, Self::Entities];

    /// The name of its file.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Schema => "vestibule.cedarschema",
            Self::Permits => "permits.cedar",
            Self::Forbids => "forbids.cedar",
            Self::Entities => "entities.json",
        }
    }
}

/// Why a policy is not one, or what it cannot be asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A mistake in a text.
    #[error("{}:{line}: {message}", text.as_str())]
    At {
        /// The text.
        text: Text,
        /// The line, from 1.
        line: usize,
        /// What is wrong there, and what to do.
        message: String,
    },
    /// A question that the schema does not know.
    #[error("the policy cannot be asked that: {0}")]
    Question(String),
}

/// The line of an offset, from 1.
pub(super) fn line(text: &str, offset: usize) -> usize {
    text.bytes()
        .take(offset)
        .filter(|byte| *byte == b'\n')
        .count()
        + 1
}
