//! Sign-ins, good and bad, and the explanation of each.

use std::collections::BTreeSet;

use askama::Template;
use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{Html, Response};
use axum::routing::get;

use super::super::api::find_attempt;
use super::super::api::pass::AuditView;
use super::super::{Error, Shared, page};
use super::fields::Asked;
use super::frame::{Frame, at};
use super::visit::{Visit, Visitor};
use crate::account::{Document, RoleRule};
use crate::attempt::{Attempt, Outcome, covered};
use crate::id::AttemptId;
use crate::role::Role;
use crate::saml::advice::Advice;
use crate::saml::check::{Code, Outcome as Check, Row};

/// So many stand on a page.
const SHOWN: usize = 50;

/// The checks whose values may name a person.
const NAMING: [Code; 4] = [Code::Subject, Code::Network, Code::Claims, Code::Admit];

pub(super) fn router() -> Router<Shared> {
    Router::new()
        .route("/portal/attempts", get(find))
        .route("/portal/accounts/{account}/attempts", get(list))
        .route("/portal/accounts/{account}/attempts/{attempt}", get(show))
}

/// Leads from the reference that somebody quotes to the explanation, in whatever account that is.
async fn find(
    State(shared): State<Shared>,
    Visitor { caller, .. }: Visitor,
    Asked(asked): Asked,
) -> Result<Response, Error> {
    let id = AttemptId::parse(asked.get("reference")).ok_or_else(unknown)?;
    let app = &shared.app;
    let mut tx = app.store.read().await?;
    let (account, _) = tx.attempt(id, &app.ring).await?.ok_or_else(unknown)?;
    let own = caller.present().environment.account.id;
    let found = tx.of(account).account().await?;
    // Of another client's sign-in nobody is told that there is one.
    let found = found.filter(|account| caller.is_operator() || account.id == own);
    let slug = found.ok_or_else(unknown)?.slug;
    Ok(page::going_to(&format!(
        "{}/attempts/{id}",
        at(slug.as_str())
    )))
}

fn unknown() -> Error {
    Error::new(
        StatusCode::NOT_FOUND,
        "unknown_reference",
        "No sign-in that is still kept has this reference. It begins with att_ and stands on the page that the person saw.",
    )
    .next("Portal", "/portal")
}

#[derive(Template)]
#[template(path = "portal_attempts.html")]
struct List {
    frame: Frame,
    at: String,
    outcome: String,
    lines: Vec<Line>,
    next: Option<AttemptId>,
}

struct Line {
    id: AttemptId,
    when: String,
    address: String,
    is_accepted: bool,
    code: &'static str,
    why: &'static str,
}

impl Line {
    fn of(attempt: &Attempt) -> Self {
        let (is_accepted, why) = match attempt.outcome {
            Outcome::Accepted { .. } => (true, "came in"),
            Outcome::Refused {
                refusal: Some(refusal),
                ..
            } => (false, refusal.sentence()),
            Outcome::Refused { code, .. } => (false, code.rule()),
        };
        Self {
            id: attempt.id,
            when: attempt.at.for_people(),
            address: attempt.address.clone(),
            is_accepted,
            code: attempt.outcome.as_str(),
            why,
        }
    }
}

async fn list(
    State(shared): State<Shared>,
    Visit { pass, frame }: Visit<AuditView>,
    Asked(asked): Asked,
) -> Result<Html<String>, Error> {
    let accepted = match asked.get("outcome") {
        "accepted" => Some(true),
        "refused" => Some(false),
        _ => None,
    };
    let before = AttemptId::parse(asked.get("before"));
    let limit = i64::try_from(SHOWN + 1).unwrap_or(i64::MAX);
    let app = &shared.app;
    let mut tx = app.store.read().await?;
    let mut of = tx.of(pass.account.id);
    let mut all = of
        .attempts_before(before, accepted, limit, &app.ring)
        .await?;
    drop(tx);
    let is_more = all.len() > SHOWN;
    all.truncate(SHOWN);
    page::show(&List {
        frame,
        at: format!("{}/attempts", at(pass.account.slug.as_str())),
        outcome: asked.get("outcome").to_owned(),
        next: all.last().filter(|_| is_more).map(|last| last.id),
        lines: all.iter().map(Line::of).collect(),
    })
}

#[derive(Template)]
#[template(path = "portal_attempt.html")]
struct Page {
    frame: Frame,
    at: String,
    line: Line,
    reference: AttemptId,
    revision: i64,
    person: Option<String>,
    advice: Option<String>,
    verified_by: Option<String>,
    clock: Option<String>,
    checks: Vec<Step>,
    claims: Vec<(String, Vec<String>)>,
    rules: Vec<Fired>,
    roles: Vec<(Role, String)>,
}

/// A check.
struct Step {
    mark: &'static str,
    code: &'static str,
    rule: &'static str,
    what: String,
    found: String,
    expected: String,
}

/// What a rule did.
struct Fired {
    role: Role,
    rule: String,
    gave: bool,
    because: String,
}

async fn show(
    State(shared): State<Shared>,
    Visit { pass, frame }: Visit<AuditView>,
    Path((_, attempt)): Path<(String, String)>,
) -> Result<Html<String>, Error> {
    let attempt = find_attempt(&shared, pass.account.id, &attempt).await?;
    let here = at(pass.account.slug.as_str());
    page::show(&Page {
        frame,
        line: Line::of(&attempt),
        reference: attempt.id,
        revision: attempt.revision,
        person: match attempt.outcome {
            Outcome::Accepted { user } => Some(format!("{here}/users/{user}")),
            Outcome::Refused { .. } => None,
        },
        at: here,
        advice: attempt.advice.as_ref().map(Advice::sentence),
        verified_by: attempt.verified_by.clone(),
        clock: attempt.clock_difference.map(|ahead| ahead.to_string()),
        checks: attempt.rows.iter().map(step).collect(),
        claims: claims(&attempt, &pass.document),
        rules: attempt
            .rules
            .iter()
            .map(|fired| Fired {
                role: fired.role,
                rule: fired.rule.clone(),
                gave: fired.value.is_some(),
                because: fired.because.clone(),
            })
            .collect(),
        roles: attempt.roles.into_iter().collect(),
    })
}

fn step(row: &Row) -> Step {
    let (mark, found, expected) = match row.outcome {
        Check::Passed if NAMING.contains(&row.code) => ("ok", covered(&row.found), String::new()),
        Check::Passed => ("ok", row.found.clone(), String::new()),
        Check::Failed => ("failed", row.found.clone(), row.expected().to_owned()),
        Check::NotChecked => ("not checked", String::new(), String::new()),
    };
    Step {
        mark,
        code: row.code.as_str(),
        rule: row.code.rule(),
        what: row.what.clone(),
        found,
        expected,
    }
}

/// The claims: what names a person is covered, what rules look at is not, since it says what to change.
fn claims(attempt: &Attempt, document: &Document) -> Vec<(String, Vec<String>)> {
    let read: BTreeSet<&str> = document.roles.iter().filter_map(RoleRule::claim).collect();
    let shown = attempt.claims.iter().map(|claim| {
        let is_read = read.contains(claim.name.as_str());
        let value = |value: &String| {
            if is_read {
                value.clone()
            } else {
                covered(value)
            }
        };
        (claim.name.clone(), claim.values.iter().map(value).collect())
    });
    shown.collect()
}
