//! Whoever asks: themselves and their own sessions, whatever they may do otherwise.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::super::extract::Moment;
use super::super::{Error, Shared};
use super::caller::Caller;
use super::page::{Address, Page};
use super::sessions::{Ended, SessionInfo};
use crate::access::Holder;
use crate::gate::Kind;
use crate::id::SessionId;
use crate::role::Role;
use crate::session;

pub(super) fn router() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(show))
        .routes(routes!(list, end_all))
        .routes(routes!(end))
}

/// Whoever asks.
#[derive(Serialize, ToSchema)]
struct Me {
    /// `user` or `token`.
    kind: String,
    /// Their id, as it stands in the audit.
    id: String,
    /// Their account.
    account: String,
    /// Their name, or that of the token.
    name: Option<String>,
    /// The roles that they hold now; a token has none.
    roles: Vec<String>,
    /// What they may do in the administration of their account, or what the token is for.
    permissions: Vec<String>,
    /// Whether they work on every account.
    operator: bool,
}

/// Says who asks.
#[utoipa::path(get, path = "/me", tag = "me", operation_id = "show_me", responses((status = 200, body = Me)))]
async fn show(State(shared): State<Shared>, caller: Caller) -> Result<Json<Me>, Error> {
    let present = caller.present();
    let (kind, name, permissions) = match &present.holder {
        Holder::Person { user, .. } => {
            let all = shared.app.access.policy.permissions(&present.subject)?;
            let all = all.into_iter().map(str::to_owned).collect();
            ("user", user.profile.name(), all)
        }
        Holder::Key(key) => {
            let scopes = match &key.kind {
                Kind::Api { scopes } | Kind::Integration { scopes } => {
                    scopes.iter().cloned().collect()
                }
                Kind::Decision { .. } => Vec::new(),
            };
            ("token", Some(key.name.clone()), scopes)
        }
    };
    Ok(Json(Me {
        kind: kind.to_owned(),
        id: caller.actor().id,
        account: present.environment.account.slug.to_string(),
        name,
        roles: present
            .subject
            .roles()
            .map(|role: Role| role.to_string())
            .collect(),
        permissions,
        operator: caller.is_operator(),
    }))
}

/// Lists the caller's own sessions, newest first.
#[utoipa::path(get, path = "/me/sessions", tag = "me", operation_id = "list_my_sessions",
    responses((status = 200, body = Page<SessionInfo>)))]
async fn list(
    State(shared): State<Shared>,
    caller: Caller,
    moment: Moment,
    address: Address,
) -> Result<Response, Error> {
    let own = caller.session()?;
    let mut tx = shared.app.store.read().await?;
    let mut all = tx.of(own.account).sessions(own.user).await?;
    all.retain(|one| one.id == own.id || one.state(moment.now) == session::State::Live);
    let views = all.iter().map(|one| SessionInfo::of(one, Some(own.id)));
    Ok(address.page(views.collect(), None))
}

/// Ends all of the caller's own sessions, this one too.
#[utoipa::path(delete, path = "/me/sessions", tag = "me", operation_id = "end_my_sessions",
    responses((status = 200, body = Ended)))]
async fn end_all(State(shared): State<Shared>, caller: Caller) -> Result<Json<Ended>, Error> {
    let own = caller.session()?;
    let actor = caller.actor();
    let sessions_ended = shared
        .app
        .end_sessions(own.account, Some(own.user), &actor)
        .await?;
    Ok(Json(Ended { sessions_ended }))
}

/// Ends one of the caller's own sessions.
#[utoipa::path(delete, path = "/me/sessions/{session}", tag = "me", operation_id = "end_my_session",
    params(("session" = String, Path, description = "Its id.")),
    responses((status = 204)))]
async fn end(
    State(shared): State<Shared>,
    caller: Caller,
    Path(session): Path<String>,
) -> Result<StatusCode, Error> {
    let own = caller.session()?;
    let id = SessionId::parse(&session).ok_or_else(Error::not_found)?;
    let actor = caller.actor();
    shared
        .app
        .end_session(own.account, Some(own.user), id, &actor)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
