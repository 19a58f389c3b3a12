//! What is removed once a minute because its time is over.

use anyhow::Result;

use super::App;
use crate::account::{Account, Document};
use crate::audit::Event;
use crate::time::{Span, Timestamp};

/// So many people of an account are removed in one go.
const BATCH: i64 = 100;

impl App {
    /// Removes ended sessions, ids that could not come again, and personal data past its retention.
    pub async fn tidy(&self, now: Timestamp) -> Result<()> {
        self.publish_due_key(now).await?;
        let mut tx = self.store.write().await?;
        tx.forget_revoked_tokens(now).await?;
        tx.delete_ended_sessions(now).await?;
        tx.forget_used(now).await?;
        tx.forget_news().await?;
        tx.delete_handoffs(now).await?;
        tx.forget_answers(now).await?;
        tx.delete_attempts(now.minus(Span::days(self.config.retention.attempts_days)))
            .await?;
        tx.commit().await?;
        let accounts = self.store.read().await?.accounts().await?;
        for account in accounts {
            if let Some(document) = self.document(account.id).await? {
                self.tidy_account(&account, &document, now).await?;
                self.follow(account.id).await?;
            }
        }
        Ok(())
    }

    async fn tidy_account(
        &self,
        account: &Account,
        document: &Document,
        now: Timestamp,
    ) -> Result<()> {
        let (own, server) = (document.retention, &self.config.retention);
        let mut tx = self.store.write().await?;
        let mut of = tx.of(account.id);
        of.alone().await?;
        while of.key_users(BATCH).await? {}
        if let Some(days) = own.attempts_days {
            of.delete_attempts(now.minus(Span::days(days))).await?;
        }
        let days = own
            .users_days
            .map_or(server.users_days, |days| days.min(server.users_days));
        for gone in of
            .users_gone_since(now.minus(Span::days(days)), BATCH)
            .await?
        {
            let link = document.link();
            let sessions_ended = self.remove(&mut of, &gone, link, now).await?;
            of.audit(
                "system",
                Event::UserDeleted {
                    user: gone.id.to_string(),
                    sessions_ended,
                },
                now,
                &self.entropy,
            )
            .await?;
        }
        tx.commit().await?;
        Ok(())
    }
}
