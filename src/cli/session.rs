//! `vestibule session …`

use std::process::ExitCode;

use anyhow::{Result, bail};
use clap::{Args, Subcommand};
use serde_json::json;

use super::actor;
use super::out::{Out, plain, table};
use crate::app::{App, Refused};
use crate::id::SessionId;
use crate::session::{Session, State};

/// So many are shown.
const MOST: i64 = 1_000;

#[derive(Subcommand)]
pub(super) enum Command {
    /// The sessions of an account, or of one person, newest first
    List {
        /// The account's name
        account: String,
        /// The person's id (usr_…), exact subject, e-mail address or external id
        #[arg(long)]
        user: Option<String>,
    },
    /// End a session, those of a person, or all of an account
    End(End),
}

#[derive(Args)]
#[group(required = true, multiple = false, id = "whose", args = ["session", "user", "all"])]
pub(super) struct End {
    /// The account's name
    account: String,
    /// The session's id (ses_…)
    session: Option<SessionId>,
    /// Every session of this person
    #[arg(long)]
    user: Option<String>,
    /// Every session of the account
    #[arg(long)]
    all: bool,
}

pub(super) async fn run(command: Command, app: &App, out: Out) -> Result<ExitCode> {
    match command {
        Command::List { account, user } => list(&account, user.as_deref(), app, out).await,
        Command::End(end) => self::end(end, app, out).await,
    }
}

async fn list(slug: &str, user: Option<&str>, app: &App, out: Out) -> Result<ExitCode> {
    let account = app.find_account(slug).await?;
    let user = match user {
        Some(name) => Some(app.find_user(&account, name).await?),
        None => None,
    };
    let now = app.clock.now();
    let mut tx = app.store.read().await?;
    let mut of = tx.of(account.id);
    let mut all = match &user {
        Some(user) => of.sessions(user.id).await?,
        None => of.sessions_before(None, now, MOST).await?,
    };
    all.retain(|session| session.state(now) == State::Live);
    out.say(&all, || {
        if all.is_empty() {
            return vec![format!("Nobody is signed in to {slug}.")];
        }
        let row = |session: &Session| {
            vec![
                session.id.to_string(),
                session.user.to_string(),
                format!("since {}", session.created_at.for_people()),
                format!("used {}", session.seen_at.for_people()),
                format!("from {}", plain(&session.address)),
            ]
        };
        table(&all.iter().map(row).collect::<Vec<_>>())
    })
}

async fn end(end: End, app: &App, out: Out) -> Result<ExitCode> {
    let account = app.find_account(&end.account).await?;
    let ended = match (end.session, &end.user) {
        (Some(id), _) => {
            let mut tx = app.store.read().await?;
            let found = tx.of(account.id).session_of(id).await?;
            drop(tx);
            let Some(session) = found else {
                bail!(Refused(format!(
                    "{} has no session {id}; `vestibule session list {}` shows which there are",
                    account.slug, account.slug
                )));
            };
            app.end_session(account.id, Some(session.user), id, &actor())
                .await?;
            1
        }
        (None, Some(name)) => {
            let user = app.find_user(&account, name).await?;
            app.end_sessions(account.id, Some(user.id), &actor())
                .await?
        }
        (None, None) => app.end_sessions(account.id, None, &actor()).await?,
    };
    let value = json!({ "account": account.slug, "sessions_ended": ended });
    out.say(&value, || {
        vec![format!("{ended} sessions of {} ended.", account.slug)]
    })
}
