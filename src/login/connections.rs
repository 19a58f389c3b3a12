//! Compiled connections, kept as long as their account has not changed.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::{Error, Login};
use crate::saml::connection::{Connection, Restrictions};
use crate::time::{Span, Timestamp};

/// Connections by the account's name, each with when the database was last asked about it.
#[derive(Default)]
pub(super) struct Cache(Mutex<HashMap<String, (Arc<Connection>, Timestamp)>>);

/// So long a connection is believed without asking; what a command changes is seen within a second.
const BELIEVED: Span = Span::millis(500);

impl Login {
    /// The connection of an account as the database knows it, or knew it a moment ago; compiled once for each revision.
    pub async fn connection(&self, slug: &str, now: Timestamp) -> Result<Arc<Connection>, Error> {
        let known = self.connections.get(slug);
        if let Some((connection, asked)) = &known
            && (Span::millis(0)..BELIEVED).contains(&now.since(*asked))
        {
            return Ok(Arc::clone(connection));
        }
        let mut tx = self.store.read().await?;
        let account = tx.account(slug).await?.ok_or(Error::NoAccount)?;
        if let Some((connection, _)) =
            known.filter(|(known, _)| known.account == account && !known.is_stale(now))
        {
            self.connections.put(&connection, now);
            return Ok(connection);
        }
        let mut of = tx.of(account.id);
        let revision = of.revision(account.active).await?.ok_or(Error::NoAccount)?;
        let keys = of.keys(&self.ring).await?;
        let restrictions = Restrictions {
            distrusted: of.distrusted().await?,
            source: of.source().await?,
        };
        let compiled = Arc::new(Connection::compile(
            account,
            revision,
            &keys,
            &restrictions,
            &self.public_url,
        )?);
        self.connections.put(&compiled, now);
        Ok(compiled)
    }

    /// Asks the database anew about an account that was changed here.
    pub fn forget(&self, slug: &str) {
        self.connections
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(slug);
    }
}

impl Cache {
    fn get(&self, slug: &str) -> Option<(Arc<Connection>, Timestamp)> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(slug)
            .cloned()
    }

    fn put(&self, connection: &Arc<Connection>, now: Timestamp) {
        let slug = connection.account.slug.to_string();
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(slug, (Arc::clone(connection), now));
    }
}
