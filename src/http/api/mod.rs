//! `/api/v1`: what administrators, operators and their programs work with.
//!
//! Every route says in its handler's signature which permission it needs ([`pass::Pass`]), or that it is about the caller
//! alone ([`caller::Caller`]); its description is made from the same code.

mod accounts;
mod apps;
mod attempts;
mod audit;
mod caller;
mod credentials;
mod description;
mod failed;
mod input;
mod me;
mod once;
mod page;
pub(super) mod pass;
mod people;
mod person;
mod proposals;
mod refused;
mod revisions;
pub(super) mod roles;
mod sessions;
mod users;
mod version;
mod webhooks;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use utoipa_axum::router::OpenApiRouter;

use super::{Error, Shared};
pub(super) use attempts::find as find_attempt;
pub(super) use caller::Caller;
pub(super) use credentials::find as find_credential;
pub use description::description;
pub(super) use person::find as find_person;
pub(super) use webhooks::find as find_webhook;

/// The largest body.
const LARGEST: usize = 64 * 1024;
/// Where all of it stands.
const BASE: &str = "/api/v1";

/// `/api/v1/…`, and its description.
pub(super) fn router(shared: &Shared) -> Router<Shared> {
    let (router, _) = routes().split_for_parts();
    let kept = middleware::from_fn_with_state(shared.clone(), once::once);
    let noted = middleware::from_fn_with_state(shared.clone(), refused::refused);
    Router::new()
        .nest(BASE, router.route_layer(kept).route_layer(noted))
        .route("/api/v1/openapi.json", get(description::show))
        .layer(middleware::from_fn(manners))
        .layer(DefaultBodyLimit::max(LARGEST))
}

fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .merge(me::router())
        .merge(accounts::router())
        .merge(revisions::router())
        .merge(people::router())
        .merge(users::router())
        .merge(roles::router())
        .merge(proposals::router())
        .merge(sessions::router())
        .merge(credentials::router())
        .merge(apps::router())
        .merge(webhooks::router())
        .merge(attempts::router())
        .merge(audit::router())
}

/// What every answer owes: JSON for who reads JSON, and a word on how to sign in for who has not.
async fn manners(request: Request, next: Next) -> Response {
    if !reads_json(&request) {
        return Error::new(
            StatusCode::NOT_ACCEPTABLE,
            "not_acceptable",
            "Answers are JSON: send `Accept: application/json`, or none.",
        )
        .into_response();
    }
    let mut response = next.run(request).await;
    if response.status() == StatusCode::UNAUTHORIZED {
        let challenge = HeaderValue::from_static("Bearer");
        response
            .headers_mut()
            .insert(header::WWW_AUTHENTICATE, challenge);
    }
    response
}

fn reads_json(request: &Request) -> bool {
    let mut ranges = request
        .headers()
        .get_all(header::ACCEPT)
        .into_iter()
        .flat_map(|line| line.as_bytes().split(|byte| *byte == b','))
        .map(|range| String::from_utf8_lossy(range).to_ascii_lowercase())
        .peekable();
    let fits = |range: String| {
        let kind = range
            .split(';')
            .next()
            .unwrap_or_default()
            .trim()
            .to_owned();
        [
            "*/*",
            "application/*",
            "application/json",
            "application/problem+json",
        ]
        .contains(&kind.as_str())
    };
    ranges.peek().is_none() || ranges.any(fits)
}
