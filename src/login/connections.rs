//! Compiled connections, kept as long as their account has not changed.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::{Error, Login};
use crate::account::Account;
use crate::saml::connection::{Connection, Restrictions};
use crate::store::Of;
use crate::time::{Span, Timestamp};

/// Connections by the account's name, each with the states of its keys and when the database was last asked about it.
#[derive(Default)]
pub(super) struct Cache(Mutex<HashMap<String, Entry>>);

#[derive(Clone)]
struct Entry {
    connection: Arc<Connection>,
    keys: Vec<(String, String)>,
    asked: Timestamp,
}

/// So long a connection is believed without asking; what a command changes is seen within a second.
const BELIEVED: Span = Span::millis(500);

impl Login {
    /// The connection of an account as the database knows it, or knew it a moment ago; compiled once for each revision.
    pub async fn connection(&self, slug: &str, now: Timestamp) -> Result<Arc<Connection>, Error> {
        let known = self.connections.get(slug);
        if let Some(entry) = &known
            && (Span::millis(0)..BELIEVED).contains(&now.since(entry.asked))
        {
            return Ok(Arc::clone(&entry.connection));
        }
        let mut tx = self.store.read().await?;
        let account = tx.account(slug).await?.ok_or(Error::NoAccount)?;
        let mut of = tx.of(account.id);
        // Before the keys themselves: what changes in between is noticed the next time.
        let states = of.key_states().await?;
        let same = |known: &Entry| {
            let connection = &known.connection;
            connection.account == account && known.keys == states && !connection.is_stale(now)
        };
        let connection = if let Some(entry) = known.filter(same) {
            entry.connection
        } else {
            let number = account.active;
            Arc::new(self.compile(&mut of, account, number).await?)
        };
        let entry = Entry {
            connection: Arc::clone(&connection),
            keys: states,
            asked: now,
        };
        self.connections.put(slug, entry);
        Ok(connection)
    }

    /// The connection of an account by one of its revisions, whether that is in force or not.
    pub(super) async fn compile(
        &self,
        of: &mut Of<'_>,
        account: Account,
        number: i64,
    ) -> Result<Connection, Error> {
        let revision = of.revision(number).await?.ok_or(Error::NoAccount)?;
        let keys = of.keys(&self.ring).await?;
        let restrictions = Restrictions {
            distrusted: of.distrusted().await?,
            source: of.source().await?,
            ours: self.ours.clone(),
        };
        let url = &self.public_url;
        let compiled = Connection::compile(account, revision, &keys, &restrictions, url);
        compiled.map_err(Error::from)
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
    fn get(&self, slug: &str) -> Option<Entry> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(slug)
            .cloned()
    }

    fn put(&self, slug: &str, entry: Entry) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(slug.to_owned(), entry);
    }
}
