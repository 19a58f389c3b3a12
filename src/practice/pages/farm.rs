//! A farm at work: its trusts, its clock, and what it sent last.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use super::view::Delivery;
use crate::id::Entropy;
use crate::practice::adfs::Adfs;
use crate::practice::logout::Participant;
use crate::practice::relying_party::RelyingParty;
use crate::time::{Clock, Timestamp};

/// A farm with its trusts, ready to serve.
#[derive(Clone, Debug)]
pub struct Practice(Arc<Farm>);

#[derive(Debug)]
struct Farm {
    adfs: Adfs,
    trusts: RwLock<Vec<RelyingParty>>,
    clock: Clock,
    entropy: Entropy,
    /// The last response for each relying party, for replays.
    sent: Mutex<HashMap<String, Delivery>>,
    /// Who is signed in where, the latest last.
    sessions: Mutex<Vec<Participant>>,
}

impl Practice {
    /// A farm that trusts these relying parties.
    pub fn new(adfs: Adfs, trusts: Vec<RelyingParty>, clock: Clock, entropy: Entropy) -> Self {
        Self(Arc::new(Farm {
            adfs,
            trusts: RwLock::new(trusts),
            clock,
            entropy,
            sent: Mutex::default(),
            sessions: Mutex::default(),
        }))
    }

    /// The farm.
    pub fn adfs(&self) -> &Adfs {
        &self.0.adfs
    }

    /// What time it is there.
    pub(super) fn now(&self) -> Timestamp {
        self.0.clock.now()
    }

    pub(super) fn entropy(&self) -> &Entropy {
        &self.0.entropy
    }

    /// Adds a trust, or updates the one with the same identifier.
    pub fn trust(&self, relying_party: RelyingParty) {
        let mut trusts = self
            .0
            .trusts
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        trusts.retain(|known| known.entity_id != relying_party.entity_id);
        trusts.push(relying_party);
    }

    pub(super) fn trusts(&self) -> Vec<RelyingParty> {
        let trusts = self.0.trusts.read().unwrap_or_else(PoisonError::into_inner);
        trusts.clone()
    }

    pub(super) fn last_sent(&self, entity_id: &str) -> Option<Delivery> {
        let sent = self.0.sent.lock().unwrap_or_else(PoisonError::into_inner);
        sent.get(entity_id).cloned()
    }

    pub(super) fn remember(&self, entity_id: &str, delivery: &Delivery) {
        let mut sent = self.0.sent.lock().unwrap_or_else(PoisonError::into_inner);
        sent.insert(entity_id.to_owned(), delivery.clone());
    }

    pub(super) fn signed_in(&self, session: Participant) {
        self.sessions_held().push(session);
    }

    /// The latest sessions, newest first; more than a few would only fill the page.
    pub(super) fn latest_sessions(&self) -> Vec<Participant> {
        self.sessions_held().iter().rev().take(5).cloned().collect()
    }

    /// Ends the latest session that is meant, if there is one.
    pub(super) fn end(&self, is_meant: impl Fn(&Participant) -> bool) -> Option<Participant> {
        let mut sessions = self.sessions_held();
        let place = sessions.iter().rposition(is_meant)?;
        Some(sessions.remove(place))
    }

    fn sessions_held(&self) -> MutexGuard<'_, Vec<Participant>> {
        self.0
            .sessions
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}
