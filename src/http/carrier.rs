//! The session cookie: `tower-sessions` carries it, the id, the row and the clock are ours.

use std::collections::HashMap;
use std::fmt;

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::response::{AppendHeaders, Response};
use tower_sessions::cookie::SameSite;
use tower_sessions::session::{Id, Record};
use tower_sessions::session_store::{Error, Result};
use tower_sessions::{Session as Cookie, SessionManagerLayer, SessionStore};

use super::{Shared, extract};
use crate::id::{Token, hex};
use crate::session::{Session, State};
use crate::time::Timestamp;

const SESSION: &str = "session";
const TOKEN: &str = "token";

/// Rows of `sessions` behind the library's four functions.
#[derive(Clone)]
struct Rows(Shared);

impl fmt::Debug for Rows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Rows")
    }
}

impl Shared {
    /// The session of that digest, unless it is over.
    async fn live_session(
        &self,
        digest: &str,
    ) -> std::result::Result<Option<Session>, crate::store::Error> {
        let app = &self.app;
        let found = app.store.read().await?.session(digest).await?;
        let live = found.map(|session| Session {
            seen_at: app
                .access
                .activity
                .seen(digest)
                .map_or(session.seen_at, |seen| seen.max(session.seen_at)),
            ..session
        });
        let now = app.clock.now();
        Ok(live.filter(|session| session.state(now) == State::Live))
    }
}

#[async_trait::async_trait]
impl SessionStore for Rows {
    /// The row is there already, written with the sign-in; only its secret has to become the cookie's.
    async fn create(&self, record: &mut Record) -> Result<()> {
        let token = record
            .data
            .get(TOKEN)
            .and_then(|value| value.as_str())
            .and_then(|text| u128::from_str_radix(text, 16).ok());
        let token =
            token.ok_or_else(|| Error::Encode("a session begins only with a sign-in".into()))?;
        record.id = Id(i128::from_le_bytes(token.to_be_bytes()));
        Ok(())
    }

    /// Nothing of a session changes through its cookie.
    async fn save(&self, _: &Record) -> Result<()> {
        Ok(())
    }

    async fn load(&self, id: &Id) -> Result<Option<Record>> {
        let digest = token(*id).digest();
        let Some(session) = self.0.live_session(&digest).await.map_err(backend)? else {
            return Ok(None);
        };
        let app = &self.0.app;
        app.access.activity.note(&digest, app.clock.now());
        let value =
            serde_json::to_value(&session).map_err(|error| Error::Decode(error.to_string()))?;
        let expiry_date = time_of(session.expires_at);
        Ok(Some(Record {
            id: *id,
            data: HashMap::from([(SESSION.to_owned(), value)]),
            expiry_date,
        }))
    }

    async fn delete(&self, id: &Id) -> Result<()> {
        let mut tx = self.0.app.store.write().await.map_err(backend)?;
        tx.delete_session(&token(*id).digest())
            .await
            .map_err(backend)?;
        tx.commit().await.map_err(backend)
    }
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "it is what map_err hands over"
)]
fn backend(error: crate::store::Error) -> Error {
    Error::Backend(error.to_string())
}

/// The secret that a cookie carries.
pub(super) fn token(id: Id) -> Token {
    Token::from_bytes(id.0.to_le_bytes())
}

fn time_of(at: Timestamp) -> tower_sessions::cookie::time::OffsetDateTime {
    let epoch = tower_sessions::cookie::time::OffsetDateTime::UNIX_EPOCH;
    epoch.saturating_add(tower_sessions::cookie::time::Duration::milliseconds(
        at.millis(),
    ))
}

/// The name of the session cookie; `__Host-` binds it to this host wherever there is https.
pub const fn session_cookie(https: bool) -> &'static str {
    if https {
        "__Host-vestibule"
    } else {
        "vestibule"
    }
}

/// The layer that gives handlers the cookie; `Lax`, since a `Strict` one would not survive the way back from ADFS.
pub(super) fn layer(shared: &Shared) -> SessionManagerLayer<impl SessionStore + Clone> {
    let https = shared.is_https();
    SessionManagerLayer::new(Rows(shared.clone()))
        .with_name(session_cookie(https))
        .with_secure(https)
        .with_http_only(true)
        .with_same_site(SameSite::Lax)
        .with_path("/")
}

/// The session of the cookie, if it is live.
pub(super) async fn session(
    cookie: &Cookie,
) -> std::result::Result<Option<Session>, tower_sessions::session::Error> {
    cookie.get(SESSION).await
}

/// The cookie that says which session a browser has, by the digest of its secret. The session's own cookie does not
/// arrive with the identity provider's cross-site post, and a sign-in has to know what it would replace.
const fn current_cookie(https: bool) -> &'static str {
    if https {
        "__Host-vestibule-current"
    } else {
        "vestibule-current"
    }
}

fn digest<'h>(shared: &Shared, headers: &'h HeaderMap) -> Option<&'h str> {
    let name = current_cookie(shared.is_https());
    extract::cookies(headers).find_map(|(found, value)| (found == name).then_some(value))
}

/// The session that this browser has, also where its own cookie did not arrive.
pub(super) async fn current(
    shared: &Shared,
    cookie: &Cookie,
    headers: &HeaderMap,
) -> std::result::Result<Option<Session>, super::Error> {
    match (session(cookie).await?, digest(shared, headers)) {
        (None, Some(digest)) => Ok(shared.live_session(digest).await?),
        (session, _) => Ok(session),
    }
}

/// Ends whatever session this browser had; with the answer begins this one.
pub(super) async fn begin(
    shared: &Shared,
    cookie: &Cookie,
    headers: &HeaderMap,
    token: &Token,
    mut answer: Response,
) -> std::result::Result<Response, super::Error> {
    if let Some(digest) = digest(shared, headers) {
        let mut tx = shared.app.store.write().await?;
        tx.delete_session(digest).await?;
        tx.commit().await?;
    }
    end(cookie).await?;
    cookie.insert(TOKEN, hex(&token.reveal())).await?;
    let (name, digest) = (current_cookie(shared.is_https()), token.digest());
    let current = format!("{name}={digest}; Path=/; HttpOnly; {}", shared.cross_site());
    if let Ok(current) = HeaderValue::from_str(&current) {
        answer.headers_mut().append(header::SET_COOKIE, current);
    }
    Ok(answer)
}

/// Ends the session of the cookie, if it carries one.
pub(super) async fn end(
    cookie: &Cookie,
) -> std::result::Result<(), tower_sessions::session::Error> {
    if cookie.id().is_some() {
        cookie.flush().await
    } else {
        Ok(())
    }
}

/// Removes both cookies; the library's own removal lacks `Secure`, without which browsers keep a `__Host-` cookie.
pub(super) fn removal(shared: &Shared) -> AppendHeaders<[(HeaderName, String); 2]> {
    let https = shared.is_https();
    let secure = if https { "; Secure" } else { "" };
    AppendHeaders([session_cookie(https), current_cookie(https)].map(|name| {
        let removed = format!("{name}=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax{secure}");
        (header::SET_COOKIE, removed)
    }))
}
