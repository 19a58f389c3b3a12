//! `vestibule account …`: whom an account trusts.

use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Subcommand;
use serde_json::json;

use super::out::{Out, plain};
use super::{actor, metadata, out, proposal};
use crate::account::Source;
use crate::app::{App, Pending, Refreshed, Refused, Seen, Wished};
use crate::config::{AccountFile, Config};
use crate::saml::keys::Certificate;
use crate::saml::metadata::Descriptor;
use crate::saml::trust::Difference;
use crate::time::Timestamp;

#[derive(Subcommand)]
pub(super) enum Command {
    /// Show a held change of the identity provider, and trust it once every new fingerprint was compared
    ApproveMetadata {
        /// The account's name
        account: String,
        /// The name of the change that was shown
        #[arg(long)]
        change: Option<String>,
        /// A new certificate's fingerprint, as the client read it out; one for each
        #[arg(long, value_name = "SHA-256")]
        fingerprint: Vec<String>,
        /// Change a live account by the word of one person; the reason stands in the audit
        #[arg(long, value_name = "REASON")]
        break_glass: Option<String>,
        /// Drop the change instead; the same one is not held again
        #[arg(long, conflicts_with_all = ["change", "fingerprint", "break_glass"])]
        refuse: bool,
    },
    /// Ask the address of the identity provider's metadata now
    RefreshMetadata {
        /// The account's name
        account: String,
    },
    /// Never trust a key of the identity provider again, and end every session of the account
    Distrust {
        /// The account's name
        account: String,
        /// The fingerprint of its certificate
        fingerprint: String,
        /// Why, for the audit
        #[arg(long)]
        reason: String,
        /// Also where no key is left and nobody can sign in
        #[arg(long)]
        force: bool,
    },
}

pub(super) async fn run(command: Command, app: &App, out: Out) -> Result<ExitCode> {
    match command {
        Command::ApproveMetadata {
            account,
            refuse: true,
            ..
        } => {
            let change = app.refuse_metadata(&account, None, &actor()).await?;
            out.say(
                &json!({ "account": account, "result": "refused", "change": change }),
                || vec![format!("the change {change} of {account} is dropped")],
            )
        }
        Command::ApproveMetadata {
            account,
            change,
            fingerprint,
            break_glass,
            refuse: false,
        } => {
            let pending = app.held(&account).await?;
            let seen = Seen {
                change: change.unwrap_or_default(),
                fingerprints: fingerprint,
                break_glass,
            };
            approve(app, &account, &pending, &seen, out).await
        }
        Command::RefreshMetadata { account } => refresh(app, &account, out).await,
        Command::Distrust {
            account,
            fingerprint,
            reason,
            force,
        } => {
            let gone = app
                .distrust(&account, &fingerprint, &reason, force, &actor())
                .await?;
            let value = json!({ "account": account, "fingerprint": gone.fingerprint, "sessions_ended": gone.sessions_ended, "keys_left": gone.left });
            out.say(&value, || {
                vec![format!(
                    "{account} never trusts {} again; {} sessions ended, {} keys are left",
                    gone.fingerprint, gone.sessions_ended, gone.left
                )]
            })
        }
    }
}

async fn approve(
    app: &App,
    account: &str,
    pending: &Pending,
    seen: &Seen,
    out: Out,
) -> Result<ExitCode> {
    let now = app.clock.now();
    match app.approve_metadata(account, seen, &actor()).await {
        Ok(Wished::Waits(proposal)) => proposal::waits(&pending.account, &proposal, out),
        Ok(Wished::Done(revision)) => out.say(
            &json!({ "account": account, "result": "approved", "revision": revision, "difference": pending.difference }),
            || {
                let mut lines = vec![format!("revision {revision} of {account} is in force")];
                lines.extend(held(pending, now));
                lines
            },
        ),
        Err(refused) if refused.downcast_ref::<Refused>().is_some() => {
            let value = json!({ "account": account, "result": "held", "change": pending.held.change, "difference": pending.difference });
            out.say(&value, || {
                let mut lines = vec![format!(
                    "The change {} of {account} is held since {}:",
                    pending.held.change,
                    pending.held.at.for_people()
                )];
                lines.extend(held(pending, now));
                lines
            })?;
            // For programs there is one answer, and it was just given.
            if out.json {
                return Ok(ExitCode::from(3));
            }
            Err(refused)
        }
        Err(failed) => Err(failed),
    }
}

/// What is held, and whether somebody trusted vouches for it.
pub(super) fn held(pending: &Pending, now: Timestamp) -> Vec<String> {
    let mut lines = difference(&pending.difference, pending.trusted.as_ref(), now);
    lines.push(match &pending.difference.signed_by {
        Some(print) => format!("  The document is signed by {print}, which is trusted."),
        None => "  No trusted key has signed the document.".into(),
    });
    lines
}

