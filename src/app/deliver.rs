//! Receivers are told: messages are made of what the audit's chains hold, and sent until somebody has them.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use reqwest::StatusCode;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderValue, USER_AGENT};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::App;
use crate::audit::Event;
use crate::id::{AccountId, MessageId};
use crate::store::{Hold, Tried};
use crate::time::{Span, Timestamp};
use crate::webhook::{Delivery, EXHAUSTED, GIVEN_UP, Message, State, Webhook, pause, told};

/// So many entries are looked at in one go.
const BATCH: i64 = 500;

/// So many receivers are told at the same time, each of one thing after the other.
pub const SLOTS: usize = 64;

/// So many receivers are looked at in one go.
const DUE: i64 = 64;

/// So long one receiver is told before another may have its turn.
const TURN: Duration = Duration::from_secs(5);

/// Longer than any try takes.
const HELD: Span = Span::seconds(30);

/// A receiver that has not answered by then is tried again later, in seconds.
const PATIENCE: Duration = Duration::from_secs(10);

/// A receiver may ask for so much patience at most.
const LONGEST_WAIT: Span = Span::hours(1);

impl App {
    /// Makes messages of what the chains hold since this was last done, and begins to send those that are due, each receiver's in a task
    /// of its own, as long as there are slots; says how many were tried.
    pub async fn deliver(
        self: &Arc<Self>,
        slots: &Arc<Semaphore>,
    ) -> Result<JoinSet<Result<usize>>> {
        let behind = self.store.read().await?.webhooks_behind().await?;
        for hold in &behind {
            self.make_messages(hold).await?;
        }
        let now = self.clock.now();
        let due = self.store.read().await?.webhooks_due(now, DUE).await?;
        let mut tasks = JoinSet::new();
        for hold in due {
            let Ok(slot) = Arc::clone(slots).try_acquire_owned() else {
                break;
            };
            let app = Arc::clone(self);
            tasks.spawn(async move {
                let _slot = slot;
                app.deliver_to(&hold).await
            });
        }
        Ok(tasks)
    }

    async fn make_messages(&self, hold: &Hold) -> Result<()> {
        let now = self.clock.now();
        let mut tx = self.store.write().await?;
        let mut of = tx.of(hold.account);
        let Some(webhook) = of.webhook(hold.webhook).await? else {
            return Ok(());
        };
        let Some(from) = of.told_through(hold.webhook).await? else {
            return Ok(());
        };
        let links = of.chain(from, BATCH).await?;
        let Some(last) = links.last() else {
            return Ok(());
        };
        // Another node may be at it.
        if !of.tell_through(hold.webhook, from, last.number).await? {
            return Ok(());
        }
        for link in &links {
            let Some((kind, body)) = told(&link.record) else {
                continue;
            };
            if !webhook.wants(kind) {
                continue;
            }
            let message = Message {
                id: MessageId::new(now, &self.entropy),
                kind: kind.to_owned(),
                body,
                created_at: now,
                state: Delivery::Waiting,
                attempts: 0,
                due_at: now,
                last_at: None,
                last_status: None,
            };
            of.create_message(hold.webhook, &message, link.number)
                .await?;
        }
        tx.commit().await?;
        Ok(())
    }

    /// Sends one receiver what is due, one after the other, until something fails.
    async fn deliver_to(&self, hold: &Hold) -> Result<usize> {
        let (began, mut tried) = (Instant::now(), 0);
        while began.elapsed() < TURN {
            let now = self.clock.now();
            let mut tx = self.store.write().await?;
            let mut of = tx.of(hold.account);
            if !of.hold_webhook(hold.webhook, now, HELD).await? {
                return Ok(tried);
            }
            let webhook = of.webhook(hold.webhook).await?;
            let message = of.due_message(hold.webhook, now).await?;
            let (Some(webhook), Some(message)) = (webhook, message) else {
                // Nothing is left, and the hold is not kept.
                return Ok(tried);
            };
            tx.commit().await?;
            let answer = self.send(hold.account, &webhook, &message, now).await;
            tried += 1;
            if !self.keep_try(hold, &webhook, message, answer).await? {
                return Ok(tried);
            }
        }
        Ok(tried)
    }

