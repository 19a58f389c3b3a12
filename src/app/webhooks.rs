//! Who is told of what happens: made, changed, and what they were told.

use anyhow::{Context, Result, bail};
use serde_json::{Map, Value};

use super::{App, Outbound, Refused, proof_bytes};
use crate::account::Account;
use crate::audit::{Actor, Event};
use crate::id::{AccountId, MessageId, WebhookId, hex};
use crate::seal::Place;
use crate::store::{Of, Secrets};
use crate::time::{Span, Timestamp};
use crate::webhook::{self, Delivery, KEPT, Message, Secret, State, Webhook};

/// So many an account may have.
const MOST: usize = 20;

/// The secret before signs for so long beside the new one.
const BOTH: Span = Span::days(1);

/// The longest address and name, in characters.
const LONGEST: usize = 500;
const LONGEST_NAME: usize = 64;

impl App {
    /// Tells an address of what happens from now on; its secret is in the answer and nowhere else.
    pub async fn create_webhook(
        &self,
        account: &Account,
        name: &str,
        url: &str,
        kinds: Vec<String>,
        actor: impl Into<Actor>,
    ) -> Result<(Webhook, Secret)> {
        let actor = &actor.into();
        let is_text = |text: &str, most| {
            !text.trim().is_empty()
                && text.chars().count() <= most
                && !text.chars().any(char::is_control)
        };
        if !is_text(name, LONGEST_NAME) || !is_text(url, LONGEST) {
            bail!(Refused(format!(
                "the name has 1 to {LONGEST_NAME} characters and the address 1 to {LONGEST}, none of them control characters"
            )));
        }
        if let Some(odd) = kinds.iter().find(|kind| !webhook::knows(kind)) {
            let mut known: Vec<&str> = webhook::KINDS.iter().map(|(_, kind, _)| *kind).collect();
            known.dedup();
            bail!(Refused(format!(
                "nobody is told of `{odd}`; there are `*`, groups such as `user.*`, and {}",
                known.join(", ")
            )));
        }
        if kinds.is_empty() {
            bail!(Refused("say of what it is told; `*` is everything".into()));
        }
        if let Err(cause) = self.outbound().vet(url).await {
            bail!(Refused(format!("{cause:#}")));
        }
        let (now, secret) = (self.clock.now(), Secret::new(&self.entropy));
        let webhook = Webhook {
            id: WebhookId::new(now, &self.entropy),
            name: name.to_owned(),
            url: url.to_owned(),
            kinds,
            state: State::Enabled,
            created_at: now,
            created_by: actor.id.clone(),
            failures: 0,
            failing_since: None,
            last_at: None,
            last_status: None,
        };
        let sealed = self.seal_secret(account.id, webhook.id, &secret)?;
        // What is not in the chain yet happened before.
        self.seal_audit().await?;
        let mut tx = self.store.write().await?;
        let mut of = tx.of(account.id);
        of.alone().await?;
        if of.webhooks().await?.len() >= MOST {
            bail!(Refused(format!(
                "{} has {MOST} webhooks already; delete one first",
                account.slug
            )));
        }
        of.create_webhook(&webhook, &sealed).await?;
        let event = Event::WebhookCreated {
            webhook: webhook.id.to_string(),
            url: webhook.url.clone(),
            kinds: webhook.kinds.clone(),
        };
        of.audit(actor, event, now, &self.entropy).await?;
        tx.commit().await?;
        Ok((webhook, secret))
    }

    /// The webhook of that id, whosever it is.
    pub async fn find_webhook(&self, id: WebhookId) -> Result<(Account, Webhook)> {
        let mut tx = self.store.read().await?;
        for account in tx.accounts().await? {
            if let Some(webhook) = tx.of(account.id).webhook(id).await? {
                return Ok((account, webhook));
            }
        }
        bail!("there is no webhook {id}; `vestibule webhook list` shows all")
    }

    /// Gives a webhook another secret; for a day the one before signs too.
    pub async fn rotate_webhook(
        &self,
        account: AccountId,
        id: WebhookId,
        actor: impl Into<Actor>,
    ) -> Result<Secret> {
        let actor = &actor.into();
        let (now, secret) = (self.clock.now(), Secret::new(&self.entropy));
        let sealed = self.seal_secret(account, id, &secret)?;
        let mut tx = self.store.write().await?;
        let mut of = tx.of(account);
        of.alone().await?;
        of.rotate_webhook(id, &sealed, now.plus(BOTH)).await?;
        let event = Event::WebhookRotated {
            webhook: id.to_string(),
        };
        of.audit(actor, event, now, &self.entropy).await?;
        tx.commit().await?;
        Ok(secret)
    }

