//! Sign-ins, good and bad, and the explanation of each.

use askama::Template;
use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{Html, Response};
use axum::routing::get;

use super::super::api::find_attempt;
use super::super::api::pass::AuditView;
use super::super::extract::Moment;
use super::super::{Error, Shared, page};
use super::explained::{Explained, Line};
use super::fields::Asked;
use super::frame::{Frame, at};
use super::name::name;
use super::visit::{Visit, Visitor};
use crate::attempt::{Outcome, Tester};
use crate::id::AttemptId;

/// So many stand on a page.
const SHOWN: usize = 50;

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

async fn list(
    State(shared): State<Shared>,
    Visit { pass, frame }: Visit<AuditView>,
    moment: Moment,
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
        lines: all.iter().map(|one| Line::of(one, moment.now)).collect(),
    })
}

#[derive(Template)]
#[template(path = "portal_attempt.html")]
struct Page {
    frame: Frame,
    at: String,
    one: Explained,
    person: Option<String>,
    tester: Option<String>,
}

async fn show(
    State(shared): State<Shared>,
    Visit { pass, frame }: Visit<AuditView>,
    moment: Moment,
    Path((_, attempt)): Path<(String, String)>,
) -> Result<Html<String>, Error> {
    let account = &pass.account;
    let attempt = find_attempt(&shared, account.id, &attempt).await?;
    let here = at(account.slug.as_str());
    page::show(&Page {
        frame,
        person: match attempt.outcome {
            Outcome::Accepted { user } => Some(format!("{here}/users/{user}")),
            _ => None,
        },
        tester: match attempt.tester {
            Some(Tester::Person(user)) => Some(name(&shared, account, &user.to_string()).await?),
            Some(Tester::SetupLink(_)) => Some("the client, by the setup link".to_owned()),
            None => None,
        },
        at: here,
        one: Explained::of(attempt, &account.entity_id, &pass.document, moment.now),
    })
}
