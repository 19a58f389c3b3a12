//! A request about a token: its form, every parameter of which comes once, and what says who asks.

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::{HeaderMap, header};
use url::form_urlencoded;

use super::super::address::Address;
use super::super::extract::{SameOrigin, SignedIn};
use super::super::{Error, Shared};
use super::answer::Oauth;

/// Everything of a request that decides it.
pub(in crate::http) struct Asked {
    /// What it says.
    pub(super) form: Form,
    /// Its headers.
    pub(super) headers: HeaderMap,
    /// From where it came.
    pub(super) address: Address,
    /// Who is signed in in this browser.
    pub(super) signed_in: Option<SignedIn>,
    /// Whether it came from one of our own pages.
    pub(super) same_origin: Result<SameOrigin, Error>,
}

/// The parameters of a form.
pub(super) struct Form(Vec<(String, String)>);

impl Form {
    /// A parameter; one that comes twice is refused (RFC 6749, 3.2), one that is empty counts as absent.
    pub(super) fn one(&self, name: &str) -> Result<Option<&str>, Oauth> {
        let mut found = self.0.iter().filter(|(known, _)| known == name);
        let (first, second) = (found.next(), found.next());
        if second.is_some() {
            return Err(Oauth::bad(
                "invalid_request",
                &format!("`{name}` comes twice"),
            ));
        }
        Ok(first
            .map(|(_, value)| value.as_str())
            .filter(|value| !value.is_empty()))
    }

    /// A parameter that has to be there.
    pub(super) fn needed(&self, name: &str) -> Result<&str, Oauth> {
        self.one(name)?
            .ok_or_else(|| Oauth::bad("invalid_request", &format!("`{name}` is missing")))
    }
}

impl FromRequest<Shared> for Asked {
    type Rejection = Oauth;

    async fn from_request(request: Request, shared: &Shared) -> Result<Self, Oauth> {
        let (mut parts, body) = request.into_parts();
        let address = match Address::from_request_parts(&mut parts, shared).await {
            Ok(address) => address,
            Err(never) => match never {},
        };
        let signed_in = Option::<SignedIn>::from_request_parts(&mut parts, shared).await?;
        let same_origin = SameOrigin::from_request_parts(&mut parts, shared).await;
        let headers = parts.headers.clone();
        let kind = headers.get(header::CONTENT_TYPE);
        let is_form = kind.is_some_and(|kind| {
            kind.as_bytes()
                .to_ascii_lowercase()
                .starts_with(b"application/x-www-form-urlencoded")
        });
        if !is_form {
            return Err(Oauth::bad(
                "invalid_request",
                "the body is a form: Content-Type: application/x-www-form-urlencoded",
            ));
        }
        let body = Bytes::from_request(Request::from_parts(parts, body), shared)
            .await
            .map_err(|_| Oauth::bad("invalid_request", "the body cannot be read"))?;
        let form = Form(form_urlencoded::parse(&body).into_owned().collect());
        Ok(Self {
            form,
            headers,
            address,
            signed_in,
            same_origin,
        })
    }
}
