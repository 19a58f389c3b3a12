//! The addresses that descriptors come from, the keys that are never trusted again, and the certificates that run out.

use std::collections::BTreeMap;

use sqlx::FromRow;

use super::batch::{Changes, statement};
use super::db::{Error, Of, Tx, sql};
use crate::account::{Held, Source};
use crate::id::AccountId;
use crate::saml::keys::Certificate;
use crate::time::{Span, Timestamp};

#[derive(FromRow)]
struct SourceRow {
    account: String,
    url: String,
    etag: Option<String>,
    last_modified: Option<String>,
    digest: Option<String>,
    cache: Option<i64>,
    judged: Option<i64>,
    asked_at: Option<i64>,
    good_at: Option<i64>,
    next_at: i64,
    failures: i64,
    problem: Option<String>,
    valid_until: Option<i64>,
    candidate: Option<String>,
    change: Option<String>,
    held_at: Option<i64>,
    refused: Option<String>,
}

impl SourceRow {
    fn source(self) -> Result<(AccountId, Source), Error> {
        let account = AccountId::parse(&self.account).ok_or(Error::Stored("account"))?;
        let held = match (self.candidate, self.change, self.held_at) {
            (Some(metadata), Some(change), Some(at)) => Some(Held {
                metadata,
                change,
                at: Timestamp::from_millis(at),
            }),
            _ => None,
        };
        let source = Source {
            url: self.url,
            etag: self.etag,
            last_modified: self.last_modified,
            digest: self.digest,
            cache: self.cache.map(Span::millis),
            judged: self.judged,
            asked_at: self.asked_at.map(Timestamp::from_millis),
            good_at: self.good_at.map(Timestamp::from_millis),
            next_at: Timestamp::from_millis(self.next_at),
            failures: self.failures,
            problem: self.problem,
            valid_until: self.valid_until.map(Timestamp::from_millis),
            held,
            refused: self.refused,
        };
        Ok((account, source))
    }
}

/// How fresh the descriptor of an account is, for figures.
#[derive(Debug, PartialEq, Eq, FromRow)]
pub struct Freshness {
    /// The account's name.
    pub slug: String,
    /// When its address last answered well.
    pub good_at: Option<i64>,
    /// How often in a row it failed.
    pub failures: i64,
    /// Since when a change waits for somebody.
    pub held_at: Option<i64>,
}

/// A certificate that is watched.
#[derive(Debug, PartialEq, Eq, FromRow)]
pub struct Watched {
    /// The name of the account that uses it.
    pub slug: String,
    /// Whose it is: `idp` or `sp`.
    pub owner: String,
    /// Its fingerprint.
    pub fingerprint: String,
    /// Until when it is valid.
    pub not_after: i64,
}

/// So long one node has an address for itself; where it dies, another one asks after that.
const CLAIM: Span = Span::minutes(5);

impl Tx {
    /// Whether any address is due.
    pub async fn is_source_due(&mut self, now: Timestamp) -> Result<bool, Error> {
        let row = sql!(
            self,
            optional(String,),
            "SELECT account FROM sources WHERE next_at <= $1 LIMIT 1",
            now.millis()
        )?;
        Ok(row.is_some())
    }

    /// Up to `limit` addresses that are due, which from here on nobody else asks.
    pub async fn claim_sources(
        &mut self,
        now: Timestamp,
        limit: i64,
    ) -> Result<Vec<(AccountId, Source)>, Error> {
        // The second look at `next_at` is PostgreSQL's: whoever waited for the row sees that it was taken.
        let rows = sql!(
            self,
            all SourceRow,
            "UPDATE sources SET next_at = $2 WHERE next_at <= $1 AND account IN
             (SELECT account FROM sources WHERE next_at <= $1 LIMIT $3)
             RETURNING account, url, etag, last_modified, digest, cache, judged, asked_at, good_at, next_at, failures, problem, valid_until, candidate, change, held_at, refused",
            now.millis(),
            now.plus(CLAIM).millis(),
            limit,
        )?;
        rows.into_iter().map(SourceRow::source).collect()
    }

    /// How fresh every descriptor is that comes by address.
    pub async fn freshness(&mut self) -> Result<Vec<Freshness>, Error> {
        sql!(
            self,
            all Freshness,
            "SELECT slug, good_at, failures, held_at FROM sources JOIN accounts ON id = account"
        )
    }

    /// Every certificate that is watched.
    pub async fn watched(&mut self) -> Result<Vec<Watched>, Error> {
        sql!(
            self,
            all Watched,
            "SELECT slug, owner, fingerprint, not_after FROM certificates JOIN accounts ON id = account"
        )
    }
}

