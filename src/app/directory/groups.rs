//! The groups of a directory.

use super::{Directory, Error, Versions, demand_version, nobody};
use crate::audit::Event;
use crate::grant::needs_approval;
use crate::id::{GroupId, UserId};
use crate::role::Role;
use crate::scim::{Group, GroupChange, Kind, NewGroup, Patch};
use crate::store::Of;

impl Directory<'_> {
    /// Makes a group.
    pub async fn create_group(&self, new: NewGroup) -> Result<(Group, Vec<UserId>), Error> {
        let app = self.app;
        let mut tx = app.store.write().await?;
        let mut of = tx.of(self.account.id);
        of.alone().await?;
        let group = Group {
            id: GroupId::new(self.now, &app.entropy),
            name: new.name.clone(),
            external_id: new.external_id.clone(),
            created_at: self.now,
            changed_at: self.now,
            version: 1,
        };
        demand_free(&mut of, &group).await?;
        of.save_group(&group).await?;
        let event = Event::GroupCreated {
            group: group.id.to_string(),
            name: group.name.clone(),
        };
        of.audit(self.actor, event, self.now, &app.entropy).await?;
        self.settle(&mut of, &group, &group, new.into()).await?;
        let group = find(&mut of, &group.id.to_string()).await?;
        let members = of.members(group.id).await?;
        tx.commit().await?;
        Ok((group, members))
    }

    /// One group, with its members where they are wanted.
    pub async fn group(
        &self,
        id: &str,
        with_members: bool,
    ) -> Result<(Group, Option<Vec<UserId>>), Error> {
        let mut tx = self.app.store.read().await?;
        let mut of = tx.of(self.account.id);
        let group = find(&mut of, id).await?;
        let members = if with_members {
            Some(of.members(group.id).await?)
        } else {
            None
        };
        Ok((group, members))
    }

    /// Puts a group in the place of what it was.
    pub async fn replace_group(
        &self,
        id: &str,
        new: NewGroup,
        versions: Versions<'_>,
    ) -> Result<(), Error> {
        self.change_group(id, versions, |_| Ok(new.into())).await
    }

    /// Changes parts of a group.
    pub async fn patch_group(
        &self,
        id: &str,
        patch: &Patch,
        versions: Versions<'_>,
    ) -> Result<(), Error> {
        self.change_group(id, versions, |group| Ok(group.patched(patch)?))
            .await
    }

    /// Removes a group, and with it the roles that it gave.
    pub async fn delete_group(&self, id: &str, versions: Versions<'_>) -> Result<(), Error> {
        let app = self.app;
        let mut tx = app.store.write().await?;
        let mut of = tx.of(self.account.id);
        of.alone().await?;
        let group = find(&mut of, id).await?;
        demand_version(versions, &group.etag())?;
        of.announce_members(group.id).await?;
        let members = of.members(group.id).await?;
        of.delete_group(group.id).await?;
        app.forget_approvals(&mut of, self.document, members)
            .await?;
        let event = Event::GroupDeleted {
            group: group.id.to_string(),
            name: group.name.clone(),
        };
        of.audit(self.actor, event, self.now, &app.entropy).await?;
        tx.commit().await?;
        Ok(())
    }

    async fn change_group(
        &self,
        id: &str,
        versions: Versions<'_>,
        wanted: impl FnOnce(&Group) -> Result<GroupChange, Error>,
    ) -> Result<(), Error> {
        let mut tx = self.app.store.write().await?;
        let mut of = tx.of(self.account.id);
        of.alone().await?;
        let before = find(&mut of, id).await?;
        demand_version(versions, &before.etag())?;
        let wanted = wanted(&before)?;
        let after = Group {
            name: wanted.name.clone(),
            external_id: wanted.external_id.clone(),
            ..before.clone()
        };
        demand_free(&mut of, &after).await?;
        self.settle(&mut of, &before, &after, wanted).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Keeps what changed of a group and of who is in it, and gives and takes the roles that follow.
    async fn settle(
        &self,
        of: &mut Of<'_>,
        before: &Group,
        after: &Group,
        wanted: GroupChange,
    ) -> Result<(), Error> {
        let app = self.app;
        let moved = self.move_members(of, before.id, &wanted.members).await?;
        let is_renamed = before.name != after.name;
        if moved.is_none() && before == after {
            return Ok(());
        }
        let kept = Group {
            changed_at: self.now,
            version: before.version + 1,
            ..after.clone()
        };
        of.save_group(&kept).await?;
        let ids = |people: &std::collections::BTreeSet<UserId>| {
            people.iter().map(UserId::to_string).collect()
        };
        if is_renamed {
            of.announce_members(before.id).await?;
        }
        let (gives, waiting) = self.gives(&after.name);
        let has_waiting = !waiting.is_empty();
        let event = Event::GroupChanged {
            group: before.id.to_string(),
            before: before.name.clone(),
            after: after.name.clone(),
            added: ids(&moved.added),
            removed: ids(&moved.removed),
            gives,
            waiting,
        };
        of.audit(self.actor, event, self.now, &app.entropy).await?;
        let left = if is_renamed {
            of.members(before.id).await?.into_iter().collect()
        } else {
            moved.removed
        };
        app.forget_approvals(of, self.document, left).await?;
        if has_waiting {
            let people = if is_renamed {
                of.members(before.id).await?
            } else {
                moved.added.into_iter().collect()
            };
            app.propose_waiting(of, self.document, people, self.actor)
                .await?;
        }
        Ok(())
    }

    /// The roles that a group of that name gives, and those that it gives only when somebody has approved them.
    fn gives(&self, name: &str) -> (Vec<String>, Vec<String>) {
        let rules = self.document.roles.iter();
        let of_group = rules.filter(|rule| rule.group() == Some(name) && !rule.has_ended(self.now));
        let (waiting, gives): (Vec<Role>, Vec<Role>) = of_group
            .map(|rule| rule.role)
            .partition(|role| needs_approval(*role, self.document));
        let names = |roles: Vec<Role>| roles.iter().map(Role::to_string).collect();
        (names(gives), names(waiting))
    }
}

async fn find(of: &mut Of<'_>, id: &str) -> Result<Group, Error> {
    let id = GroupId::parse(id).ok_or_else(nobody)?;
    Ok(of.group(id).await?.ok_or_else(nobody)?)
}

async fn demand_free(of: &mut Of<'_>, group: &Group) -> Result<(), Error> {
    match of.group_named(&group.name).await? {
        Some(other) if other.id != group.id => Err(Kind::Uniqueness
            .because(format!(
                "`displayName` is that of {} already, or differs only in case or normal form",
                other.id
            ))
            .into()),
        Some(_) | None => Ok(()),
    }
}
