//! `vestibule attempt list`

use std::process::ExitCode;

use anyhow::Result;
use clap::Subcommand;
use serde_json::json;

use super::out::{Out, plain, table};
use crate::app::App;
use crate::attempt::{Attempt, Outcome};
use crate::id::AttemptId;

#[derive(Subcommand)]
pub(super) enum Command {
    /// The login attempts of an account, newest first
    List {
        /// The account's name
        account: String,
        /// Only those that were refused
        #[arg(long)]
        refused: bool,
        /// Begin after this one
        #[arg(long, value_name = "ATTEMPT_ID")]
        after: Option<AttemptId>,
        /// At most that many
        #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(i64).range(1..=1000))]
        limit: i64,
    },
}

pub(super) async fn run(command: Command, app: &App, out: Out) -> Result<ExitCode> {
    let Command::List {
        account,
        refused,
        after,
        limit,
    } = command;
    let account = app.find_account(&account).await?;
    let mut tx = app.store.read().await?;
    let mut of = tx.of(account.id);
    let accepted = refused.then_some(false);
    let all = of
        .attempts_before(after, accepted, limit, &app.ring)
        .await?;
    let value = |attempt: &Attempt| {
        json!({
            "id": attempt.id,
            "at": attempt.at.to_string(),
            "address": attempt.address,
            "revision": attempt.revision,
            "outcome": attempt.outcome,
        })
    };
    out.say(&all.iter().map(value).collect::<Vec<_>>(), || {
        if all.is_empty() {
            return vec![format!("Nobody has tried to sign in to {}.", account.slug)];
        }
        let mut lines = table(&all.iter().map(row).collect::<Vec<_>>());
        lines.push("`vestibule explain REFERENCE` says why.".to_owned());
        lines
    })
}

fn row(attempt: &Attempt) -> Vec<String> {
    vec![
        attempt.id.to_string(),
        attempt.at.for_people(),
        plain(&attempt.address),
        verdict(attempt),
    ]
}

/// How an attempt ended, and whether it was one at all.
pub(super) fn verdict(attempt: &Attempt) -> String {
    let says = match attempt.outcome {
        Outcome::Accepted { user } => format!("signed in as {user}"),
        Outcome::Refused { code, refusal } => {
            let refusal = refusal.map(|refusal| format!(" ({})", refusal.as_str()));
            format!("refused: {}{}", code.as_str(), refusal.unwrap_or_default())
        }
        Outcome::Started => "started, nothing has returned".to_owned(),
        Outcome::Passed => "passed every check".to_owned(),
    };
    match attempt.tester {
        Some(tester) => format!("{says}, as a test by {tester}"),
        None => says,
    }
}
