//! The roles a person may hold; what they permit is the policy's to say.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

/// What a person is at a client; a person may hold several.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Accepts and concludes calls.
    Maker,
    /// Creates, views and reviews profiles.
    Checker,
    /// An outsider who only ever views profiles.
    Auditor,
    /// Creates onboarding links and sees only their own.
    LinkCreator,
    /// Manages the users of their own account.
    UamAdmin,
    /// Staff who run Vestibule; people of the staff account only.
    Operator,
}

impl Role {
    /// Every role, in the order in which they are shown.
    pub const ALL: [Self; 6] = [
        Self::Maker,
        Self::Checker,
        Self::Auditor,
        Self::LinkCreator,
        Self::UamAdmin,
        Self::Operator,
    ];

    /// The name in configuration, answers and headers.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Maker => "maker",
            Self::Checker => "checker",
            Self::Auditor => "auditor",
            Self::LinkCreator => "link_creator",
            Self::UamAdmin => "uam_admin",
            Self::Operator => "operator",
        }
    }

    /// The role of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == name)
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The roles of a person, each with what gave it.
pub type Roles = BTreeMap<Role, String>;
