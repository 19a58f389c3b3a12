//! When sessions and keys were last used, kept in memory for a minute.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::id::CredentialId;
use crate::store::{Error, Store};
use crate::time::Timestamp;

/// When credentials were last used; kept for a minute and written in one batch, in an order that is the same on every
/// node: two that wrote across each other would wait for ever.
#[derive(Default)]
pub struct Activity(Mutex<Noted>);

#[derive(Default)]
struct Noted {
    /// By the digest of the secret.
    sessions: BTreeMap<String, Timestamp>,
    keys: BTreeMap<CredentialId, Timestamp>,
}

impl Activity {
    /// Notes that a session was used.
    pub fn note(&self, session: &str, now: Timestamp) {
        self.noted().sessions.insert(session.to_owned(), now);
    }

    /// Notes that a key was used.
    pub fn note_key(&self, key: CredentialId, now: Timestamp) {
        self.noted().keys.insert(key, now);
    }

    /// When a session was last used, where that is not written yet.
    pub fn seen(&self, session: &str) -> Option<Timestamp> {
        self.noted().sessions.get(session).copied()
    }

    /// Writes what was noted.
    pub async fn save(&self, store: &Store) -> Result<(), Error> {
        let noted = std::mem::take(&mut *self.noted());
        if noted.sessions.is_empty() && noted.keys.is_empty() {
            return Ok(());
        }
        let mut tx = store.write().await?;
        for (session, seen) in noted.sessions {
            tx.touch_session(&session, seen).await?;
        }
        for (key, used) in noted.keys {
            tx.touch_credential(key, used).await?;
        }
        tx.commit().await
    }

    fn noted(&self) -> MutexGuard<'_, Noted> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
