//! `vestibule token …`

use std::process::ExitCode;

use anyhow::Result;
use clap::{Args, Subcommand};
use ipnet::IpNet;

use super::key;
use super::out::Out;
use crate::app::{App, NewCredential};
use crate::gate::Kind;
use crate::time::Span;

#[derive(Subcommand)]
pub(super) enum Command {
    /// Make a token for a program that works on an account, such as the client's directory; it is shown once, as the last line
    Create(Create),
}

#[derive(Args)]
pub(super) struct Create {
    /// The account's name
    #[arg(long)]
    account: String,
    /// What people call the token; the next one of a rotation has the same name
    #[arg(long, default_value = "directory")]
    name: String,
    /// What it may do: scim
    #[arg(long = "scope", value_name = "SCOPE", required = true)]
    scopes: Vec<String>,
    /// From where it may be used; may be repeated; from everywhere where it is absent
    #[arg(long = "network", value_name = "NETWORK")]
    networks: Vec<IpNet>,
    /// How long it lasts
    #[arg(long, default_value_t = 365, value_parser = clap::value_parser!(i64).range(1..=3650))]
    expires_days: i64,
}

pub(super) async fn run(command: Command, app: &App, out: Out) -> Result<ExitCode> {
    let Command::Create(wish) = command;
    let account = app.find_account(&wish.account).await?;
    let scopes = wish.scopes.into_iter().collect();
    let wish = NewCredential {
        name: wish.name,
        kind: Kind::Api { scopes },
        networks: wish.networks,
        lasts: Span::days(wish.expires_days),
    };
    key::made(&account, wish, app, out).await
}
