//! Login attempts; what came with them is sealed.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sqlx::FromRow;

use super::batch::{Changes, statement};
use super::db::{Error, Of, Tx, sql};
use crate::attempt::{Attempt, Outcome, Tester};
use crate::id::{AccountId, AttemptId, Entropy, UserId};
use crate::saml::check;
use crate::seal::{Place, Ring};
use crate::time::Timestamp;

#[derive(FromRow)]
pub(super) struct Row {
    account: String,
    id: String,
    sealed: String,
}

impl Tx {
    /// The attempt of that reference, with the account that it was for.
    pub async fn attempt(
        &mut self,
        id: AttemptId,
        ring: &Ring,
    ) -> Result<Option<(AccountId, Attempt)>, Error> {
        let row = sql!(self, optional Row, "SELECT account, id, sealed FROM attempts WHERE account IN (SELECT accounts.id FROM accounts) AND id = $1", id.to_string())?;
        row.map(|row| open(&row, ring).ok_or(Error::Stored("attempt")))
            .transpose()
    }

    /// How many sign-ins each account refused since an instant, by their outcome; trials are none of them.
    pub async fn refused(&mut self, since: Timestamp) -> Result<Vec<Refused>, Error> {
        sql!(
            self,
            all Refused,
            "SELECT slug, outcome, COUNT(*) AS count FROM attempts JOIN accounts ON accounts.id = account WHERE outcome <> 'accepted' AND at >= $1 AND tester IS NULL GROUP BY slug, outcome",
            since.millis()
        )
    }
}

impl Changes {
    /// Keeps an attempt.
    pub fn save_attempt(
        &mut self,
        attempt: &Attempt,
        ring: &Ring,
        entropy: &Entropy,
    ) -> Result<(), Error> {
        let sealed = seal(attempt, &self.account, ring, entropy)?;
        let user = match attempt.outcome {
            Outcome::Accepted { user } => Some(user.to_string()),
            _ => None,
        };
        self.add(statement!(
            "INSERT INTO attempts (account, id, at, outcome, user_id, sealed, tester) VALUES ($1, $2, $3, $4, $5, $6, $7)",
            &self.account,
            attempt.id.to_string(),
            attempt.at.millis(),
            attempt.outcome.as_str(),
            user,
            sealed,
            attempt.tester.map(|tester| tester.to_string()),
        ));
        Ok(())
    }

    /// Keeps what became of an attempt that was started as a trial; its first end is its only one.
    pub fn finish_trial(
        &mut self,
        attempt: &Attempt,
        ring: &Ring,
        entropy: &Entropy,
    ) -> Result<(), Error> {
        let sealed = seal(attempt, &self.account, ring, entropy)?;
        self.add(statement!(
            "UPDATE attempts SET at = $3, outcome = $4, sealed = $5 WHERE account = $1 AND id = $2 AND outcome = 'started'",
            &self.account,
            attempt.id.to_string(),
            attempt.at.millis(),
            attempt.outcome.as_str(),
            sealed,
        ));
        Ok(())
    }
}

fn seal(attempt: &Attempt, account: &str, ring: &Ring, entropy: &Entropy) -> Result<String, Error> {
    let (id, broken) = (attempt.id.to_string(), || Error::Stored("attempt"));
    let plain = serde_json::to_vec(attempt).map_err(|_| broken())?;
    let sealed = ring.seal(&plain, place(account, &id), entropy);
    Ok(STANDARD.encode(sealed.map_err(|_| broken())?))
}

