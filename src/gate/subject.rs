//! Who asks for something: a person with roles, or a client's server with a key.

use std::collections::BTreeSet;

use crate::account::Stage;
use crate::id::{AccountId, CredentialId, UserId};
use crate::role::Role;
use crate::user::User;

/// Somebody of one account who asks for something.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Subject {
    /// Whose person or key it is.
    pub account: AccountId,
    /// What that account is for.
    pub stage: Stage,
    /// The person or key itself.
    pub who: Who,
}

/// A person or a key.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Who {
    /// A person, with the roles that they hold now.
    Person(UserId, BTreeSet<Role>),
    /// An integration key.
    Key(CredentialId),
}

impl Subject {
    /// A person of an account, with the roles that they hold now.
    pub fn person(account: AccountId, stage: Stage, user: &User) -> Self {
        Self {
            account,
            stage,
            who: Who::Person(user.id, user.roles.keys().copied().collect()),
        }
    }

    /// The type of it in policies and in `AuthZEN` requests.
    pub const fn kind(&self) -> &'static str {
        match self.who {
            Who::Person(..) => "user",
            Who::Key(_) => "key",
        }
    }

    /// Its id, as it stands in headers, tokens and policies.
    pub fn id(&self) -> String {
        match &self.who {
            Who::Person(user, _) => user.to_string(),
            Who::Key(key) => key.to_string(),
        }
    }

    /// The roles that it holds.
    pub fn roles(&self) -> impl Iterator<Item = Role> {
        let held = match &self.who {
            Who::Person(_, roles) => Some(roles),
            Who::Key(_) => None,
        };
        held.into_iter().flatten().copied()
    }
}

/// Who asks: one of our own, or somebody whom `entities.json` knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Principal<'p> {
    /// A person or key of an account.
    Live(&'p Subject),
    /// Somebody of an installation's own.
    Known {
        /// The account that is asked for.
        account: AccountId,
        /// What that account is for.
        stage: Stage,
        /// Their type.
        kind: &'p str,
        /// Their id.
        id: &'p str,
    },
}

impl Principal<'_> {
    /// Whose decision it is.
    pub const fn account(&self) -> AccountId {
        match self {
            Self::Live(subject) => subject.account,
            Self::Known { account, .. } => *account,
        }
    }

    /// What that account is for.
    pub const fn stage(&self) -> Stage {
        match self {
            Self::Live(subject) => subject.stage,
            Self::Known { stage, .. } => *stage,
        }
    }

    /// Its type in policies.
    pub const fn kind(&self) -> &str {
        match self {
            Self::Live(subject) => subject.kind(),
            Self::Known { kind, .. } => kind,
        }
    }
}
