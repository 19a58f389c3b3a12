//! `vestibule audit …`

use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::{Args, Subcommand, ValueEnum};
use serde_json::json;

use super::actor;
use super::out::{Out, note, plain, table};
use crate::app::{App, Format, Part, read_checkpoints, verify_export};
use crate::audit::{Entry, Filter, PublicKey, Report, Signed};
use crate::config::Config;
use crate::id::AccountId;
use crate::time::Timestamp;

#[derive(Subcommand)]
pub(super) enum Command {
    /// What was done and refused, newest first; reading it is an entry too
    List(List),
    /// Look whether the audit is whole: as it stands in the database, or in an exported file
    Verify(Verify),
    /// Write the audit down, each account's in the order of its chain
    Export(Export),
    /// The public key with which anybody can check checkpoints and exports
    Key,
}

#[derive(Args)]
pub(super) struct List {
    /// Of this account alone
    #[arg(long)]
    account: Option<String>,
    /// Who did it: an id, shell:NAME or system
    #[arg(long)]
    actor: Option<String>,
    /// What happened, such as `user_suspended`
    #[arg(long)]
    event: Option<String>,
    /// What it is about, by its id
    #[arg(long)]
    target: Option<String>,
    #[command(flatten)]
    time: Time,
    /// At most that many of each account
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(i64).range(1..=1000))]
    limit: i64,
}

#[derive(Args)]
pub(super) struct Time {
    /// Not before: 2026-01-31 or 2026-01-31T09:05:00Z
    #[arg(long, value_parser = instant)]
    since: Option<Timestamp>,
    /// Before: 2026-01-31 or 2026-01-31T09:05:00Z
    #[arg(long, value_parser = instant)]
    until: Option<Timestamp>,
}

#[derive(Args)]
pub(super) struct Verify {
    /// A file of `audit export --format jsonl` instead of the database
    file: Option<PathBuf>,
    /// Checkpoints that were kept elsewhere, a line each
    #[arg(long, value_name = "FILE")]
    against: Option<PathBuf>,
    /// Of this account alone
    #[arg(long, conflicts_with = "file")]
    account: Option<String>,
    /// What `audit key` said, to verify a file where there is no database
    #[arg(long, value_name = "FILE", requires = "file")]
    key: Option<PathBuf>,
}

#[derive(Args)]
pub(super) struct Export {
    /// Of this account alone
    #[arg(long)]
    account: Option<String>,
    #[command(flatten)]
    time: Time,
    /// How it is written down
    #[arg(long, value_enum, default_value_t = Kind::Jsonl)]
    format: Kind,
    /// Where to; a new file that only you can read [default: standard output]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Kind {
    /// Lines of JSON that `audit verify` reads
    Jsonl,
    /// Lines of JSON in the classes of OCSF
    Ocsf,
    /// A table for people
    Csv,
}

fn instant(text: &str) -> Result<Timestamp, String> {
    let whole = if text.len() == 10 {
        format!("{text}T00:00:00Z")
    } else {
        text.to_owned()
    };
    Timestamp::parse(&whole)
        .ok_or_else(|| "a time is written 2026-01-31 or 2026-01-31T09:05:00Z".to_owned())
}

pub(super) async fn run(command: Command, config: Config, out: Out) -> Result<ExitCode> {
    match command {
        Command::List(asked) => list(&super::existing(config).await?, asked, out).await,
        Command::Verify(asked) => verify(config, asked, out).await,
        Command::Export(asked) => export(&super::existing(config).await?, asked, out).await,
        Command::Key => {
            let key = super::existing(config).await?.audit_key().await?.public()?;
            let pem = key.pem()?;
            out.say(&json!({ "id": key.id(), "public_key": pem }), || {
                vec![format!("id {}", key.id()), pem.trim_end().to_owned()]
            })
        }
    }
}

async fn named(app: &App, slug: Option<&str>) -> Result<Option<AccountId>> {
    Ok(match slug {
        Some(slug) => Some(app.account_ever(slug).await?.id),
        None => None,
    })
}

