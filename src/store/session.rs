//! Sessions, by the digest of the secret that the browser holds.

use openssl::sha::sha256;
use sqlx::FromRow;

use super::batch::{Changes, statement};
use super::db::{Error, Of, Tx, sql};
use crate::id::{AccountId, SessionId, UserId, hex};
use crate::session::{Session, Via};
use crate::time::{Span, Timestamp};

#[derive(FromRow)]
pub(super) struct Row {
    account: String,
    id: String,
    user_id: String,
    roles: String,
    authenticated_at: i64,
    created_at: i64,
    seen_at: i64,
    expires_at: i64,
    idle: i64,
    address: String,
    browser: String,
    name_id: Option<String>,
    session_index: Option<String>,
    via: String,
}

impl Row {
    pub(super) fn session(self) -> Result<Session, Error> {
        let broken = || Error::Stored("session");
        let name_id = self
            .name_id
            .map(|text| serde_json::from_str(&text))
            .transpose();
        Ok(Session {
            id: SessionId::parse(&self.id).ok_or_else(broken)?,
            account: AccountId::parse(&self.account).ok_or_else(broken)?,
            user: UserId::parse(&self.user_id).ok_or_else(broken)?,
            roles: serde_json::from_str(&self.roles).map_err(|_| broken())?,
            authenticated_at: Timestamp::from_millis(self.authenticated_at),
            created_at: Timestamp::from_millis(self.created_at),
            seen_at: Timestamp::from_millis(self.seen_at),
            expires_at: Timestamp::from_millis(self.expires_at),
            idle: Span::millis(self.idle),
            address: self.address,
            browser: self.browser,
            name_id: name_id.map_err(|_| broken())?,
            session_index: self.session_index,
            via: Via::parse(&self.via).ok_or_else(broken)?,
        })
    }
}

/// What sessions are found by: the digest of the NameID's value.
fn named(value: &str) -> String {
    hex(&sha256(value.as_bytes()))
}

impl Tx {
    /// The session of that digest, unless it still waits for its person to confirm it.
    pub async fn session(&mut self, digest: &str) -> Result<Option<Session>, Error> {
        let row = sql!(
            self,
            optional Row,
            "SELECT account, id, user_id, roles, authenticated_at, created_at, seen_at, expires_at, idle, address, browser, name_id, session_index, via
             FROM sessions WHERE digest = $1 AND waiting = 0
             AND EXISTS (SELECT 1 FROM users WHERE users.account = sessions.account AND users.id = sessions.user_id AND users.state = 'active')
             AND EXISTS (SELECT 1 FROM accounts WHERE accounts.id = sessions.account AND accounts.state = 'enabled')",
            digest
        )?;
        row.map(Row::session).transpose()
    }

    /// Lets a session that waits begin, once, unless it is older than `since`; says which.
    pub async fn confirm_session(
        &mut self,
        digest: &str,
        since: Timestamp,
        now: Timestamp,
    ) -> Result<Option<Session>, Error> {
        let row = sql!(
            self,
            optional Row,
            "UPDATE sessions SET waiting = 0, confirmed_at = $3 WHERE digest = $1 AND waiting = 1 AND created_at > $2
             RETURNING account, id, user_id, roles, authenticated_at, created_at, seen_at, expires_at, idle, address, browser, name_id, session_index, via",
            digest,
            since.millis(),
            now.millis(),
        )?;
        row.map(Row::session).transpose()
    }

    /// Removes the session of that digest.
    pub async fn delete_session(&mut self, digest: &str) -> Result<bool, Error> {
        let row = sql!(
            self,
            optional(String, String),
            "DELETE FROM sessions WHERE digest = $1 RETURNING account, user_id",
            digest
        )?;
        let Some((account, user)) = row else {
            return Ok(false);
        };
        let account = AccountId::parse(&account).ok_or(Error::Stored("session"))?;
        self.of(account).announce(Some(&user)).await?;
        Ok(true)
    }

    /// Notes that sessions were used; never back in time.
    pub async fn touch_session(&mut self, digest: &str, seen: Timestamp) -> Result<(), Error> {
        sql!(
            self,
            execute,
            "UPDATE sessions SET seen_at = $2 WHERE digest = $1 AND seen_at < $2",
            digest,
            seen.millis()
        )?;
        Ok(())
    }

