//! Where the people of an account are signed in.

use askama::Template;
use axum::Router;
use axum::extract::{Path, State};
use axum::response::{Html, Response};
use axum::routing::{get, post};

use super::super::api::pass::{SessionEnd, SessionView};
use super::super::extract::Moment;
use super::super::{Error, Shared, browser, page};
use super::fields::Asked;
use super::frame::{Frame, at, called};
use super::visit::Visit;
use crate::id::SessionId;

/// So many stand on a page.
const SHOWN: usize = 50;

pub(super) fn router() -> Router<Shared> {
    Router::new()
        .route("/portal/accounts/{account}/sessions", get(list))
        .route("/portal/accounts/{account}/sessions/end", post(end_all))
        .route(
            "/portal/accounts/{account}/sessions/{session}/end",
            post(end),
        )
}

#[derive(Template)]
#[template(path = "portal_sessions.html")]
struct Page {
    frame: Frame,
    at: String,
    may_end: bool,
    lines: Vec<Line>,
    next: Option<SessionId>,
}

struct Line {
    id: SessionId,
    person: String,
    name: String,
    browser: String,
    address: String,
    began: String,
    seen: String,
    is_own: bool,
}

async fn list(
    State(shared): State<Shared>,
    Visit { pass, frame }: Visit<SessionView>,
    moment: Moment,
    Asked(asked): Asked,
) -> Result<Html<String>, Error> {
    let here = at(pass.account.slug.as_str());
    let before = SessionId::parse(asked.get("before"));
    let limit = i64::try_from(SHOWN + 1).unwrap_or(i64::MAX);
    let mut tx = shared.app.store.read().await?;
    let mut of = tx.of(pass.account.id);
    let mut all = of.sessions_before(before, moment.now, limit).await?;
    let is_more = all.len() > SHOWN;
    all.truncate(SHOWN);
    let own = pass.caller.session()?.id;
    let mut lines = Vec::new();
    for session in &all {
        let user = of.user(session.user, moment.now).await?;
        lines.push(Line {
            id: session.id,
            person: format!("{here}/users/{}", session.user),
            name: user.as_ref().map(called).unwrap_or_default(),
            browser: browser::name(&session.browser),
            address: session.address.clone(),
            began: session.created_at.for_people(),
            seen: session.seen_at.for_people(),
            is_own: session.id == own,
        });
    }
    drop(tx);
    page::show(&Page {
        frame,
        at: format!("{here}/sessions"),
        may_end: pass.allows(&shared, "session:end")?,
        next: all.last().filter(|_| is_more).map(|last| last.id),
        lines,
    })
}

async fn end(
    State(shared): State<Shared>,
    Visit { pass, .. }: Visit<SessionEnd>,
    Path((_, session)): Path<(String, String)>,
) -> Result<Response, Error> {
    let id = SessionId::parse(&session).ok_or_else(Error::not_found)?;
    let (account, actor) = (pass.account.id, pass.caller.actor());
    shared.app.end_session(account, None, id, &actor).await?;
    Ok(back(pass.account.slug.as_str()))
}

async fn end_all(
    State(shared): State<Shared>,
    Visit { pass, .. }: Visit<SessionEnd>,
) -> Result<Response, Error> {
    let (account, actor) = (pass.account.id, pass.caller.actor());
    shared.app.end_sessions(account, None, &actor).await?;
    Ok(back(pass.account.slug.as_str()))
}

fn back(slug: &str) -> Response {
    page::going_to(&format!("{}/sessions?done=ended", at(slug)))
}
