//! What is removed once a minute because its time is over.

use anyhow::Result;

use super::App;
use crate::time::Timestamp;
use crate::webhook::KEPT;

/// So many people of an account are removed in one go.
const BATCH: i64 = 100;

impl App {
    /// Removes ended sessions, ids that could not come again, and personal data past its retention.
    pub async fn tidy(&self, now: Timestamp) -> Result<()> {
        self.publish_due_key(now).await?;
        self.expire_proposals(now).await?;
        let mut tx = self.store.write().await?;
        tx.forget_revoked_tokens(now).await?;
        tx.delete_ended_sessions(now).await?;
        tx.forget_used(now).await?;
        tx.forget_news().await?;
        tx.delete_handoffs(now).await?;
        tx.forget_answers(now).await?;
        tx.forget_login_links(now).await?;
        tx.forget_messages(now.minus(KEPT)).await?;
        tx.commit().await?;
        self.purge(now, BATCH, false).await?;
        self.key_users().await?;
        let accounts = self.store.read().await?.accounts().await?;
        for account in accounts {
            self.follow(account.id).await?;
        }
        Ok(())
    }

    /// Writes down what people are searched by who were there before that was kept.
    async fn key_users(&self) -> Result<()> {
        for account in self.store.read().await?.accounts_without_keys().await? {
            let mut is_more = true;
            while is_more {
                let mut tx = self.store.write().await?;
                is_more = tx.of(account).key_users(BATCH).await?;
                tx.commit().await?;
            }
        }
        Ok(())
    }
}
