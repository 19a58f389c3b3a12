//! Who is told of what happens, and who tells it.

use sqlx::FromRow;

use super::db::{Error, Of, Tx, sql};
use crate::id::{AccountId, WebhookId};
use crate::time::{Span, Timestamp};
use crate::webhook::{State, Webhook};

#[derive(FromRow)]
struct Row {
    id: String,
    name: String,
    url: String,
    kinds: String,
    state: String,
    created_at: i64,
    created_by: String,
    failures: i64,
    failing_since: Option<i64>,
    last_at: Option<i64>,
    last_status: Option<i64>,
}

impl Row {
    fn webhook(self) -> Result<Webhook, Error> {
        let broken = || Error::Stored("webhook");
        Ok(Webhook {
            id: WebhookId::parse(&self.id).ok_or_else(broken)?,
            name: self.name,
            url: self.url,
            kinds: serde_json::from_str(&self.kinds).map_err(|_| broken())?,
            state: State::parse(&self.state).ok_or_else(broken)?,
            created_at: Timestamp::from_millis(self.created_at),
            created_by: self.created_by,
            failures: self.failures,
            failing_since: self.failing_since.map(Timestamp::from_millis),
            last_at: self.last_at.map(Timestamp::from_millis),
            last_status: self.last_status,
        })
    }
}

/// The secrets of a webhook, as they are sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Secrets {
    /// The one that the receiver was last given.
    pub current: String,
    /// The one before, and until when it signs too.
    pub former: Option<(String, Timestamp)>,
}

/// A webhook that one node tells, and nobody else meanwhile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hold {
    /// Its account.
    pub account: AccountId,
    /// Itself.
    pub webhook: WebhookId,
}

impl Tx {
    /// Webhooks whose account's chain went on since messages were made for them.
    pub async fn webhooks_behind(&mut self) -> Result<Vec<Hold>, Error> {
        let rows = sql!(
            self,
            all(String, String),
            "SELECT webhooks.account, webhooks.id FROM webhooks JOIN audit_heads ON audit_heads.account = webhooks.account
             WHERE webhooks.state = 'enabled' AND audit_heads.number > webhooks.through"
        )?;
        holds(rows)
    }

    /// Webhooks of accounts in use with a message that is due, and that nobody holds; who was told longest ago comes first.
    pub async fn webhooks_due(&mut self, now: Timestamp, limit: i64) -> Result<Vec<Hold>, Error> {
        let rows = sql!(
            self,
            all(String, String),
            "SELECT webhooks.account, webhooks.id FROM webhooks JOIN accounts ON accounts.id = webhooks.account
             WHERE webhooks.state = 'enabled' AND webhooks.free_at <= $1 AND accounts.state = 'enabled'
             AND EXISTS (SELECT 1 FROM webhook_messages WHERE webhook_messages.account = webhooks.account
                 AND webhook_messages.webhook = webhooks.id AND webhook_messages.state = 'waiting' AND webhook_messages.due_at <= $1)
             ORDER BY free_at LIMIT $2",
            now.millis(),
            limit
        )?;
        holds(rows)
    }
}

fn holds(rows: Vec<(String, String)>) -> Result<Vec<Hold>, Error> {
    let hold = |(account, id): (String, String)| {
        let account = AccountId::parse(&account).ok_or(Error::Stored("webhook"))?;
        let webhook = WebhookId::parse(&id).ok_or(Error::Stored("webhook"))?;
        Ok(Hold { account, webhook })
    };
    rows.into_iter().map(hold).collect()
}

