//! What handlers ask for: the moment, the browser's address, who is signed in, and that a request is our own.

use std::convert::Infallible;

use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use tower_sessions::Session as Cookie;

use super::{Error, Shared, carrier};
use crate::app::App;
use crate::id::hex;
use crate::session::Session;
use crate::time::Timestamp;

/// When a request arrived, and its id.
#[derive(Debug, Clone)]
pub(super) struct Moment {
    /// The present, for all that the request does.
    pub now: Timestamp,
    /// What the log calls the request.
    pub id: String,
}

impl Moment {
    /// Reads the clock, once for a request.
    pub(super) fn new(app: &App) -> Self {
        Self {
            now: app.clock.now(),
            id: format!("req_{}", hex(&app.entropy.bytes::<8>())),
        }
    }
}

impl FromRequestParts<Shared> for Moment {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, shared: &Shared) -> Result<Self, Infallible> {
        Ok(parts
            .extensions
            .get::<Self>()
            .cloned()
            .unwrap_or_else(|| Self::new(&shared.app)))
    }
}

/// Somebody with a live session.
#[derive(Debug, Clone)]
pub(super) struct SignedIn {
    /// Their session.
    pub session: Session,
    /// The cookie that carries it.
    pub cookie: Cookie,
}

impl FromRequestParts<Shared> for SignedIn {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &Shared) -> Result<Self, Error> {
        let cookie = parts
            .extensions
            .get::<Cookie>()
            .cloned()
            .ok_or_else(Error::unauthenticated)?;
        let session = carrier::session(&cookie)
            .await?
            .ok_or_else(Error::unauthenticated)?;
        Ok(Self { session, cookie })
    }
}

impl OptionalFromRequestParts<Shared> for SignedIn {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &Shared) -> Result<Option<Self>, Error> {
        let Some(cookie) = parts.extensions.get::<Cookie>().cloned() else {
            return Ok(None);
        };
        Ok(carrier::session(&cookie)
            .await?
            .map(|session| Self { session, cookie }))
    }
}

/// The request comes from one of our own pages; every unsafe method that a cookie could authenticate asks for it.
pub(super) struct SameOrigin;

impl FromRequestParts<Shared> for SameOrigin {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, shared: &Shared) -> Result<Self, Error> {
        let said = |name: &str| {
            parts
                .headers
                .get(name)
                .and_then(|value| value.to_str().ok())
        };
        let ours = match said("sec-fetch-site") {
            Some(site) => site == "same-origin",
            None => said("origin") == Some(shared.app.config.server.public_url.as_str()),
        };
        if ours {
            Ok(Self)
        } else {
            Err(Error::foreign_origin())
        }
    }
}

/// The host name that the browser asked for.
pub(super) fn host(headers: &HeaderMap) -> String {
    headers
        .get(header::HOST)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
        .to_ascii_lowercase()
}

/// Every cookie of the request, by name.
pub(super) fn cookies(headers: &HeaderMap) -> impl Iterator<Item = (&str, &str)> {
    let lines = headers
        .get_all(header::COOKIE)
        .into_iter()
        .filter_map(|value| value.to_str().ok());
    lines
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
}