impl Changes {
    /// Keeps what the address answered.
    pub fn save_source(&mut self, source: &Source) {
        let held = source.held.as_ref();
        self.add(statement!(
            "UPDATE sources SET etag = $3, last_modified = $4, asked_at = $5, good_at = $6, next_at = $7, failures = $8, problem = $9,
             valid_until = $10, candidate = $11, change = $12, held_at = $13, refused = $14, judged = $15, digest = $16, cache = $17 WHERE account = $1 AND url = $2",
            &self.account,
            &source.url,
            source.etag.as_deref(),
            source.last_modified.as_deref(),
            source.asked_at.map(Timestamp::millis),
            source.good_at.map(Timestamp::millis),
            source.next_at.millis(),
            source.failures,
            source.problem.as_deref(),
            source.valid_until.map(Timestamp::millis),
            held.map(|held| held.metadata.as_str()),
            held.map(|held| held.change.as_str()),
            held.map(|held| held.at.millis()),
            source.refused.as_deref(),
            source.judged,
            source.digest.as_deref(),
            source.cache.map(Span::as_millis),
        ));
    }
}

impl Of<'_> {
    /// Where the account's descriptor comes from, if it comes by address.
    pub async fn source(&mut self) -> Result<Option<Source>, Error> {
        let row = sql!(
            self.tx,
            optional SourceRow,
            "SELECT account, url, etag, last_modified, digest, cache, judged, asked_at, good_at, next_at, failures, problem, valid_until, candidate, change, held_at, refused
             FROM sources WHERE account = $1",
            &self.account
        )?;
        Ok(row
            .map(SourceRow::source)
            .transpose()?
            .map(|(_, source)| source))
    }

    /// Has the address asked from `next_at` on, unless it is asked already; another address begins anew.
    pub async fn follow(&mut self, url: &str, next_at: Timestamp) -> Result<(), Error> {
        sql!(
            self.tx,
            execute,
            "INSERT INTO sources (account, url, next_at, failures) VALUES ($1, $2, $3, 0)
             ON CONFLICT (account) DO UPDATE SET url = excluded.url, next_at = excluded.next_at, failures = 0,
             etag = NULL, last_modified = NULL, digest = NULL, cache = NULL, judged = NULL, asked_at = NULL, good_at = NULL, problem = NULL, valid_until = NULL,
             candidate = NULL, change = NULL, held_at = NULL, refused = NULL WHERE sources.url <> excluded.url",
            &self.account,
            url,
            next_at.millis()
        )?;
        Ok(())
    }

    /// Has no address asked any more.
    pub async fn unfollow(&mut self) -> Result<(), Error> {
        sql!(
            self.tx,
            execute,
            "DELETE FROM sources WHERE account = $1",
            &self.account
        )?;
        Ok(())
    }

    /// Keeps what the address answered.
    pub async fn save_source(&mut self, source: &Source) -> Result<(), Error> {
        let mut changes = Changes::new(self.id);
        changes.save_source(source);
        self.run(&changes).await
    }

    /// Never trusts a key again; says whether that is new.
    pub async fn distrust(
        &mut self,
        key: &str,
        fingerprint: &str,
        reason: &str,
        actor: &str,
        at: Timestamp,
    ) -> Result<bool, Error> {
        let added = sql!(
            self.tx,
            execute,
            "INSERT INTO distrusted (account, key, fingerprint, reason, actor, at) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING",
            &self.account,
            key,
            fingerprint,
            reason,
            actor,
            at.millis()
        )?;
        Ok(added == 1)
    }

    /// The digests of the keys that are never trusted again.
    pub async fn distrusted(&mut self) -> Result<Vec<String>, Error> {
        let rows = sql!(
            self.tx,
            all(String,),
            "SELECT key FROM distrusted WHERE account = $1",
            &self.account
        )?;
        Ok(rows.into_iter().map(|(key,)| key).collect())
    }

    /// The certificates that are watched, each with the least number of days that was announced.
    pub async fn certificates(&mut self) -> Result<BTreeMap<String, Option<i64>>, Error> {
        let rows = sql!(
            self.tx,
            all(String, Option<i64>),
            "SELECT fingerprint, announced FROM certificates WHERE account = $1",
            &self.account
        )?;
        Ok(rows.into_iter().collect())
    }

    /// Watches a certificate of the identity provider (`idp`) or of ours (`sp`), and notes what was announced of it.
    pub async fn watch(
        &mut self,
        owner: &str,
        certificate: &Certificate,
        announced: Option<i64>,
    ) -> Result<(), Error> {
        sql!(
            self.tx,
            execute,
            "INSERT INTO certificates (account, fingerprint, owner, subject, not_after, announced) VALUES ($1, $2, $3, $4, $5, $6)
             ON CONFLICT (account, fingerprint) DO UPDATE SET announced = excluded.announced",
            &self.account,
            &certificate.fingerprint,
            owner,
            &certificate.subject,
            certificate.not_after.millis(),
            announced
        )?;
        Ok(())
    }

    /// Watches a certificate no more, since nothing uses it.
    pub async fn unwatch(&mut self, fingerprint: &str) -> Result<(), Error> {
        sql!(
            self.tx,
            execute,
            "DELETE FROM certificates WHERE account = $1 AND fingerprint = $2",
            &self.account,
            fingerprint
        )?;
        Ok(())
    }
}
