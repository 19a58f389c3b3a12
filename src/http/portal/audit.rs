//! What was done and refused in an account.

use std::collections::BTreeMap;

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::response::Html;
use axum::routing::get;
use url::form_urlencoded;

use super::super::api::pass::AuditView;
use super::super::{Error, Shared, page};
use super::fields::{Asked, Fields};
use super::frame::{Frame, at};
use super::name::name;
use super::visit::Visit;
use crate::audit::{Entry, Filter};
use crate::id::EntryId;

/// So many stand on a page.
const SHOWN: usize = 50;

/// What can be asked for.
const FILTERS: [(&str, &str); 3] = [
    ("actor", "By whom (id)"),
    ("event", "What happened"),
    ("target", "About whom or what (id)"),
];

pub(super) fn router() -> Router<Shared> {
    Router::new().route("/portal/accounts/{account}/audit", get(list))
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
    let filter = Filter {
        actor: text("actor"),
        event: text("event"),
        target: text("target"),
        since: None,
        until: None,
    };
    let after = EntryId::parse(asked.get("after"));
    let limit = i64::try_from(SHOWN + 1).unwrap_or(i64::MAX);
    let (app, account, actor) = (&shared.app, pass.account.id, pass.caller.actor());
    let mut all = app
        .read_audit(account, &filter, after, limit, actor)
        .await?;
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
    })
}

fn further(here: &str, asked: &Fields, last: EntryId) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    for (name, _) in FILTERS {
        query.append_pair(name, asked.get(name));
    }
    query.append_pair("after", &last.to_string());
    format!("{here}?{}", query.finish())
}
