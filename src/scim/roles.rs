//! Which roles groups give, by the account's rules and never directly.

use crate::account::{Document, Provisioning, RolesFrom, Stage};
use crate::role::{Role, Roles};

/// What the groups of a person give them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Grouped {
    /// The roles, each with the rule that gives it.
    pub roles: Roles,
    /// The roles that somebody has to approve first; until then they are not there.
    pub waiting: Roles,
}

/// What groups of these names give in this account. A directory alone makes nobody a checker or an administrator of a live
/// account: that would be a request, and nothing here answers requests yet.
pub fn grouped(names: &[&str], document: &Document) -> Grouped {
    let mut given = Grouped::default();
    let users = document.users;
    if users.roles_from == RolesFrom::Uam || users.provisioning != Provisioning::Scim {
        return given;
    }
    for rule in &document.roles {
        if !rule.group().is_some_and(|name| names.contains(&name)) {
            continue;
        }
        let waits =
            document.stage == Stage::Live && matches!(rule.role, Role::Checker | Role::UamAdmin);
        let roles = if waits {
            &mut given.waiting
        } else {
            &mut given.roles
        };
        roles.insert(rule.role, rule.describe());
    }
    given
}
