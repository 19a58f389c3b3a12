//! The programs that ask for decisions.

use std::net::IpAddr;

use super::{App, Denied};
use crate::gate::{DecisionCaller, Kind};
use crate::store::Error;
use crate::time::Timestamp;

impl App {
    /// The caller that shows this secret from there, while its account is in use and its app takes that account.
    pub async fn decision_caller(
        &self,
        secret: &str,
        address: IpAddr,
        now: Timestamp,
    ) -> Result<Option<DecisionCaller>, Error> {
        let credential = match self.authenticate(secret, address, now).await {
            Ok(credential) => credential,
            Err(Denied::Store(error)) => return Err(error),
            Err(Denied::Wrong(_) | Denied::Network | Denied::Unknown) => return Ok(None),
        };
        let Some((account, subject)) = self.holder(&credential).await? else {
            return Ok(None);
        };
        let Kind::Decision { app, trusts } = credential.kind else {
            return Ok(None);
        };
        let served = self.access.apps().find(|known| known.app == app);
        let is_served = served.is_some_and(|known| known.serves(subject.stage, &account.slug));
        Ok(is_served.then_some(DecisionCaller {
            account: account.id,
            stage: subject.stage,
            app,
            trusts,
        }))
    }
}
