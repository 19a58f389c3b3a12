//! The memory of requests and assertions that must not come again.

use super::batch::{Changes, statement};
use super::db::{Error, Of, Tx, sql};
use crate::time::Timestamp;

/// An assertion and the request that it answers, until they could not be accepted in any case.
#[derive(Debug, Clone)]
pub struct OneTime {
    assertion: String,
    request: Option<String>,
    until: Timestamp,
}

impl OneTime {
    /// An assertion, the request that it answers, and how long both are remembered.
    pub fn new(assertion: &str, request: Option<&str>, until: Timestamp) -> Self {
        Self {
            assertion: format!("assertion {assertion}"),
            request: request.map(|id| format!("request {id}")),
            until,
        }
    }

    fn each(&self) -> impl Iterator<Item = &String> {
        std::iter::once(&self.assertion).chain(&self.request)
    }
}

impl Of<'_> {
    /// Whether the assertion or the request was used before.
    pub async fn was_used(&mut self, ids: &OneTime) -> Result<bool, Error> {
        let found = sql!(
            self.tx,
            optional(String,),
            "SELECT id FROM used WHERE account = $1 AND id IN ($2, $3) LIMIT 1",
            &self.account,
            &ids.assertion,
            ids.request.as_ref().unwrap_or(&ids.assertion),
        )?;
        Ok(found.is_some())
    }

    /// Uses up a logout request, and says whether it was not used before.
    pub async fn use_up_logout(&mut self, request: &str, until: Timestamp) -> Result<bool, Error> {
        let added = sql!(
            self.tx,
            execute,
            "INSERT INTO used (account, id, until) VALUES ($1, $2, $3) ON CONFLICT (account, id) DO NOTHING",
            &self.account,
            format!("logout {request}"),
            until.millis(),
        )?;
        Ok(added == 1)
    }
}

impl Changes {
    /// Uses up what was not used before; a conflict where by now it was.
    pub fn use_up(&mut self, ids: &OneTime) {
        for id in ids.each() {
            self.add(statement!(
                "INSERT INTO used (account, id, until) VALUES ($1, $2, $3)",
                &self.account,
                id,
                ids.until.millis(),
            ));
        }
    }

    /// Uses up what is left of something of which a part was used before.
    pub fn use_up_rest(&mut self, ids: &OneTime) {
        for id in ids.each() {
            self.add(statement!(
                "INSERT INTO used (account, id, until) VALUES ($1, $2, $3) ON CONFLICT (account, id) DO NOTHING",
                &self.account,
                id,
                ids.until.millis(),
            ));
        }
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
