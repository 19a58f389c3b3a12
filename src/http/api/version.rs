//! Which version of something a request means (RFC 9110, 8.8.3 and 13.1.1).

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};

use super::super::{Error, Shared};

/// The header that names a version.
pub(super) fn tag(version: &str) -> [(header::HeaderName, HeaderValue); 1] {
    let tag = HeaderValue::from_str(&format!("\"{version}\""));
    [(
        header::ETAG,
        tag.unwrap_or(HeaderValue::from_static("\"\"")),
    )]
}

/// The version that the caller has seen, without which they could overwrite what somebody else has just changed.
pub(super) struct Seen(Vec<String>);

impl Seen {
    /// Nothing where the version does not matter to them; an error where it is another one.
    pub(super) fn check<'v>(&self, version: &'v str) -> Result<Option<&'v str>, Error> {
        if self.0.iter().any(|tag| tag == "*") {
            Ok(None)
        } else if self.0.iter().any(|tag| *tag == format!("\"{version}\"")) {
            Ok(Some(version))
        } else {
            Err(changed())
        }
    }
}

/// It is another version by now.
pub(super) fn changed() -> Error {
    Error::new(
        StatusCode::PRECONDITION_FAILED,
        "changed",
        "Somebody changed this since you read it. Read it again, and look whether your change still fits.",
    )
}

impl FromRequestParts<Shared> for Seen {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &Shared) -> Result<Self, Error> {
        let lines = parts.headers.get_all(header::IF_MATCH).into_iter();
        let tags = lines
            .filter_map(|line| line.to_str().ok())
            .flat_map(|line| line.split(','))
            .map(|tag| tag.trim().to_owned());
        let tags: Vec<String> = tags.filter(|tag| !tag.is_empty()).collect();
        if tags.is_empty() {
            return Err(Error::new(
                StatusCode::PRECONDITION_REQUIRED,
                "version_required",
                "Send `If-Match` with the `ETag` of what you have read, so that nobody's change is lost.",
            ));
        }
        Ok(Self(tags))
    }
}
