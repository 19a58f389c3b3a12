//! `/portal`: the pages of who administers accounts.

mod proposals;

use axum::Router;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use url::form_urlencoded::byte_serialize;

use super::api::Caller;
use super::extract::SameOrigin;
use super::{Error, Shared, page};
pub(super) use proposals::LIST;

pub(super) fn router() -> Router<Shared> {
    Router::new().merge(proposals::router())
}

/// Whoever is signed in; anybody else who only looks is led to the sign-in and back.
struct Visitor(Caller);

impl FromRequestParts<Shared> for Visitor {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, shared: &Shared) -> Result<Self, Response> {
        let looks = parts.method == Method::GET;
        if !looks {
            SameOrigin::from_request_parts(parts, shared)
                .await
                .map_err(IntoResponse::into_response)?;
        }
        match Caller::from_request_parts(parts, shared).await {
            Ok(caller) => Ok(Self(caller)),
            Err(error) if error.status() != StatusCode::UNAUTHORIZED => Err(error.into_response()),
            Err(_) if !looks => Err(Error::unauthenticated().into_response()),
            Err(_) => {
                let back: String = byte_serialize(parts.uri.path().as_bytes()).collect();
                Err(page::going_to(&format!("/login?return_to={back}")))
            }
        }
    }
}
