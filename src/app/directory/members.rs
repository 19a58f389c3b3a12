//! Who belongs to a group.

use std::collections::BTreeSet;

use super::{Directory, Error};
use crate::id::{GroupId, UserId};
use crate::scim::{Kind, Membership};
use crate::store::Of;
use crate::time::Timestamp;

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
                Membership::Add(these) => moved.add(of, group, these, self.now).await?,
                Membership::Remove(these) => moved.remove(of, group, these).await?,
                Membership::Replace(these) => {
                    let known = BTreeSet::from_iter(of.members(group).await?);
                    let gone = known.difference(these).copied().collect();
                    moved.remove(of, group, &gone).await?;
                    moved.add(of, group, these, self.now).await?;
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
        now: Timestamp,
    ) -> Result<(), Error> {
        for user in these {
            if of.add_member(group, *user, now).await? {
                // Who left and came back in one request is new there, as what was approved of them before has ended.
                self.added.insert(*user);
            } else if of.user(*user, now).await?.is_none() {
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
}
