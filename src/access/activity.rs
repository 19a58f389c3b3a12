//! When sessions were last used, kept in memory for a minute.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use crate::store::{Error, Store};
use crate::time::Timestamp;

/// When sessions were last used, by the digest of their secret; kept for a minute and written in one batch, in an order that
/// is the same on every node: two that wrote across each other would wait for ever.
#[derive(Default)]
pub struct Activity(Mutex<BTreeMap<String, Timestamp>>);

impl Activity {
    /// Notes that a session was used.
    pub fn note(&self, session: &str, now: Timestamp) {
        let mut noted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        noted.insert(session.to_owned(), now);
    }

    /// When a session was last used, where that is not written yet.
    pub fn seen(&self, session: &str) -> Option<Timestamp> {
        let noted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        noted.get(session).copied()
    }

    /// Writes what was noted.
    pub async fn save(&self, store: &Store) -> Result<(), Error> {
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
