//! What everybody may know of our tokens: who makes them, and the keys that verify them.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::header;
use axum::response::IntoResponse;
use serde_json::json;

use super::super::extract::Moment;
use super::super::{Error, Shared};
use super::answer::Oauth;
use super::{KEY_GRANT, SESSION_GRANT};
use crate::account::Stage;

/// A service may keep the keys for as long as a token lives.
const KEPT: &str = "public, max-age=300";

pub(super) async fn keys(
    State(shared): State<Shared>,
    moment: Moment,
) -> Result<impl IntoResponse, Oauth> {
    let signer = shared.app.signer(moment.now).await?;
    Ok((
        [(header::CACHE_CONTROL, KEPT)],
        Json(json!({ "keys": signer.published() })),
    ))
}

pub(super) async fn metadata(
    State(shared): State<Shared>,
    moment: Moment,
    Path(stage): Path<String>,
) -> Result<impl IntoResponse, Oauth> {
    let stage = Stage::parse(&stage).ok_or_else(Error::not_found)?;
    let issuer = shared.app.signer(moment.now).await?.issuer(stage);
    let url = shared.app.config.server.public_url.trim_end_matches('/');
    let at = |path: &str| format!("{url}{path}");
    Ok((
        [(header::CACHE_CONTROL, KEPT)],
        Json(json!({
            "issuer": issuer,
            "token_endpoint": at("/token"),
            "introspection_endpoint": at("/introspect"),
            "revocation_endpoint": at("/revoke"),
            "jwks_uri": at("/.well-known/jwks.json"),
            "response_types_supported": [],
            "grant_types_supported": [KEY_GRANT, SESSION_GRANT],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
            "revocation_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
            "scopes_supported": shared.app.access.policy.actions().collect::<Vec<_>>(),
        })),
    ))
}
