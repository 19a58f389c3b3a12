//! Somebody at a page: who they are, and that they may do what it is for.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use url::form_urlencoded::byte_serialize;

use super::super::api::Caller;
use super::super::api::pass::{Pass, Permission};
use super::super::extract::SameOrigin;
use super::super::{Error, Shared, page};
use super::frame::Frame;

/// Whoever is signed in; anybody else who only looks is led to the sign-in and back.
pub(super) struct Visitor {
    /// Who it is.
    pub(super) caller: Caller,
    /// What stands around the page.
    pub(super) frame: Frame,
}

/// Whether the request only looks; one that does more has to come from a page of ours.
pub(super) async fn only_looks(parts: &mut Parts, shared: &Shared) -> Result<bool, Response> {
    if parts.method == Method::GET {
        return Ok(true);
    }
    SameOrigin::from_request_parts(parts, shared)
        .await
        .map_err(IntoResponse::into_response)?;
    Ok(false)
}

impl FromRequestParts<Shared> for Visitor {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, shared: &Shared) -> Result<Self, Response> {
        let looks = only_looks(parts, shared).await?;
        match Caller::from_request_parts(parts, shared).await {
            Ok(caller) => {
                // A token opens no page: what a person sees and does there is theirs.
                caller.session().map_err(IntoResponse::into_response)?;
                let frame = Frame::new(&caller, parts);
                Ok(Self { caller, frame })
            }
            Err(error) if error.status() != StatusCode::UNAUTHORIZED => Err(error.into_response()),
            Err(_) if !looks => Err(Error::unauthenticated().into_response()),
            Err(_) => {
                let back: String = byte_serialize(parts.uri.path().as_bytes()).collect();
                Err(page::going_to(&format!("/login?return_to={back}")))
            }
        }
    }
}

/// Somebody who may do what the page about an account is for.
pub(super) struct Visit<P> {
    /// Who, where, and that they may.
    pub(super) pass: Pass<P>,
    /// What stands around the page.
    pub(super) frame: Frame,
}

impl<P: Permission> FromRequestParts<Shared> for Visit<P> {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, shared: &Shared) -> Result<Self, Response> {
        Visitor::from_request_parts(parts, shared).await?;
        let pass = Pass::<P>::from_request_parts(parts, shared)
            .await
            .map_err(IntoResponse::into_response)?;
        let frame = Frame::about(shared, &pass, parts).map_err(IntoResponse::into_response)?;
        Ok(Self { pass, frame })
    }
}