    /// Sends a message; its status, and for how long the receiver wants to be left alone.
    pub(super) async fn send(
        &self,
        account: AccountId,
        webhook: &Webhook,
        message: &Message,
        now: Timestamp,
    ) -> Result<(StatusCode, Option<Span>)> {
        let secrets = self.secrets(account, webhook.id, now).await?;
        let signatures = secrets
            .iter()
            .map(|secret| secret.sign(message.id, now, &message.body))
            .collect::<Result<Vec<_>, _>>()?;
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(USER_AGENT, HeaderValue::from_static("Vestibule"));
        let seconds = now.millis().div_euclid(1_000);
        for (name, value) in [
            ("webhook-id", message.id.to_string()),
            ("webhook-timestamp", seconds.to_string()),
            ("webhook-signature", signatures.join(" ")),
        ] {
            headers.insert(name, HeaderValue::from_str(&value)?);
        }
        let mut way = self.outbound();
        way.patience = PATIENCE;
        way.tell(&webhook.url, headers, message.body.clone()).await
    }

    /// Keeps how a try went; says whether the next message may follow.
    async fn keep_try(
        &self,
        hold: &Hold,
        webhook: &Webhook,
        mut message: Message,
        answer: Result<(StatusCode, Option<Span>)>,
    ) -> Result<bool> {
        let now = self.clock.now();
        let status = answer.as_ref().ok().map(|(status, _)| *status);
        let is_taken = status.is_some_and(|status| status.is_success());
        let [jitter] = self.entropy.bytes::<1>();
        message.attempts += 1;
        if !is_taken && webhook.failures == 0 {
            tracing::warn!(account = %hold.account, webhook = %hold.webhook, ?status, "a webhook did not take a message");
        }
        let failures = if is_taken { 0 } else { webhook.failures + 1 };
        let failing_since = match (is_taken, webhook.failing_since) {
            (true, _) => None,
            (false, since) => Some(since.unwrap_or(now)),
        };
        let asked = answer.ok().and_then(|(_, wait)| wait);
        let asked = asked.map(|wait| wait.min(LONGEST_WAIT));
        let mut free_at = now;
        if is_taken {
            message.state = Delivery::Delivered;
        } else {
            let least = asked.unwrap_or(Span::millis(0));
            free_at = now.plus(pause(failures, jitter).max(least));
            message.due_at = now.plus(pause(message.attempts, jitter).max(least));
            if message.attempts >= EXHAUSTED {
                message.state = Delivery::Failed;
            }
        }
        let tried = Tried {
            at: now,
            status: status.map(|status| i64::from(status.as_u16())),
            failures,
            failing_since,
            free_at,
        };
        let is_gone = status == Some(StatusCode::GONE);
        let is_given_up = failing_since.is_some_and(|since| now.since(since) >= GIVEN_UP);
        let mut tx = self.store.write().await?;
        let mut of = tx.of(hold.account);
        of.tried(hold.webhook, &message, tried).await?;
        if is_gone || is_given_up {
            let why = if is_gone {
                "it answered 410 Gone"
            } else {
                "every try has failed for five days"
            };
            of.switch_webhook(hold.webhook, State::Disabled).await?;
            let event = Event::WebhookDisabled {
                webhook: hold.webhook.to_string(),
                why: why.to_owned(),
            };
            of.audit("system", event, now, &self.entropy).await?;
            tracing::warn!(account = %hold.account, webhook = %hold.webhook, why, "a webhook is told nothing more");
        }
        tx.commit().await.context("keeping how a try went")?;
        Ok(is_taken)
    }
}
