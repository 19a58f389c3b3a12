//! `vestibule webhook …`

use std::process::ExitCode;

use anyhow::{Result, bail};
use clap::Subcommand;
use serde_json::json;

use super::actor;
use super::out::{Out, plain, table};
use crate::app::{App, Refused};
use crate::id::{MessageId, WebhookId};
use crate::time::Timestamp;
use crate::webhook::{Delivery, Message, Secret, State, Webhook};

/// So many messages are shown.
const SHOWN: i64 = 200;

#[derive(Subcommand)]
pub(super) enum Command {
    /// Tell an address of what happens in an account; its secret is shown once, as the last line
    Create {
        /// The account's name
        #[arg(long)]
        account: String,
        /// Where it is told, by https
        #[arg(long)]
        url: String,
        /// Of what, such as user.suspended, user.* or *; may be repeated
        #[arg(long = "type", value_name = "TYPE", required = true)]
        kinds: Vec<String>,
        /// What people call it
        #[arg(long, default_value = "webhook")]
        name: String,
    },
    /// The webhooks of an account, or of all
    List {
        /// The account's name
        #[arg(long)]
        account: Option<String>,
    },
    /// What a webhook was told lately, newest first
    Messages {
        /// The webhook's id (whk_…)
        webhook: WebhookId,
        /// Only what failed
        #[arg(long)]
        failed: bool,
    },
    /// Send a message again, or all that have failed
    Replay {
        /// The webhook's id (whk_…)
        webhook: WebhookId,
        /// The message's id (msg_…); without it all that have failed
        message: Option<MessageId>,
    },
    /// Send a message that says nothing, and tell how it went
    Test {
        /// The webhook's id (whk_…)
        webhook: WebhookId,
    },
    /// Make another secret, shown once as the last line; for a day both sign
    Rotate {
        /// The webhook's id (whk_…)
        webhook: WebhookId,
    },
    /// Tell it nothing until it is enabled again
    Disable {
        /// The webhook's id (whk_…)
        webhook: WebhookId,
    },
    /// Tell it again, from where it stopped, but of nothing older than thirty days
    Enable {
        /// The webhook's id (whk_…)
        webhook: WebhookId,
    },
    /// Remove a webhook with its messages
    Delete {
        /// The webhook's id (whk_…)
        webhook: WebhookId,
    },
}

pub(super) async fn run(command: Command, app: &App, out: Out) -> Result<ExitCode> {
    match command {
        Command::Create {
            account,
            url,
            kinds,
            name,
        } => {
            let account = app.find_account(&account).await?;
            let actor = actor();
            let made = app.create_webhook(&account, &name, &url, kinds, &actor);
            let (webhook, secret) = made.await?;
            let said = format!("{} is told of {}", webhook.url, webhook.kinds.join(", "));
            secret_of(&webhook, &secret, &said, out)
        }
        Command::List { account } => list(account.as_deref(), app, out).await,
        Command::Messages { webhook, failed } => {
            let (account, webhook) = app.find_webhook(webhook).await?;
            let state = failed.then_some(Delivery::Failed);
            let mut tx = app.store.read().await?;
            let mut of = tx.of(account.id);
            let all = of.messages(webhook.id, state, None, SHOWN).await?;
            out.say(&all, || messages(&all))
        }
        Command::Replay { webhook, message } => {
            let (account, webhook) = app.find_webhook(webhook).await?;
            let count = app
                .replay(account.id, webhook.id, message, &actor())
                .await?;
            if let (Some(message), 0) = (message, count) {
                bail!("{} has no message {message}", webhook.id);
            }
            out.say(&json!({ "webhook": webhook.id, "messages": count }), || {
                vec![format!(
                    "{count} messages are sent again by the running server"
                )]
            })
        }
        Command::Test { webhook } => {
            let (account, webhook) = app.find_webhook(webhook).await?;
            let status = app.try_webhook(&account, &webhook).await?;
            if !(200..300).contains(&status) {
                bail!(
                    "{} answered {status}; it has to answer with 2xx",
                    webhook.url
                );
            }
            out.say(&json!({ "webhook": webhook.id, "status": status }), || {
                vec![format!("{} answered {status}", plain(&webhook.url))]
            })
        }
        Command::Rotate { webhook } => {
            let (account, webhook) = app.find_webhook(webhook).await?;
            let secret = app.rotate_webhook(account.id, webhook.id, &actor()).await?;
            secret_of(&webhook, &secret, "both secrets sign for a day", out)
        }
        Command::Disable { webhook } => switch(webhook, State::Disabled, app, out).await,
        Command::Enable { webhook } => switch(webhook, State::Enabled, app, out).await,
        Command::Delete { webhook } => {
            let (account, webhook) = app.find_webhook(webhook).await?;
            app.delete_webhook(account.id, webhook.id, &actor()).await?;
            out.say(&json!({ "webhook": webhook.id, "deleted": true }), || {
                vec![format!("{} is told nothing more", plain(&webhook.url))]
            })
        }
    }
}

