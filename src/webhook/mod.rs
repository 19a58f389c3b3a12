//! What an account's own programs are told of what happens, in the form of Standard Webhooks.

mod retry;
mod secret;
mod told;

pub use retry::{EXHAUSTED, GIVEN_UP, KEPT, pause};
pub use secret::Secret;
pub use told::{KINDS, TEST, body, knows, told};

use serde::{Deserialize, Serialize};

use crate::id::{MessageId, WebhookId};
use crate::time::Timestamp;

/// An address that is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Webhook {
    /// Its id.
    pub id: WebhookId,
    /// What people call it.
    pub name: String,
    /// Where it is.
    pub url: String,
    /// What it is told of: kinds such as `user.suspended`, groups such as `user.*`, or `*`.
    pub kinds: Vec<String>,
    /// Whether it is told at all.
    pub state: State,
    /// When it was made.
    pub created_at: Timestamp,
    /// By whom.
    pub created_by: String,
    /// How many tries failed one after the other.
    pub failures: i64,
    /// Since when every try fails.
    pub failing_since: Option<Timestamp>,
    /// When it was last tried.
    pub last_at: Option<Timestamp>,
    /// What it answered then; nothing where there was no answer.
    pub last_status: Option<i64>,
}

/// Whether an address is told at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It is.
    Enabled,
    /// Not until somebody switches it on again.
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

    /// The state of that name.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Enabled, Self::Disabled]
            .into_iter()
            .find(|state| state.as_str() == name)
    }
}

impl Webhook {
    /// Whether it is told of a kind.
    pub fn wants(&self, kind: &str) -> bool {
        self.kinds.iter().any(|wanted| covers(wanted, kind))
    }
}

/// Whether a kind is one of those that `wanted` names.
fn covers(wanted: &str, kind: &str) -> bool {
    wanted == kind
        || wanted.strip_suffix('*').is_some_and(|group| {
            kind.starts_with(group) && (group.is_empty() || group.ends_with('.'))
        })
}

/// What one address is told once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Message {
    /// Its id, the same at every try: by this a receiver knows what it has had already.
    pub id: MessageId,
    /// Of what kind.
    pub kind: String,
    /// The text that is sent and signed.
    #[serde(skip)]
    pub body: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// What became of it.
    pub state: Delivery,
    /// How many times it was tried.
    pub attempts: i64,
    /// It is not tried before.
    pub due_at: Timestamp,
    /// When it was last tried.
    pub last_at: Option<Timestamp>,
    /// What the receiver answered then; nothing where there was no answer.
    pub last_status: Option<i64>,
}

/// What became of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Delivery {
    /// It is to be sent, or sent again.
    Waiting,
    /// The receiver has it.
    Delivered,
    /// It was tried often enough.
    Failed,
}

impl Delivery {
    /// The name in the database and in answers.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Delivered => "delivered",
            Self::Failed => "failed",
        }
    }

    /// The one of that name.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Waiting, Self::Delivered, Self::Failed]
            .into_iter()
            .find(|state| state.as_str() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_is_all_kinds_of_one_noun_and_a_star_everything() {
        for (wanted, kind, is) in [
            ("user.suspended", "user.suspended", true),
            ("user.*", "user.suspended", true),
            ("*", "user.suspended", true),
            ("user.*", "users.suspended", false),
            ("us*", "user.suspended", false),
            ("user.sus", "user.suspended", false),
        ] {
            assert_eq!(covers(wanted, kind), is, "{wanted} {kind}");
        }
    }
}
