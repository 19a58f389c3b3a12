//! `vestibule key …`

use std::collections::BTreeSet;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Args, Subcommand};
use ipnet::IpNet;
use serde_json::json;

use super::actor;
use super::out::{self, Out, plain, table};
use crate::account::Account;
use crate::app::{App, NewCredential};
use crate::gate::{AppSlug, Credential, Kind};
use crate::id::CredentialId;
use crate::time::{Span, Timestamp};

#[derive(Subcommand)]
pub(super) enum Command {
    /// Make a key for a client's server, or for a service that asks for decisions; it is shown once, as the last line
    Create(Create),
    /// The keys of an account, or of all
    List {
        /// The account's name
        #[arg(long)]
        account: Option<String>,
    },
    /// Take a key back; it opens nothing from then on
    Revoke {
        /// The key's id (crd_…)
        key: CredentialId,
    },
}

#[derive(Args)]
pub(super) struct Create {
    /// The account's name
    #[arg(long)]
    account: String,
    /// What people call the key; the next one of a rotation has the same name
    #[arg(long)]
    name: String,
    /// An action that it may ask for, such as profile:create; may be repeated
    #[arg(long = "scope", value_name = "ACTION", conflicts_with = "decides_for")]
    scopes: Vec<String>,
    /// The app about which it asks for decisions and introspects tokens; such a key uses no app itself
    #[arg(long, value_name = "APP", value_parser = app_slug)]
    decides_for: Option<AppSlug>,
    /// An attribute of resources in which it is believed, such as `profile.call_state`; may be repeated
    #[arg(long = "trust", value_name = "ATTRIBUTE", requires = "decides_for")]
    trusts: Vec<String>,
    /// From where it may be used; may be repeated; from everywhere where it is absent
    #[arg(long = "network", value_name = "NETWORK")]
    networks: Vec<IpNet>,
    /// How long it lasts
    #[arg(long, default_value_t = 365, value_parser = clap::value_parser!(i64).range(1..=3650))]
    expires_days: i64,
}

fn app_slug(text: &str) -> Result<AppSlug, String> {
    AppSlug::parse(text).ok_or_else(|| format!("`{text}` is not the name of an app"))
}

pub(super) async fn run(command: Command, app: &App, out: Out) -> Result<ExitCode> {
    match command {
        Command::Create(wish) => create(wish, app, out).await,
        Command::List { account } => {
            let none = "There are no keys; `vestibule key create` makes one.";
            list(
                account,
                |kind| !matches!(kind, Kind::Api { .. }),
                none,
                app,
                out,
            )
            .await
        }
        Command::Revoke { key } => revoke(key, app, out).await,
    }
}

/// The credentials of an account, or of all, that are of some kind.
pub(super) async fn list(
    account: Option<String>,
    is_meant: impl Fn(&Kind) -> bool,
    none: &str,
    app: &App,
    out: Out,
) -> Result<ExitCode> {
    let account = match account {
        Some(name) => Some(app.find_account(&name).await?),
        None => None,
    };
    let mut all = app.credentials(account.as_ref()).await?;
    all.retain(|(_, credential)| is_meant(&credential.kind));
    let now = app.clock.now();
    let values: Vec<_> = all.iter().map(|(a, key)| value(a, key, now)).collect();
    out.say(&values, || {
        if all.is_empty() {
            return vec![none.to_owned()];
        }
        let rows: Vec<_> = all.iter().map(|(a, key)| row(a, key, now)).collect();
        table(&rows)
    })
}

/// Takes a credential back.
pub(super) async fn revoke(key: CredentialId, app: &App, out: Out) -> Result<ExitCode> {
    let (account, credential) = app.find_credential(key).await?;
    let revoked = app.revoke_credential(&credential, &actor()).await?;
    let value = json!({ "account": account.slug, "id": key, "revoked": revoked });
    out.say(&value, || {
        let name = plain(&credential.name);
        vec![if revoked {
            format!("`{name}` of {} opens nothing any more.", account.slug)
        } else {
            format!("`{name}` of {} was taken back before.", account.slug)
        }]
    })
}

async fn create(wish: Create, app: &App, out: Out) -> Result<ExitCode> {
    let account = app.find_account(&wish.account).await?;
    let kind = match wish.decides_for {
        Some(app) => Kind::Decision {
            app,
            trusts: wish.trusts.into_iter().collect(),
        },
        None => Kind::Integration {
            scopes: wish.scopes.into_iter().collect(),
        },
    };
    let wish = NewCredential {
        name: wish.name,
        kind,
        networks: wish.networks,
        lasts: Span::days(wish.expires_days),
    };
    made(&account, wish, app, out).await
}

/// Makes a credential and shows its secret, once.
pub(super) async fn made(
    account: &Account,
    wish: NewCredential,
    app: &App,
    out: Out,
) -> Result<ExitCode> {
    let (credential, secret) = app.create_credential(account, wish, &actor()).await?;
    let mut value = value(account, &credential, app.clock.now());
    if let Some(fields) = value.as_object_mut() {
        fields.insert("secret".to_owned(), json!(secret.reveal()));
    }
    if !out.json {
        out::note("this key is shown once; keep it where secrets are kept:");
    }
    out.say(&value, || {
        vec![
            format!(
                "Made {} `{}` for {}, until {}.",
                credential.id,
                plain(&credential.name),
                account.slug,
                credential.expires_at.for_people()
            ),
            secret.reveal().to_owned(),
        ]
    })
}

fn value(account: &Account, credential: &Credential, now: Timestamp) -> serde_json::Value {
    let mut value = json!(credential);
    if let Some(fields) = value.as_object_mut() {
        fields.insert("account".to_owned(), json!(account.slug));
        fields.insert("state".to_owned(), json!(credential.state(now)));
    }
    value
}

fn row(account: &Account, credential: &Credential, now: Timestamp) -> Vec<String> {
    let list = |names: &BTreeSet<String>| names.iter().cloned().collect::<Vec<_>>().join(" ");
    let purpose = match &credential.kind {
        Kind::Integration { scopes } | Kind::Api { scopes } => list(scopes),
        Kind::Decision { app, trusts } => format!("decides for {app} {}", list(trusts)),
    };
    vec![
        credential.id.to_string(),
        account.slug.to_string(),
        plain(&credential.name),
        format!("{}…", credential.prefix),
        credential.state(now).as_str().to_owned(),
        format!("until {}", credential.expires_at.for_people()),
        credential.last_used.map_or_else(
            || "never used".to_owned(),
            |at| format!("used {}", at.for_people()),
        ),
        purpose,
    ]
}
