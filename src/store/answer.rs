//! Answers to requests that carried an idempotency key, to be given again.

use super::db::{Error, Of, Tx, sql};
use crate::time::{Span, Timestamp};

/// So long an answer is kept.
const KEPT: Span = Span::hours(24);
/// A request without an answer is over after that time; no request takes as long.
const UNDER_WAY: Span = Span::minutes(1);

/// What is known of a request by its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Given {
    /// It is new, and from now on under way.
    New,
    /// It is under way.
    UnderWay,
    /// Another request came with this key.
    Other,
    /// It was answered so.
    Answered(String),
}

impl Of<'_> {
    /// Begins a request, once.
    pub async fn begin_answer(
        &mut self,
        digest: &str,
        body: &str,
        now: Timestamp,
    ) -> Result<Given, Error> {
        sql!(
            self.tx,
            execute,
            "DELETE FROM given_answers WHERE account = $1 AND digest = $2 AND (at < $3 OR (sealed IS NULL AND at < $4))",
            &self.account,
            digest,
            now.minus(KEPT).millis(),
            now.minus(UNDER_WAY).millis(),
        )?;
        let begun = sql!(
            self.tx,
            execute,
            "INSERT INTO given_answers (account, digest, body, at) VALUES ($1, $2, $3, $4) ON CONFLICT (account, digest) DO NOTHING",
            &self.account,
            digest,
            body,
            now.millis(),
        )?;
        if begun == 1 {
            return Ok(Given::New);
        }
        let row = sql!(
            self.tx,
            optional(String, Option<String>),
            "SELECT body, sealed FROM given_answers WHERE account = $1 AND digest = $2",
            &self.account,
            digest
        )?;
        Ok(match row {
            Some((known, _)) if known != body => Given::Other,
            Some((_, Some(sealed))) => Given::Answered(sealed),
            Some((_, None)) | None => Given::UnderWay,
        })
    }

    /// Keeps the answer to a request.
    pub async fn keep_answer(&mut self, digest: &str, sealed: &str) -> Result<(), Error> {
        sql!(
            self.tx,
            execute,
            "UPDATE given_answers SET sealed = $3 WHERE account = $1 AND digest = $2",
            &self.account,
            digest,
            sealed
        )?;
        Ok(())
    }

    /// Forgets a request that came to nothing, so that it may be tried again.
    pub async fn forget_answer(&mut self, digest: &str) -> Result<(), Error> {
        sql!(
            self.tx,
            execute,
            "DELETE FROM given_answers WHERE account = $1 AND digest = $2",
            &self.account,
            digest
        )?;
        Ok(())
    }
}

impl Tx {
    /// Forgets answers whose time is over.
    pub async fn forget_answers(&mut self, now: Timestamp) -> Result<u64, Error> {
        sql!(
            self,
            execute,
            "DELETE FROM given_answers WHERE at < $1",
            now.minus(KEPT).millis()
        )
    }
}
