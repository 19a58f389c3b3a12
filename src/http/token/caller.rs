//! Who asks: a session, a client's server with its key, or a service with the key for its questions. Exactly one of them.

use axum::http::{HeaderMap, HeaderName, header};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use url::form_urlencoded;

use super::super::{Shared, carrier, extract};
use super::answer::Oauth;
use super::asked::Asked;
use crate::account::Account;
use crate::app::{Alive, Whom};
use crate::gate::{Access, AppSlug, Credential, Kind};
use crate::id::AccountId;
use crate::session::Session;
use crate::time::Timestamp;

const ACCOUNT: HeaderName = HeaderName::from_static("account-id");
const KEY: HeaderName = HeaderName::from_static("api-key");

/// Whoever may have tokens.
pub(super) enum Caller {
    /// Somebody who is signed in in this browser.
    Session(Box<Session>),
    /// A client's server.
    Key(Box<Credential>),
}

/// A service that asks about tokens of one app and account.
pub(super) struct Service {
    /// The app.
    pub(super) app: AppSlug,
    /// The account.
    pub(super) account: AccountId,
}

impl Caller {
    /// Whoever asks.
    pub(super) async fn of(shared: &Shared, asked: &Asked, now: Timestamp) -> Result<Self, Oauth> {
        let Some(named) = named(shared, asked)? else {
            return Err(Oauth::client("no credential came with this request"));
        };
        match named {
            Named::Cookie => {
                let signed_in = asked.signed_in.as_ref();
                let signed_in = signed_in.ok_or_else(|| {
                    Oauth::client("there is no session in this browser, or it has ended")
                })?;
                Ok(Self::Session(Box::new(signed_in.session.clone())))
            }
            Named::Key { account, secret } => {
                let credential = shared
                    .app
                    .authenticate(&secret, asked.address.0, now)
                    .await?;
                let holder = shared.app.holder(&credential).await?;
                let is_theirs = holder.is_some_and(|(own, _)| is_called(&own, &account));
                match credential.kind {
                    Kind::Integration { .. } if is_theirs => Ok(Self::Key(Box::new(credential))),
                    Kind::Integration { .. } => {
                        Err(Oauth::client("this key is not of that account"))
                    }
                    Kind::Decision { .. } => Err(Oauth::client(
                        "this key asks for decisions; it has no tokens of its own",
                    )),
                }
            }
            Named::Bearer(_) => Err(Oauth::client(
                "a bearer token is no credential here; use the session or an API key",
            )),
        }
    }

    /// The same as of now, with what they may do.
    pub(super) async fn alive(
        &self,
        shared: &Shared,
        now: Timestamp,
    ) -> Result<Option<Alive>, Oauth> {
        let whom = match self {
            Self::Session(session) => Whom::Session {
                account: session.account,
                user: session.user,
                session: session.id,
                seen: now,
            },
            Self::Key(credential) => Whom::Key {
                account: credential.account,
                credential: credential.id,
            },
        };
        Ok(shared.app.alive(&whom, now).await?)
    }

    /// Whether a token was given to them.
    pub(super) fn owns(&self, access: &Access) -> bool {
        match self {
            Self::Session(session) => access.sid == Some(session.id),
            Self::Key(key) => access.sid.is_none() && access.sub == key.id.to_string(),
        }
    }
}

impl Service {
    /// Whoever asks.
    pub(super) async fn of(shared: &Shared, asked: &Asked, now: Timestamp) -> Result<Self, Oauth> {
        let Some(Named::Bearer(secret)) = named(shared, asked)? else {
            return Err(Oauth::client(
                "a service asks with the key that `vestibule key create --decides-for` made for it, as a bearer token",
            ));
        };
        let credential = shared
            .app
            .authenticate(&secret, asked.address.0, now)
            .await?;
        let is_enabled = shared.app.holder(&credential).await?.is_some();
        match credential.kind {
            Kind::Decision { app, .. } if is_enabled => Ok(Self {
                app,
                account: credential.account,
            }),
            Kind::Decision { .. } | Kind::Integration { .. } => Err(Oauth::client(
                "this key does not ask for decisions; `vestibule key create --decides-for` makes one that does",
            )),
        }
    }
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
