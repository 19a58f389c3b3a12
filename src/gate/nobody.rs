//! Whoever a table of the policy has a line or a column for, and who is nobody in particular.

use super::{Subject, Who};
use crate::account::Stage;
use crate::id::{AccountId, CredentialId, UserId};
use crate::role::Role;

/// Somebody of each role alone, a key, and somebody without a role; never nothing, since the ids can be read.
pub fn everybody(stage: Stage) -> Option<Vec<(&'static str, Subject)>> {
    let mut all = Vec::new();
    for role in Role::ALL {
        all.push((role.as_str(), person(stage, [role])?));
    }
    all.push(("key", key(stage)?));
    all.push(("no role", person(stage, [])?));
    Some(all)
}

/// Somebody with these roles.
pub fn person(stage: Stage, roles: impl IntoIterator<Item = Role>) -> Option<Subject> {
    let user = UserId::parse(&nobody("usr"))?;
    Some(Subject {
        account: AccountId::parse(&nobody("acc"))?,
        stage,
        who: Who::Person(user, roles.into_iter().collect()),
    })
}

/// A key.
pub fn key(stage: Stage) -> Option<Subject> {
    let id = CredentialId::parse(&nobody("crd"))?;
    let who = Who::Key(id);
    Some(Subject {
        who,
        ..person(stage, [])?
    })
}

fn nobody(kind: &str) -> String {
    format!("{kind}_{:032}", 0)
}
