//! What a directory sends: a body of JSON, parameters, and the versions that it means.

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::IntoResponse;
use serde_json::Value;
use url::form_urlencoded;

use super::super::Shared;
use super::answer::Failed;
use crate::scim::{Kind, Selection};

/// A body of JSON.
pub(super) struct Body(pub(super) Value);

impl FromRequest<Shared> for Body {
    type Rejection = Failed;

    async fn from_request(request: Request, shared: &Shared) -> Result<Self, Failed> {
        let kind = request.headers().get(header::CONTENT_TYPE);
        let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let essence = kind.split(';').next().unwrap_or_default().trim();
        let is_json = ["application/scim+json", "application/json"]
            .iter()
            .any(|known| essence.eq_ignore_ascii_case(known));
        if !is_json {
            let sentence = "the content type is not application/scim+json";
            return Err(Failed(Kind::MediaType.because(sentence)));
        }
        let body = Bytes::from_request(request, shared).await;
        let body = body.map_err(|rejection| {
            Failed(match rejection.into_response().status() {
                StatusCode::PAYLOAD_TOO_LARGE => {
                    Kind::TooLarge.because("the body is larger than 1 MiB; send it in parts")
                }
                _ => Kind::InvalidSyntax.because("the body cannot be read"),
            })
        })?;
        serde_json::from_slice(&body).map(Self).map_err(|error| {
            Failed(Kind::InvalidSyntax.because(format!(
                "the body is not JSON: line {}, column {}",
                error.line(),
                error.column()
            )))
        })
    }
}

/// The parameters of an address.
pub(super) struct Query(pub(super) Vec<(String, String)>);

impl FromRequestParts<Shared> for Query {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(
        parts: &mut Parts,
        _: &Shared,
    ) -> Result<Self, std::convert::Infallible> {
        let text = parts.uri.query().unwrap_or_default();
        let pairs = form_urlencoded::parse(text.as_bytes());
        Ok(Self(pairs.into_owned().collect()))
    }
}

impl Query {
    /// What of a resource the answer is to carry.
    pub(super) fn selection(&self) -> Result<Selection, Failed> {
        let names = |wanted: &str| {
            let values = self
                .0
                .iter()
                .filter(|(name, _)| name.eq_ignore_ascii_case(wanted));
            values
                .flat_map(|(_, list)| Selection::split(list))
                .collect()
        };
        Ok(Selection::new(
            names("attributes"),
            names("excludedAttributes"),
        )?)
    }

    /// Whether the answer is told what to carry.
    pub(super) fn selects(&self) -> bool {
        let mut names = self.0.iter().map(|(name, _)| name);
        names.any(|name| {
            ["attributes", "excludedAttributes"]
                .iter()
                .any(|known| name.eq_ignore_ascii_case(known))
        })
    }
}

/// The versions of `If-Match` and of `If-None-Match`, where these are there.
pub(super) struct Versions {
    pub(super) matching: Option<Vec<String>>,
    pub(super) known: Option<Vec<String>>,
}

impl FromRequestParts<Shared> for Versions {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(
        parts: &mut Parts,
        _: &Shared,
    ) -> Result<Self, std::convert::Infallible> {
        Ok(Self {
            matching: tags(&parts.headers, &header::IF_MATCH),
            known: tags(&parts.headers, &header::IF_NONE_MATCH),
        })
    }
}

impl Versions {
    /// Whether the caller has this version already.
    pub(super) fn knows(&self, version: Option<&Value>) -> bool {
        let version = version.and_then(Value::as_str).unwrap_or_default();
        let mut known = self.known.iter().flatten();
        known.any(|tag| {
            tag == "*" || tag.trim_start_matches("W/") == version.trim_start_matches("W/")
        })
    }
}

/// The tags of a header; what cannot be read is a tag that nothing has.
fn tags(headers: &HeaderMap, name: &header::HeaderName) -> Option<Vec<String>> {
    let mut lines = headers.get_all(name).into_iter().peekable();
    lines.peek()?;
    let tags = lines.flat_map(|line| line.to_str().unwrap_or_default().split(','));
    Some(tags.map(|tag| tag.trim().to_owned()).collect())
}