impl Of<'_> {
    /// Keeps a fresh webhook, which is told of what comes after the end of the chain.
    pub async fn create_webhook(&mut self, webhook: &Webhook, secret: &str) -> Result<(), Error> {
        let kinds = serde_json::to_string(&webhook.kinds).map_err(|_| Error::Stored("webhook"))?;
        sql!(
            self.tx,
            execute,
            "INSERT INTO webhooks (account, id, name, url, kinds, secret, state, created_at, created_by, through, free_at, failures)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, COALESCE((SELECT number FROM audit_heads WHERE account = $1), 0), 0, 0)",
            &self.account,
            webhook.id.to_string(),
            &webhook.name,
            &webhook.url,
            kinds,
            secret,
            webhook.state.as_str(),
            webhook.created_at.millis(),
            &webhook.created_by,
        )?;
        Ok(())
    }

    /// The webhooks of the account, newest first.
    pub async fn webhooks(&mut self) -> Result<Vec<Webhook>, Error> {
        let rows = sql!(
            self.tx,
            all Row,
            "SELECT id, name, url, kinds, state, created_at, created_by, failures, failing_since, last_at, last_status
             FROM webhooks WHERE account = $1 ORDER BY id DESC",
            &self.account
        )?;
        rows.into_iter().map(Row::webhook).collect()
    }

    /// One webhook.
    pub async fn webhook(&mut self, id: WebhookId) -> Result<Option<Webhook>, Error> {
        let row = sql!(
            self.tx,
            optional Row,
            "SELECT id, name, url, kinds, state, created_at, created_by, failures, failing_since, last_at, last_status
             FROM webhooks WHERE account = $1 AND id = $2",
            &self.account,
            id.to_string()
        )?;
        row.map(Row::webhook).transpose()
    }

    /// The secrets of a webhook.
    pub async fn webhook_secrets(&mut self, id: WebhookId) -> Result<Option<Secrets>, Error> {
        let row = sql!(
            self.tx,
            optional(String, Option<String>, Option<i64>),
            "SELECT secret, former, former_until FROM webhooks WHERE account = $1 AND id = $2",
            &self.account,
            id.to_string()
        )?;
        Ok(row.map(|(current, former, until)| Secrets {
            current,
            former: former.zip(until.map(Timestamp::from_millis)),
        }))
    }

    /// Gives a webhook another secret; the present one signs too until then.
    pub async fn rotate_webhook(
        &mut self,
        id: WebhookId,
        secret: &str,
        until: Timestamp,
    ) -> Result<(), Error> {
        sql!(
            self.tx,
            execute,
            "UPDATE webhooks SET former = secret, former_until = $4, secret = $3 WHERE account = $1 AND id = $2",
            &self.account,
            id.to_string(),
            secret,
            until.millis()
        )?;
        Ok(())
    }

    /// Switches a webhook on or off; says whether it was the other way before. What failed is forgotten, and it is tried at once.
    pub async fn switch_webhook(&mut self, id: WebhookId, state: State) -> Result<bool, Error> {
        let switched = sql!(
            self.tx,
            execute,
            "UPDATE webhooks SET state = $3, failures = 0, failing_since = NULL, free_at = 0 WHERE account = $1 AND id = $2 AND state <> $3",
            &self.account,
            id.to_string(),
            state.as_str()
        )?;
        Ok(switched == 1)
    }

    /// Removes a webhook with its messages; says whether it was there.
    pub async fn delete_webhook(&mut self, id: WebhookId) -> Result<bool, Error> {
        let deleted = sql!(
            self.tx,
            execute,
            "DELETE FROM webhooks WHERE account = $1 AND id = $2",
            &self.account,
            id.to_string()
        )?;
        Ok(deleted == 1)
    }

    /// Up to which entry of the chain there are messages for a webhook.
    pub async fn told_through(&mut self, id: WebhookId) -> Result<Option<i64>, Error> {
        let row = sql!(
            self.tx,
            optional(i64,),
            "SELECT through FROM webhooks WHERE account = $1 AND id = $2",
            &self.account,
            id.to_string()
        )?;
        Ok(row.map(|(through,)| through))
    }

    /// Notes that there are messages up to an entry; says false where another node has noted that before.
    pub async fn tell_through(
        &mut self,
        id: WebhookId,
        from: i64,
        through: i64,
    ) -> Result<bool, Error> {
        let moved = sql!(
            self.tx,
            execute,
            "UPDATE webhooks SET through = $4 WHERE account = $1 AND id = $2 AND through = $3",
            &self.account,
            id.to_string(),
            from,
            through
        )?;
        Ok(moved == 1)
    }

    /// Takes a webhook for oneself until then; says false where somebody else has it, or nobody tries it yet.
    pub async fn hold_webhook(
        &mut self,
        id: WebhookId,
        now: Timestamp,
        lasts: Span,
    ) -> Result<bool, Error> {
        let held = sql!(
            self.tx,
            execute,
            "UPDATE webhooks SET free_at = $4 WHERE account = $1 AND id = $2 AND free_at <= $3 AND state = 'enabled'",
            &self.account,
            id.to_string(),
            now.millis(),
            now.plus(lasts).millis()
        )?;
        Ok(held == 1)
    }
}
