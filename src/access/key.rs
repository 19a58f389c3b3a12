//! Programs that show a key, and are told what is wrong with it.

use std::net::IpAddr;
use std::sync::Arc;

use super::{Access, Holder, Present, Shown};
use crate::gate::{DecisionCaller, Kind, Secret, Wrong};
use crate::store::Error;
use crate::time::Timestamp;

/// Why a key opens nothing.
#[derive(Debug, thiserror::Error)]
pub enum Denied {
    /// The text is no secret of ours.
    #[error("{0}")]
    Wrong(#[from] Wrong),
    /// It is not to be used from there.
    #[error("this key may not be used from this network")]
    Network,
    /// There is none like it, or it has ended.
    #[error("there is no such key, or it has ended")]
    Unknown,
    /// The database did not answer.
    #[error(transparent)]
    Store(#[from] Error),
}

impl Access {
    /// The program that shows this key from there.
    pub async fn key(
        &self,
        secret: &str,
        address: IpAddr,
        now: Timestamp,
    ) -> Result<Arc<Present>, Denied> {
        Secret::parse(secret)?;
        let found = self.live.find(&Shown::Key(secret), now).await?;
        let present = found.ok_or(Denied::Unknown)?;
        if present.may_come_from(Some(address)) {
            Ok(present)
        } else {
            Err(Denied::Network)
        }
    }

    /// The program that asks for decisions with this key from there, while its app takes its account.
    pub async fn decision_caller(
        &self,
        secret: &str,
        address: IpAddr,
        now: Timestamp,
    ) -> Result<Option<DecisionCaller>, Error> {
        let present = match self.key(secret, address, now).await {
            Ok(present) => present,
            Err(Denied::Store(error)) => return Err(error),
            Err(Denied::Wrong(_) | Denied::Network | Denied::Unknown) => return Ok(None),
        };
        Ok(self.asks_about(&present))
    }

    /// Whom a program may ask about, and what it is believed; none where it uses apps itself.
    pub fn asks_about(&self, present: &Present) -> Option<DecisionCaller> {
        let Holder::Key(key) = &present.holder else {
            return None;
        };
        let Kind::Decision { app, trusts } = &key.kind else {
            return None;
        };
        let known = self.apps().find(|known| known.app == *app)?;
        let (stage, slug) = (present.subject.stage, &present.environment.account.slug);
        known.serves(stage, slug).then(|| DecisionCaller {
            account: present.subject.account,
            stage,
            app: app.clone(),
            trusts: trusts.clone(),
        })
    }
}