impl Of<'_> {
    /// The latest attempts, newest first.
    pub async fn attempts(&mut self, limit: i64, ring: &Ring) -> Result<Vec<Attempt>, Error> {
        let rows = sql!(
            self.tx,
            all Row,
            "SELECT account, id, sealed FROM attempts WHERE account = $1 ORDER BY id DESC LIMIT $2",
            &self.account,
            limit
        )?;
        all(&rows, ring)
    }

    /// The latest attempts since an instant by which somebody came in, newest first.
    pub async fn arrivals(
        &mut self,
        since: Timestamp,
        limit: i64,
        ring: &Ring,
    ) -> Result<Vec<Attempt>, Error> {
        let rows = sql!(
            self.tx,
            all Row,
            "SELECT account, id, sealed FROM attempts WHERE account = $1 AND user_id IS NOT NULL AND at >= $2 ORDER BY id DESC LIMIT $3",
            &self.account,
            since.millis(),
            limit
        )?;
        all(&rows, ring)
    }

    /// The latest trials of somebody, or of anybody where nobody is named, newest first.
    pub async fn trials(
        &mut self,
        tester: Option<Tester>,
        limit: i64,
        ring: &Ring,
    ) -> Result<Vec<Attempt>, Error> {
        let rows = sql!(
            self.tx,
            all Row,
            "SELECT account, id, sealed FROM attempts WHERE account = $1 AND tester IS NOT NULL AND ($2 = '' OR tester = $2) ORDER BY id DESC LIMIT $3",
            &self.account,
            tester.map(|tester| tester.to_string()).unwrap_or_default(),
            limit
        )?;
        all(&rows, ring)
    }

    /// How many trials somebody has started that are still kept.
    pub async fn count_trials(&mut self, tester: Tester) -> Result<i64, Error> {
        let row = sql!(
            self.tx,
            optional(i64,),
            "SELECT COUNT(*) FROM attempts WHERE account = $1 AND tester = $2",
            &self.account,
            tester.to_string()
        )?;
        Ok(row.map_or(0, |(count,)| count))
    }

    /// Every attempt by which a person came in, newest first.
    pub async fn attempts_of(&mut self, user: UserId, ring: &Ring) -> Result<Vec<Attempt>, Error> {
        let rows = sql!(
            self.tx,
            all Row,
            "SELECT account, id, sealed FROM attempts WHERE account = $1 AND user_id = $2 ORDER BY id DESC",
            &self.account,
            user.to_string()
        )?;
        all(&rows, ring)
    }

    /// Removes the attempts by which a person came in.
    pub async fn delete_attempts_of(&mut self, user: UserId) -> Result<u64, Error> {
        sql!(
            self.tx,
            execute,
            "DELETE FROM attempts WHERE account = $1 AND user_id = $2",
            &self.account,
            user.to_string()
        )
    }

    /// How many attempts since an instant ended how, by day; trials are none of them.
    pub async fn tallies(&mut self, since: Timestamp) -> Result<Vec<Tally>, Error> {
        sql!(
            self.tx,
            all Tally,
            "SELECT at / 86400000 AS day, outcome, COUNT(*) AS count FROM attempts WHERE account = $1 AND at >= $2 AND tester IS NULL GROUP BY at / 86400000, outcome",
            &self.account,
            since.millis()
        )
    }

    /// Removes the account's attempts from before an instant.
    pub async fn delete_attempts(&mut self, before: Timestamp) -> Result<u64, Error> {
        sql!(
            self.tx,
            execute,
            "DELETE FROM attempts WHERE account = $1 AND at < $2",
            &self.account,
            before.millis()
        )
    }
}

/// How many attempts ended so on one day.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct Tally {
    /// The day, counted from the beginning of 1970.
    pub day: i64,
    /// `accepted`, or the code of the broken rule.
    pub outcome: String,
    /// How many.
    pub count: i64,
}

/// How many attempts at an account ended so.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct Refused {
    /// The account's name.
    pub slug: String,
    /// The code of the broken rule.
    pub outcome: String,
    /// How many.
    pub count: i64,
}

pub(super) fn all(rows: &[Row], ring: &Ring) -> Result<Vec<Attempt>, Error> {
    let opened = rows.iter().map(|row| Some(open(row, ring)?.1));
    opened
        .collect::<Option<_>>()
        .ok_or(Error::Stored("attempt"))
}

fn open(row: &Row, ring: &Ring) -> Option<(AccountId, Attempt)> {
    let plain = ring
        .open(
            &STANDARD.decode(&row.sealed).ok()?,
            place(&row.account, &row.id),
        )
        .ok()?;
    let mut attempt: Attempt = serde_json::from_slice(&plain).ok()?;
    attempt.rows = check::complete(attempt.rows);
    Some((AccountId::parse(&row.account)?, attempt))
}

fn place<'a>(account: &'a str, id: &'a str) -> Place<'a> {
    Place {
        purpose: "attempts.sealed",
        account,
        at: id,
    }
}
