//! Keeps the descriptors that come by address fresh. The last good copy always wins, and what widens trust waits for a person.

use std::time::Duration;

use anyhow::{Context, Result};
use openssl::sha::sha256;

use super::fetch::{Fetched, Known};
use super::judge::Judged;
use super::{App, Unknown};
use crate::account::{Account, Document, Revision, Source, State};
use crate::id::{AccountId, hex};
use crate::store::Changes;
use crate::time::{Span, Timestamp};

/// So many addresses are claimed at once and asked side by side; each answer is read and written by itself.
const AT_ONCE: i64 = 4;

/// Between two answers, so that of a thousand at once only a small part of the processor and of the database is taken.
const PAUSE: Duration = Duration::from_millis(100);

/// The first question of a new account comes within so long, not at once with all others.
const FIRST: Span = Span::minutes(30);

/// What became of a question to an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refreshed {
    /// Nothing that matters is new.
    Unchanged,
    /// A new revision trusts what was fetched.
    Accepted(i64),
    /// The change of this name waits for somebody's yes.
    Held(String),
    /// It failed, and the last good copy stays.
    Failed(String),
    /// The account changed meanwhile, or has no address.
    Dropped,
}

impl App {
    /// Asks every address that is due, a few at a time; several nodes share the work.
    pub async fn refresh_due(&self) -> Result<()> {
        loop {
            let now = self.clock.now();
            if !self.store.read().await?.is_source_due(now).await? {
                return Ok(());
            }
            let mut tx = self.store.write().await?;
            let due = tx.claim_sources(now, AT_ONCE).await?;
            tx.commit().await?;
            if due.is_empty() {
                return Ok(());
            }
            let mut due = due.into_iter().map(Some).chain(std::iter::repeat(None));
            let mut next = || Box::pin(self.ask_if(due.next().flatten()));
            tokio::try_join!(next(), next(), next(), next())?;
        }
    }

    async fn ask_if(&self, due: Option<(AccountId, Source)>) -> Result<()> {
        if let Some((account, source)) = due {
            self.ask(account, source).await?;
        }
        Ok(())
    }

    /// Asks the address of an account now, whenever it is due.
    pub async fn refresh(&self, slug: &str) -> Result<Refreshed> {
        let account = self.find_account(slug).await?;
        self.follow(account.id).await?;
        let source = self.store.read().await?.of(account.id).source().await?;
        let source = source.ok_or_else(|| {
            Unknown(format!(
                "{slug} has no `saml.idp_metadata_url`, so there is nothing to ask"
            ))
        })?;
        self.ask(account.id, source).await
    }

    /// Sees to it that the account's address is asked, if it has one.
    pub(super) async fn follow(&self, account: AccountId) -> Result<()> {
        let document = self.document(account).await?;
        let url = document.as_ref().and_then(address);
        let known = self.store.read().await?.of(account).source().await?;
        if known.as_ref().map(|source| &source.url) == url {
            return Ok(());
        }
        let wait = FIRST.as_millis() * i64::from(self.jitter()) / 65_536;
        let first = self.clock.now().plus(Span::millis(wait));
        let mut tx = self.store.write().await?;
        let mut of = tx.of(account);
        match url {
            Some(url) => of.follow(url, first).await?,
            None => of.unfollow().await?,
        }
        Ok(tx.commit().await?)
    }

    async fn ask(&self, account: AccountId, mut source: Source) -> Result<Refreshed> {
        let trusted = self.trusted(account).await?;
        let active = trusted
            .map(|(_, active, _)| active)
            .filter(|active| address(&active.document) == Some(&source.url));
        let Some(active) = active else {
            // Switched off, or another address by now, which is followed within a minute.
            source.next_at = self.clock.now().plus(Span::days(1));
            let mut changes = Changes::new(account);
            changes.save_source(&source);
            self.store.commit(changes).await?;
            return Ok(Refreshed::Dropped);
        };
        // What the server calls unchanged is of use only as long as the account is what it was judged by.
        let known = if source.judged == Some(active.number) {
            Known {
                etag: source.etag.clone(),
                last_modified: source.last_modified.clone(),
            }
        } else {
            Known::default()
        };
        let outbound = self.outbound();
        let fetched = outbound.fetch(&source.url, &known).await;
        self.take_in(account, source, fetched).await
    }

