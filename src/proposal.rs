//! What one person asks for and a second one decides.

use serde::{Deserialize, Serialize};

use crate::id::{ProposalId, UserId};
use crate::role::Role;
use crate::saml::rollover::Step;
use crate::time::{Span, Timestamp, Until};

/// So long a proposal waits.
const WAITS: Span = Span::days(7);

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum Wish {
    /// Somebody gets a role, whatever their claims say.
    GrantRole {
        /// Who.
        user: UserId,
        /// The role.
        role: Role,
        /// Until when; for good where there is none.
        until: Option<Timestamp>,
    },
    /// A role that was denied to somebody comes back.
    LiftDenial {
        /// To whom.
        user: UserId,
        /// The role.
        role: Role,
    },
    /// What a group of the client's directory gives somebody counts.
    DirectoryRole {
        /// Who.
        user: UserId,
        /// The role.
        role: Role,
    },
    /// A draft comes into force.
    Activate {
        /// The draft.
        revision: i64,
        /// The revision that it was made against.
        before: i64,
        /// The certificates of the identity provider that it newly trusts.
        fingerprints: Vec<String>,
    },
    /// A held change of the identity provider is trusted.
    TrustMetadata {
        /// The name of the change.
        change: String,
        /// The certificates that it newly trusts.
        fingerprints: Vec<String>,
    },
    /// The account's own keys take the next step of their change.
    RotateKeys {
        /// The step.
        step: Step,
        /// Whether the client has confirmed that it imported our metadata.
        imported: bool,
    },
}

impl Wish {
    /// Whom it is about, where it is about one person.
    pub const fn user(&self) -> Option<UserId> {
        match self {
            Self::GrantRole { user, .. }
            | Self::LiftDenial { user, .. }
            | Self::DirectoryRole { user, .. } => Some(*user),
            Self::Activate { .. } | Self::TrustMetadata { .. } | Self::RotateKeys { .. } => None,
        }
    }

    /// The permission of who decides about it.
    pub const fn permission(&self) -> &'static str {
        match self {
            Self::GrantRole { .. } | Self::LiftDenial { .. } | Self::DirectoryRole { .. } => {
                "role:approve"
            }
            Self::Activate { .. } | Self::TrustMetadata { .. } => "revision:approve",
            Self::RotateKeys { .. } => "key:approve",
        }
    }

    /// The certificates that whoever approves it has compared with the client.
    pub fn fingerprints(&self) -> &[String] {
        match self {
            Self::Activate { fingerprints, .. } | Self::TrustMetadata { fingerprints, .. } => {
                fingerprints
            }
            Self::GrantRole { .. }
            | Self::LiftDenial { .. }
            | Self::DirectoryRole { .. }
            | Self::RotateKeys { .. } => &[],
        }
    }

    /// What would happen, in words.
    pub fn sentence(&self) -> String {
        match self {
            Self::GrantRole { user, role, until } => {
                let until =
                    until.map_or_else(String::new, |end| format!(" until {}", Until::from(end)));
                format!("{user} gets the role {role}{until}")
            }
            Self::LiftDenial { user, role } => {
                format!("{user} gets the role {role} back, which was denied")
            }
            Self::DirectoryRole { user, role } => {
                format!("{user} gets the role {role} from their group in the client's directory")
            }
            Self::Activate {
                revision, before, ..
            } => {
                format!("revision {revision} comes into force in place of revision {before}")
            }
            Self::TrustMetadata { change, .. } => {
                format!("the change {change} of the identity provider is trusted")
            }
            Self::RotateKeys { step, .. } => format!("the keys take the step {}", step.meaning()),
        }
    }
}

/// What becomes of a proposal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It waits for somebody.
    Open,
    /// It was approved, and with that it happened.
    Approved,
    /// It was refused.
    Refused,
    /// It was taken back.
    Withdrawn,
    /// Nobody decided in time.
    Expired,
}

impl State {
    /// Every state.
    pub const ALL: [Self; 5] = [
        Self::Open,
        Self::Approved,
        Self::Refused,
        Self::Withdrawn,
        Self::Expired,
    ];

    /// The name in the database and in answers.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Approved => "approved",
            Self::Refused => "refused",
            Self::Withdrawn => "withdrawn",
            Self::Expired => "expired",
        }
    }

    /// The state of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }
}

/// What somebody asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Proposal {
    /// Its id.
    pub id: ProposalId,
    /// What is asked for.
    #[serde(flatten)]
    pub wish: Wish,
    /// Why.
    pub reason: String,
    /// Who asked.
    pub author: String,
    /// The person behind the author, where that is a program: who made its token.
    pub behind: String,
    /// When.
    pub created_at: Timestamp,
    /// From then on nobody can approve it.
    pub expires_at: Timestamp,
    /// What became of it.
    pub state: State,
    /// Who decided, when, and what they said about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decision: Option<Decision>,
}

/// What somebody decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Decision {
    /// Who.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// What they said; nothing where they had nothing to say.
    pub comment: String,
}

impl Proposal {
    /// A fresh one, which waits.
    pub fn new(
        id: ProposalId,
        wish: Wish,
        reason: &str,
        author: &str,
        behind: String,
        now: Timestamp,
    ) -> Self {
        Self {
            id,
            wish,
            reason: reason.to_owned(),
            author: author.to_owned(),
            behind,
            created_at: now,
            expires_at: now.plus(WAITS),
            state: State::Open,
            decision: None,
        }
    }

    /// The same one with what was decided.
    #[must_use]
    pub fn decided(self, state: State, by: &str, comment: &str, at: Timestamp) -> Self {
        let decision = Decision {
            by: by.to_owned(),
            at,
            comment: comment.to_owned(),
        };
        Self {
            state,
            decision: Some(decision),
            ..self
        }
    }

    /// Whether it waits for somebody at `now`.
    pub fn is_open(&self, now: Timestamp) -> bool {
        self.state == State::Open && now < self.expires_at
    }

    /// Whether somebody asked for it, themselves or through a program of theirs, or gains by it: they do not decide.
    pub fn is_of(&self, person: UserId) -> bool {
        let name = person.to_string();
        self.author == name || self.behind == name || self.wish.user() == Some(person)
    }
}
