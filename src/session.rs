//! A session: who is signed in, where, and until when.

use serde::{Deserialize, Serialize};

use crate::account::SessionPolicy;
use crate::id::{AccountId, SessionId, UserId};
use crate::role::Roles;
use crate::saml::NameId;
use crate::time::{Span, Timestamp};

/// One sign-in of a person in a browser.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// Its id, as it may be shown.
    pub id: SessionId,
    /// The account.
    pub account: AccountId,
    /// The person.
    pub user: UserId,
    /// The roles that the sign-in gave.
    pub roles: Roles,
    /// When the person proved who they are to the identity provider.
    pub authenticated_at: Timestamp,
    /// When it began.
    pub created_at: Timestamp,
    /// When it was last used, to the minute.
    pub seen_at: Timestamp,
    /// When it ends in any case.
    pub expires_at: Timestamp,
    /// How long it may lie unused.
    pub idle: Span,
    /// From where it began.
    pub address: String,
    /// What the browser says that it is.
    pub browser: String,
    /// The NameID, for a later logout.
    pub name_id: Option<NameId>,
    /// The identity provider's name for its session.
    pub session_index: Option<String>,
    /// How the person came in.
    pub via: Via,
}

/// How a session began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Via {
    /// By an assertion of the account's identity provider.
    Saml,
    /// By a one-time link that somebody made at the shell; it approves nothing and is shown no key.
    Link,
}

impl Via {
    /// The name in the database and in answers.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Saml => "saml",
            Self::Link => "link",
        }
    }

    /// The one of that name.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Saml, Self::Link]
            .into_iter()
            .find(|via| via.as_str() == name)
    }
}

/// Whether a session may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It may.
    Live,
    /// It was not used for too long.
    Idle,
    /// Its time is over.
    Expired,
}

impl Session {
    /// Whether it may be used at `now`.
    pub fn state(&self, now: Timestamp) -> State {
        self.state_since(self.seen_at, now)
    }

    /// Whether it may be used at `now`, where it was last used at `seen`.
    pub fn state_since(&self, seen: Timestamp, now: Timestamp) -> State {
        if now >= self.expires_at {
            State::Expired
        } else if now >= seen.plus(self.idle) {
            State::Idle
        } else {
            State::Live
        }
    }
}

/// When a session that begins at `now` ends: the account's limit, or the identity provider's where that is sooner.
pub fn ends(policy: SessionPolicy, asked: Option<Timestamp>, now: Timestamp) -> Timestamp {
    let limit = now.plus(Span::hours(policy.absolute_hours));
    asked.map_or(limit, |asked| asked.min(limit))
}
