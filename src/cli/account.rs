//! `vestibule account …`

use std::cmp::Ordering;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use clap::Subcommand;
use serde_json::json;

use super::out::{Out, plain, table};
use super::{actor, existing, handback, metadata, open, promotion, proposal, setup, trust};
use crate::account::{Change, Revision, State, diff, warnings};
use crate::app::{self, App, Applied, Consent, Outcome, Refused};
use crate::config::{self, Config};
use crate::saml::metadata::Descriptor;
use crate::store::Store;

#[derive(Subcommand)]
pub(super) enum Command {
    /// Create the account of a file, or add and activate a revision of it; the same file twice changes nothing
    Apply {
        /// The account's configuration
        file: PathBuf,
        /// Change a live account at once, without a promotion; the reason stands in the audit
        #[arg(long, value_name = "REASON")]
        break_glass: Option<String>,
        /// People will be known by another subject, and come back as somebody new
        #[arg(long)]
        confirm_subject_change: bool,
    },
    /// Every account
    List,
    /// One account: its state, addresses, identity provider and configuration
    Show {
        /// The account's name, such as acme-demo
        account: String,
    },
    /// The revisions of an account, newest first
    Revisions {
        /// The account's name
        account: String,
    },
    /// What differs between two revisions
    Diff {
        /// The account's name
        account: String,
        /// The revision before
        before: i64,
        /// The revision after
        after: i64,
    },
    /// Refuse every sign-in to the account, and end every session
    Disable {
        /// The account's name
        account: String,
    },
    /// Let the account's people in again
    Enable {
        /// The account's name
        account: String,
    },
    /// Erase a disabled account for good, with its people and its keys; its audit stays, and nobody gets its name again
    Delete {
        /// The account's name
        account: String,
        /// The account's name once more, since this cannot be undone
        #[arg(long, value_name = "ACCOUNT")]
        confirm: Option<String>,
    },
    #[command(flatten)]
    Trust(trust::Command),
    /// Write what the client needs for its ADFS: our metadata, claim rules, scripts and steps
    Handback(handback::Handback),
    /// Make a link by which the client's ADFS administrator sets their side up without an account; the one before it ends
    SetupLink(setup::SetupLink),
    #[command(flatten)]
    Promotion(promotion::Command),
}

pub(super) async fn run(command: Command, config: Config, out: Out) -> Result<ExitCode> {
    match command {
        Command::Apply {
            file,
            break_glass,
            confirm_subject_change,
        } => {
            let consent = Consent {
                break_glass,
                new_subject: confirm_subject_change,
                ..Consent::default()
            };
            apply(&file, &consent, config, out).await
        }
        Command::List => list(&existing(config).await?, out).await,
        Command::Show { account } => show(&existing(config).await?, &account, out).await,
        Command::Revisions { account } => revisions(&existing(config).await?, &account, out).await,
        Command::Diff {
            account,
            before,
            after,
        } => difference(&existing(config).await?, &account, before, after, out).await,
        Command::Disable { account } => {
            set(&existing(config).await?, &account, State::Disabled, out).await
        }
        Command::Enable { account } => {
            set(&existing(config).await?, &account, State::Enabled, out).await
        }
        Command::Delete { account, confirm } => {
            delete(&existing(config).await?, &account, confirm.as_deref(), out).await
        }
        Command::Handback(asked) => handback::run(asked, &existing(config).await?, out).await,
        Command::SetupLink(asked) => setup::run(asked, &existing(config).await?, out).await,
        Command::Promotion(command) => promotion::run(command, &existing(config).await?, out).await,
        Command::Trust(command) => trust::run(command, &existing(config).await?, out).await,
    }
}

/// The file is read and judged before anything is opened, so that a mistake in it leaves nothing behind.
async fn apply(file: &Path, consent: &Consent, config: Config, out: Out) -> Result<ExitCode> {
    let mut read = config::read_account(file)?;
    app::vet(&read, &config)?;
    if !Store::is_made(&config.database.url).await? {
        read = trust::fetched(read, &config).await?;
        app::vet(&read, &config)?;
    }
    let app = open(config).await?;
    let read = trust::with_metadata(read, &app).await?;
    let outcome = app.apply(&read, &actor(), consent).await?;
    applied(
        &outcome,
        &warnings(&read.document, app.clock.now()),
        &app,
        out,
    )
}

