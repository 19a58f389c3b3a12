//! `vestibule account promote|rollback`

use std::collections::BTreeMap;
use std::process::ExitCode;

use anyhow::Result;
use clap::Subcommand;
use serde_json::json;

use super::account::{applied, changes};
use super::actor;
use super::out::{Out, plain};
use super::trust::difference;
use crate::account::warnings;
use crate::app::{App, Consented, Effects, Promotion, Shown};
use crate::time::Timestamp;

/// So many people are named.
const NAMED: usize = 50;

#[derive(Subcommand)]
pub(super) enum Command {
    /// Put what was tested at a demo account in force at the client's live account
    Promote {
        /// The demo account's name
        account: String,
        /// The live account's name
        #[arg(long, value_name = "ACCOUNT")]
        to: String,
        /// Show both side by side, what was tried, and whose roles would change; change nothing
        #[arg(long)]
        dry_run: bool,
        /// Why a role (or `stranger`) need not have been seen at the demo account; the reason stands in the audit
        #[arg(long, value_name = "ROLE=REASON", value_parser = waiver)]
        waive: Vec<(Shown, String)>,
        /// People will be known by another subject, and come back as somebody new
        #[arg(long)]
        confirm_subject_change: bool,
    },
    /// Put the mapping, rules and policy of an earlier revision in force again; whom the account trusts stays as it is
    Rollback {
        /// The account's name
        account: String,
        /// The earlier revision
        #[arg(long, value_name = "REVISION")]
        to: i64,
        /// People will be known by another subject, and come back as somebody new
        #[arg(long)]
        confirm_subject_change: bool,
        /// Show what would change, and for whom; change nothing
        #[arg(long)]
        dry_run: bool,
    },
}

fn waiver(text: &str) -> Result<(Shown, String), String> {
    let (name, reason) = text
        .split_once('=')
        .ok_or("say ROLE=REASON, such as auditor=\"nobody audits yet\"")?;
    let of = Shown::parse(name).ok_or_else(|| format!("`{name}` is no role, nor `stranger`"))?;
    if reason.trim().is_empty() {
        return Err("say why it need not be seen".to_owned());
    }
    Ok((of, reason.trim().to_owned()))
}

pub(super) async fn run(command: Command, app: &App, out: Out) -> Result<ExitCode> {
    match command {
        Command::Promote {
            account,
            to,
            dry_run,
            waive,
            confirm_subject_change,
        } => {
            let (from, to) = (
                app.find_account(&account).await?,
                app.find_account(&to).await?,
            );
            if dry_run {
                let promotion = app.promotion(&from, &to).await?;
                let effects = app.what_if(&to, &promotion.candidate).await?;
                let value = json!({ "promotion": promotion, "effects": effects });
                return out.say(&value, || {
                    let mut lines = described(&promotion, app.clock.now());
                    lines.extend(people(&effects));
                    lines
                });
            }
            let consented = Consented {
                seen: None,
                waivers: waive.into_iter().collect::<BTreeMap<_, _>>(),
                new_subject: confirm_subject_change,
            };
            let outcome = app.promote(&from, &to, &consented, actor()).await?;
            let document = app.in_force(&to).await?.document;
            applied(&outcome, &warnings(&document, app.clock.now()), app, out)
        }
        Command::Rollback {
            account,
            to,
            confirm_subject_change,
            dry_run,
        } => {
            let account = app.find_account(&account).await?;
            if dry_run {
                let (document, differs) = app.rollback_of(&account, to).await?;
                let effects = app.what_if(&account, &document).await?;
                let value = json!({ "changes": differs, "effects": effects });
                return out.say(&value, || {
                    let mut lines = vec![format!("Against what is in force at {}:", account.slug)];
                    lines.extend(changes(&differs));
                    lines.extend(people(&effects));
                    lines
                });
            }
            let outcome = app
                .rollback(&account, to, (confirm_subject_change, None), actor())
                .await?;
            let document = app.in_force(&account).await?.document;
            applied(&outcome, &warnings(&document, app.clock.now()), app, out)
        }
    }
}

fn described(promotion: &Promotion, now: Timestamp) -> Vec<String> {
    let mut lines = vec![format!(
        "Revision {} of the demo account, against revision {} of the live one:",
        promotion.revision, promotion.before
    )];
    if promotion.changes.is_empty() {
        lines.push("  nothing differs".into());
    }
    lines.extend(changes(&promotion.changes));
    if !promotion.is_connected {
        lines.push("  ! The live account trusts no identity provider yet; give it the client's metadata as its own step".into());
    }
    if let Some(differs) = &promotion.trust {
        lines.push("Whom the two trust, which a promotion does not touch (- live, + demo):".into());
        lines.extend(difference(differs, None, now));
    }
    lines.push("What was seen at the demo account in the last 14 days:".into());
    lines.extend(promotion.evidence.iter().map(|one| match one.attempt {
        Some((attempt, at)) => format!(
            "  ok       {}: {attempt}, {}",
            one.of.sentence(),
            at.for_people()
        ),
        None => format!(
            "  MISSING  {}; --waive {}=REASON where that need not be",
            one.of.sentence(),
            one.of
        ),
    }));
    lines
}

/// What becomes of people.
fn people(effects: &Effects) -> Vec<String> {
    let mut lines = vec![format!(
        "{} of {} people would hold other roles ({} of them signed in during the last 14 days):",
        effects.changed.len(),
        effects.people,
        effects.seen
    )];
    for (role, count) in &effects.gained {
        lines.push(format!("  {count} gain {role}"));
    }
    for (role, count) in &effects.lost {
        lines.push(format!("  {count} lose {role}"));
    }
    let names = |roles: &[String]| match roles {
        [] => "no role".to_owned(),
        some => some.join(", "),
    };
    lines.extend(effects.changed.iter().take(NAMED).map(|moved| {
        format!(
            "  ~ {}: {} -> {}",
            plain(&moved.name),
            names(&moved.before),
            names(&moved.after)
        )
    }));
    if effects.changed.len() > NAMED {
        lines.push(format!("  … and {} more", effects.changed.len() - NAMED));
    }
    for role in &effects.nobody {
        lines.push(format!("  ! nobody would hold {role}"));
    }
    for (claim, value, count) in effects.unmapped.iter().take(NAMED) {
        lines.push(format!(
            "  ! no rule takes \"{}\" of {} ({count} sign-ins)",
            plain(value),
            plain(claim)
        ));
    }
    lines
}