    /// Removes sessions that are over, and says how many.
    pub async fn delete_ended_sessions(&mut self, now: Timestamp) -> Result<u64, Error> {
        sql!(
            self,
            execute,
            "DELETE FROM sessions WHERE expires_at < $1 OR seen_at + idle < $1",
            now.millis()
        )
    }
}

impl Changes {
    /// Keeps a new session; one that waits opens nothing until its person has confirmed it.
    pub fn create_session(
        &mut self,
        session: &Session,
        digest: &str,
        waits: bool,
    ) -> Result<(), Error> {
        let broken = |_| Error::Stored("session");
        let name_id = session
            .name_id
            .as_ref()
            .map(serde_json::to_string)
            .transpose()
            .map_err(broken)?;
        self.add(statement!(
            "INSERT INTO sessions (account, id, digest, user_id, roles, authenticated_at, created_at, seen_at, expires_at, idle, address,
             browser, name_id, session_index, waiting, named, via)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)",
            &self.account,
            session.id.to_string(),
            digest,
            session.user.to_string(),
            serde_json::to_string(&session.roles).map_err(broken)?,
            session.authenticated_at.millis(),
            session.created_at.millis(),
            session.seen_at.millis(),
            session.expires_at.millis(),
            session.idle.as_millis(),
            &session.address,
            &session.browser,
            name_id,
            session.session_index.as_deref(),
            i64::from(waits),
            session.name_id.as_ref().map(|name_id| named(&name_id.value)),
            session.via.as_str(),
        ));
        Ok(())
    }
}

impl Of<'_> {
    /// The sessions of a person, newest first.
    pub async fn sessions(&mut self, user: UserId) -> Result<Vec<Session>, Error> {
        let rows = sql!(
            self.tx,
            all Row,
            "SELECT account, id, user_id, roles, authenticated_at, created_at, seen_at, expires_at, idle, address, browser, name_id, session_index, via
             FROM sessions WHERE account = $1 AND user_id = $2 AND waiting = 0 ORDER BY id DESC",
            &self.account,
            user.to_string(),
        )?;
        rows.into_iter().map(Row::session).collect()
    }

    /// Whether a session began only after its person was asked whether it may: nobody here may have started that sign-in.
    pub async fn was_confirmed(&mut self, session: &Session) -> Result<bool, Error> {
        let row = sql!(
            self.tx,
            optional(i64,),
            "SELECT confirmed_at FROM sessions WHERE account = $1 AND user_id = $2 AND id = $3 AND confirmed_at IS NOT NULL",
            &self.account,
            session.user.to_string(),
            session.id.to_string(),
        )?;
        Ok(row.is_some())
    }

    /// The sessions of whoever has a NameID of that value, also those that wait to be confirmed.
    pub async fn sessions_named(&mut self, value: &str) -> Result<Vec<Session>, Error> {
        let rows = sql!(
            self.tx,
            all Row,
            "SELECT account, id, user_id, roles, authenticated_at, created_at, seen_at, expires_at, idle, address, browser, name_id, session_index, via
             FROM sessions WHERE account = $1 AND named = $2 ORDER BY id",
            &self.account,
            named(value),
        )?;
        rows.into_iter().map(Row::session).collect()
    }

    /// Ends one session of a person.
    pub async fn end_session(&mut self, user: UserId, id: SessionId) -> Result<bool, Error> {
        let ended = sql!(
            self.tx,
            execute,
            "DELETE FROM sessions WHERE account = $1 AND user_id = $2 AND id = $3",
            &self.account,
            user.to_string(),
            id.to_string(),
        )?;
        self.announce(Some(&user.to_string())).await?;
        Ok(ended == 1)
    }

    /// Ends every session of a person, and says how many those were.
    pub async fn end_sessions(&mut self, user: UserId) -> Result<u64, Error> {
        let ended = sql!(
            self.tx,
            execute,
            "DELETE FROM sessions WHERE account = $1 AND user_id = $2",
            &self.account,
            user.to_string()
        )?;
        self.announce(Some(&user.to_string())).await?;
        Ok(ended)
    }

    /// Ends every session of the account, and says how many those were.
    pub async fn end_all_sessions(&mut self) -> Result<u64, Error> {
        let ended = sql!(
            self.tx,
            execute,
            "DELETE FROM sessions WHERE account = $1",
            &self.account
        )?;
        self.announce(None).await?;
        Ok(ended)
    }
}