pub(super) fn applied(
    outcome: &Outcome,
    warnings: &[String],
    app: &App,
    out: Out,
) -> Result<ExitCode> {
    let (slug, revision) = (&outcome.account.slug, outcome.revision);
    let (code, what) = match outcome.applied {
        Applied::Created => (
            "created",
            format!("{slug} is made, and revision {revision} is in force"),
        ),
        Applied::Activated => (
            "activated",
            format!("revision {revision} of {slug} is in force"),
        ),
        Applied::Unchanged => (
            "unchanged",
            format!("{slug} is as the file says already (revision {revision})"),
        ),
        Applied::Draft => (
            "draft",
            match &outcome.proposal {
                Some(waits) => format!(
                    "{}. Where that cannot wait, run this again with --break-glass REASON",
                    proposal::sentence(&outcome.account, waits)
                ),
                None => format!(
                    "refused: {slug} is a live account, so revision {revision} is kept as a draft and is not in force. Promote it from the demo account once it was tested there, or run this again with --break-glass REASON"
                ),
            },
        ),
    };
    let value = json!({ "result": code, "account": outcome.account, "revision": revision, "changes": outcome.changes, "proposal": outcome.proposal, "identity_provider": outcome.idp, "warnings": warnings });
    out.say(&value, || {
        let mut lines = vec![what];
        lines.extend(changes(&outcome.changes));
        lines.extend(warnings.iter().map(|warning| format!("  ! {}", plain(warning))));
        if let Some(idp) = &outcome.idp {
            lines.push("It trusts this identity provider; compare the fingerprints with the client by telephone:".into());
            lines.extend(metadata::describe(idp, app.clock.now()));
        } else if !matches!(outcome.applied, Applied::Unchanged) {
            lines.push("It has no identity provider yet: nobody can sign in until `saml.idp_metadata` names the client's metadata.".into());
        }
        lines
    })?;
    Ok(if matches!(outcome.applied, Applied::Draft) {
        ExitCode::from(3)
    } else {
        ExitCode::SUCCESS
    })
}

pub(super) fn changes(all: &[Change]) -> Vec<String> {
    let line = |change: &Change| match (&change.before, &change.after) {
        (None, Some(after)) => format!("  + {} = {}", change.key, plain(after)),
        (Some(before), None) => format!("  - {} = {}", change.key, plain(before)),
        (before, after) => format!(
            "  ~ {}: {} -> {}",
            change.key,
            plain(before.as_deref().unwrap_or("")),
            plain(after.as_deref().unwrap_or(""))
        ),
    };
    all.iter().map(line).collect()
}

async fn list(app: &App, out: Out) -> Result<ExitCode> {
    let mut all = Vec::new();
    for account in app.store.read().await?.accounts().await? {
        let document = app
            .document(account.id)
            .await?
            .context("an account without a revision")?;
        all.push((account, document));
    }
    let value: Vec<_> = all.iter().map(|(account, document)| json!({ "account": account, "client": document.client, "stage": document.stage })).collect();
    out.say(&value, || {
        if all.is_empty() {
            return vec![
                "There is no account yet. `vestibule account apply FILE.toml` makes one.".into(),
            ];
        }
        let head = ["ACCOUNT", "CLIENT", "STAGE", "STATE", "REVISION", "MADE"]
            .map(String::from)
            .to_vec();
        let rows = all.iter().map(|(account, document)| {
            vec![
                account.slug.to_string(),
                plain(&document.client),
                document.stage.as_str().into(),
                account.state.as_str().into(),
                account.active.to_string(),
                account.created_at.for_people(),
            ]
        });
        table(&std::iter::once(head).chain(rows).collect::<Vec<_>>())
    })
}

