//! The programs that ask for decisions, by the token that they show.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use openssl::sha::sha256;

use super::App;
use crate::account::State;
use crate::gate::DecisionCaller;
use crate::store::Error;

/// The callers that are known, by the digest of their token.
#[derive(Debug, Default)]
pub struct Callers(Mutex<BTreeMap<[u8; 32], DecisionCaller>>);

impl App {
    /// The caller of that token, while its account is in use and its app takes that account.
    pub async fn decision_caller(&self, token: &str) -> Result<Option<DecisionCaller>, Error> {
        let Some(caller) = self.callers.find(token) else {
            return Ok(None);
        };
        let mut tx = self.store.read().await?;
        let account = tx.of(caller.account).account().await?;
        let account = account.filter(|account| account.state == State::Enabled);
        let app = self
            .access
            .app(caller.app.as_str())
            .map(|(_, behind)| &behind.app);
        let is_served = app
            .zip(account)
            .is_some_and(|(app, account)| app.serves(caller.stage, &account.slug));
        Ok(is_served.then_some(caller))
    }

    /// Lets a program ask by this token, until the process ends.
    #[cfg(feature = "practice")]
    pub fn admit(&self, token: &str, caller: DecisionCaller) {
        self.callers
            .known()
            .insert(sha256(token.as_bytes()), caller);
    }
}

impl Callers {
    fn find(&self, token: &str) -> Option<DecisionCaller> {
        self.known().get(&sha256(token.as_bytes())).cloned()
    }

    fn known(&self) -> MutexGuard<'_, BTreeMap<[u8; 32], DecisionCaller>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
