//! One-time links by which operators come in when nothing else works.

use super::db::{Error, Of, Tx, sql};
use crate::id::{AccountId, UserId};
use crate::time::Timestamp;

impl Of<'_> {
    /// Keeps a link of somebody, by its digest; one that they had before is good for nothing from then on.
    pub async fn save_login_link(
        &mut self,
        user: UserId,
        digest: &str,
        expires_at: Timestamp,
    ) -> Result<(), Error> {
        sql!(
            self.tx,
            execute,
            "DELETE FROM login_links WHERE account = $1 AND user_id = $2",
            &self.account,
            user.to_string()
        )?;
        sql!(
            self.tx,
            execute,
            "INSERT INTO login_links (account, digest, user_id, expires_at) VALUES ($1, $2, $3, $4)",
            &self.account,
            digest,
            user.to_string(),
            expires_at.millis()
        )?;
        Ok(())
    }
}

impl Tx {
    /// Uses a link up, once; says whose it was, unless its time is over.
    pub async fn take_login_link(
        &mut self,
        digest: &str,
        now: Timestamp,
    ) -> Result<Option<(AccountId, UserId)>, Error> {
        let row = sql!(
            self,
            optional(String, String, i64),
            "DELETE FROM login_links WHERE digest = $1 RETURNING account, user_id, expires_at",
            digest
        )?;
        let Some((account, user, expires_at)) = row else {
            return Ok(None);
        };
        let broken = || Error::Stored("login link");
        let account = AccountId::parse(&account).ok_or_else(broken)?;
        let user = UserId::parse(&user).ok_or_else(broken)?;
        Ok((now < Timestamp::from_millis(expires_at)).then_some((account, user)))
    }

    /// Removes links whose time is over.
    pub async fn forget_login_links(&mut self, now: Timestamp) -> Result<u64, Error> {
        sql!(
            self,
            execute,
            "DELETE FROM login_links WHERE expires_at <= $1",
            now.millis()
        )
    }
}
