//! What was done and refused in an account.

use std::collections::BTreeMap;
use std::io::{self, Write};

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::response::{Html, Response};
use axum::routing::get;
use url::form_urlencoded;

use super::super::api::pass::AuditView;
use super::super::{Error, Shared, page};
use super::fields::{Asked, Fields, Own};
use super::frame::{Frame, at};
use super::handback::download;
use super::name::name;
use super::visit::Visit;
use crate::app::{Format, Part, Refused};
use crate::audit::{Entry, Filter};
use crate::id::EntryId;
use crate::time::{Span, Timestamp};

/// So many stand on a page.
const SHOWN: usize = 50;

/// What can be asked for.
const FILTERS: [(&str, &str); 5] = [
    ("actor", "By whom (id)"),
    ("event", "What happened"),
    ("target", "About whom or what (id)"),
    ("since", "From the day"),
    ("until", "To the day"),
];

/// The largest file that is made here, in bytes; larger ones are made at the shell.
const LARGEST: usize = 32 * 1024 * 1024;

pub(super) fn router() -> Router<Shared> {
    Router::new()
        .route("/portal/accounts/{account}/audit", get(list))
        .route("/portal/accounts/{account}/audit/export", get(export))
}

#[derive(Template)]
#[template(path = "portal_audit.html")]
struct Page {
    frame: Frame,
    at: String,
    filters: Vec<(&'static str, &'static str, String)>,
    is_filtered: bool,
    lines: Vec<Line>,
    next: Option<String>,
    /// The chain's last entry, and the last one that a checkpoint vouches for.
    sealed: Option<(i64, i64)>,
    is_operator: bool,
    wrong: Option<String>,
}

struct Line {
    when: String,
    actor: String,
    /// What the audit calls who did it, to ask for what else they did.
    by: String,
    address: String,
    event: String,
    outcome: &'static str,
    about: Option<String>,
    details: Vec<(String, String)>,
    number: Option<i64>,
}

impl From<Entry> for Line {
    fn from(entry: Entry) -> Self {
        let details = entry.detail.as_object().into_iter().flatten();
        let details = details.map(|(name, value)| {
            let text = value.as_str().map(str::to_owned);
            (name.clone(), text.unwrap_or_else(|| value.to_string()))
        });
        Self {
            when: entry.at.for_people(),
            details: details.collect(),
            by: entry.actor.clone(),
            actor: entry.actor,
            address: entry.address.unwrap_or_default(),
            event: entry.event,
            outcome: entry.outcome.as_str(),
            about: entry.target,
            number: entry.number,
        }
    }
}

async fn list(
    State(shared): State<Shared>,
    Visit { pass, frame }: Visit<AuditView>,
    Asked(asked): Asked,
) -> Result<Html<String>, Error> {
    // PostgreSQL takes no NUL in a text.
    let text = |name: &str| {
        let said = asked.some(name);
        said.filter(|text| text.len() <= 200 && !text.contains('\0'))
    };
    let (part, wrong) = match part(&asked) {
        Ok(part) => (part, None),
        Err(wrong) => (Part::default(), Some(wrong)),
    };
    let filter = Filter {
        actor: text("actor"),
        event: text("event"),
        target: text("target"),
        since: part.since,
        until: part.until,
    };
    let after = EntryId::parse(asked.get("after"));
    let limit = i64::try_from(SHOWN + 1).unwrap_or(i64::MAX);
    let (app, account, actor) = (&shared.app, pass.account.id, pass.caller.actor());
    let mut all = app
        .read_audit(account, &filter, after, limit, actor)
        .await?;
    let heads = app.store.read().await?.audit_heads().await?;
    let name_of = account.to_string();
    let own = heads.into_iter().find(|one| one.head.account == name_of);
    let is_more = all.len() > SHOWN;
    all.truncate(SHOWN);
    let here = format!("{}/audit", at(pass.account.slug.as_str()));
    let next = all.last().filter(|_| is_more).map(|last| last.id);
    let mut known = BTreeMap::new();
    let mut lines = Vec::new();
    for mut line in all.into_iter().map(Line::from) {
        for id in std::iter::once(&mut line.actor).chain(&mut line.about) {
            if !known.contains_key(id) {
                let called = name(&shared, &pass.account, id).await?;
                known.insert(id.clone(), called);
            }
            if let Some(called) = known.get(id) {
                id.clone_from(called);
            }
        }
        lines.push(line);
    }
    page::show(&Page {
        frame,
        filters: FILTERS
            .map(|(name, label)| (name, label, asked.get(name).to_owned()))
            .to_vec(),
        is_filtered: FILTERS.iter().any(|(name, _)| !asked.get(name).is_empty()),
        next: next.map(|last| further(&here, &asked, last)),
        at: here,
        lines,
        is_operator: pass.caller.is_operator(),
        sealed: own.map(|one| (one.head.number, one.through)),
        wrong,
    })
}

