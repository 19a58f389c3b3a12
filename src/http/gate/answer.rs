//! What a gateway is told, in the form that its family passes on.

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::Response;
use url::Url;
use url::form_urlencoded::byte_serialize;

use super::super::{Error, Shared};
use super::told::Told;
use crate::access::{IDENTITY, Identity, Refusal};
use crate::gate::Family;

/// Who will read an answer that is no yes.
pub(super) struct Asker {
    family: Family,
    is_navigating: bool,
}

impl Asker {
    pub(super) fn new(family: Family, headers: &HeaderMap) -> Self {
        let said = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let is_script =
            headers.contains_key("x-requested-with") || headers.contains_key("hx-request");
        let navigates = match said("sec-fetch-mode") {
            Some(mode) => mode == "navigate",
            None => said("accept").is_some_and(|accept| accept.contains("text/html")),
        };
        Self {
            family,
            is_navigating: navigates && !is_script,
        }
    }
}

/// Yes, with everything that the app may believe.
pub(super) fn allowed(identity: &Identity) -> Response {
    let mut response = empty(StatusCode::OK);
    let headers = response.headers_mut();
    for (name, value) in IDENTITY.into_iter().zip(&identity.0) {
        // What cannot stand in a header is empty: an app never sees what the client sent in its place.
        let value = HeaderValue::from_str(value).unwrap_or(HeaderValue::from_static(""));
        headers.insert(HeaderName::from_static(name), value);
    }
    response
}

/// Nobody is signed in, or not lately enough: nginx makes a redirect of it, the others pass one on.
pub(super) fn sign_in(
    shared: &Shared,
    asker: &Asker,
    told: &Told<'_>,
    minutes: Option<u32>,
) -> Response {
    let Some(location) = location(shared, told, minutes) else {
        return refused(asker, Refusal::Host);
    };
    let navigates = asker.is_navigating && matches!(told.method, "GET" | "HEAD");
    let status = if asker.family != Family::Nginx && navigates {
        StatusCode::FOUND
    } else {
        StatusCode::UNAUTHORIZED
    };
    let mut response = match (asker.family, status) {
        (Family::Nginx, _) | (_, StatusCode::FOUND) => empty(status),
        (Family::Forward | Family::Envoy, _) => with(asker, &Error::unauthenticated()),
    };
    response.headers_mut().insert(header::LOCATION, location);
    response
}

/// No, and why.
pub(super) fn refused(asker: &Asker, refusal: Refusal) -> Response {
    let error = Error::new(StatusCode::FORBIDDEN, refusal.as_str(), refusal.sentence());
    let mut response = with(asker, &error);
    let reason = HeaderValue::from_static(refusal.as_str());
    response
        .headers_mut()
        .insert(HeaderName::from_static("x-vestibule-reason"), reason);
    response
}

/// Two credentials, or one twice.
pub(super) fn ambiguous(asker: &Asker) -> Response {
    let sentence = "The request carries more than one credential; send one.";
    with(
        asker,
        &Error::new(StatusCode::BAD_REQUEST, "ambiguous_credentials", sentence),
    )
}

/// Nobody can say.
pub(super) fn failed(asker: &Asker) -> Response {
    let sentence = "Nobody can say at the moment whether this is allowed. Try again in a moment.";
    with(
        asker,
        &Error::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", sentence),
    )
}

/// There is no such app, or it has another gateway.
pub(super) fn no_app() -> Response {
    empty(StatusCode::NOT_FOUND)
}

/// nginx opens a new connection after each answer that has a body, and shows its own page anyway.
fn with(asker: &Asker, error: &Error) -> Response {
    if asker.family == Family::Nginx {
        return empty(error.status());
    }
    let mut response = error.answer(asker.is_navigating, "");
    mark(response.headers_mut());
    response
}

fn empty(status: StatusCode) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    mark(response.headers_mut());
    response
}

fn mark(headers: &mut HeaderMap) {
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(
        header::VARY,
        HeaderValue::from_static("Cookie, Authorization"),
    );
}

/// Where a browser signs in and comes back from.
fn location(shared: &Shared, told: &Told<'_>, minutes: Option<u32>) -> Option<HeaderValue> {
    let public_url = &shared.app.config.server.public_url;
    let ours = Url::parse(public_url).ok()?;
    let scheme = told.scheme.unwrap_or(ours.scheme());
    let target = format!("{scheme}://{}{}", told.host, told.uri);
    let encoded: String = byte_serialize(target.as_bytes()).collect();
    let age = minutes.map(|minutes| format!("&max_age={}", u64::from(minutes) * 60));
    HeaderValue::try_from(format!(
        "{public_url}/login?return_to={encoded}{}",
        age.unwrap_or_default()
    ))
    .ok()
}
