//! The people of an account.

use sqlx::FromRow;

use super::batch::{Changes, statement};
use super::db::{Error, Of, sql};
use crate::account::Link;
use crate::claims::Profile;
use crate::id::UserId;
use crate::time::Timestamp;
use crate::user::{self, Known, State, User};

#[derive(FromRow)]
struct Row {
    id: String,
    source: String,
    subject: String,
    external_id: Option<String>,
    state: String,
    email: Option<String>,
    given_name: Option<String>,
    surname: Option<String>,
    roles: String,
    created_at: i64,
    last_sign_in: Option<i64>,
    directory: Option<String>,
    grouped: String,
}

impl Row {
    fn user(self) -> Result<User, Error> {
        let broken = || Error::Stored("user");
        let directory = self.directory.as_deref().map(serde_json::from_str);
        Ok(User {
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
            roles: serde_json::from_str(&self.roles).map_err(|_| broken())?,
            grouped: serde_json::from_str(&self.grouped).map_err(|_| broken())?,
            created_at: Timestamp::from_millis(self.created_at),
            last_sign_in: self.last_sign_in.map(Timestamp::from_millis),
        })
    }
}

impl Changes {
    /// Keeps a user as they are now.
    pub fn save_user(&mut self, user: &User) -> Result<(), Error> {
        let broken = |_| Error::Stored("user");
        let roles = serde_json::to_string(&user.roles).map_err(broken)?;
        let directory = user.directory.as_ref().map(serde_json::to_string);
        self.add(statement!(
            "INSERT INTO users (account, id, source, subject, fold, external_id, state, email, given_name, surname, roles, created_at, last_sign_in,
             directory, grouped, name_fold, external_fold, address_fold)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)
             ON CONFLICT (account, id) DO UPDATE SET source = excluded.source, subject = excluded.subject, fold = excluded.fold,
             external_id = excluded.external_id, state = excluded.state, email = excluded.email,
             given_name = excluded.given_name, surname = excluded.surname, roles = excluded.roles, last_sign_in = excluded.last_sign_in,
             directory = excluded.directory, grouped = excluded.grouped, name_fold = excluded.name_fold,
             external_fold = excluded.external_fold, address_fold = excluded.address_fold",
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
            roles,
            user.created_at.millis(),
            user.last_sign_in.map(Timestamp::millis),
            directory.transpose().map_err(broken)?,
            serde_json::to_string(&user.grouped).map_err(broken)?,
            user::fold(user.name()),
            user.external_id.as_deref().map(user::fold),
            user.address().as_deref().map(user::fold),
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
             AND source = $5 AND subject = $6 AND grouped = $7)",
            &self.account,
            before.id.to_string(),
            before.state.as_str(),
            before.external_id.as_deref(),
            &before.source,
            &before.subject,
            serde_json::to_string(&before.grouped).unwrap_or_default(),
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
    /// What is known of a subject among those who are there.
    pub async fn known(&mut self, source: &str, subject: &str) -> Result<Known, Error> {
        let rows = sql!(
            self.tx,
            all Row,
            "SELECT id, source, subject, external_id, state, email, given_name, surname, roles, created_at, last_sign_in, directory, grouped
             FROM users WHERE account = $1 AND source = $2 AND fold = $3",
            &self.account,
            source,
            user::fold(subject),
        )?;
        let mut known = Known::default();
        for row in rows {
            if row.subject == subject {
                known.user = Some(row.user()?);
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
    pub async fn user(&mut self, id: UserId) -> Result<Option<User>, Error> {
        let row = sql!(
            self.tx,
            optional Row,
            "SELECT id, source, subject, external_id, state, email, given_name, surname, roles, created_at, last_sign_in, directory, grouped
             FROM users WHERE account = $1 AND id = $2",
            &self.account,
            id.to_string(),
        )?;
        row.map(Row::user).transpose()
    }

    /// A page of users after `after`, oldest first.
    pub async fn users(&mut self, after: Option<UserId>, limit: i64) -> Result<Vec<User>, Error> {
        let rows = sql!(
            self.tx,
            all Row,
            "SELECT id, source, subject, external_id, state, email, given_name, surname, roles, created_at, last_sign_in, directory, grouped
             FROM users WHERE account = $1 AND id > $2 ORDER BY id LIMIT $3",
            &self.account,
            after.map(|id| id.to_string()).unwrap_or_default(),
            limit,
        )?;
        rows.into_iter().map(Row::user).collect()
    }

    /// Users whose subject, e-mail address or external id is exactly this.
    pub async fn users_called(&mut self, name: &str) -> Result<Vec<User>, Error> {
        let rows = sql!(
            self.tx,
            all Row,
            "SELECT id, source, subject, external_id, state, email, given_name, surname, roles, created_at, last_sign_in, directory, grouped
             FROM users WHERE account = $1 AND (subject = $2 OR email = $2 OR external_id = $2) ORDER BY id LIMIT 10",
            &self.account,
            name,
        )?;
        rows.into_iter().map(Row::user).collect()
    }

    /// Users whose link key is this in any case or normal form.
    pub async fn users_by_link(&mut self, link: Link, value: &str) -> Result<Vec<User>, Error> {
        let fold = user::fold(value);
        let rows = match link {
            Link::UserName => sql!(
                self.tx,
                all Row,
                "SELECT id, source, subject, external_id, state, email, given_name, surname, roles, created_at, last_sign_in, directory, grouped
                 FROM users WHERE account = $1 AND name_fold = $2 ORDER BY id LIMIT 10",
                &self.account,
                fold,
            )?,
            Link::ExternalId => sql!(
                self.tx,
                all Row,
                "SELECT id, source, subject, external_id, state, email, given_name, surname, roles, created_at, last_sign_in, directory, grouped
                 FROM users WHERE account = $1 AND external_fold = $2 ORDER BY id LIMIT 10",
                &self.account,
                fold,
            )?,
            Link::Email => sql!(
                self.tx,
                all Row,
                "SELECT id, source, subject, external_id, state, email, given_name, surname, roles, created_at, last_sign_in, directory, grouped
                 FROM users WHERE account = $1 AND address_fold = $2 ORDER BY id LIMIT 10",
                &self.account,
                fold,
            )?,
        };
        rows.into_iter().map(Row::user).collect()
    }

    /// The user who is the `count`-th, oldest first, or the last one.
    pub async fn user_at(&mut self, count: i64) -> Result<Option<UserId>, Error> {
        let row = sql!(
            self.tx,
            optional(String,),
            "SELECT id FROM (SELECT id FROM users WHERE account = $1 ORDER BY id LIMIT $2) AS first ORDER BY id DESC LIMIT 1",
            &self.account,
            count,
        )?;
        Ok(row.and_then(|(id,)| UserId::parse(&id)))
    }

    /// How many people have no subject yet.
    pub async fn count_unlinked(&mut self) -> Result<i64, Error> {
        let row = sql!(
            self.tx,
            optional(i64,),
            "SELECT COUNT(*) FROM users WHERE account = $1 AND source IN ('link:user_name', 'link:external_id', 'link:email', 'link:nothing')",
            &self.account
        )?;
        Ok(row.map_or(0, |(count,)| count))
    }

    /// Remembers that somebody of this keyed digest was deleted.
    pub async fn bury(&mut self, tombstone: &str, now: Timestamp) -> Result<(), Error> {
        sql!(
            self.tx,
            execute,
            "INSERT INTO tombstones (account, digest, deleted_at) VALUES ($1, $2, $3) ON CONFLICT (account, digest) DO NOTHING",
            &self.account,
            tombstone,
            now.millis(),
        )?;
        Ok(())
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

    /// Users who have not signed in since `before`, or never and came to exist before it.
    pub async fn users_gone_since(
        &mut self,
        before: Timestamp,
        limit: i64,
    ) -> Result<Vec<User>, Error> {
        let rows = sql!(
            self.tx,
            all Row,
            "SELECT id, source, subject, external_id, state, email, given_name, surname, roles, created_at, last_sign_in, directory, grouped
             FROM users WHERE account = $1 AND COALESCE(last_sign_in, created_at) < $2 ORDER BY id LIMIT $3",
            &self.account,
            before.millis(),
            limit,
        )?;
        rows.into_iter().map(Row::user).collect()
    }
}
