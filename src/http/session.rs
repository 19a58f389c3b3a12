//! The session of a browser: read, listed, ended.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::json;

use super::extract::{Moment, SameOrigin, SignedIn};
use super::{Error, Shared, browser, carrier, page};
use crate::audit::{Actor, Event};
use crate::id::SessionId;
use crate::role::Role;

/// `/session` and `/sessions`.
pub(super) fn router() -> Router<Shared> {
    Router::new()
        .route("/session", get(show).delete(delete))
        .route("/sessions", get(list))
        .route("/sessions/{id}/end", post(end))
}

async fn show(
    State(shared): State<Shared>,
    signed_in: SignedIn,
) -> Result<impl IntoResponse, Error> {
    let session = signed_in.session;
    let (account, user) = shared
        .app
        .whose(&session)
        .await?
        .ok_or_else(Error::unauthenticated)?;
    let stage = shared
        .app
        .document(account.id)
        .await?
        .ok_or_else(Error::unauthenticated)?
        .stage;
    Ok(Json(json!({
        "account": account.slug,
        "subject": user.subject,
        "user_id": user.id,
        "external_id": user.external_id,
        "email": user.profile.email,
        "name": user.profile.name(),
        "roles": user.roles.keys().collect::<Vec<&Role>>(),
        "permissions": shared.app.permissions(account.id, stage, &user)?,
        "authenticated_at": session.authenticated_at.to_string(),
        "expires_at": session.expires_at.to_string(),
    })))
}

async fn delete(
    State(shared): State<Shared>,
    _: SameOrigin,
    moment: Moment,
    signed_in: SignedIn,
) -> Result<Response, Error> {
    sign_out(&shared, &signed_in, &moment).await?;
    Ok((StatusCode::NO_CONTENT, carrier::removal(&shared)).into_response())
}

/// Ends the session of this browser.
pub(super) async fn sign_out(
    shared: &Shared,
    signed_in: &SignedIn,
    moment: &Moment,
) -> Result<(), Error> {
    let (app, session) = (&shared.app, &signed_in.session);
    let mut tx = app.store.write().await?;
    let mut of = tx.of(session.account);
    if of.end_session(session.user, session.id).await? {
        let event = Event::SignedOut {
            user: session.user.to_string(),
            session: session.id.to_string(),
        };
        let actor = Actor::from(session.user.to_string()).asking(&moment.id);
        of.audit(actor, event, moment.now, &app.entropy).await?;
    }
    tx.commit().await?;
    carrier::end(&signed_in.cookie).await?;
    Ok(())
}

#[derive(Template)]
#[template(path = "sessions.html")]
struct Sessions {
    sessions: Vec<Line>,
}

struct Line {
    id: SessionId,
    began: String,
    seen: String,
    address: String,
    browser: String,
    current: bool,
}

async fn list(
    State(shared): State<Shared>,
    signed_in: SignedIn,
) -> Result<impl IntoResponse, Error> {
    let own = signed_in.session;
    let mut tx = shared.app.store.read().await?;
    let all = tx.of(own.account).sessions(own.user).await?;
    let now = shared.app.clock.now();
    let live = all.into_iter().filter(|session| {
        session.id == own.id || session.state(now) == crate::session::State::Live
    });
    let sessions = live.map(|session| Line {
        id: session.id,
        began: session.created_at.for_people(),
        seen: if session.id == own.id {
            own.seen_at
        } else {
            session.seen_at
        }
        .for_people(),
        address: session.address,
        browser: browser::name(&session.browser),
        current: session.id == own.id,
    });
    page::show(&Sessions {
        sessions: sessions.collect(),
    })
}

async fn end(
    State(shared): State<Shared>,
    _: SameOrigin,
    moment: Moment,
    signed_in: SignedIn,
    Path(id): Path<String>,
) -> Result<Response, Error> {
    let (app, own) = (&shared.app, &signed_in.session);
    let id = SessionId::parse(&id).ok_or_else(Error::not_found)?;
    let mut tx = app.store.write().await?;
    let mut of = tx.of(own.account);
    if !of.end_session(own.user, id).await? {
        return Err(Error::not_found());
    }
    let event = Event::SignedOut {
        user: own.user.to_string(),
        session: id.to_string(),
    };
    let actor = Actor::from(own.user.to_string()).asking(&moment.id);
    of.audit(actor, event, moment.now, &app.entropy).await?;
    tx.commit().await?;
    Ok(page::going_to("/sessions"))
}
