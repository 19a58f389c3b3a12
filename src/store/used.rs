//! The memory of requests and assertions that must not come again.

use super::db::{Error, Of, Tx, sql};
use crate::time::Timestamp;

impl Of<'_> {
    /// Uses up the assertion and the request that it answers; false when either was used before.
    pub async fn use_up(
        &mut self,
        assertion: &str,
        request: Option<&str>,
        until: Timestamp,
    ) -> Result<bool, Error> {
        let assertion = format!("assertion {assertion}");
        let Some(request) = request.map(|id| format!("request {id}")) else {
            let count = sql!(
                self.tx,
                execute,
                "INSERT INTO used (account, id, until) VALUES ($1, $2, $3) ON CONFLICT (account, id) DO NOTHING",
                &self.account,
                assertion,
                until.millis(),
            )?;
            return Ok(count == 1);
        };
        let count = sql!(
            self.tx,
            execute,
            "INSERT INTO used (account, id, until) VALUES ($1, $2, $4), ($1, $3, $4) ON CONFLICT (account, id) DO NOTHING",
            &self.account,
            assertion,
            request,
            until.millis(),
        )?;
        Ok(count == 2)
    }
}

impl Tx {
    /// Forgets what could not be accepted any more in any case.
    pub async fn forget_used(&mut self, now: Timestamp) -> Result<u64, Error> {
        sql!(
            self,
            execute,
            "DELETE FROM used WHERE until < $1",
            now.millis()
        )
    }
}
