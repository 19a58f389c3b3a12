//! An account: one environment of a client, and the configuration that decides who gets in and as what.

mod diff;
mod document;
mod overlap;
mod problems;
mod promotion;
mod return_to;
mod rule;
mod setup_link;
mod slug;
mod source;

pub use diff::{Change, diff};
pub use document::{
    Access, ClaimMap, Document, Duties, Encryption, Link, NoRole, OnConflict, Provisioning,
    RETENTION_DAYS, Retention, RolesFrom, Saml, SessionPolicy, SubjectSource, Users,
};
pub use overlap::warnings;
pub use problems::problems;
pub use promotion::{mapped, promoted};
pub use return_to::{AllowedReturn, ReturnTo};
pub use rule::{RoleRule, Test, Whom};
pub use setup_link::{LONGEST_LINK, SetupLink};
pub use slug::Slug;
pub use source::{Held, Source, Trouble};

use serde::{Deserialize, Serialize};

use crate::id::AccountId;
use crate::time::Timestamp;

/// What an account is for; sessions, tokens and keys never pass from one stage to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Where a client tries everything out.
    Demo,
    /// Where the client's people work.
    Live,
    /// The one account of the people who run Vestibule.
    Staff,
}

impl Stage {
    /// The name in configuration and answers.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Demo => "demo",
            Self::Live => "live",
            Self::Staff => "staff",
        }
    }

    /// The stage of that name.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Demo, Self::Live, Self::Staff]
            .into_iter()
            .find(|stage| stage.as_str() == name)
    }
}

/// Whether an account lets anybody in at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// In use.
    Enabled,
    /// Refuses on every path until it is enabled again.
    Disabled,
}

impl State {
    /// The name in the database and in answers.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Enabled => "enabled",
            Self::Disabled => "disabled",
        }
    }
}

/// An account as it is known by; its configuration lies in its revisions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Account {
    /// What lives long refers to it by this.
    pub id: AccountId,
    /// Its name in addresses, never given to another account.
    pub slug: Slug,
    /// Whether it lets anybody in.
    pub state: State,
    /// Our SAML entity id for it, kept from its creation on.
    pub entity_id: String,
    /// The number of the revision in force.
    pub active: i64,
    /// When it was made.
    pub created_at: Timestamp,
}

/// One immutable version of an account's configuration.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Revision {
    /// Counts from 1 in each account.
    pub number: i64,
    /// The configuration.
    pub document: Document,
    /// The identity provider's descriptor as it was received.
    pub metadata: Option<String>,
    /// Who made it: `shell:<user>` or a user's id.
    pub author: String,
    /// When it was made.
    pub created_at: Timestamp,
}
