//! The groups of a client's directory, and who belongs to them.

use std::collections::HashMap;

use sqlx::FromRow;

use super::db::{Error, Of, sql};
use crate::grant::InGroup;
use crate::id::{GroupId, UserId};
use crate::scim::Group;
use crate::time::Timestamp;
use crate::user;

#[derive(FromRow)]
struct Row {
    id: String,
    name: String,
    external_id: Option<String>,
    created_at: i64,
    changed_at: i64,
    version: i64,
}

impl Row {
    fn group(self) -> Result<Group, Error> {
        Ok(Group {
            id: GroupId::parse(&self.id).ok_or(Error::Stored("group"))?,
            name: self.name,
            external_id: self.external_id,
            created_at: Timestamp::from_millis(self.created_at),
            changed_at: Timestamp::from_millis(self.changed_at),
            version: self.version,
        })
    }
}

fn user_id(text: &str) -> Result<UserId, Error> {
    UserId::parse(text).ok_or(Error::Stored("member"))
}

impl Of<'_> {
    /// Keeps a group as it is now.
    pub async fn save_group(&mut self, group: &Group) -> Result<(), Error> {
        sql!(
            self.tx,
            execute,
            "INSERT INTO directory_groups (account, id, name, fold, external_id, created_at, changed_at, version)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
             ON CONFLICT (account, id) DO UPDATE SET name = excluded.name, fold = excluded.fold, external_id = excluded.external_id,
             changed_at = excluded.changed_at, version = excluded.version",
            &self.account,
            group.id.to_string(),
            &group.name,
            user::fold(&group.name),
            group.external_id.as_deref(),
            group.created_at.millis(),
            group.changed_at.millis(),
            group.version,
        )?;
        Ok(())
    }

    /// Removes a group; nobody is in it any more.
    pub async fn delete_group(&mut self, id: GroupId) -> Result<(), Error> {
        sql!(
            self.tx,
            execute,
            "DELETE FROM directory_groups WHERE account = $1 AND id = $2",
            &self.account,
            id.to_string()
        )?;
        Ok(())
    }

    /// The group of that id.
    pub async fn group(&mut self, id: GroupId) -> Result<Option<Group>, Error> {
        let row = sql!(
            self.tx,
            optional Row,
            "SELECT id, name, external_id, created_at, changed_at, version FROM directory_groups WHERE account = $1 AND id = $2",
            &self.account,
            id.to_string(),
        )?;
        row.map(Row::group).transpose()
    }

    /// The group of that name in any case or normal form.
    pub async fn group_named(&mut self, name: &str) -> Result<Option<Group>, Error> {
        let row = sql!(
            self.tx,
            optional Row,
            "SELECT id, name, external_id, created_at, changed_at, version FROM directory_groups WHERE account = $1 AND fold = $2",
            &self.account,
            user::fold(name),
        )?;
        row.map(Row::group).transpose()
    }

    /// The groups that the directory knows by this id of its own.
    pub async fn groups_by_external_id(&mut self, id: &str) -> Result<Vec<Group>, Error> {
        let rows = sql!(
            self.tx,
            all Row,
            "SELECT id, name, external_id, created_at, changed_at, version FROM directory_groups
             WHERE account = $1 AND external_id = $2 ORDER BY id LIMIT 100",
            &self.account,
            id,
        )?;
        rows.into_iter().map(Row::group).collect()
    }

    /// A page of groups after `after`, oldest first.
    pub async fn groups(
        &mut self,
        after: Option<GroupId>,
        limit: i64,
    ) -> Result<Vec<Group>, Error> {
        let rows = sql!(
            self.tx,
            all Row,
            "SELECT id, name, external_id, created_at, changed_at, version FROM directory_groups
             WHERE account = $1 AND id > $2 ORDER BY id LIMIT $3",
            &self.account,
            after.map(|id| id.to_string()).unwrap_or_default(),
            limit,
        )?;
        rows.into_iter().map(Row::group).collect()
    }

    /// The group that is the `count`-th, oldest first, or the last one.
    pub async fn group_at(&mut self, count: i64) -> Result<Option<GroupId>, Error> {
        let row = sql!(
            self.tx,
            optional(String,),
            "SELECT id FROM (SELECT id FROM directory_groups WHERE account = $1 ORDER BY id LIMIT $2) AS first ORDER BY id DESC LIMIT 1",
            &self.account,
            count,
        )?;
        Ok(row.and_then(|(id,)| GroupId::parse(&id)))
    }

    /// How many groups the account has.
    pub async fn count_groups(&mut self) -> Result<i64, Error> {
        let row = sql!(
            self.tx,
            optional(i64,),
            "SELECT COUNT(*) FROM directory_groups WHERE account = $1",
            &self.account
        )?;
        Ok(row.map_or(0, |(count,)| count))
    }

    /// Who belongs to a group.
    pub async fn members(&mut self, group: GroupId) -> Result<Vec<UserId>, Error> {
        let rows = sql!(
            self.tx,
            all(String,),
            "SELECT user_id AS id FROM members WHERE account = $1 AND group_id = $2 ORDER BY id",
            &self.account,
            group.to_string(),
        )?;
        rows.iter().map(|(id,)| user_id(id)).collect()
    }

    /// Puts somebody into a group; whether they were not in it. Whoever is not there cannot be put anywhere.
    pub async fn add_member(
        &mut self,
        group: GroupId,
        user: UserId,
        since: Timestamp,
    ) -> Result<bool, Error> {
        let added = sql!(
            self.tx,
            execute,
            "INSERT INTO members (account, group_id, user_id, since) SELECT $1, $2, id, $4 FROM users WHERE account = $1 AND id = $3
             ON CONFLICT (account, group_id, user_id) DO NOTHING",
            &self.account,
            group.to_string(),
            user.to_string(),
            since.millis(),
        )?;
        if added == 1 {
            self.announce(Some(&user.to_string())).await?;
        }
        Ok(added == 1)
    }

    /// Takes somebody out of a group; whether they were in it.
    pub async fn remove_member(&mut self, group: GroupId, user: UserId) -> Result<bool, Error> {
        let removed = sql!(
            self.tx,
            execute,
            "DELETE FROM members WHERE account = $1 AND group_id = $2 AND user_id = $3",
            &self.account,
            group.to_string(),
            user.to_string(),
        )?;
        if removed == 1 {
            self.announce(Some(&user.to_string())).await?;
        }
        Ok(removed == 1)
    }

    /// Tells every node that what the group gives its members is not what it was.
    pub async fn announce_members(&mut self, group: GroupId) -> Result<(), Error> {
        for user in self.members(group).await? {
            self.announce(Some(&user.to_string())).await?;
        }
        Ok(())
    }

    /// The groups of everybody from the first id to the last.
    pub(super) async fn groups_of(
        &mut self,
        first: &str,
        last: &str,
    ) -> Result<HashMap<String, Vec<InGroup>>, Error> {
        let rows = sql!(
            self.tx,
            all(String, String, String, i64),
            "SELECT members.user_id, directory_groups.id, directory_groups.name, members.since FROM members
             JOIN directory_groups ON directory_groups.account = members.account AND directory_groups.id = members.group_id
             WHERE members.account = $1 AND members.user_id >= $2 AND members.user_id <= $3",
            &self.account,
            first,
            last,
        )?;
        by_user(rows)
    }

    /// The groups of each of these people.
    pub(super) async fn groups_of_each(
        &mut self,
        ids: &[&str],
    ) -> Result<HashMap<String, Vec<InGroup>>, Error> {
        let mut all = Vec::new();
        for ids in ids.chunks(10) {
            let id = |at: usize| ids.get(at).copied().unwrap_or_default();
            all.extend(sql!(
                self.tx,
                all(String, String, String, i64),
                "SELECT members.user_id, directory_groups.id, directory_groups.name, members.since FROM members
                 JOIN directory_groups ON directory_groups.account = members.account AND directory_groups.id = members.group_id
                 WHERE members.account = $1 AND members.user_id IN ($2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
                &self.account,
                id(0),
                id(1),
                id(2),
                id(3),
                id(4),
                id(5),
                id(6),
                id(7),
                id(8),
                id(9),
            )?);
        }
        by_user(all)
    }
}

fn by_user(
    rows: Vec<(String, String, String, i64)>,
) -> Result<HashMap<String, Vec<InGroup>>, Error> {
    let mut groups: HashMap<String, Vec<InGroup>> = HashMap::new();
    for (user, id, name, since) in rows {
        let id = GroupId::parse(&id).ok_or(Error::Stored("group"))?;
        let since = Timestamp::from_millis(since);
        let of_user = groups.entry(user).or_default();
        of_user.push(InGroup { id, name, since });
    }
    for of_user in groups.values_mut() {
        of_user.sort_by_key(|group| group.id);
    }
    Ok(groups)
}
