//! The roles a person may hold and the permissions they give.

use std::collections::{BTreeMap, BTreeSet};
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

    /// What the role permits by itself; a policy decides about the single case.
    const fn permissions(self) -> &'static [&'static str] {
        match self {
            Self::Maker => &["call:accept", "call:conclude"],
            Self::Checker => &[
                "profile:create",
                "profile:list",
                "profile:review",
                "profile:view",
            ],
            Self::Auditor => &["profile:list", "profile:view"],
            Self::LinkCreator => &[
                "link:copy",
                "profile:create",
                "profile:list",
                "profile:view",
            ],
            Self::UamAdmin => &["audit:view", "role:*", "session:*", "user:*"],
            Self::Operator => &[],
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The roles of a person, each with what gave it.
pub type Roles = BTreeMap<Role, String>;

/// The union of what the roles permit; an auditor is left with what is a view, whatever else they hold.
pub fn permissions(roles: &Roles) -> BTreeSet<&'static str> {
    let all = roles
        .keys()
        .flat_map(|role| role.permissions().iter().copied());
    if roles.contains_key(&Role::Auditor) {
        return all
            .filter(|permission| matches!(*permission, "profile:view" | "profile:list"))
            .collect();
    }
    all.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_auditor_only_views_profiles_whatever_else_they_hold() {
        let held = Role::ALL
            .into_iter()
            .map(|role| (role, String::new()))
            .collect();

        assert_eq!(
            permissions(&held),
            BTreeSet::from(["profile:list", "profile:view"])
        );
    }

    #[test]
    fn nobody_may_do_anything_without_a_role() {
        assert!(permissions(&Roles::new()).is_empty());
    }
}