async fn list(app: &App, asked: List, out: Out) -> Result<ExitCode> {
    let only = named(app, asked.account.as_deref()).await?;
    let filter = Filter {
        actor: asked.actor,
        event: asked.event,
        target: asked.target,
        since: asked.time.since,
        until: asked.time.until,
    };
    let accounts = app.store.read().await?.accounts_ever().await?;
    let mut entries = Vec::new();
    for account in accounts {
        if only.is_none_or(|only| only == account.id) {
            let page = app.read_audit(account.id, &filter, None, asked.limit, actor());
            entries.extend(page.await?);
        }
    }
    entries.sort_by_key(|entry| std::cmp::Reverse(entry.id));
    out.say(&entries, || {
        let head = ["WHEN", "WHO", "FROM", "WHAT", "OUTCOME", "ABOUT", "DETAILS"];
        let rows = entries.iter().map(line);
        let all: Vec<_> = std::iter::once(head.map(String::from).to_vec())
            .chain(rows)
            .collect();
        table(&all)
    })
}

fn line(entry: &Entry) -> Vec<String> {
    vec![
        entry.at.for_people(),
        plain(&entry.actor),
        plain(entry.address.as_deref().unwrap_or("")),
        plain(&entry.event),
        entry.outcome.as_str().to_owned(),
        plain(entry.target.as_deref().unwrap_or("")),
        plain(&entry.detail.to_string()),
    ]
}

async fn verify(config: Config, asked: Verify, out: Out) -> Result<ExitCode> {
    let against = match &asked.against {
        Some(path) => checkpoints(path)?,
        None => Vec::new(),
    };
    let report = if let Some(file) = &asked.file {
        let key = if let Some(path) = &asked.key {
            PublicKey::read(&std::fs::read_to_string(path)?)
                .with_context(|| format!("{} holds no public key in PEM", path.display()))?
        } else {
            super::existing(config).await?.audit_key().await?.public()?
        };
        let lines = || Ok(Box::new(reader(file)?) as Box<dyn BufRead>);
        verify_export(lines, key, &against).with_context(|| file.display().to_string())?
    } else {
        let app = super::existing(config).await?;
        let only = named(&app, asked.account.as_deref()).await?;
        app.verify_audit(only, &against).await?
    };
    out.say(&report, || lines(&report))?;
    Ok(if report.damage.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(1)
    })
}

fn lines(report: &Report) -> Vec<String> {
    let mut lines = vec![format!(
        "{}: {} entries in chains, {} checkpoints; {} values of deleted people are erased",
        if report.damage.is_empty() {
            "whole"
        } else {
            "DAMAGED"
        },
        report.entries,
        report.checkpoints,
        report.erased
    )];
    lines.extend(report.damage.iter().map(|damage| {
        let place = damage.account.as_deref().unwrap_or("checkpoints");
        let entry = damage.entry.as_deref().unwrap_or("");
        plain(&format!(
            "{place} number {} {entry}: {}",
            damage.number, damage.what
        ))
    }));
    let host = "that nobody who holds this machine and its master key has made all of it anew";
    let unproved = report.unproved.iter().map(String::as_str).chain([host]);
    lines.extend(unproved.map(|what| format!("not proved: {}", plain(what))));
    lines
}

fn reader(path: &Path) -> Result<BufReader<File>> {
    let file = File::open(path).with_context(|| path.display().to_string())?;
    Ok(BufReader::new(file))
}

fn checkpoints(path: &Path) -> Result<Vec<Signed>> {
    read_checkpoints(reader(path)?).with_context(|| path.display().to_string())
}

async fn export(app: &App, asked: Export, out: Out) -> Result<ExitCode> {
    let part = Part {
        account: named(app, asked.account.as_deref()).await?,
        since: asked.time.since,
        until: asked.time.until,
    };
    let format = match asked.format {
        Kind::Jsonl => Format::Jsonl,
        Kind::Ocsf => Format::Ocsf,
        Kind::Csv => Format::Csv,
    };
    let to: Box<dyn Write + Send> = match &asked.out {
        Some(path) => Box::new(
            File::options()
                .write(true)
                .create_new(true)
                .mode(0o600)
                .open(path)
                .with_context(|| path.display().to_string())?,
        ),
        None => Box::new(std::io::stdout()),
    };
    let counts = app
        .export_audit(&part, format, &mut BufWriter::new(to))
        .await?;
    let filter = Filter {
        since: part.since,
        until: part.until,
        ..Filter::default()
    };
    for (account, count) in &counts {
        app.note_reading(*account, "export", &filter, *count, actor())
            .await?;
    }
    let count: usize = counts.iter().map(|(_, count)| count).sum();
    let Some(path) = asked.out else {
        note(&format!("{count} entries"));
        return Ok(ExitCode::SUCCESS);
    };
    out.say(&json!({ "entries": count, "file": path }), || {
        vec![format!("{count} entries in {}", path.display())]
    })
}
