//! Links by which clients' administrators set their side up.

use sqlx::FromRow;

use super::db::{Error, Of, Tx, sql};
use crate::account::SetupLink;
use crate::id::{AccountId, SetupLinkId};
use crate::time::Timestamp;

#[derive(FromRow)]
struct Row {
    account: String,
    id: String,
    made_by: String,
    made_at: i64,
    expires_at: i64,
    opened_at: Option<i64>,
    opened_from: Option<String>,
    ended_at: Option<i64>,
}

impl Row {
    fn link(self) -> Result<(AccountId, SetupLink), Error> {
        let broken = || Error::Stored("setup link");
        let account = AccountId::parse(&self.account).ok_or_else(broken)?;
        let link = SetupLink {
            id: SetupLinkId::parse(&self.id).ok_or_else(broken)?,
            made_by: self.made_by,
            made_at: Timestamp::from_millis(self.made_at),
            expires_at: Timestamp::from_millis(self.expires_at),
            opened: self
                .opened_at
                .map(Timestamp::from_millis)
                .zip(self.opened_from),
            ended_at: self.ended_at.map(Timestamp::from_millis),
        };
        Ok((account, link))
    }
}

impl Of<'_> {
    /// Keeps a link by the digest of what it carries.
    pub async fn save_setup_link(&mut self, link: &SetupLink, code: &str) -> Result<(), Error> {
        sql!(
            self.tx,
            execute,
            "INSERT INTO setup_links (account, id, made_by, made_at, expires_at, code) VALUES ($1, $2, $3, $4, $5, $6)",
            &self.account,
            link.id.to_string(),
            &link.made_by,
            link.made_at.millis(),
            link.expires_at.millis(),
            code
        )?;
        Ok(())
    }

    /// The account's links, newest first.
    pub async fn setup_links(&mut self, limit: i64) -> Result<Vec<SetupLink>, Error> {
        let rows = sql!(
            self.tx,
            all Row,
            "SELECT account, id, made_by, made_at, expires_at, opened_at, opened_from, ended_at FROM setup_links WHERE account = $1 ORDER BY id DESC LIMIT $2",
            &self.account,
            limit
        )?;
        let read = rows.into_iter().map(Row::link);
        read.map(|row| row.map(|(_, link)| link)).collect()
    }

    /// Ends every link of the account that was not ended yet, and says which would still have been good.
    pub async fn end_setup_links(&mut self, now: Timestamp) -> Result<Vec<SetupLink>, Error> {
        let mut ended = self.setup_links(100).await?;
        ended.retain(|link| link.is_good(now));
        sql!(
            self.tx,
            execute,
            "UPDATE setup_links SET ended_at = $2, code = NULL, cookie = NULL WHERE account = $1 AND ended_at IS NULL",
            &self.account,
            now.millis()
        )?;
        Ok(ended)
    }

    /// Whether anybody has ever signed in, was invited and deleted, or otherwise been here: then the account is in use.
    pub async fn was_ever_used(&mut self) -> Result<bool, Error> {
        let found = sql!(
            self.tx,
            optional(i64,),
            "SELECT CASE WHEN EXISTS (SELECT 1 FROM users WHERE account = $1 AND last_sign_in IS NOT NULL)
             OR EXISTS (SELECT 1 FROM tombstones WHERE account = $1) THEN CAST(1 AS BIGINT) ELSE CAST(0 AS BIGINT) END",
            &self.account
        )?;
        Ok(found.is_some_and(|(found,)| found == 1))
    }

    /// How many revisions somebody has made.
    pub async fn count_revisions_by(&mut self, author: &str) -> Result<i64, Error> {
        let found = sql!(
            self.tx,
            optional(i64,),
            "SELECT COUNT(*) FROM revisions WHERE account = $1 AND author = $2",
            &self.account,
            author
        )?;
        Ok(found.map_or(0, |(count,)| count))
    }

    /// The latest revision that came by a setup link after the one in force.
    pub async fn offered(&mut self) -> Result<Option<i64>, Error> {
        let found = sql!(
            self.tx,
            optional(i64,),
            "SELECT r.number FROM revisions r JOIN accounts a ON a.id = r.account
             WHERE r.account = $1 AND r.number > a.active AND substr(r.author, 1, 4) = 'lnk_' ORDER BY number DESC LIMIT 1",
            &self.account
        )?;
        Ok(found.map(|(number,)| number))
    }
}

impl Tx {
    /// Uses up what a link carries, once; from then on a browser is known by the other digest. Says which link it was, unless it is
    /// good for nothing any more.
    pub async fn open_setup_link(
        &mut self,
        (code, cookie): (&str, &str),
        from: &str,
        now: Timestamp,
    ) -> Result<Option<(AccountId, SetupLink)>, Error> {
        let row = sql!(
            self,
            optional Row,
            "UPDATE setup_links SET code = NULL, cookie = $2, opened_at = $3, opened_from = $4 WHERE code = $1 AND ended_at IS NULL AND expires_at > $3
             RETURNING account, id, made_by, made_at, expires_at, opened_at, opened_from, ended_at",
            code,
            cookie,
            now.millis(),
            from
        )?;
        row.map(Row::link).transpose()
    }

    /// The link that a browser has opened, by the digest of what it carries since.
    pub async fn setup_link(
        &mut self,
        cookie: &str,
    ) -> Result<Option<(AccountId, SetupLink)>, Error> {
        let row = sql!(
            self,
            optional Row,
            "SELECT account, id, made_by, made_at, expires_at, opened_at, opened_from, ended_at FROM setup_links
             WHERE account IN (SELECT accounts.id FROM accounts WHERE state <> 'deleted') AND cookie = $1",
            cookie
        )?;
        row.map(Row::link).transpose()
    }

    /// The accounts to which metadata came by a setup link that nobody has put in force.
    pub async fn offers(&mut self) -> Result<Vec<String>, Error> {
        let rows = sql!(
            self,
            all (String,),
            "SELECT slug FROM accounts a WHERE state = 'enabled' AND EXISTS
             (SELECT 1 FROM revisions r WHERE r.account = a.id AND r.number > a.active AND substr(r.author, 1, 4) = 'lnk_') ORDER BY id"
        )?;
        Ok(rows.into_iter().map(|(slug,)| slug).collect())
    }
}