    /// Switches a webhook on, from where it stopped but at most for as long as messages are kept, or off.
    pub async fn switch_webhook(
        &self,
        account: AccountId,
        id: WebhookId,
        state: State,
        actor: impl Into<Actor>,
    ) -> Result<bool> {
        let actor = &actor.into();
        let now = self.clock.now();
        let mut tx = self.store.write().await?;
        let mut of = tx.of(account);
        of.alone().await?;
        if !of.switch_webhook(id, state).await? {
            return Ok(false);
        }
        let event = match state {
            State::Enabled => {
                skip(&mut of, id, now.minus(KEPT)).await?;
                Event::WebhookEnabled {
                    webhook: id.to_string(),
                }
            }
            State::Disabled => Event::WebhookDisabled {
                webhook: id.to_string(),
                why: "somebody switched it off".into(),
            },
        };
        of.audit(actor, event, now, &self.entropy).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Removes a webhook with its messages.
    pub async fn delete_webhook(
        &self,
        account: AccountId,
        id: WebhookId,
        actor: impl Into<Actor>,
    ) -> Result<()> {
        let actor = &actor.into();
        let mut tx = self.store.write().await?;
        let mut of = tx.of(account);
        of.alone().await?;
        if of.delete_webhook(id).await? {
            let event = Event::WebhookDeleted {
                webhook: id.to_string(),
            };
            of.audit(actor, event, self.clock.now(), &self.entropy)
                .await?;
        }
        tx.commit().await?;
        Ok(())
    }

    /// Has one message sent again, or all that have failed; says how many those are.
    pub async fn replay(
        &self,
        account: AccountId,
        id: WebhookId,
        message: Option<MessageId>,
        actor: impl Into<Actor>,
    ) -> Result<u64> {
        let actor = &actor.into();
        let now = self.clock.now();
        let mut tx = self.store.write().await?;
        let mut of = tx.of(account);
        of.alone().await?;
        let messages = of.replay(id, message, now).await?;
        if messages > 0 {
            let event = Event::WebhookReplayed {
                webhook: id.to_string(),
                messages,
            };
            of.audit(actor, event, now, &self.entropy).await?;
        }
        tx.commit().await?;
        Ok(messages)
    }

    /// Sends a webhook a message that says nothing, and gives the status of the answer.
    pub async fn try_webhook(&self, account: &Account, webhook: &Webhook) -> Result<u16> {
        let now = self.clock.now();
        let mut data = Map::new();
        data.insert("account".into(), Value::from(account.id.to_string()));
        let message = Message {
            id: MessageId::new(now, &self.entropy),
            kind: webhook::TEST.to_owned(),
            body: webhook::body(webhook::TEST, now, &data),
            created_at: now,
            state: Delivery::Waiting,
            attempts: 0,
            due_at: now,
            last_at: None,
            last_status: None,
        };
        let (status, _) = self.send(account.id, webhook, &message, now).await?;
        Ok(status.as_u16())
    }

    pub(super) fn outbound(&self) -> Outbound {
        Outbound::new(&self.config, self.names.clone())
    }

    fn seal_secret(&self, account: AccountId, id: WebhookId, secret: &Secret) -> Result<String> {
        let (account, id) = (account.to_string(), id.to_string());
        let place = place(&account, &id);
        let sealed = self.ring.seal(secret.as_bytes(), place, &self.entropy)?;
        Ok(hex(&sealed))
    }

    /// The secrets that sign for a webhook now, the newer one first.
    pub(super) async fn secrets(
        &self,
        account: AccountId,
        id: WebhookId,
        now: Timestamp,
    ) -> Result<Vec<Secret>> {
        let mut tx = self.store.read().await?;
        let secrets = tx.of(account).webhook_secrets(id).await?;
        drop(tx);
        let Secrets { current, former } = secrets.context("the webhook is gone")?;
        let former = former.filter(|(_, until)| now < *until);
        let (account, id) = (account.to_string(), id.to_string());
        let all = std::iter::once(current).chain(former.map(|(former, _)| former));
        all.map(|sealed| {
            let opened = self
                .ring
                .open(&proof_bytes(&sealed), place(&account, &id))?;
            Ok(Secret::from_bytes(opened))
        })
        .collect()
    }
}

fn place<'p>(account: &'p str, id: &'p str) -> Place<'p> {
    Place {
        purpose: "webhooks.secret",
        account,
        at: id,
    }
}

/// Leaves out what happened before an instant.
async fn skip(of: &mut Of<'_>, id: WebhookId, before: Timestamp) -> Result<()> {
    let end = of.chain_before(before).await?;
    let through = of.told_through(id).await?;
    if let (Some(end), Some(through)) = (end, through)
        && end.number > through
    {
        of.tell_through(id, through, end.number).await?;
    }
    Ok(())
}