async fn show(app: &App, slug: &str, out: Out) -> Result<ExitCode> {
    let account = app.find_account(slug).await?;
    let revision = app
        .store
        .read()
        .await?
        .of(account.id)
        .revision(account.active)
        .await?
        .context("an account without a revision")?;
    let people = app.store.read().await?.of(account.id).count_users().await?;
    let base = format!("{}/saml/{slug}", app.config.server.public_url);
    let idp = revision
        .metadata
        .as_deref()
        .map(|text| Descriptor::read(text.as_bytes()))
        .transpose()?;
    let distrusted = app.store.read().await?.of(account.id).distrusted().await?;
    let idp = idp.map(|idp| idp.without(&distrusted));
    let source = app.store.read().await?.of(account.id).source().await?;
    let value = json!({ "metadata_source": source, "account": account, "configuration": revision.document, "identity_provider": idp, "users": people,
        "sign_in_url": format!("{base}/login"), "metadata_url": format!("{base}/metadata"), "acs_url": format!("{base}/acs") });
    out.say(&value, || {
        let pair = |name: &str, text: String| vec![name.to_owned(), text];
        let mut lines = table(&[
            pair("Account", format!("{} ({})", account.slug, account.id)),
            pair("Client", plain(&revision.document.client)),
            pair(
                "Stage",
                format!(
                    "{}, {}",
                    revision.document.stage.as_str(),
                    account.state.as_str()
                ),
            ),
            pair(
                "Revision",
                format!(
                    "{} of {}, by {}",
                    revision.number,
                    revision.created_at.for_people(),
                    plain(&revision.author)
                ),
            ),
            pair("People", people.to_string()),
            pair("Entity id", account.entity_id.clone()),
            pair("Sign-in", format!("{base}/login")),
            pair("Metadata", format!("{base}/metadata")),
            pair("ACS", format!("{base}/acs")),
        ]);
        match &idp {
            Some(idp) => lines.extend(metadata::describe(idp, app.clock.now())),
            None => lines.push("No identity provider yet.".into()),
        }
        lines.extend(
            source
                .iter()
                .flat_map(|source| trust::freshness(source, slug, app.clock.now())),
        );
        lines.push("Configuration:".into());
        lines.extend(
            toml::to_string_pretty(&revision.document)
                .unwrap_or_default()
                .lines()
                .map(|line| format!("  {}", plain(line))),
        );
        lines
    })
}

async fn revisions(app: &App, slug: &str, out: Out) -> Result<ExitCode> {
    let account = app.find_account(slug).await?;
    let all = app.store.read().await?.of(account.id).revisions().await?;
    let state = |revision: &Revision| match revision.number.cmp(&account.active) {
        Ordering::Equal => "active",
        Ordering::Greater => "draft",
        Ordering::Less => "",
    };
    let value: Vec<_> = all.iter().map(|revision| json!({ "revision": revision.number, "state": state(revision), "author": revision.author, "created_at": revision.created_at.to_string() })).collect();
    out.say(&value, || {
        let head = ["REVISION", "STATE", "MADE", "BY"]
            .map(String::from)
            .to_vec();
        let rows = all.iter().map(|revision| {
            vec![
                revision.number.to_string(),
                state(revision).into(),
                revision.created_at.for_people(),
                plain(&revision.author),
            ]
        });
        table(&std::iter::once(head).chain(rows).collect::<Vec<_>>())
    })
}

async fn difference(app: &App, slug: &str, before: i64, after: i64, out: Out) -> Result<ExitCode> {
    let account = app.find_account(slug).await?;
    let mut tx = app.store.read().await?;
    let mut of = tx.of(account.id);
    let missing = |number| {
        format!("{slug} has no revision {number}; `vestibule account revisions {slug}` lists them")
    };
    let before = of
        .revision(before)
        .await?
        .with_context(|| missing(before))?;
    let after = of.revision(after).await?.with_context(|| missing(after))?;
    let all = diff(&before, &after);
    out.say(&all, || {
        if all.is_empty() {
            vec!["They are the same.".into()]
        } else {
            changes(&all)
        }
    })
}

async fn set(app: &App, slug: &str, state: State, out: Out) -> Result<ExitCode> {
    let changed = app.set_account_state(slug, state, &actor()).await?;
    out.say(
        &json!({ "account": slug, "state": state, "changed": changed }),
        || {
            vec![match (state, changed) {
                (State::Disabled, true) => {
                    format!("{slug} is disabled: nobody can sign in, and every session has ended")
                }
                (State::Enabled, true) => format!("{slug} is enabled: its people can sign in"),
                (_, false) => format!("{slug} is {} already", state.as_str()),
            }]
        },
    )
}

async fn delete(app: &App, slug: &str, confirm: Option<&str>, out: Out) -> Result<ExitCode> {
    if confirm != Some(slug) {
        let account = app.find_account(slug).await?;
        let mut tx = app.store.read().await?;
        let people = tx.of(account.id).count_users().await?;
        bail!(Refused(format!(
            "deleting {slug} erases its {people} people, their roles and sign-ins, its keys, credentials and webhooks, and cannot be undone; its audit stays. Run it again with --confirm {slug}"
        )));
    }
    app.delete_account(slug, actor()).await?;
    out.say(&json!({ "account": slug, "deleted": true }), || {
        vec![format!(
            "{slug} is deleted: its people and its keys are gone, and no other account gets its name. Its audit stays: vestibule audit list {slug}"
        )]
    })
}
