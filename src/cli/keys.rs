//! `vestibule keys …`

use std::process::ExitCode;

use anyhow::Result;
use clap::{Args, Subcommand};
use serde_json::json;

use super::actor;
use super::out::{self, Out, plain, table};
use super::{proposal, token_keys};
use crate::account::Account;
use crate::app::{App, Wished};
use crate::saml::rollover::{Rollover, Seen, Step};
use crate::time::Timestamp;

#[derive(Subcommand)]
pub(super) enum Command {
    /// An account's keys, the step of their change, and what the identity provider encrypts for
    Show {
        /// The account's name
        account: String,
    },
    /// Take the next step in the change of an account's keys: publish, switch, retire
    Rotate {
        /// The account's name
        account: String,
        #[command(flatten)]
        step: Wish,
        /// The client has confirmed that it imported our new metadata; believed where nothing can be seen here
        #[arg(long)]
        imported: bool,
        /// Change a live account by the word of one person; the reason stands in the audit
        #[arg(long, value_name = "REASON")]
        break_glass: Option<String>,
    },
    /// The keys that sign tokens, and which of them signs now
    Tokens,
    /// Publish the next key that signs tokens; it signs by itself a day later
    RotateTokens {
        /// The present key has leaked: destroy it, and every token with it, and sign with a fresh one at once
        #[arg(long)]
        now: bool,
    },
}

/// The step that is meant; the next one where none is named.
#[derive(Args)]
#[group(multiple = false)]
pub(super) struct Wish {
    /// New keys beside the old ones
    #[arg(long)]
    publish: bool,
    /// The new key signs
    #[arg(long)]
    switch: bool,
    /// The old keys are destroyed
    #[arg(long)]
    retire: bool,
}

impl Wish {
    fn step(&self) -> Option<Step> {
        let named = [
            (self.publish, Step::Publish),
            (self.switch, Step::Switch),
            (self.retire, Step::Retire),
        ];
        named.into_iter().find_map(|(is, step)| is.then_some(step))
    }
}

pub(super) async fn run(command: Command, app: &App, out: Out) -> Result<ExitCode> {
    match command {
        Command::Tokens => token_keys::show(app, out).await,
        Command::RotateTokens { now } => token_keys::rotate(app, now, out).await,
        Command::Show { account } => {
            let account = app.find_account(&account).await?;
            let at = app.rollover(&account).await?;
            say(&account, &at, None, app.clock.now(), out)
        }
        Command::Rotate {
            account,
            step,
            imported,
            break_glass,
        } => {
            let account = app.find_account(&account).await?;
            let before = app.rollover(&account).await?;
            let step = step.step().unwrap_or(before.next);
            if !out.json {
                for line in lines(&before, app.clock.now()) {
                    out::note(&line);
                }
                out::note(step.meaning());
            }
            let (glass, actor) = (break_glass.as_deref(), actor());
            let wished = app.rotate(&account, step, imported, glass, &actor).await?;
            match wished {
                Wished::Done(after) => say(&account, &after, Some(step), app.clock.now(), out),
                Wished::Waits(proposal) => proposal::waits(&account, &proposal, out),
            }
        }
    }
}

fn say(
    account: &Account,
    at: &Rollover,
    done: Option<Step>,
    now: Timestamp,
    out: Out,
) -> Result<ExitCode> {
    let value = json!({ "account": account.slug, "done": done, "keys": at.keys, "identity_provider": at.seen, "next": at.next });
    out.say(&value, || {
        let mut lines = lines(at, now);
        lines.extend(done.map(|step| format!("Done: {}", step.as_str())));
        lines.push(match (at.next, done) {
            (Step::Publish, None) => "No change is under way; `vestibule keys rotate` begins one.".to_owned(),
            (Step::Publish, Some(_)) => "The change is complete.".to_owned(),
            (Step::Switch, _) => "Next: the client imports our metadata (Update-AdfsRelyingPartyTrust), somebody signs in, then `vestibule keys rotate` switches.".to_owned(),
            (Step::Retire, _) => "Next: when the identity provider encrypts for the new key, or not at all, `vestibule keys rotate` retires the old ones.".to_owned(),
        });
        lines
    })
}

fn lines(at: &Rollover, now: Timestamp) -> Vec<String> {
    let rows = at.keys.iter().map(|key| {
        let certificate = &key.certificate;
        vec![
            key.purpose.as_str().to_owned(),
            key.state.as_str().to_owned(),
            certificate.key.clone(),
            format!("{} days left", certificate.days_left(now)),
            plain(&certificate.subject),
            certificate.fingerprint.clone(),
        ]
    });
    let mut lines = table(&rows.collect::<Vec<_>>());
    lines.push(match at.seen {
        Seen::Unknown => "Nobody has signed in since the active encryption key was published.".to_owned(),
        Seen::Clear { at } => format!("The identity provider does not encrypt (last seen {}).", at.for_people()),
        Seen::New { at } => format!("The identity provider encrypts for the active key (last seen {}).", at.for_people()),
        Seen::Old { at } => format!("The identity provider encrypts for an old key (last seen {}), which decrypts until it is retired.", at.for_people()),
    });
    lines
}
