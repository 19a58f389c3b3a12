//! Who belongs to a group, and the roles that come and go with it.

use std::collections::BTreeSet;

use super::{Directory, Error};
use crate::account::{Account, Document};
use crate::app::App;
use crate::audit::Event;
use crate::id::{GroupId, UserId};
use crate::role::{Role, Roles};
use crate::scim::{self, Grouped, Kind, Membership};
use crate::store::{self, Of};
use crate::time::Timestamp;
use crate::user::User;

/// So many people are looked at in one go.
const BATCH: i64 = 500;

/// Who came into a group and who left it.
#[derive(Default)]
pub(super) struct Moved {
    pub(super) added: BTreeSet<UserId>,
    pub(super) removed: BTreeSet<UserId>,
}

impl Directory<'_> {
    /// Changes who belongs to a group.
    pub(super) async fn move_members(
        &self,
        of: &mut Of<'_>,
        group: GroupId,
        changes: &[Membership],
    ) -> Result<Moved, Error> {
        let mut moved = Moved::default();
        for change in changes {
            match change {
                Membership::Add(these) => moved.add(of, group, these).await?,
                Membership::Remove(these) => moved.remove(of, group, these).await?,
                Membership::Replace(these) => {
                    let known = BTreeSet::from_iter(of.members(group).await?);
                    let gone = known.difference(these).copied().collect();
                    moved.remove(of, group, &gone).await?;
                    moved.add(of, group, these).await?;
                }
            }
        }
        Ok(moved)
    }
}

impl Moved {
    async fn add(
        &mut self,
        of: &mut Of<'_>,
        group: GroupId,
        these: &BTreeSet<UserId>,
    ) -> Result<(), Error> {
        for user in these {
            if of.add_member(group, *user).await? {
                if !self.removed.remove(user) {
                    self.added.insert(*user);
                }
            } else if of.user(*user).await?.is_none() {
                return Err(Kind::InvalidValue
                    .because(format!(
                        "`members` names {user}, who is no person of the account"
                    ))
                    .into());
            }
        }
        Ok(())
    }

    async fn remove(
        &mut self,
        of: &mut Of<'_>,
        group: GroupId,
        these: &BTreeSet<UserId>,
    ) -> Result<(), Error> {
        for user in these {
            if of.remove_member(group, *user).await? && !self.added.remove(user) {
                self.removed.insert(*user);
            }
        }
        Ok(())
    }

    /// Nobody moved.
    pub(super) fn is_none(&self) -> bool {
        self.added.is_empty() && self.removed.is_empty()
    }

    /// Everybody who moved.
    pub(super) fn everybody(&self) -> impl Iterator<Item = UserId> {
        self.added.iter().chain(&self.removed).copied()
    }
}

impl App {
    /// The names of somebody's groups, and what these give.
    pub async fn groups_of(
        &self,
        account: &Account,
        user: UserId,
    ) -> anyhow::Result<(Vec<String>, Grouped)> {
        let document = self.document(account.id).await?;
        let mut tx = self.store.read().await?;
        let groups = tx.of(account.id).groups_of(user, user).await?;
        let names: Vec<String> = groups.into_iter().map(|(_, _, name)| name).collect();
        let listed: Vec<&str> = names.iter().map(String::as_str).collect();
        let given = document.map(|document| scim::grouped(&listed, &document));
        Ok((names, given.unwrap_or_default()))
    }

    /// Works out anew what the groups of these people give them, and says so where it is something else.
    pub(super) async fn regroup(
        &self,
        of: &mut Of<'_>,
        document: &Document,
        people: impl Iterator<Item = UserId>,
        actor: &str,
        now: Timestamp,
    ) -> Result<(), store::Error> {
        for id in people {
            let Some(user) = of.user(id).await? else {
                continue;
            };
            let groups = of.groups_of(id, id).await?;
            let names: Vec<&str> = groups.iter().map(|(_, _, name)| name.as_str()).collect();
            let given = scim::grouped(&names, document);
            if given.roles == user.grouped && given.waiting.is_empty() {
                continue;
            }
            let event = Event::RolesByGroups {
                user: id.to_string(),
                before: names_of(&user.grouped),
                after: names_of(&given.roles),
                waiting: names_of(&given.waiting),
            };
            if given.roles != user.grouped {
                of.save_user(&with_groups(user, given.roles)).await?;
            }
            of.audit(actor, event, now, &self.entropy).await?;
        }
        Ok(())
    }

    /// The same for everybody who is in a group, since the rules changed.
    pub(in crate::app) async fn regroup_all(
        &self,
        of: &mut Of<'_>,
        document: &Document,
        actor: &str,
        now: Timestamp,
    ) -> Result<(), store::Error> {
        let mut after = None;
        loop {
            let people = of.people_in_groups(after, BATCH).await?;
            let Some(last) = people.last() else {
                return Ok(());
            };
            after = Some(*last);
            self.regroup(of, document, people.into_iter(), actor, now)
                .await?;
        }
    }
}

/// The person with what their groups give in the place of what they gave.
fn with_groups(user: User, grouped: Roles) -> User {
    let mut roles = user.roles;
    roles.retain(|role, why| user.grouped.get(role) != Some(why));
    for (role, why) in &grouped {
        roles.entry(*role).or_insert_with(|| why.clone());
    }
    User {
        roles,
        grouped,
        ..user
    }
}

fn names_of(roles: &Roles) -> Vec<String> {
    roles.keys().map(Role::to_string).collect()
}
