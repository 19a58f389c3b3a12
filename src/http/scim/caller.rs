//! Which directory asks: a token of the account with the scope `scim`, and nothing else.

use std::sync::Arc;

use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};

use super::super::address::Address;
use super::super::extract::{self, Moment};
use super::super::{Shared, carrier};
use super::answer::{Failed, internal};
use crate::access::{Denied, Environment, Holder};
use crate::account::{Provisioning, Stage};
use crate::app::directory::Directory;
use crate::audit::Actor;
use crate::gate::{Kind as Purpose, SCIM};
use crate::scim::Kind;
use crate::time::Timestamp;

/// A directory that may work on its account.
pub(super) struct Caller {
    shared: Shared,
    environment: Arc<Environment>,
    actor: Actor,
    base: String,
    now: Timestamp,
}

impl Caller {
    /// Its desk.
    pub(super) fn directory(&self) -> Directory<'_> {
        Directory {
            app: &self.shared.app,
            account: &self.environment.account,
            document: &self.environment.document,
            actor: &self.actor,
            base: &self.base,
            now: self.now,
        }
    }

    /// The address of its account, without a slash at its end.
    pub(super) fn base(&self) -> &str {
        &self.base
    }
}

impl FromRequestParts<Shared> for Caller {
    type Rejection = Failed;

    async fn from_request_parts(parts: &mut Parts, shared: &Shared) -> Result<Self, Failed> {
        let Ok(moment) = Moment::from_request_parts(parts, shared).await;
        let Ok(Address(address)) = Address::from_request_parts(parts, shared).await;
        let token = bearer(&parts.headers, carrier::session_cookie(shared.is_https()))?;
        let found = shared.app.access.key(token, address, moment.now).await;
        let present = found.map_err(|denied| match denied {
            Denied::Store(error) => internal(&error),
            Denied::Network => Failed(Kind::Forbidden.because(denied.to_string())),
            Denied::Wrong(_) | Denied::Unknown => stranger(&denied.to_string()),
        })?;
        let actor = match &present.holder {
            Holder::Key(key) => match &key.kind {
                Purpose::Api { scopes } if scopes.contains(SCIM) => Ok(key.id.to_string()),
                Purpose::Api { .. } => Err(Failed(Kind::Forbidden.because(
                    "this token has not the scope `scim`; make one with `vestibule token create --account ID --scope scim`",
                ))),
                Purpose::Integration { .. } | Purpose::Decision { .. } => Err(stranger(
                    "this is a key, not an API token; `vestibule token create --account ID --scope scim` makes one",
                )),
            },
            Holder::Person { .. } => Err(stranger("a person is no directory")),
        }?;
        let environment = Arc::clone(&present.environment);
        let Ok(params) = RawPathParams::from_request_parts(parts, shared).await else {
            return Err(nothing());
        };
        let named = params.iter().find(|(name, _)| *name == "account");
        let slug = environment.account.slug.as_str();
        if named.is_none_or(|(_, named)| named != slug) {
            return Err(nothing());
        }
        let (document, base) = (&environment.document, &shared.app.config.server.public_url);
        if document.stage == Stage::Staff {
            return Err(nothing());
        }
        if !document.uam || document.users.provisioning != Provisioning::Scim {
            return Err(Failed(Kind::Forbidden.because(
                "this account is not kept by a directory: that needs `uam = true` and `users.provisioning = \"scim\"`",
            )));
        }
        Ok(Self {
            base: format!("{base}/scim/v2/{slug}"),
            shared: shared.clone(),
            environment,
            actor: Actor::from(actor).at(address).asking(&moment.id),
            now: moment.now,
        })
    }
}

/// The one token of the request, beside which no other credential stands.
fn bearer<'h>(headers: &'h HeaderMap, cookie: &str) -> Result<&'h str, Failed> {
    let mut lines = headers.get_all(header::AUTHORIZATION).into_iter();
    let (first, second) = (lines.next(), lines.next());
    let has_cookie = extract::cookies(headers).any(|(name, _)| name == cookie);
    let has_other = second.is_some() || has_cookie || headers.contains_key("api-key");
    if first.is_some() && has_other {
        let sentence = "the request shows more than one credential; show the token alone";
        return Err(Failed(Kind::InvalidSyntax.because(sentence)));
    }
    let pair = first.and_then(|value| value.to_str().ok()?.split_once(' '));
    match pair {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => Ok(token.trim()),
        _ => Err(stranger(
            "a directory shows a token of the account with the scope `scim`: `Authorization: Bearer …`",
        )),
    }
}

fn stranger(sentence: &str) -> Failed {
    Failed(Kind::Unauthenticated.because(sentence))
}

/// The account is not this token's, which is all that it may know.
fn nothing() -> Failed {
    Failed(Kind::NotFound.because("there is nothing at this address"))
}
