//! Compiled connections, kept as long as their revision is in force.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::{Error, Login};
use crate::id::AccountId;
use crate::saml::connection::Connection;

/// Connections by account; a changed account is read again before it is believed.
#[derive(Default)]
pub(super) struct Cache(Mutex<HashMap<AccountId, Arc<Connection>>>);

impl Login {
    /// The connection of an account as the database knows it now: one small read, compiled once for each revision.
    pub async fn connection(&self, slug: &str) -> Result<Arc<Connection>, Error> {
        let mut tx = self.store.read().await?;
        let account = tx.account(slug).await?.ok_or(Error::NoAccount)?;
        if let Some(known) = self
            .connections
            .get(account.id)
            .filter(|known| known.account == account)
        {
            return Ok(known);
        }
        let mut of = tx.of(account.id);
        let revision = of.revision(account.active).await?.ok_or(Error::NoAccount)?;
        let keys = of.keys(&self.ring).await?;
        let compiled = Arc::new(Connection::compile(
            account,
            revision,
            &keys,
            &self.public_url,
        )?);
        self.connections.put(Arc::clone(&compiled));
        Ok(compiled)
    }
}

impl Cache {
    fn get(&self, account: AccountId) -> Option<Arc<Connection>> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&account)
            .cloned()
    }

    fn put(&self, connection: Arc<Connection>) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(connection.account.id, connection);
    }
}
