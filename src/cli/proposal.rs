//! `vestibule proposal …`

use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Subcommand;
use serde_json::json;

use super::account::changes;
use super::actor;
use super::out::{Out, plain, table};
use super::trust::{difference, held};
use crate::account::Account;
use crate::app::{App, Effect, Examined};
use crate::id::ProposalId;
use crate::proposal::{Proposal, State};

/// So many are shown.
const SHOWN: i64 = 200;

#[derive(Subcommand)]
pub(super) enum Command {
    /// What waits for a second person, newest first
    List {
        /// The account's name
        account: String,
        /// What was decided, withdrawn or came too late, too
        #[arg(long)]
        all: bool,
    },
    /// One proposal, and what it would change as things stand now
    Show {
        /// The account's name
        account: String,
        /// The proposal's id (prp_…)
        proposal: ProposalId,
    },
    /// Take a proposal back; approving and refusing are for people at a session of their own
    Withdraw {
        /// The account's name
        account: String,
        /// The proposal's id (prp_…)
        proposal: ProposalId,
    },
}

pub(super) async fn run(command: Command, app: &App, out: Out) -> Result<ExitCode> {
    match command {
        Command::List { account, all } => {
            let account = app.find_account(&account).await?;
            let state = (!all).then_some(State::Open);
            let mut tx = app.store.read().await?;
            let mut proposals = tx
                .of(account.id)
                .proposals(state, false, None, SHOWN)
                .await?;
            drop(tx);
            let now = app.clock.now();
            proposals.retain(|one| all || one.is_open(now));
            out.say(&proposals, || list(&proposals))
        }
        Command::Show { account, proposal } => {
            let account = app.find_account(&account).await?;
            let examined = app.proposal(&account, proposal).await?;
            let examined = examined.with_context(|| {
                format!(
                    "{} has no proposal {proposal}; `vestibule proposal list {}` shows what waits",
                    account.slug, account.slug
                )
            })?;
            out.say(&examined, || lines(&examined, app))
        }
        Command::Withdraw { account, proposal } => {
            let account = app.find_account(&account).await?;
            let withdrawn = app.withdraw(&account, proposal, &actor()).await?;
            out.say(&withdrawn, || {
                vec![format!("{} is taken back", withdrawn.id)]
            })
        }
    }
}

/// Says that nothing has changed yet, and who can change that.
pub(super) fn waits(account: &Account, proposal: &Proposal, out: Out) -> Result<ExitCode> {
    out.say(
        &json!({ "account": account.slug, "result": "waits", "proposal": proposal }),
        || vec![sentence(account, proposal)],
    )?;
    Ok(ExitCode::from(3))
}

/// The same as a sentence.
pub(super) fn sentence(account: &Account, proposal: &Proposal) -> String {
    format!(
        "nothing has changed yet, since this takes two people: {}. {} waits until {} for a second person, who signs in and approves it on /portal/proposals; `vestibule proposal show {} {}` says what it would change",
        proposal.wish.sentence(),
        proposal.id,
        proposal.expires_at.for_people(),
        account.slug,
        proposal.id
    )
}

fn list(proposals: &[Proposal]) -> Vec<String> {
    if proposals.is_empty() {
        return vec!["Nothing waits for a second person.".into()];
    }
    let head = ["ID", "STATE", "WHAT", "BY", "SINCE"]
        .map(String::from)
        .to_vec();
    let rows = proposals.iter().map(|one| {
        vec![
            one.id.to_string(),
            one.state.as_str().into(),
            plain(&one.wish.sentence()),
            plain(&one.author),
            one.created_at.for_people(),
        ]
    });
    table(&std::iter::once(head).chain(rows).collect::<Vec<_>>())
}

fn lines(examined: &Examined, app: &App) -> Vec<String> {
    let proposal = &examined.proposal;
    let pair = |name: &str, text: String| vec![name.to_owned(), text];
    let mut rows = vec![
        pair("Proposal", proposal.id.to_string()),
        pair("State", proposal.state.as_str().into()),
        pair("What", plain(&proposal.wish.sentence())),
        pair("Why", plain(&proposal.reason)),
        pair("By", plain(&proposal.author)),
        pair("Since", proposal.created_at.for_people()),
        pair("Until", proposal.expires_at.for_people()),
    ];
    if let Some(decision) = &proposal.decision {
        rows.push(pair(
            "Decided",
            format!(
                "{} by {} {}",
                decision.at.for_people(),
                plain(&decision.by),
                plain(&decision.comment)
            ),
        ));
    }
    let mut lines = table(&rows);
    let names = |roles: &[String]| match roles {
        [] => "none".to_owned(),
        some => some.join(", "),
    };
    match &examined.effect {
        Some(Effect::Roles { before, after }) => {
            lines.push(format!("  roles: {} -> {}", names(before), names(after)));
        }
        Some(Effect::Configuration {
            changes: all,
            identity_provider,
        }) => {
            lines.extend(changes(all));
            if let Some(differs) = identity_provider {
                lines.extend(difference(differs, None, app.clock.now()));
            }
        }
        Some(Effect::IdentityProvider { pending }) => {
            lines.extend(held(pending, app.clock.now()));
        }
        Some(Effect::Keys { meaning, .. }) => lines.push(format!("  {meaning}")),
        None => {}
    }
    let prints = proposal.wish.fingerprints().iter();
    lines.extend(prints.map(|print| format!("  to be compared with the client: {print}")));
    if let Some(obstacle) = &examined.obstacle {
        lines.push(format!(
            "It cannot happen as things stand now: {}",
            plain(obstacle)
        ));
    }
    lines
}
