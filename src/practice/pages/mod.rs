//! The browser's side of the practice ADFS: metadata, sign-in page, the form that carries the answer.

mod farm;
mod sign_in;
mod sign_out;
mod trusts;
mod view;

use anyhow::Context;
use axum::Router;
use axum::extract::State;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tower_http::set_header::SetResponseHeaderLayer;

pub use self::farm::Practice;

/// Responses go to any service provider, and browsers hold what follows on them to the same rule.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; form-action *; base-uri 'none'; \
                      frame-ancestors 'none'";

/// Everything that a browser asks an ADFS for.
pub fn router(practice: Practice) -> Router {
    let sign_in = get(sign_in::from_query).post(sign_in::from_form);
    Router::new()
        .route(
            "/FederationMetadata/2007-06/FederationMetadata.xml",
            get(metadata),
        )
        .route("/adfs/ls", sign_in.clone())
        .route("/adfs/ls/", sign_in)
        .route("/adfs/ls/answer", post(sign_in::answer))
        .route("/adfs/ls/signout", post(sign_out::everywhere))
        .route(
            "/adfs/ls/idpinitiatedsignon.aspx",
            get(sign_in::without_request),
        )
        .route("/adfs/trusts", get(trusts::show).post(trusts::import))
        .route("/adfs/portal/css/style.css", get(style))
        .route("/adfs/portal/script/continue.js", get(script))
        .layer(header(CONTENT_SECURITY_POLICY, POLICY))
        .layer(header(CACHE_CONTROL, "no-store"))
        .layer(header(X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .with_state(practice)
}

/// Listens until `stop` turns true.
pub async fn serve(
    practice: Practice,
    listener: TcpListener,
    mut stop: watch::Receiver<bool>,
) -> anyhow::Result<()> {
    let told = async move {
        let _ = stop.wait_for(|stop| *stop).await;
    };
    axum::serve(listener, router(practice))
        .with_graceful_shutdown(told)
        .await
        .context("serving the practice ADFS")
}

fn header(name: HeaderName, value: &'static str) -> SetResponseHeaderLayer<HeaderValue> {
    SetResponseHeaderLayer::overriding(name, HeaderValue::from_static(value))
}

async fn metadata(State(practice): State<Practice>) -> Response {
    match practice.adfs().metadata() {
        Ok(xml) => ([(CONTENT_TYPE, "application/samlmetadata+xml")], xml).into_response(),
        Err(why) => (StatusCode::INTERNAL_SERVER_ERROR, why.to_string()).into_response(),
    }
}

async fn style() -> impl IntoResponse {
    (
        [(CONTENT_TYPE, "text/css; charset=utf-8")],
        include_str!("style.css"),
    )
}

async fn script() -> impl IntoResponse {
    (
        [(CONTENT_TYPE, "text/javascript; charset=utf-8")],
        include_str!("continue.js"),
    )
}
