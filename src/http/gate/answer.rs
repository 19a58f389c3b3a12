//! What a gateway is told, in the form that its family passes on.

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::Response;
use url::form_urlencoded::byte_serialize;

use super::super::{Error, Shared};
use super::shares_cookies;
use super::told::Told;
use crate::access::{NOT_KEPT, Refusal};
use crate::gate::Family;

/// Who will read an answer that is no yes.
pub(super) struct Reader<'h> {
    pub(super) family: Family,
    pub(super) headers: &'h HeaderMap,
    /// Our own address, where what belongs to our pages is.
    pub(super) ours: &'h str,
}

impl Reader<'_> {
    /// Whether it is a person on the way to a page.
    fn is_navigating(&self) -> bool {
        let said = |name: &str| self.headers.get(name).and_then(|value| value.to_str().ok());
        let has = |name| self.headers.contains_key(name);
        let navigates = match said("sec-fetch-mode") {
            Some(mode) => mode == "navigate",
            None => said("accept").is_some_and(|accept| accept.contains("text/html")),
        };
        navigates && !has("x-requested-with") && !has("hx-request")
    }
}

/// Yes, with everything that the app may believe.
pub(super) fn allowed(identity: &HeaderMap) -> Response {
    let mut response = Response::new(Body::empty());
    *response.headers_mut() = identity.clone();
    response
}

/// Nobody is signed in, or not lately enough: nginx makes a redirect of it, the others pass one on.
pub(super) fn sign_in(
    shared: &Shared,
    reader: &Reader<'_>,
    told: &Told<'_>,
    minutes: Option<u32>,
) -> Response {
    let Some(location) = location(shared, told, minutes) else {
        return refused(reader, Refusal::Host);
    };
    let status = if reader.family != Family::Nginx && reader.is_navigating() && told.looks() {
        StatusCode::FOUND
    } else {
        StatusCode::UNAUTHORIZED
    };
    let mut response = match (reader.family, status) {
        (Family::Nginx, _) | (_, StatusCode::FOUND) => empty(status),
        (Family::Forward | Family::Envoy, _) => {
            let target = location.to_str().unwrap_or_default();
            with(reader, &Error::unauthenticated().next("Sign in", target))
        }
    };
    response.headers_mut().insert(header::LOCATION, location);
    response
}

/// No, and why.
pub(super) fn refused(reader: &Reader<'_>, refusal: Refusal) -> Response {
    // nginx would make a way to sign in of a 401, which a program does not want.
    let is_unknown = refusal == Refusal::Credential && reader.family != Family::Nginx;
    let status = if is_unknown {
        StatusCode::UNAUTHORIZED
    } else {
        StatusCode::FORBIDDEN
    };
    let error = Error::new(status, refusal.as_str(), refusal.sentence());
    let mut response = with(reader, &error);
    if is_unknown {
        let challenge = HeaderValue::from_static("Bearer");
        response
            .headers_mut()
            .insert(header::WWW_AUTHENTICATE, challenge);
    }
    let reason = HeaderValue::from_static(refusal.as_str());
    response
        .headers_mut()
        .insert(HeaderName::from_static("x-vestibule-reason"), reason);
    response
}

/// Two credentials, or one twice.
pub(super) fn ambiguous(reader: &Reader<'_>) -> Response {
    let sentence = "The request carries more than one credential; send one.";
    with(
        reader,
        &Error::new(StatusCode::BAD_REQUEST, "ambiguous_credentials", sentence),
    )
}

/// Nobody can say.
pub(super) fn failed(reader: &Reader<'_>) -> Response {
    let sentence = "Nobody can say at the moment whether this is allowed. Try again in a moment.";
    with(
        reader,
        &Error::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", sentence),
    )
}

/// There is no such app, or it has another gateway.
pub(super) fn no_app() -> Response {
    empty(StatusCode::NOT_FOUND)
}

/// nginx opens a new connection after each answer that has a body, and shows its own page anyway.
fn with(reader: &Reader<'_>, error: &Error) -> Response {
    if reader.family == Family::Nginx {
        return empty(error.status());
    }
    let mut response = error.answer_elsewhere(reader.is_navigating(), reader.ours);
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
    headers.extend(NOT_KEPT.map(|(name, value)| (name, HeaderValue::from_static(value))));
}

/// Where a browser signs in and comes back from; on a host of its own it gets a cookie by way of ours.
fn location(shared: &Shared, told: &Told<'_>, minutes: Option<u32>) -> Option<HeaderValue> {
    let public_url = &shared.app.config.server.public_url;
    let ours = if shared.is_https() { "https" } else { "http" };
    let scheme = told.scheme.unwrap_or(ours);
    // What was sent is lost, and its address means nothing without it.
    let uri = if told.looks() { told.uri } else { "/" };
    let target = format!("{scheme}://{}{uri}", told.host);
    let encoded = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
    let address = match minutes {
        Some(minutes) => {
            let age = u64::from(minutes) * 60;
            format!(
                "{public_url}/login?return_to={}&max_age={age}",
                encoded(&target)
            )
        }
        None if shares_cookies(shared, told.host) => {
            format!("{public_url}/login?return_to={}", encoded(&target))
        }
        None => format!(
            "{scheme}://{}/.vestibule/start?to={}",
            told.host,
            encoded(uri)
        ),
    };
    HeaderValue::try_from(address).ok()
}
