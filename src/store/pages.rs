//! Pages of accounts, revisions, sessions and attempts, newest first; accounts by id.

use sqlx::FromRow;

use super::db::{Error, Of, Tx, sql};
use super::{attempt, session};
use crate::account::{Account, Document};
use crate::attempt::Attempt;
use crate::id::{AccountId, AttemptId, SessionId};
use crate::seal::Ring;
use crate::session::Session;
use crate::time::Timestamp;

#[derive(FromRow)]
struct InForce {
    #[sqlx(flatten)]
    account: super::account::AccountRow,
    document: String,
}

impl Tx {
    /// Accounts with their configuration in force, after one, whose name begins so.
    pub async fn accounts_in_force(
        &mut self,
        begins: &str,
        after: Option<AccountId>,
        limit: i64,
    ) -> Result<Vec<(Account, Document)>, Error> {
        let rows = sql!(
            self,
            all InForce,
            "SELECT accounts.id, slug, state, entity_id, active, accounts.created_at, document FROM accounts
             JOIN revisions ON revisions.account = accounts.id AND revisions.number = accounts.active
             WHERE accounts.id > $1 AND state <> 'deleted' AND SUBSTR(slug, 1, LENGTH($2)) = $2 ORDER BY id LIMIT $3",
            after.map(|id| id.to_string()).unwrap_or_default(),
            begins,
            limit,
        )?;
        let read = |row: InForce| {
            let document =
                serde_json::from_str(&row.document).map_err(|_| Error::Stored("revision"))?;
            Ok((row.account.account()?, document))
        };
        rows.into_iter().map(read).collect()
    }
}

/// How an account stands, at a glance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Glance {
    /// Whether the revision in force has the metadata of an identity provider.
    pub is_connected: bool,
    /// Whether metadata came by a setup link that nobody has put in force.
    pub is_offered: bool,
    /// When somebody last came in, as far as that is still kept.
    pub last_sign_in: Option<Timestamp>,
    /// When the first of its certificates ends, theirs or ours.
    pub first_end: Option<Timestamp>,
}

impl Of<'_> {
    /// How the account stands, at a glance.
    pub async fn glance(&mut self) -> Result<Glance, Error> {
        let row = sql!(
            self.tx,
            optional(i64, i64, Option<i64>, Option<i64>),
            "SELECT
             (SELECT COUNT(*) FROM revisions r JOIN accounts a ON a.id = r.account AND a.active = r.number WHERE a.id = $1 AND r.metadata IS NOT NULL),
             (SELECT COUNT(*) FROM revisions r JOIN accounts a ON a.id = r.account WHERE a.id = $1 AND r.number > a.active AND substr(r.author, 1, 4) = 'lnk_'),
             (SELECT at FROM attempts WHERE account = $1 AND user_id IS NOT NULL ORDER BY id DESC LIMIT 1),
             (SELECT MIN(not_after) FROM certificates WHERE account = $1)",
            &self.account,
        )?;
        let (connected, offered, last, end) = row.ok_or(Error::Stored("account"))?;
        Ok(Glance {
            is_connected: connected > 0,
            is_offered: offered > 0,
            last_sign_in: last.map(Timestamp::from_millis),
            first_end: end.map(Timestamp::from_millis),
        })
    }

    /// Revisions before a number, without what they say.
    pub async fn revisions_before(
        &mut self,
        before: Option<i64>,
        limit: i64,
    ) -> Result<Vec<(i64, String, Timestamp)>, Error> {
        let rows = sql!(
            self.tx,
            all(i64, String, i64),
            "SELECT number, author, created_at FROM revisions WHERE account = $1 AND number < $2 ORDER BY number DESC LIMIT $3",
            &self.account,
            before.unwrap_or(i64::MAX),
            limit,
        )?;
        let read = |(number, author, at)| (number, author, Timestamp::from_millis(at));
        Ok(rows.into_iter().map(read).collect())
    }

    /// Sessions of everybody that began before one and may still be used.
    pub async fn sessions_before(
        &mut self,
        before: Option<SessionId>,
        now: Timestamp,
        limit: i64,
    ) -> Result<Vec<Session>, Error> {
        let rows = sql!(
            self.tx,
            all session::Row,
            "SELECT account, id, user_id, roles, authenticated_at, created_at, seen_at, expires_at, idle, address, browser, name_id, session_index, via
             FROM sessions WHERE account = $1 AND id < $2 AND waiting = 0 AND expires_at > $3 AND seen_at + idle > $3 ORDER BY id DESC LIMIT $4",
            &self.account,
            before.map_or_else(|| "t".to_owned(), |id| id.to_string()),
            now.millis(),
            limit,
        )?;
        rows.into_iter().map(session::Row::session).collect()
    }

    /// The session of that id, whosever it is.
    pub async fn session_of(&mut self, id: SessionId) -> Result<Option<Session>, Error> {
        let row = sql!(
            self.tx,
            optional session::Row,
            "SELECT account, id, user_id, roles, authenticated_at, created_at, seen_at, expires_at, idle, address, browser, name_id, session_index, via
             FROM sessions WHERE account = $1 AND id = $2 AND waiting = 0",
            &self.account,
            id.to_string(),
        )?;
        row.map(session::Row::session).transpose()
    }

    /// Attempts before one, of those that ended so where that is asked for; trials only where it is not.
    pub async fn attempts_before(
        &mut self,
        before: Option<AttemptId>,
        accepted: Option<bool>,
        limit: i64,
        ring: &Ring,
    ) -> Result<Vec<Attempt>, Error> {
        let rows = sql!(
            self.tx,
            all attempt::Row,
            "SELECT account, id, sealed FROM attempts WHERE account = $1 AND id < $2
             AND ($3 = 0 OR ($3 = 1 AND outcome = 'accepted') OR ($3 = 2 AND outcome <> 'accepted' AND tester IS NULL)) ORDER BY id DESC LIMIT $4",
            &self.account,
            before.map_or_else(|| "b".to_owned(), |id| id.to_string()),
            match accepted {
                None => 0_i64,
                Some(true) => 1,
                Some(false) => 2,
            },
            limit,
        )?;
        attempt::all(&rows, ring)
    }
}
