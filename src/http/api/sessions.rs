//! The sessions of an account and of its people.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::super::extract::Moment;
use super::super::{Error, Shared, browser};
use super::page::{Address, Asked, Page, Turn};
use super::pass::{Pass, SessionEnd, SessionView};
use super::person::find;
use crate::id::SessionId;
use crate::session::{self, Session};

pub(super) fn router() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(list, end_all))
        .routes(routes!(end))
        .routes(routes!(list_of, end_of))
}

/// One sign-in of a person in a browser.
#[derive(Serialize, ToSchema)]
pub(super) struct SessionInfo {
    /// Its id; it opens nothing.
    id: String,
    /// Whose it is.
    user: String,
    /// When they proved who they are.
    authenticated_at: String,
    /// When it began.
    created_at: String,
    /// When it was last used, to the minute.
    seen_at: String,
    /// When it ends in any case.
    expires_at: String,
    /// From where it began.
    address: String,
    /// Which browser that was.
    browser: String,
    /// Whether it is the one that asks.
    current: bool,
}

impl SessionInfo {
    /// A session, seen from another one.
    pub(super) fn of(session: &Session, own: Option<SessionId>) -> Self {
        Self {
            id: session.id.to_string(),
            user: session.user.to_string(),
            authenticated_at: session.authenticated_at.to_string(),
            created_at: session.created_at.to_string(),
            seen_at: session.seen_at.to_string(),
            expires_at: session.expires_at.to_string(),
            address: session.address.clone(),
            browser: browser::name(&session.browser),
            current: own == Some(session.id),
        }
    }
}

/// How many sessions ended.
#[derive(Serialize, ToSchema)]
pub(super) struct Ended {
    /// How many.
    pub(super) sessions_ended: u64,
}

/// Which page is asked for.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[derive(Default)]
pub(super) struct PageQuery {
    /// How many at most; 50 where nobody says.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<usize>,
    /// The `next` of the page before.
    cursor: Option<String>,
}

impl From<PageQuery> for Turn {
    fn from(query: PageQuery) -> Self {
        Self::new(query.limit, query.cursor)
    }
}

/// Lists the sessions of an account that may be used, newest first.
#[utoipa::path(get, path = "/accounts/{account}/sessions", tag = "sessions", operation_id = "list_sessions",
    params(("account" = String, Path, description = "Its name or id."), PageQuery),
    responses((status = 200, body = Page<SessionInfo>)))]
async fn list(
    State(shared): State<Shared>,
    pass: Pass<SessionView>,
    moment: Moment,
    address: Address,
    Asked(query): Asked<PageQuery>,
) -> Result<Response, Error> {
    let turn = Turn::from(query);
    let before = turn.cursor(SessionId::parse)?;
    let mut tx = shared.app.store.read().await?;
    let mut of = tx.of(pass.account.id);
    let all = of
        .sessions_before(before, moment.now, turn.one_more()?)
        .await?;
    let own = pass.caller.own_session();
    let view = |session: Session| SessionInfo::of(&session, own);
    address.cut(all, &turn, |session| session.id.to_string(), view)
}

/// Ends every session of an account.
#[utoipa::path(delete, path = "/accounts/{account}/sessions", tag = "sessions", operation_id = "end_all_sessions",
    params(("account" = String, Path, description = "Its name or id.")),
    responses((status = 200, body = Ended)))]
async fn end_all(
    State(shared): State<Shared>,
    pass: Pass<SessionEnd>,
) -> Result<Json<Ended>, Error> {
    let (id, actor) = (pass.account.id, pass.caller.actor());
    let sessions_ended = shared.app.end_sessions(id, None, &actor).await?;
    Ok(Json(Ended { sessions_ended }))
}

/// Ends one session.
#[utoipa::path(delete, path = "/accounts/{account}/sessions/{session}", tag = "sessions", operation_id = "end_session",
    params(("account" = String, Path, description = "Its name or id."), ("session" = String, Path, description = "Its id.")),
    responses((status = 204)))]
async fn end(
    State(shared): State<Shared>,
    pass: Pass<SessionEnd>,
    Path((_, session)): Path<(String, String)>,
) -> Result<StatusCode, Error> {
    let id = SessionId::parse(&session).ok_or_else(Error::not_found)?;
    let (account, actor) = (pass.account.id, pass.caller.actor());
    shared.app.end_session(account, None, id, &actor).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Lists the sessions of a person that may be used, newest first.
#[utoipa::path(get, path = "/accounts/{account}/users/{user}/sessions", tag = "sessions", operation_id = "list_sessions_of_user",
    params(("account" = String, Path, description = "Its name or id."), ("user" = String, Path, description = "Their id.")),
    responses((status = 200, body = Page<SessionInfo>)))]
async fn list_of(
    State(shared): State<Shared>,
    pass: Pass<SessionView>,
    moment: Moment,
    address: Address,
    Path((_, user)): Path<(String, String)>,
) -> Result<Response, Error> {
    let user = find(&shared, pass.account.id, &user, moment.now).await?;
    let mut tx = shared.app.store.read().await?;
    let mut all = tx.of(pass.account.id).sessions(user.id).await?;
    all.retain(|session| session.state(moment.now) == session::State::Live);
    let own = pass.caller.own_session();
    let views = all.iter().map(|session| SessionInfo::of(session, own));
    Ok(address.page(views.collect(), None))
}

/// Ends every session of a person.
#[utoipa::path(delete, path = "/accounts/{account}/users/{user}/sessions", tag = "sessions", operation_id = "end_sessions_of_user",
    params(("account" = String, Path, description = "Its name or id."), ("user" = String, Path, description = "Their id.")),
    responses((status = 200, body = Ended)))]
async fn end_of(
    State(shared): State<Shared>,
    pass: Pass<SessionEnd>,
    moment: Moment,
    Path((_, user)): Path<(String, String)>,
) -> Result<Json<Ended>, Error> {
    let user = find(&shared, pass.account.id, &user, moment.now).await?;
    let (id, actor) = (pass.account.id, pass.caller.actor());
    let sessions_ended = shared.app.end_sessions(id, Some(user.id), &actor).await?;
    Ok(Json(Ended { sessions_ended }))
}
