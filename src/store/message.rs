//! What waits to be told, and how telling it went.

use sqlx::FromRow;

use super::db::{Error, Of, Tx, sql};
use crate::id::{MessageId, WebhookId};
use crate::time::Timestamp;
use crate::webhook::{Delivery, Message};

#[derive(FromRow)]
struct MessageRow {
    id: String,
    kind: String,
    body: String,
    created_at: i64,
    state: String,
    attempts: i64,
    due_at: i64,
    last_at: Option<i64>,
    last_status: Option<i64>,
}

impl MessageRow {
    fn message(self) -> Result<Message, Error> {
        let broken = || Error::Stored("webhook message");
        Ok(Message {
            id: MessageId::parse(&self.id).ok_or_else(broken)?,
            kind: self.kind,
            body: self.body,
            created_at: Timestamp::from_millis(self.created_at),
            state: Delivery::parse(&self.state).ok_or_else(broken)?,
            attempts: self.attempts,
            due_at: Timestamp::from_millis(self.due_at),
            last_at: self.last_at.map(Timestamp::from_millis),
            last_status: self.last_status,
        })
    }
}

/// How a webhook stands after a try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tried {
    /// When.
    pub at: Timestamp,
    /// What it answered; nothing where it gave no answer.
    pub status: Option<i64>,
    /// How many tries failed one after the other.
    pub failures: i64,
    /// Since when every try fails.
    pub failing_since: Option<Timestamp>,
    /// It is not tried before.
    pub free_at: Timestamp,
}

impl Tx {
    /// Removes messages that were made before an instant.
    pub async fn forget_messages(&mut self, before: Timestamp) -> Result<u64, Error> {
        sql!(
            self,
            execute,
            "DELETE FROM webhook_messages WHERE created_at < $1",
            before.millis()
        )
    }

    /// How many messages wait, and since when the oldest does.
    pub async fn waiting_messages(&mut self) -> Result<(i64, Option<Timestamp>), Error> {
        let row = sql!(
            self,
            optional(i64, Option<i64>),
            "SELECT COUNT(*), MIN(webhook_messages.created_at) FROM webhook_messages
             JOIN webhooks ON webhooks.account = webhook_messages.account AND webhooks.id = webhook_messages.webhook
             WHERE webhook_messages.state = 'waiting' AND webhooks.state = 'enabled'"
        )?;
        let (count, oldest) = row.unwrap_or_default();
        Ok((count, oldest.map(Timestamp::from_millis)))
    }
}

impl Of<'_> {
    /// Keeps a fresh message about the entry of that number in the account's chain.
    pub async fn create_message(
        &mut self,
        webhook: WebhookId,
        message: &Message,
        number: i64,
    ) -> Result<(), Error> {
        sql!(
            self.tx,
            execute,
            "INSERT INTO webhook_messages (account, webhook, id, kind, body, created_at, state, attempts, due_at, number)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
            &self.account,
            webhook.to_string(),
            message.id.to_string(),
            &message.kind,
            &message.body,
            message.created_at.millis(),
            message.state.as_str(),
            message.attempts,
            message.due_at.millis(),
            number,
        )?;
        Ok(())
    }

    /// The oldest message that is due.
    pub async fn due_message(
        &mut self,
        webhook: WebhookId,
        now: Timestamp,
    ) -> Result<Option<Message>, Error> {
        let row = sql!(
            self.tx,
            optional MessageRow,
            "SELECT id, kind, body, created_at, state, attempts, due_at, last_at, last_status FROM webhook_messages
             WHERE account = $1 AND webhook = $2 AND state = 'waiting' AND due_at <= $3 ORDER BY number LIMIT 1",
            &self.account,
            webhook.to_string(),
            now.millis()
        )?;
        row.map(MessageRow::message).transpose()
    }

    /// Keeps how a webhook and the message that it was sent stand after a try.
    pub async fn tried(
        &mut self,
        webhook: WebhookId,
        message: &Message,
        tried: Tried,
    ) -> Result<(), Error> {
        sql!(
            self.tx,
            execute,
            "UPDATE webhook_messages SET state = $4, attempts = $5, due_at = $6, last_at = $7, last_status = $8
             WHERE account = $1 AND webhook = $2 AND id = $3",
            &self.account,
            webhook.to_string(),
            message.id.to_string(),
            message.state.as_str(),
            message.attempts,
            message.due_at.millis(),
            tried.at.millis(),
            tried.status,
        )?;
        sql!(
            self.tx,
            execute,
            "UPDATE webhooks SET failures = $3, failing_since = $4, free_at = $5, last_at = $6, last_status = $7 WHERE account = $1 AND id = $2",
            &self.account,
            webhook.to_string(),
            tried.failures,
            tried.failing_since.map(Timestamp::millis),
            tried.free_at.millis(),
            tried.at.millis(),
            tried.status,
        )?;
        Ok(())
    }

    /// A page of the messages of a webhook, newest first: of one state where that is named, before one where that is named.
    pub async fn messages(
        &mut self,
        webhook: WebhookId,
        state: Option<Delivery>,
        before: Option<MessageId>,
        limit: i64,
    ) -> Result<Vec<Message>, Error> {
        let (state, before) = (
            state.map(Delivery::as_str),
            before.map(|before| before.to_string()),
        );
        let rows = sql!(
            self.tx,
            all MessageRow,
            "SELECT id, kind, body, created_at, state, attempts, due_at, last_at, last_status FROM webhook_messages
             WHERE account = $1 AND webhook = $2 AND ($3 IS NULL OR state = $3) AND ($4 IS NULL OR id < $4) ORDER BY id DESC LIMIT $5",
            &self.account,
            webhook.to_string(),
            state,
            before.as_deref(),
            limit
        )?;
        rows.into_iter().map(MessageRow::message).collect()
    }

    /// Has one message sent again, or without a name all that have failed; says how many those are.
    pub async fn replay(
        &mut self,
        webhook: WebhookId,
        message: Option<MessageId>,
        now: Timestamp,
    ) -> Result<u64, Error> {
        let message = message.map(|message| message.to_string());
        sql!(
            self.tx,
            execute,
            "UPDATE webhook_messages SET state = 'waiting', attempts = 0, due_at = $4
             WHERE account = $1 AND webhook = $2 AND (id = $3 OR ($3 IS NULL AND state = 'failed'))",
            &self.account,
            webhook.to_string(),
            message.as_deref(),
            now.millis()
        )
    }
}
