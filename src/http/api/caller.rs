//! Who asks: a person in a browser, or a program with a token. Exactly one of them.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{Method, StatusCode, header};
use tower_sessions::Session as Cookie;

use super::super::address::Address;
use super::super::extract::{self, Moment, SameOrigin};
use super::super::{Error, Shared, carrier};
use crate::access::{Denied, Holder, Present, Shown};
use crate::account::Stage;
use crate::audit::Actor;
use crate::gate::{Kind, covers};
use crate::id::SessionId;
use crate::role::Role;
use crate::session::Session;

/// Whoever asks, known by the one credential of the request.
#[derive(Clone)]
pub(in super::super) struct Caller {
    present: Arc<Present>,
    actor: Actor,
}

impl Caller {
    /// Whoever it is, in their account.
    pub(in super::super) fn present(&self) -> &Present {
        &self.present
    }

    /// Who it is in the audit, from where, and in which request.
    pub(in super::super) fn actor(&self) -> Actor {
        self.actor.clone()
    }

    /// Whether it is one of the people who run Vestibule, or a program of theirs.
    pub(in super::super) fn is_operator(&self) -> bool {
        let subject = &self.present.subject;
        subject.stage == Stage::Staff
            && match &self.present.holder {
                Holder::Person { .. } => subject.roles().any(|role| role == Role::Operator),
                Holder::Key(_) => true,
            }
    }

    /// What a program may do; a person may do what the policy says.
    pub(super) fn program(&self) -> Option<&Kind> {
        match &self.present.holder {
            Holder::Person { .. } => None,
            Holder::Key(key) => Some(&key.kind),
        }
    }

    /// The session of a person; a program has none.
    pub(in super::super) fn session(&self) -> Result<&Session, Error> {
        self.present.session().ok_or_else(|| {
            Error::new(
                StatusCode::FORBIDDEN,
                "only_people",
                "This is about the person who is signed in; a token is nobody.",
            )
        })
    }

    /// The id of the session that asks, where it is a person's.
    pub(super) fn own_session(&self) -> Option<SessionId> {
        self.present.session().map(|session| session.id)
    }

    /// Whether it may do all that a scope stands for, and so give it on.
    pub(super) fn may_give(&self, scope: &str) -> bool {
        match self.program() {
            Some(Kind::Api { scopes }) => scopes.iter().any(|own| covers(own, scope)),
            Some(Kind::Integration { .. } | Kind::Decision { .. }) => false,
            None => true,
        }
    }
}

impl FromRequestParts<Shared> for Caller {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, shared: &Shared) -> Result<Self, Error> {
        if let Some(known) = parts.extensions.get::<Self>() {
            return Ok(known.clone());
        }
        let Ok(moment) = Moment::from_request_parts(parts, shared).await;
        let Ok(Address(address)) = Address::from_request_parts(parts, shared).await;
        let present = identify(parts, shared, &moment).await?;
        let actor = Actor::from(present.subject.id())
            .at(address)
            .asking(&moment.id);
        let caller = Self { present, actor };
        parts.extensions.insert(caller.clone());
        Ok(caller)
    }
}

async fn identify(
    parts: &mut Parts,
    shared: &Shared,
    moment: &Moment,
) -> Result<Arc<Present>, Error> {
    let Ok(Address(address)) = Address::from_request_parts(parts, shared).await;
    let access = &shared.app.access;
    let has_cookie = cookies(parts, shared) > 0;
    let bearer = bearer(parts)?;
    if cookies(parts, shared) > 1 || (has_cookie && bearer.is_some()) {
        return Err(ambiguous());
    }
    if parts.headers.contains_key("api-key") {
        return Err(if has_cookie || bearer.is_some() {
            ambiguous()
        } else {
            stranger(
                "A key of an integration opens no administration. Ask with an API token: `Authorization: Bearer …`.",
            )
        });
    }
    if let Some(token) = bearer {
        let found = access.key(&token, address, moment.now).await;
        let present = found.map_err(|denied| match denied {
            Denied::Store(error) => Error::from(error),
            Denied::Network => Error::new(
                StatusCode::FORBIDDEN,
                "network",
                "This token may not be used from this network.",
            ),
            Denied::Wrong(_) | Denied::Unknown => {
                stranger("There is no such API token, or it has ended.")
            }
        })?;
        let is_api =
            matches!(&present.holder, Holder::Key(key) if matches!(key.kind, Kind::Api { .. }));
        if !is_api {
            return Err(stranger(
                "This is the key of a program that uses apps. `vestibule token create` makes tokens for the API.",
            ));
        }
        return Ok(present);
    }
    if !has_cookie {
        return Err(stranger(
            "Ask with an API token, `Authorization: Bearer …`, or in a browser that is signed in.",
        ));
    }
    if !matches!(parts.method, Method::GET | Method::HEAD) {
        SameOrigin::from_request_parts(parts, shared).await?;
    }
    let id = parts.extensions.get::<Cookie>().and_then(Cookie::id);
    let token = id.map(carrier::token);
    let found = match &token {
        Some(token) => access.live.find(&Shown::Session(token), moment.now).await?,
        None => None,
    };
    let present =
        found.ok_or_else(|| stranger("There is no session in this browser, or it has ended."))?;
    if present.may_come_from(Some(address)) {
        Ok(present)
    } else {
        Err(Error::new(
            StatusCode::FORBIDDEN,
            "network",
            "The account is not used from this network.",
        ))
    }
}

fn cookies(parts: &Parts, shared: &Shared) -> usize {
    let name = carrier::session_cookie(shared.is_https());
    extract::cookies(&parts.headers)
        .filter(|(found, _)| *found == name)
        .count()
}

/// The one token in `Authorization`.
fn bearer(parts: &Parts) -> Result<Option<String>, Error> {
    let mut lines = parts.headers.get_all(header::AUTHORIZATION).into_iter();
    let (first, second) = (lines.next(), lines.next());
    if second.is_some() {
        return Err(ambiguous());
    }
    let Some(first) = first else {
        return Ok(None);
    };
    let pair = first.to_str().ok().and_then(|text| text.split_once(' '));
    match pair {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => {
            Ok(Some(token.trim().to_owned()))
        }
        _ => Err(stranger(
            "`Authorization` is not `Bearer` and an API token.",
        )),
    }
}

fn stranger(sentence: &str) -> Error {
    Error::new(StatusCode::UNAUTHORIZED, "unauthenticated", sentence).titled("Nobody is known")
}

fn ambiguous() -> Error {
    Error::new(
        StatusCode::BAD_REQUEST,
        "ambiguous_credentials",
        "The request shows more than one credential. Show one alone.",
    )
}
