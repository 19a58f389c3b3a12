//! The session cookie: `tower-sessions` carries it, the id, the row and the clock are ours.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::{Mutex, PoisonError};

use axum::http::HeaderValue;
use tower_sessions::cookie::SameSite;
use tower_sessions::session::{Id, Record};
use tower_sessions::session_store::{Error, Result};
use tower_sessions::{Session as Cookie, SessionManagerLayer, SessionStore};

use super::Shared;
use crate::id::{Token, hex};
use crate::session::{Session, State};
use crate::store::Store;
use crate::time::Timestamp;

const SESSION: &str = "session";
const TOKEN: &str = "token";

/// When sessions were last used, by the digest of their secret; kept for a minute and written in one batch, in an order that
/// is the same on every node: two that wrote across each other would wait for ever.
#[derive(Default)]
pub(super) struct Activity(Mutex<BTreeMap<String, Timestamp>>);

impl Activity {
    fn note(&self, session: String, now: Timestamp) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(session, now);
    }

    fn seen(&self, session: &str) -> Option<Timestamp> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(session)
            .copied()
    }

    /// Writes what was noted.
    pub(super) async fn save(&self, store: &Store) -> std::result::Result<(), crate::store::Error> {
        let noted = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        if noted.is_empty() {
            return Ok(());
        }
        let mut tx = store.write().await?;
        for (session, seen) in noted {
            tx.touch_session(&session, seen).await?;
        }
        tx.commit().await
    }
}

/// Rows of `sessions` behind the library's four functions.
#[derive(Clone)]
struct Rows(Shared);

impl fmt::Debug for Rows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Rows")
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
        let app = &self.0.app;
        let digest = token(*id).digest();
        let find = async {
            let mut tx = app.store.read().await?;
            tx.session(&digest).await
        };
        let Some(mut session) = find.await.map_err(backend)? else {
            return Ok(None);
        };
        let now = app.clock.now();
        session.seen_at = self
            .0
            .activity
            .seen(&digest)
            .map_or(session.seen_at, |seen| seen.max(session.seen_at));
        if session.state(now) != State::Live {
            return Ok(None);
        }
        self.0.activity.note(digest, now);
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

fn token(id: Id) -> Token {
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

/// Ends whatever session the cookie carried and makes it carry this one.
pub(super) async fn begin(
    cookie: &Cookie,
    token: &Token,
) -> std::result::Result<(), tower_sessions::session::Error> {
    end(cookie).await?;
    cookie.insert(TOKEN, hex(&token.reveal())).await
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

/// Removes the cookie; the library's own removal lacks `Secure`, without which browsers keep a `__Host-` cookie.
pub(super) fn removal(https: bool) -> HeaderValue {
    HeaderValue::from_static(if https {
        "__Host-vestibule=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax; Secure"
    } else {
        "vestibule=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax"
    })
}
