//! What a directory is answered: `application/scim+json`, also where something is wrong.

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value};

use crate::app::directory;
use crate::scim::{self, Schema, Selection};

const JSON: HeaderValue = HeaderValue::from_static("application/scim+json");

/// A refusal.
pub(super) struct Failed(pub(super) scim::Error);

impl IntoResponse for Failed {
    fn into_response(self) -> Response {
        let kind = self.0.kind;
        let mut response = json(status(kind.status()), &self.0.json());
        if kind == scim::Kind::Unauthenticated {
            let challenge = HeaderValue::from_static("Bearer");
            let headers = response.headers_mut();
            headers.insert(header::WWW_AUTHENTICATE, challenge);
        }
        response
    }
}

impl From<scim::Error> for Failed {
    fn from(error: scim::Error) -> Self {
        Self(error)
    }
}

impl From<directory::Error> for Failed {
    fn from(error: directory::Error) -> Self {
        match error {
            directory::Error::Scim(error) => Self(error),
            other @ (directory::Error::Store(_) | directory::Error::Seal(_)) => internal(&other),
        }
    }
}

/// Something went wrong on our side.
pub(super) fn internal(cause: &dyn std::error::Error) -> Failed {
    tracing::error!(%cause, "a request of a directory failed");
    Failed(scim::Kind::Internal.because("something went wrong on our side; try again in a moment"))
}

fn status(code: u16) -> StatusCode {
    StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

/// An answer of any kind.
pub(super) fn json(status: StatusCode, body: &Value) -> Response {
    (status, [(header::CONTENT_TYPE, JSON)], body.to_string()).into_response()
}

/// One resource, with its version and, where it is new, its address.
pub(super) fn resource(
    status: StatusCode,
    resource: Map<String, Value>,
    selection: &Selection,
    schema: &Schema,
) -> Response {
    let meta = |name: &str| {
        let value = resource.get("meta")?.get(name)?.as_str()?;
        HeaderValue::from_str(value).ok()
    };
    let mut headers = HeaderMap::new();
    if let Some(version) = meta("version") {
        headers.insert(header::ETAG, version);
    }
    if let (StatusCode::CREATED, Some(location)) = (status, meta("location")) {
        headers.insert(header::LOCATION, location);
    }
    let shown = selection.apply(resource, schema);
    (headers, json(status, &Value::Object(shown))).into_response()
}

/// A list of what was found, each with what is wanted of it.
pub(super) fn list(mut page: scim::Page, asked: &scim::List) -> Response {
    for resource in &mut page.resources {
        let whole = std::mem::take(resource);
        let named = whole.get("meta").and_then(|meta| meta.get("resourceType"));
        let schema = if named.and_then(Value::as_str) == Some(scim::GROUP.name) {
            &scim::GROUP
        } else {
            &scim::USER
        };
        *resource = asked.selection.apply(whole, schema);
    }
    json(StatusCode::OK, &scim::answer(&page, asked.start))
}
