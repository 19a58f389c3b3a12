//! The people of an account.

use std::collections::{BTreeMap, HashMap};

use sqlx::FromRow;

use super::batch::{Changes, statement};
use super::db::{Error, Of, sql};
use super::search;
use crate::account::{Document, Provisioning};
use crate::claims::{Claimed, Profile};
use crate::grant::{Basis, InGroup, Order};
use crate::id::UserId;
use crate::role::Roles;
use crate::time::Timestamp;
use crate::user::{self, Known, Person, State, User};

#[derive(FromRow)]
pub(super) struct Row {
    id: String,
    source: String,
    subject: String,
    external_id: Option<String>,
    state: String,
    email: Option<String>,
    given_name: Option<String>,
    surname: Option<String>,
    claimed: String,
    created_at: i64,
    last_sign_in: Option<i64>,
    directory: Option<String>,
}

impl Row {
    /// The person as they are but for their roles, and what their claims gave.
    pub(super) fn user(self) -> Result<(User, Vec<Claimed>), Error> {
        let broken = || Error::Stored("user");
        let claimed = serde_json::from_str(&self.claimed).map_err(|_| broken())?;
        let directory = self.directory.as_deref().map(serde_json::from_str);
        let user = User {
            id: UserId::parse(&self.id).ok_or_else(broken)?,
            source: self.source,
            subject: self.subject,
            external_id: self.external_id,
            state: State::parse(&self.state).ok_or_else(broken)?,
            profile: Profile {
                email: self.email,
                given_name: self.given_name,
                surname: self.surname,
            },
            directory: directory.transpose().map_err(|_| broken())?,
            roles: Roles::new(),
            created_at: Timestamp::from_millis(self.created_at),
            last_sign_in: self.last_sign_in.map(Timestamp::from_millis),
        };
        Ok((user, claimed))
    }
}

impl Changes {
    /// Keeps a user as they are now, but for their roles: those follow from what they claim and what administrators said.
    pub fn save_user(&mut self, user: &User) -> Result<(), Error> {
        let directory = user.directory.as_ref().map(serde_json::to_string);
        let [subject, email, name, surname, external] = search::keys(user);
        self.add(statement!(
            "INSERT INTO users (account, id, source, subject, fold, external_id, state, email, given_name, surname, roles, created_at, last_sign_in,
             directory, name_fold, external_fold, address_fold, subject_key, email_key, name_key, surname_key, external_key)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, '{}', $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21)
             ON CONFLICT (account, id) DO UPDATE SET source = excluded.source, subject = excluded.subject, fold = excluded.fold,
             external_id = excluded.external_id, state = excluded.state, email = excluded.email,
             given_name = excluded.given_name, surname = excluded.surname, last_sign_in = excluded.last_sign_in,
             directory = excluded.directory, name_fold = excluded.name_fold,
             external_fold = excluded.external_fold, address_fold = excluded.address_fold,
             subject_key = excluded.subject_key, email_key = excluded.email_key, name_key = excluded.name_key,
             surname_key = excluded.surname_key, external_key = excluded.external_key",
            &self.account,
            user.id.to_string(),
            &user.source,
            &user.subject,
            user::fold(&user.subject),
            user.external_id.as_deref(),
            user.state.as_str(),
            user.profile.email.as_deref(),
            user.profile.given_name.as_deref(),
            user.profile.surname.as_deref(),
            user.created_at.millis(),
            user.last_sign_in.map(Timestamp::millis),
            directory.transpose().map_err(|_| Error::Stored("user"))?,
            user::fold(user.name()),
            user.external_id.as_deref().map(user::fold),
            user.address().as_deref().map(user::fold),
            subject,
            email,
            name,
            surname,
            external,
        ));
        Ok(())
    }

    /// Keeps a known user as they are now, and tells every node where that is more than another sign-in.
    pub fn update_user(&mut self, before: &User, user: &User) -> Result<(), Error> {
        let seen = |user: &User| User {
            last_sign_in: None,
            ..user.clone()
        };
        if seen(before) != seen(user) {
            self.announce(Some(&user.id.to_string()));
        }
        self.save_user(user)
    }

    /// Is a conflict unless the user is still what was decided upon.
    pub fn expect_user(&mut self, before: &User) {
        self.add(statement!(
            "INSERT INTO guards (holds) SELECT 0 WHERE NOT EXISTS
             (SELECT 1 FROM users WHERE account = $1 AND id = $2 AND state = $3 AND external_id IS NOT DISTINCT FROM $4
             AND source = $5 AND subject = $6)",
            &self.account,
            before.id.to_string(),
            before.state.as_str(),
            before.external_id.as_deref(),
            &before.source,
            &before.subject,
        ));
    }

    /// Is a conflict where by now somebody has the subject, a twin of it, or had it and was deleted.
    pub fn expect_nobody(&mut self, source: &str, subject: &str, tombstone: &str) {
        self.add(statement!(
            "INSERT INTO guards (holds) SELECT 0 WHERE EXISTS
             (SELECT 1 FROM users WHERE account = $1 AND source = $2 AND fold = $3)
             OR EXISTS (SELECT 1 FROM tombstones WHERE account = $1 AND digest = $4)",
            &self.account,
            source,
            user::fold(subject),
            tombstone,
        ));
    }
}

