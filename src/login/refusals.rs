//! Refusals before any signature has verified: a stranger must not be able to fill our disk.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use super::visit::Visit;
use super::{Error, Finished, Login, Refused};
use crate::attempt::Outcome;
use crate::audit::Event;
use crate::id::{AccountId, AttemptId};
use crate::saml::check::Rejection;
use crate::store::Changes;
use crate::time::Timestamp;

/// So many unverified attempts of an account are kept in a minute; the rest is only counted.
const KEPT_PER_MINUTE: u64 = 30;

/// What was refused of each account since the last summary.
#[derive(Default)]
pub(super) struct Refusals(Mutex<HashMap<AccountId, (Timestamp, u64)>>);

impl Refusals {
    /// Counts one more, and says whether it may be kept in full.
    pub(super) fn count(&self, account: AccountId, now: Timestamp) -> bool {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (_, count) = counts.entry(account).or_insert((now, 0));
        *count += 1;
        *count <= KEPT_PER_MINUTE
    }

    fn take(&self) -> HashMap<AccountId, (Timestamp, u64)> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Login {
    /// Keeps the attempt of somebody nobody knows, while those of this minute are few.
    pub(super) async fn turn_away_unverified(
        &self,
        visit: Visit,
        rejection: Rejection,
    ) -> Result<Finished, Error> {
        let (now, account, code) = (visit.now, visit.connection.account.id, rejection.code);
        let refused = Refused {
            reference: AttemptId::new(now, &self.entropy),
            code,
            refusal: None,
            request: visit.request(),
            verified: false,
        };
        if self.refusals.count(account, now) {
            let outcome = Outcome::Refused {
                code,
                refusal: None,
            };
            let advice = rejection.advice.map(|advice| *advice);
            let record = visit.attempt(refused.reference, outcome, advice).brief();
            let mut changes = Changes::new(account);
            changes.save_attempt(&record, &self.ring, &self.entropy)?;
            self.store.commit(changes).await?;
        }
        Ok(Finished::Refused(refused))
    }

    /// Writes one audit entry for each account that had unverified refusals; called once a minute.
    pub async fn summarise(&self, now: Timestamp) -> Result<(), Error> {
        for (account, (since, count)) in self.refusals.take() {
            let mut tx = self.store.write().await?;
            tx.of(account)
                .audit(
                    "system",
                    Event::SignInsRefusedUnverified { count, since },
                    now,
                    &self.entropy,
                )
                .await?;
            tx.commit().await?;
        }
        Ok(())
    }
}