fn secret_of(webhook: &Webhook, secret: &Secret, said: &str, out: Out) -> Result<ExitCode> {
    let secret = secret.reveal();
    out.say(&json!({ "webhook": webhook, "secret": secret }), || {
        vec![
            format!("{}: {}", webhook.id, plain(said)),
            "Its secret is shown this once:".into(),
            secret.clone(),
        ]
    })
}

async fn switch(id: WebhookId, state: State, app: &App, out: Out) -> Result<ExitCode> {
    let (account, webhook) = app.find_webhook(id).await?;
    let changed = app.switch_webhook(account.id, id, state, &actor()).await?;
    if !changed {
        return Err(Refused(format!("{id} is {} already", state.as_str())).into());
    }
    out.say(&json!({ "webhook": id, "state": state }), || {
        vec![format!("{} is {}", plain(&webhook.name), state.as_str())]
    })
}

async fn list(account: Option<&str>, app: &App, out: Out) -> Result<ExitCode> {
    let accounts = match account {
        Some(name) => vec![app.find_account(name).await?],
        None => app.store.read().await?.accounts().await?,
    };
    let mut all = Vec::new();
    let mut tx = app.store.read().await?;
    for account in &accounts {
        for webhook in tx.of(account.id).webhooks().await? {
            all.push((account.slug.to_string(), webhook));
        }
    }
    let value: Vec<_> = all
        .iter()
        .map(|(account, webhook)| json!({ "account": account, "webhook": webhook }))
        .collect();
    out.say(&value, || {
        if all.is_empty() {
            return vec!["Nobody is told; `vestibule webhook create` changes that.".into()];
        }
        let head = ["ID", "ACCOUNT", "NAME", "STATE", "URL", "TYPES", "LAST TRY"]
            .map(String::from)
            .to_vec();
        let rows = all.iter().map(|(account, webhook)| {
            vec![
                webhook.id.to_string(),
                account.clone(),
                plain(&webhook.name),
                webhook.state.as_str().into(),
                plain(&webhook.url),
                plain(&webhook.kinds.join(" ")),
                last(webhook),
            ]
        });
        table(&std::iter::once(head).chain(rows).collect::<Vec<_>>())
    })
}

fn last(webhook: &Webhook) -> String {
    let Some(at) = webhook.last_at else {
        return "never".into();
    };
    let failing = webhook.failing_since.map_or_else(String::new, |since| {
        format!(", failing since {}", since.for_people())
    });
    format!(
        "{}: {}{failing}",
        at.for_people(),
        status(webhook.last_status)
    )
}

fn status(status: Option<i64>) -> String {
    status.map_or_else(|| "no answer".into(), |status| status.to_string())
}

fn messages(all: &[Message]) -> Vec<String> {
    if all.is_empty() {
        return vec!["There are no messages.".into()];
    }
    let head = ["ID", "TYPE", "STATE", "MADE", "TRIES", "LAST TRY"]
        .map(String::from)
        .to_vec();
    let rows = all.iter().map(|message| {
        let last = message
            .last_at
            .map(|at: Timestamp| format!("{}: {}", at.for_people(), status(message.last_status)));
        vec![
            message.id.to_string(),
            message.kind.clone(),
            message.state.as_str().into(),
            message.created_at.for_people(),
            message.attempts.to_string(),
            last.unwrap_or_else(|| "never".into()),
        ]
    });
    table(&std::iter::once(head).chain(rows).collect::<Vec<_>>())
}