impl Of<'_> {
    /// What is known of a subject among those who are there, with the roles that they hold by that configuration.
    pub async fn known(
        &mut self,
        source: &str,
        subject: &str,
        document: &Document,
        now: Timestamp,
    ) -> Result<Known, Error> {
        let rows = sql!(
            self.tx,
            all Row,
            "SELECT id, source, subject, external_id, state, email, given_name, surname, claimed, created_at, last_sign_in, directory
             FROM users WHERE account = $1 AND source = $2 AND fold = $3",
            &self.account,
            source,
            user::fold(subject),
        )?;
        let mut known = Known::default();
        for row in rows {
            if row.subject == subject {
                let person = self.people_by(Some(document), vec![row], now).await?.pop();
                (known.user, known.basis) = person
                    .map(|person| (Some(person.user), person.basis))
                    .unwrap_or_default();
            } else {
                known.has_twin = true;
            }
        }
        Ok(known)
    }

    /// Whether somebody of this keyed digest was deleted.
    pub async fn was_deleted(&mut self, tombstone: &str) -> Result<bool, Error> {
        let grave = sql!(
            self.tx,
            optional(i64,),
            "SELECT deleted_at FROM tombstones WHERE account = $1 AND digest = $2",
            &self.account,
            tombstone
        )?;
        Ok(grave.is_some())
    }

    /// The user of that id.
    pub async fn user(&mut self, id: UserId, now: Timestamp) -> Result<Option<User>, Error> {
        Ok(self.person(id, now).await?.map(|person| person.user))
    }

    /// The user of that id, with what their roles follow from.
    pub async fn person(&mut self, id: UserId, now: Timestamp) -> Result<Option<Person>, Error> {
        let row = sql!(
            self.tx,
            optional Row,
            "SELECT id, source, subject, external_id, state, email, given_name, surname, claimed, created_at, last_sign_in, directory
             FROM users WHERE account = $1 AND id = $2",
            &self.account,
            id.to_string(),
        )?;
        Ok(self.people(row.into_iter().collect(), now).await?.pop())
    }

    /// A page of users after `after`, oldest first.
    pub async fn users(
        &mut self,
        after: Option<UserId>,
        limit: i64,
        now: Timestamp,
    ) -> Result<Vec<User>, Error> {
        let people = self.persons(after, limit, now).await?;
        Ok(people.into_iter().map(|person| person.user).collect())
    }

    /// The same, with what their roles follow from.
    pub async fn persons(
        &mut self,
        after: Option<UserId>,
        limit: i64,
        now: Timestamp,
    ) -> Result<Vec<Person>, Error> {
        let rows = sql!(
            self.tx,
            all Row,
            "SELECT id, source, subject, external_id, state, email, given_name, surname, claimed, created_at, last_sign_in, directory
             FROM users WHERE account = $1 AND id > $2 ORDER BY id LIMIT $3",
            &self.account,
            after.map(|id| id.to_string()).unwrap_or_default(),
            limit,
        )?;
        self.people(rows, now).await
    }

    /// Users whose subject, e-mail address or external id is exactly this.
    pub async fn users_called(&mut self, name: &str, now: Timestamp) -> Result<Vec<User>, Error> {
        let rows = sql!(
            self.tx,
            all Row,
            "SELECT id, source, subject, external_id, state, email, given_name, surname, claimed, created_at, last_sign_in, directory
             FROM users WHERE account = $1 AND (subject = $2 OR email = $2 OR external_id = $2) ORDER BY id LIMIT 10",
            &self.account,
            name,
        )?;
        let people = self.one_by_one(rows, now).await?;
        Ok(people.into_iter().map(|person| person.user).collect())
    }

    /// How many users the account has.
    pub async fn count_users(&mut self) -> Result<i64, Error> {
        let row = sql!(
            self.tx,
            optional(i64,),
            "SELECT COUNT(*) FROM users WHERE account = $1",
            &self.account
        )?;
        Ok(row.map_or(0, |(count,)| count))
    }

    /// Keeps a user as they are now.
    pub async fn save_user(&mut self, user: &User) -> Result<(), Error> {
        let mut changes = Changes::new(self.id);
        changes.save_user(user)?;
        changes.announce(Some(&user.id.to_string()));
        self.run(&changes).await
    }

    /// Removes a user for good and remembers only that somebody of this digest was deleted.
    pub async fn delete_user(
        &mut self,
        id: UserId,
        tombstone: &str,
        now: Timestamp,
    ) -> Result<(), Error> {
        sql!(
            self.tx,
            execute,
            "UPDATE directory_groups SET version = version + 1, changed_at = $3 WHERE account = $1
             AND id IN (SELECT group_id FROM members WHERE account = $1 AND user_id = $2)",
            &self.account,
            id.to_string(),
            now.millis(),
        )?;
        sql!(
            self.tx,
            execute,
            "DELETE FROM users WHERE account = $1 AND id = $2",
            &self.account,
            id.to_string()
        )?;
        self.bury(tombstone, now).await?;
        self.announce(Some(&id.to_string())).await
    }

    /// Users who have not signed in since `before`, or never and came to exist before it, as they were then.
    pub async fn users_gone_since(
        &mut self,
        before: Timestamp,
        limit: i64,
    ) -> Result<Vec<User>, Error> {
        let rows = sql!(
            self.tx,
            all Row,
            "SELECT id, source, subject, external_id, state, email, given_name, surname, claimed, created_at, last_sign_in, directory
             FROM users WHERE account = $1 AND COALESCE(last_sign_in, created_at) < $2 ORDER BY id LIMIT $3",
            &self.account,
            before.millis(),
            limit,
        )?;
        let people = self.people(rows, before).await?;
        Ok(people.into_iter().map(|person| person.user).collect())
    }

    /// People between whose ids may lie everybody else's.
    pub(super) async fn one_by_one(
        &mut self,
        rows: Vec<Row>,
        now: Timestamp,
    ) -> Result<Vec<Person>, Error> {
        let mut found = Vec::new();
        for row in rows {
            found.extend(self.people(vec![row], now).await?);
        }
        Ok(found)
    }

    /// People with the roles that they hold at `now` by the configuration in force.
    async fn people(&mut self, rows: Vec<Row>, now: Timestamp) -> Result<Vec<Person>, Error> {
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let document = self.document().await?;
        self.people_by(document.as_ref(), rows, now).await
    }

    /// The same by a configuration that is at hand; what is said of people between the first and the last is read.
    async fn people_by(
        &mut self,
        document: Option<&Document>,
        rows: Vec<Row>,
        now: Timestamp,
    ) -> Result<Vec<Person>, Error> {
        let (Some(first), Some(last)) = (rows.first(), rows.last()) else {
            return Ok(Vec::new());
        };
        let orders = self.orders(&first.id, &last.id).await?;
        let groups = if is_kept(document) {
            self.groups_of(&first.id, &last.id).await?
        } else {
            HashMap::new()
        };
        made(rows, document, orders, groups, now)
    }

    /// People who need not be next to each other, with the roles that they hold at `now`.
    pub(super) async fn people_apart(
        &mut self,
        rows: Vec<Row>,
        now: Timestamp,
    ) -> Result<Vec<User>, Error> {
        let document = self.document().await?;
        let ids: Vec<&str> = rows.iter().map(|row| row.id.as_str()).collect();
        let orders = self.orders_of(&ids).await?;
        let groups = if is_kept(document.as_ref()) {
            self.groups_of_each(&ids).await?
        } else {
            HashMap::new()
        };
        let people = made(rows, document.as_ref(), orders, groups, now)?;
        Ok(people.into_iter().map(|person| person.user).collect())
    }
}

/// Whether a directory keeps the people.
pub(super) fn is_kept(document: Option<&Document>) -> bool {
    document.is_some_and(|document| document.users.provisioning == Provisioning::Scim)
}

fn made(
    rows: Vec<Row>,
    document: Option<&Document>,
    mut orders: BTreeMap<String, Vec<Order>>,
    mut groups: HashMap<String, Vec<InGroup>>,
    now: Timestamp,
) -> Result<Vec<Person>, Error> {
    let mut people = Vec::with_capacity(rows.len());
    for row in rows {
        let orders = orders.remove(&row.id).unwrap_or_default();
        let groups = groups.remove(&row.id).unwrap_or_default();
        let (mut user, claimed) = row.user()?;
        let basis = Basis {
            claimed,
            orders,
            groups,
        };
        let standing = document.map(|document| basis.standing(document, now));
        user.roles = standing.map(|standing| standing.roles).unwrap_or_default();
        people.push(Person { user, basis });
    }
    Ok(people)
}