    /// Decides what an answer means. Public, so that a test can say what an address has answered.
    pub async fn take_in(
        &self,
        account: AccountId,
        source: Source,
        fetched: Result<Fetched>,
    ) -> Result<Refreshed> {
        let _turn = self.reading.acquire().await?;
        let (now, mut source) = (self.clock.now(), source);
        let trusted = self.trusted(account).await?;
        let Some((account, active, distrusted)) =
            trusted.filter(|(_, active, _)| address(&active.document) == Some(&source.url))
        else {
            return Ok(Refreshed::Dropped);
        };
        let judged = match fetched {
            Err(cause) => Err(format!("{cause:#}")),
            Ok(Fetched::Unchanged) => Ok(None),
            Ok(Fetched::Document(bytes, _)) if is_known(&source, &active, &bytes, now) => Ok(None),
            Ok(Fetched::Document(bytes, known)) => {
                let digest = hex(&sha256(&bytes));
                let judged = self.judge(&active, bytes, distrusted, now).await?;
                if judged.is_ok() {
                    (source.etag, source.last_modified) = (known.etag, known.last_modified);
                    source.judged = Some(active.number);
                    source.digest = Some(digest);
                }
                judged.map(Some)
            }
        };
        let refreshed = match judged {
            Ok(Some(judged)) if !judged.is_nothing_new() => {
                self.write(&account, &active, source, Ok(judged), now)
                    .await?
            }
            Ok(judged) => {
                if let Some(judged) = judged {
                    judged.settle(&mut source);
                }
                source.answered(now, self.jitter());
                self.keep(&account, &active, &source).await?
            }
            Err(problem) => {
                self.write(&account, &active, source, Err(problem), now)
                    .await?
            }
        };
        self.login.forget(account.slug.as_str());
        tokio::time::sleep(PAUSE).await;
        Ok(refreshed)
    }

    /// Writes that nothing is new, in one commit with whoever signs in at the moment.
    async fn keep(
        &self,
        account: &Account,
        active: &Revision,
        source: &Source,
    ) -> Result<Refreshed> {
        let mut changes = Changes::new(account.id);
        changes.expect_active(active.number);
        changes.save_source(source);
        match self.store.commit(changes).await {
            Err(error) if error.is_conflict() => Ok(Refreshed::Dropped),
            made => Ok(made.map(|()| Refreshed::Unchanged)?),
        }
    }

    /// Writes a change, or a failure, together with the audit entries of it.
    async fn write(
        &self,
        account: &Account,
        active: &Revision,
        mut source: Source,
        news: Result<Judged, String>,
        now: Timestamp,
    ) -> Result<Refreshed> {
        let mut tx = self.store.write().await?;
        let mut of = tx.of(account.id);
        of.alone().await?;
        if of.account().await?.as_ref() != Some(account) {
            return Ok(Refreshed::Dropped);
        }
        let refreshed = match news {
            Err(problem) => {
                self.failed(&mut of, account, &mut source, &problem, now)
                    .await?;
                Refreshed::Failed(problem)
            }
            Ok(judged) => {
                self.decide(&mut of, account, active, &mut source, judged, now)
                    .await?
            }
        };
        of.save_source(&source).await?;
        tx.commit().await?;
        Ok(refreshed)
    }

    /// The account with what it trusts and what it never will again; none where it is not in use or has no address.
    async fn trusted(
        &self,
        account: AccountId,
    ) -> Result<Option<(Account, Revision, Vec<String>)>> {
        let mut tx = self.store.read().await?;
        let mut of = tx.of(account);
        let found = of.account().await?;
        let Some(account) = found.filter(|account| account.state == State::Enabled) else {
            return Ok(None);
        };
        let active = of.revision(account.active).await?;
        let active = active.context("the account has no active revision")?;
        Ok(Some((account, active, of.distrusted().await?)))
    }

    pub(super) fn jitter(&self) -> u16 {
        u16::from_be_bytes(self.entropy.bytes())
    }
}

/// Whether the same document was judged against the same trust, and has not run out since: reading it again is dear.
fn is_known(source: &Source, active: &Revision, bytes: &[u8], now: Timestamp) -> bool {
    source.judged == Some(active.number)
        && source.valid_until.is_none_or(|until| until >= now)
        && source.digest.as_deref() == Some(hex(&sha256(bytes)).as_str())
}

fn address(document: &Document) -> Option<&String> {
    document.saml.as_ref()?.idp_metadata_url.as_ref()
}
