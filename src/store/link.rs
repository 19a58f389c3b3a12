//! People by what links them to a directory, and those who are gone or have not come yet.

use super::db::{Error, Of, sql};
use super::user::Row;
use crate::account::Link;
use crate::id::UserId;
use crate::time::Timestamp;
use crate::user::{self, Person};

impl Of<'_> {
    /// Users whose link key is this in any case or normal form.
    pub async fn users_by_link(
        &mut self,
        link: Link,
        value: &str,
        now: Timestamp,
    ) -> Result<Vec<Person>, Error> {
        let fold = user::fold(value);
        let rows = match link {
            Link::UserName => sql!(
                self.tx,
                all Row,
                "SELECT id, source, subject, external_id, state, email, given_name, surname, claimed, created_at, last_sign_in, directory
                 FROM users WHERE account = $1 AND name_fold = $2 ORDER BY id LIMIT 10",
                &self.account,
                fold,
            )?,
            Link::ExternalId => sql!(
                self.tx,
                all Row,
                "SELECT id, source, subject, external_id, state, email, given_name, surname, claimed, created_at, last_sign_in, directory
                 FROM users WHERE account = $1 AND external_fold = $2 ORDER BY id LIMIT 10",
                &self.account,
                fold,
            )?,
            Link::Email => sql!(
                self.tx,
                all Row,
                "SELECT id, source, subject, external_id, state, email, given_name, surname, claimed, created_at, last_sign_in, directory
                 FROM users WHERE account = $1 AND address_fold = $2 ORDER BY id LIMIT 10",
                &self.account,
                fold,
            )?,
        };
        self.one_by_one(rows, now).await
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

    /// How many people have no subject yet, or are in the client's directory.
    pub async fn count_expected(&mut self) -> Result<i64, Error> {
        let row = sql!(
            self.tx,
            optional(i64,),
            "SELECT COUNT(*) FROM users WHERE account = $1 AND (directory IS NOT NULL OR source IN ('link:user_name', 'link:external_id', 'link:email', 'link:nothing'))",
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
}
