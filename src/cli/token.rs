//! `vestibule token …`

use std::process::ExitCode;

use anyhow::Result;
use clap::{Args, Subcommand};
use ipnet::IpNet;

use super::out::Out;
use super::{actor, key};
use crate::app::{App, NewCredential};
use crate::gate::Kind;
use crate::id::CredentialId;
use crate::time::Span;

#[derive(Subcommand)]
pub(super) enum Command {
    /// Make a token for a program that works on an account; it is shown once, as the last line
    Create(Create),
    /// The tokens of an account, or of all
    List {
        /// The account's name
        #[arg(long)]
        account: Option<String>,
    },
    /// Take a token back; it opens nothing from then on
    Revoke {
        /// The token's id (crd_…)
        token: CredentialId,
    },
}

impl Command {
    /// Whether it is about operators, whose account is made where there is none yet.
    pub(super) const fn is_operators(&self) -> bool {
        matches!(self, Self::Create(Create { operator: true, .. }))
    }
}

#[derive(Args)]
pub(super) struct Create {
    /// The account's name
    #[arg(long, required_unless_present = "operator")]
    account: Option<String>,
    /// Make a token of operators, which works on every account
    #[arg(long, conflicts_with = "account")]
    operator: bool,
    /// What people call the token; the next one of a rotation has the same name
    #[arg(long, default_value = "api")]
    name: String,
    /// What it may do, such as user:view, user:* or scim; may be repeated
    #[arg(long = "scope", value_name = "SCOPE", required = true)]
    scopes: Vec<String>,
    /// From where it may be used; may be repeated; from everywhere where it is absent
    #[arg(long = "network", value_name = "NETWORK")]
    networks: Vec<IpNet>,
    /// How many days it lasts
    #[arg(long, alias = "expires-days", default_value_t = 365, value_parser = clap::value_parser!(i64).range(1..=3650))]
    days: i64,
}

pub(super) async fn run(command: Command, app: &App, out: Out) -> Result<ExitCode> {
    match command {
        Command::Create(wish) => create(wish, app, out).await,
        Command::List { account } => {
            let none = "There are no tokens; `vestibule token create` makes one.";
            key::list(
                account,
                |kind| matches!(kind, Kind::Api { .. }),
                none,
                app,
                out,
            )
            .await
        }
        Command::Revoke { token } => key::revoke(token, app, out).await,
    }
}

async fn create(wish: Create, app: &App, out: Out) -> Result<ExitCode> {
    let account = match &wish.account {
        Some(name) => app.find_account(name).await?,
        None => app.staff_account(&actor()).await?,
    };
    let wish = NewCredential {
        name: wish.name,
        kind: Kind::Api {
            scopes: wish.scopes.into_iter().collect(),
        },
        networks: wish.networks,
        lasts: Span::days(wish.days),
    };
    key::made(&account, wish, app, out).await
}
