//! What is removed because its time is over: people, their sign-ins, and the beginning of the audit.

use anyhow::Result;
use serde::Serialize;

use super::App;
use crate::account::{Account, Document};
use crate::audit::{Event, Head, Signed, beginning};
use crate::store::Of;
use crate::time::{Span, Timestamp};

/// What was removed of an account, or would be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Purged {
    /// The account.
    pub account: String,
    /// People who did not come for so long.
    pub users: u64,
    /// Sign-ins.
    pub attempts: u64,
    /// Entries of the audit.
    pub audit: u64,
}

impl App {
    /// Removes of every account what is older than its time, at most `people` of each; `dry` takes it back again.
    pub async fn purge(&self, now: Timestamp, people: i64, dry: bool) -> Result<Vec<Purged>> {
        let accounts = self.store.read().await?.accounts_ever().await?;
        let mut all = Vec::new();
        for account in accounts {
            if let Some(document) = self.document(account.id).await? {
                all.push(
                    self.purge_account(&account, &document, now, people, dry)
                        .await?,
                );
            }
        }
        self.purge_checkpoints(now, dry).await?;
        Ok(all)
    }

    async fn purge_account(
        &self,
        account: &Account,
        document: &Document,
        now: Timestamp,
        people: i64,
        dry: bool,
    ) -> Result<Purged> {
        let (own, server) = (document.retention, &self.config.retention);
        let least = |own: Option<i64>, server: i64| own.map_or(server, |own| own.min(server));
        let before = |days| now.minus(Span::days(days));
        let begins = self.chain_begins(account, now).await?;
        let mut tx = self.store.write().await?;
        let mut of = tx.of(account.id);
        of.alone().await?;
        let attempts_before = before(least(own.attempts_days, server.attempts_days));
        let attempts = of.delete_attempts(attempts_before).await?;
        let users_before = before(least(own.users_days, server.users_days));
        let mut users = 0;
        for gone in of.users_gone_since(users_before, people).await? {
            self.erase(&mut of, &gone, document.link(), "system", now)
                .await?;
            users += 1;
        }
        let audit = match begins {
            Some(begins) => self.purge_audit(&mut of, begins, now).await?,
            None => 0,
        };
        if !dry {
            tx.commit().await?;
        }
        Ok(Purged {
            account: account.slug.to_string(),
            users,
            attempts,
            audit,
        })
    }

    /// Where the chain will begin, signed: whole days are removed, so that at most one mark a day says so.
    async fn chain_begins(&self, account: &Account, now: Timestamp) -> Result<Option<Begins>> {
        let mut tx = self.store.read().await?;
        let end = tx
            .of(account.id)
            .chain_before(self.audit_begins(now))
            .await?;
        drop(tx);
        let Some(after) = end else { return Ok(None) };
        let text = beginning(&after.account, after.number, &after.hash);
        let signature = self.audit_key().await?.sign(&text)?;
        Ok(Some(Begins { after, signature }))
    }

    async fn purge_audit(
        &self,
        of: &mut Of<'_>,
        Begins { after, signature }: Begins,
        now: Timestamp,
    ) -> Result<u64> {
        let removed = of.delete_chain(after.number).await?;
        // Another node may have been there before.
        if removed > 0 {
            let event = Event::AuditPurged {
                through: after.number,
                hash: after.hash,
                removed,
                signature,
            };
            of.audit("system", event, now, &self.entropy).await?;
        }
        Ok(removed)
    }

    fn audit_begins(&self, now: Timestamp) -> Timestamp {
        let begins = now.minus(Span::days(self.config.retention.audit_days));
        Timestamp::from_millis(Span::days(begins.day()).as_millis())
    }

    /// Removes the checkpoints of days that are over, up to the last that names the ends of all chains.
    async fn purge_checkpoints(&self, now: Timestamp, dry: bool) -> Result<()> {
        let begins = self.audit_begins(now);
        let keep = self.last_whole_checkpoint(begins).await?;
        if let (Some(keep), false) = (keep, dry) {
            let mut tx = self.store.write().await?;
            tx.delete_checkpoints_before(keep).await?;
            tx.commit().await?;
        }
        Ok(())
    }

    async fn last_whole_checkpoint(&self, before: Timestamp) -> Result<Option<i64>> {
        let (mut after, mut keep) = (0, None);
        loop {
            let page = self.store.read().await?.checkpoints(after, 100).await?;
            if page.is_empty() {
                return Ok(keep);
            }
            for (number, signed) in page {
                after = number;
                let Some(Signed { checkpoint, .. }) = signed else {
                    return Ok(None);
                };
                if checkpoint.at >= before.millis() {
                    return Ok(keep);
                }
                if checkpoint.all {
                    keep = Some(number).filter(|number| *number > 1);
                }
            }
        }
    }
}

/// After which entry the chain begins from now on.
struct Begins {
    after: Head,
    signature: String,
}