/// What differs in whom an account trusts, with what stays.
pub(super) fn difference(
    difference: &Difference,
    trusted: Option<&Descriptor>,
    now: Timestamp,
) -> Vec<String> {
    let mut lines: Vec<String> = difference
        .reasons
        .iter()
        .map(|reason| format!("  ! {}", reason.sentence()))
        .collect();
    for moved in &difference.moved {
        let text = |value: &Option<String>| value.as_deref().map_or("nothing".into(), plain);
        lines.push(format!(
            "  ~ {}: {} -> {}",
            moved.what,
            text(&moved.before),
            text(&moved.after)
        ));
    }
    let gone = |one: &Certificate| {
        difference
            .removed
            .iter()
            .any(|gone| gone.fingerprint == one.fingerprint)
    };
    let kept = trusted.into_iter().flat_map(|idp| &idp.signing);
    let kept = kept.map(|key| &key.certificate).filter(|one| !gone(one));
    let marked = kept
        .map(|one| (' ', one))
        .chain(difference.removed.iter().map(|one| ('-', one)))
        .chain(difference.added.iter().map(|one| ('+', one)));
    for (mark, certificate) in marked {
        lines.push(format!(
            "  {mark} {} ({}), {} days left",
            plain(&certificate.subject),
            certificate.key,
            certificate.days_left(now)
        ));
        lines.push(format!("      SHA-256 {}", certificate.fingerprint));
    }
    lines
}

async fn refresh(app: &App, account: &str, out: Out) -> Result<ExitCode> {
    let refreshed = app.refresh(account).await?;
    let (code, sentence, exit) = match &refreshed {
        Refreshed::Unchanged => ("unchanged", "nothing that matters is new".to_owned(), 0),
        Refreshed::Accepted(revision) => (
            "accepted",
            format!(
                "revision {revision} is in force: the keys changed in a document that a trusted key has signed"
            ),
            0,
        ),
        Refreshed::Held(change) => (
            "held",
            format!(
                "the change {change} is held; look at it with: vestibule account approve-metadata {account}"
            ),
            3,
        ),
        Refreshed::Failed(problem) => (
            "failed",
            format!("{}; what was trusted before stays", plain(problem)),
            1,
        ),
        Refreshed::Dropped => (
            "dropped",
            "the account is disabled, or was changed at this moment".to_owned(),
            1,
        ),
    };
    out.say(
        &json!({ "account": account, "result": code, "detail": sentence }),
        || vec![format!("{account}: {sentence}")],
    )?;
    Ok(ExitCode::from(exit))
}

/// The file with the metadata of its address. What an address is trusted for already is not fetched by an `apply`:
/// its changes come by refreshing, where a new key has to be vouched for.
pub(super) async fn with_metadata(mut file: AccountFile, app: &App) -> Result<AccountFile> {
    let slug = file.document.account.as_str();
    let mut tx = app.store.read().await?;
    if let (Some(url), Some(account)) = (address(&file), tx.account(slug).await?) {
        let active = tx.of(account.id).revision(account.active).await?;
        let active = active.context("the account has no active revision")?;
        let trusted = active.document.saml.and_then(|saml| saml.idp_metadata_url);
        if let (Some(metadata), true) = (active.metadata, trusted.as_ref() == Some(&url)) {
            file.metadata = Some(metadata.into_bytes());
            return Ok(file);
        }
    }
    drop(tx);
    fetched(file, &app.config).await
}

/// The file with the metadata of its address, which is asked unless that was done already.
pub(super) async fn fetched(mut file: AccountFile, config: &Config) -> Result<AccountFile> {
    if let (Some(url), None) = (address(&file), &file.metadata) {
        out::note(&format!("fetching {url}"));
        let fetched = metadata::fetch(&url, config).await;
        file.metadata = Some(fetched.context("`saml.idp_metadata_url`")?);
    }
    Ok(file)
}

fn address(file: &AccountFile) -> Option<String> {
    file.document.saml.as_ref()?.idp_metadata_url.clone()
}

/// How fresh the copy is, in lines.
pub(super) fn freshness(source: &Source, account: &str, now: Timestamp) -> Vec<String> {
    let when = |at: Option<Timestamp>| at.map_or("never".to_owned(), Timestamp::for_people);
    let age = source.good_at.map_or(String::new(), |good| {
        format!(" ({} hours ago)", now.since(good).as_seconds() / 3_600)
    });
    let mut lines = vec![
        format!("  Address     {}", plain(&source.url)),
        format!("  Confirmed   {}{age}", when(source.good_at)),
        format!("  Asked next  {}", source.next_at.for_people()),
    ];
    if let Some(until) = source.valid_until {
        lines.push(format!("  Valid until {}", until.for_people()));
    }
    lines.extend(
        warnings(source, account, now)
            .iter()
            .map(|line| format!("  ! {line}")),
    );
    lines
}

/// What somebody should do about an address.
pub(super) fn warnings(source: &Source, account: &str, now: Timestamp) -> Vec<String> {
    let mut all = Vec::new();
    if let Some(problem) = &source.problem {
        all.push(format!(
            "Asking its address failed {} times: {}",
            source.failures,
            plain(problem)
        ));
    }
    if source.is_old(now) {
        all.push("Nothing good has come from its address for days.".into());
    }
    if let Some(held) = &source.held {
        all.push(format!("The change {} is held since {}; look at it with: vestibule account approve-metadata {account}", held.change, held.at.for_people()));
    }
    all
}
