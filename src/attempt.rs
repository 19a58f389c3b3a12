//! A login attempt: one trip through SAML, recorded so that it can be explained.

use serde::{Deserialize, Serialize};

use crate::claims::Fired;
use crate::id::{AttemptId, UserId};
use crate::role::Roles;
use crate::saml::Attribute;
use crate::saml::advice::Advice;
use crate::saml::check::{Code, Row};
use crate::time::{Span, Timestamp};
use crate::user::Refusal;

/// An attempt with everything that is known of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// What people quote as the reference.
    pub id: AttemptId,
    /// When it ended.
    pub at: Timestamp,
    /// The revision that it was checked against.
    pub revision: i64,
    /// From where the browser came.
    pub address: String,
    /// How it ended.
    pub outcome: Outcome,
    /// The checks, one line each.
    pub rows: Vec<Row>,
    /// What the client's administrator has to change.
    pub advice: Option<Advice>,
    /// The fingerprint of the certificate whose key verified; none while nothing did.
    pub verified_by: Option<String>,
    /// How far the identity provider's clock was ahead of ours.
    pub clock_difference: Option<Span>,
    /// The claims that came; proved only where `verified_by` is there.
    pub claims: Vec<Attribute>,
    /// What each role rule did.
    pub rules: Vec<Fired>,
    /// The roles that resulted.
    pub roles: Roles,
}

/// How an attempt ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Outcome {
    /// The person came in.
    Accepted {
        /// Who it was.
        user: UserId,
    },
    /// They did not.
    Refused {
        /// The rule that was broken.
        code: Code,
        /// Why the person was turned away, where the message itself was sound.
        refusal: Option<Refusal>,
    },
}

impl Outcome {
    /// `accepted`, or the code of the broken rule.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Accepted { .. } => "accepted",
            Self::Refused { code, .. } => code.as_str(),
        }
    }
}
