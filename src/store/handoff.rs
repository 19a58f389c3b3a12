//! Codes that hand a session on to another host, and the cookies that they became there.

use super::db::{Error, Of, Tx, sql};
use crate::id::{AccountId, SessionId, UserId};
use crate::session::Session;
use crate::time::Timestamp;

/// A session that is handed on to another host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handoff {
    /// The host, as browsers say it.
    pub host: String,
    /// Where on it the browser wants to go.
    pub target: String,
    /// The digest of what the browser keeps there, so that no other browser can use the code.
    pub nonce: String,
}

/// Whose session it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parent {
    /// The account.
    pub account: AccountId,
    /// The person.
    pub user: UserId,
    /// The session.
    pub session: SessionId,
}

fn parent((account, user, session): (String, String, String)) -> Result<Parent, Error> {
    let ids = (
        AccountId::parse(&account),
        UserId::parse(&user),
        SessionId::parse(&session),
    );
    let (Some(account), Some(user), Some(session)) = ids else {
        return Err(Error::Stored("handoff"));
    };
    Ok(Parent {
        account,
        user,
        session,
    })
}

impl Of<'_> {
    /// Keeps a code, by its digest, that can be used until then.
    pub async fn save_handoff(
        &mut self,
        session: &Session,
        digest: &str,
        handoff: &Handoff,
        until: Timestamp,
    ) -> Result<(), Error> {
        sql!(
            self.tx,
            execute,
            "INSERT INTO handoffs (digest, account, user_id, session_id, host, target, nonce, until) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            digest,
            &self.account,
            session.user.to_string(),
            session.id.to_string(),
            &handoff.host,
            &handoff.target,
            &handoff.nonce,
            until.millis(),
        )?;
        Ok(())
    }

    /// Keeps the cookie that a code became, by its digest.
    pub async fn save_gate_cookie(
        &mut self,
        parent: &Parent,
        digest: &str,
        host: &str,
        now: Timestamp,
    ) -> Result<(), Error> {
        sql!(
            self.tx,
            execute,
            "INSERT INTO gate_cookies (digest, account, user_id, session_id, host, created_at) VALUES ($1, $2, $3, $4, $5, $6)",
            digest,
            &self.account,
            parent.user.to_string(),
            parent.session.to_string(),
            host,
            now.millis(),
        )?;
        Ok(())
    }
}

impl Tx {
    /// Uses a code up, whoever brings it; says what it was for where it was still good.
    pub async fn take_handoff(
        &mut self,
        digest: &str,
        now: Timestamp,
    ) -> Result<Option<(Parent, Handoff)>, Error> {
        let row = sql!(
            self,
            optional(String, String, String, String, String, String, i64),
            "DELETE FROM handoffs WHERE digest = $1 RETURNING account, user_id, session_id, host, target, nonce, until",
            digest
        )?;
        let Some((account, user, session, host, target, nonce, until)) = row else {
            return Ok(None);
        };
        if now.millis() >= until {
            return Ok(None);
        }
        Ok(Some((
            parent((account, user, session))?,
            Handoff {
                host,
                target,
                nonce,
            },
        )))
    }

    /// The digest of the session that a gate's cookie on a host came from.
    pub async fn gate_cookie(&mut self, digest: &str, host: &str) -> Result<Option<String>, Error> {
        let row = sql!(
            self,
            optional(String,),
            "SELECT sessions.digest FROM gate_cookies JOIN sessions ON sessions.account = gate_cookies.account
             AND sessions.user_id = gate_cookies.user_id AND sessions.id = gate_cookies.session_id
             WHERE gate_cookies.digest = $1 AND gate_cookies.host = $2",
            digest,
            host
        )?;
        Ok(row.map(|(digest,)| digest))
    }

    /// Removes codes that nobody came back with.
    pub async fn delete_handoffs(&mut self, now: Timestamp) -> Result<(), Error> {
        sql!(
            self,
            execute,
            "DELETE FROM handoffs WHERE until <= $1",
            now.millis()
        )?;
        Ok(())
    }
}
