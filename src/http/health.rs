//! Whether the server is alive, and whether it can work.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Json, Router};
use serde_json::json;

use super::Shared;

/// `/healthz` and `/readyz`.
pub(super) fn router() -> Router<Shared> {
    Router::new()
        .route("/healthz", get(alive))
        .route("/readyz", get(ready))
}

async fn alive() -> impl IntoResponse {
    Json(json!({ "status": "alive" }))
}

/// Ready means: the database answers; it was migrated before the server began to listen.
async fn ready(State(shared): State<Shared>) -> impl IntoResponse {
    let answers = async { shared.app.store.read().await?.ping().await };
    match answers.await {
        Ok(()) => (StatusCode::OK, Json(json!({ "status": "ready" }))),
        Err(cause) => {
            tracing::error!(%cause, "the database does not answer");
            (
                StatusCode::SERVICE_UNAVAILABLE,
                Json(json!({ "status": "unavailable" })),
            )
        }
    }
}