/// The days of a filter, both of them whole.
fn part(asked: &Fields) -> Result<Part, String> {
    let day = |name: &str| match asked.some(name) {
        None => Ok(None),
        Some(day) => Timestamp::parse(&format!("{day}T00:00:00Z"))
            .map(Some)
            .ok_or_else(|| format!("`{day}` is no day such as 2026-01-31")),
    };
    Ok(Part {
        account: None,
        since: day("since")?,
        until: day("until")?.map(|day| day.plus(Span::days(1))),
    })
}

/// A file that takes so much and no more.
struct Bounded(Vec<u8>);

impl Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.len() + bytes.len() > LARGEST {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The entries of some days as a file; that it was taken is an entry too.
async fn export(
    State(shared): State<Shared>,
    Visit { pass, .. }: Visit<AuditView>,
    Own(asked): Own,
) -> Result<Response, Error> {
    let (app, account) = (&shared.app, &pass.account);
    let days = part(&asked).map_err(|wrong| anyhow::Error::from(Refused(wrong)))?;
    let part = Part {
        account: Some(account.id),
        ..days
    };
    let is_operator = pass.caller.is_operator();
    let (format, kind) = match asked.get("format") {
        // Its checkpoints name the chain of every account.
        "jsonl" if !is_operator => {
            let wrong =
                "what proves itself names every account: ask the people who run Vestibule for it";
            return Err(anyhow::Error::from(Refused(wrong.to_owned())).into());
        }
        "jsonl" => (Format::Jsonl, "application/jsonl"),
        "ocsf" => (Format::Ocsf, "application/jsonl"),
        "csv" => (Format::Csv, "text/csv; charset=utf-8"),
        // From elsewhere nothing is taken: the page is where one says what.
        _ => {
            let here = at(account.slug.as_str());
            return Ok(page::going_to(&format!("{here}/audit")));
        }
    };
    let mut file = Bounded(Vec::new());
    let written = app.export_audit(&part, format, &mut file).await;
    let counts = written.map_err(|error| {
        let full = error.downcast_ref::<io::Error>();
        match full.map(io::Error::kind) {
            Some(io::ErrorKind::FileTooLarge) => Refused(format!(
                "that is more than {} MB: ask for fewer days, or run `vestibule audit export --account {}`",
                LARGEST / 1024 / 1024,
                account.slug
            ))
            .into(),
            _ => error,
        }
    })?;
    let filter = Filter {
        since: part.since,
        until: part.until,
        ..Filter::default()
    };
    let entries = counts.iter().map(|(_, count)| count).sum();
    let actor = pass.caller.actor();
    app.note_reading(account.id, "export", &filter, entries, actor)
        .await?;
    let ending = match format {
        Format::Csv => "csv",
        Format::Jsonl | Format::Ocsf => "jsonl",
    };
    let name = format!("{}-audit.{ending}", account.slug);
    Ok(download(kind, &name, file.0))
}

fn further(here: &str, asked: &Fields, last: EntryId) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    for (name, _) in FILTERS {
        query.append_pair(name, asked.get(name));
    }
    query.append_pair("after", &last.to_string());
    format!("{here}?{}", query.finish())
}
