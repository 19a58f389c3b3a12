//! Who asks: a session, a client's server with its key, or a service with the key for its questions. Exactly one of them.

use std::sync::Arc;

use axum::http::{HeaderMap, HeaderName, header};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use url::form_urlencoded;

use super::super::{Shared, carrier, extract};
use super::answer::Oauth;
use super::asked::Asked;
use crate::access::{Present, Shown};
use crate::account::Account;
use crate::gate::{Access, DecisionCaller};
use crate::time::Timestamp;

const ACCOUNT: HeaderName = HeaderName::from_static("account-id");
const KEY: HeaderName = HeaderName::from_static("api-key");

/// Whoever may have tokens: somebody who is signed in in this browser, or a client's server.
pub(super) struct Caller(Arc<Present>);

impl Caller {
    /// Whoever asks.
    pub(super) async fn of(shared: &Shared, asked: &Asked, now: Timestamp) -> Result<Self, Oauth> {
        let Some(named) = named(shared, asked)? else {
            return Err(Oauth::client("no credential came with this request"));
        };
        let access = &shared.app.access;
        match named {
            Named::Cookie => {
                let id = asked.signed_in.as_ref().and_then(|known| known.cookie.id());
                let token = id.map(carrier::token);
                let found = match &token {
                    Some(token) => access.live.find(&Shown::Session(token), now).await?,
                    None => None,
                };
                let none = "there is no session in this browser, or it has ended";
                found.map(Self).ok_or_else(|| Oauth::client(none))
            }
            Named::Key { account, secret } => {
                let present = access.key(&secret, asked.address.0, now).await?;
                if !is_called(&present.environment.account, &account) {
                    Err(Oauth::client("this key is not of that account"))
                } else if !present.uses_apps() {
                    let sentence = "this key asks for decisions; it has no tokens of its own";
                    Err(Oauth::client(sentence))
                } else {
                    Ok(Self(present))
                }
            }
            Named::Bearer(_) => Err(Oauth::client(
                "a bearer token is no credential here; use the session or an API key",
            )),
        }
    }

    /// Whoever it is.
    pub(super) fn present(&self) -> &Present {
        &self.0
    }

    /// Whether a token was given to them.
    pub(super) fn owns(&self, access: &Access) -> bool {
        let session = self.0.session().map(|session| session.id);
        access.sid == session && access.sub == self.0.subject.id()
    }
}

/// The service that asks about tokens of one app and account.
pub(super) async fn service(
    shared: &Shared,
    asked: &Asked,
    now: Timestamp,
) -> Result<DecisionCaller, Oauth> {
    let Some(Named::Bearer(secret)) = named(shared, asked)? else {
        return Err(Oauth::client(
            "a service asks with the key that `vestibule key create --decides-for` made for it, as a bearer token",
        ));
    };
    let access = &shared.app.access;
    let present = access.key(&secret, asked.address.0, now).await?;
    access.asks_about(&present).ok_or_else(|| {
        Oauth::client(
            "this key does not ask for decisions; `vestibule key create --decides-for` makes one that does",
        )
    })
}

/// A credential as it was sent.
enum Named {
    Cookie,
    Key { account: String, secret: String },
    Bearer(String),
}

/// The one credential of a request.
fn named(shared: &Shared, asked: &Asked) -> Result<Option<Named>, Oauth> {
    let headers = &asked.headers;
    let cookie = carrier::session_cookie(shared.is_https());
    let has_cookie = extract::cookies(headers).any(|(name, _)| name == cookie);
    // A page from elsewhere makes the browser send the cookie, too.
    if let (true, Err(foreign)) = (has_cookie, &asked.same_origin) {
        return Err(foreign.clone().into());
    }
    let cookie = has_cookie.then_some(Named::Cookie);
    let pair = |account: Option<&str>, secret: Option<&str>, missing| match (account, secret) {
        (None, None) => Ok(None),
        (Some(account), Some(secret)) => Ok(Some(Named::Key {
            account: account.to_owned(),
            secret: secret.to_owned(),
        })),
        (Some(_), None) | (None, Some(_)) => Err(Oauth::client(missing)),
    };
    let own = pair(
        text(headers, &ACCOUNT)?,
        text(headers, &KEY)?,
        "Account-Id and Api-Key belong together",
    )?;
    let form = pair(
        asked.form.one("client_id")?,
        asked.form.one("client_secret")?,
        "client_id and client_secret belong together",
    )?;
    let authorization = text(headers, &header::AUTHORIZATION)?
        .map(authorization)
        .transpose()?;
    let mut all = [cookie, own, form, authorization].into_iter().flatten();
    match (all.next(), all.next()) {
        (_, Some(_)) => Err(Oauth::ambiguous()),
        (one, None) => Ok(one),
    }
}

/// A header that comes once at most, and in plain text.
fn text<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Result<Option<&'h str>, Oauth> {
    let mut lines = headers.get_all(name).into_iter();
    let (first, second) = (lines.next(), lines.next());
    if second.is_some() {
        return Err(Oauth::ambiguous());
    }
    first
        .map(|value| {
            value
                .to_str()
                .map_err(|_| Oauth::client("the credential is not plain text"))
        })
        .transpose()
}

fn authorization(value: &str) -> Result<Named, Oauth> {
    let (scheme, rest) = value.split_once(' ').unwrap_or((value, ""));
    if scheme.eq_ignore_ascii_case("bearer") {
        return Ok(Named::Bearer(rest.trim().to_owned()));
    }
    if !scheme.eq_ignore_ascii_case("basic") {
        return Err(Oauth::client("Authorization is Basic or Bearer"));
    }
    let unreadable = || Oauth::client("Authorization: Basic cannot be read");
    let plain = STANDARD.decode(rest.trim()).map_err(|_| unreadable())?;
    let plain = String::from_utf8(plain).map_err(|_| unreadable())?;
    let (account, secret) = plain.split_once(':').ok_or_else(unreadable)?;
    // RFC 6749, 2.3.1: both are written as in a form.
    let decoded = |text: &str| {
        let mut pairs = form_urlencoded::parse(text.as_bytes());
        pairs
            .next()
            .map(|(name, _)| name.into_owned())
            .unwrap_or_default()
    };
    Ok(Named::Key {
        account: decoded(account),
        secret: decoded(secret),
    })
}

fn is_called(account: &Account, name: &str) -> bool {
    account.slug.as_str() == name || account.id.to_string() == name
}
