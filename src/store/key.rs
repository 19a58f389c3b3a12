//! An account's own key pairs, their private halves sealed.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use openssl::x509::X509;
use sqlx::FromRow;

use super::db::{Error, Of, sql};
use crate::id::{Entropy, KeyId};
use crate::saml::connection::Keys;
use crate::saml::keys::{Certificate, KeyPair};
use crate::saml::rollover::{Known, Purpose, State};
use crate::seal::{Place, Ring};
use crate::time::Timestamp;

#[derive(FromRow)]
struct Row {
    id: String,
    purpose: String,
    state: String,
    certificate: String,
    sealed: String,
    created_at: i64,
}

impl Of<'_> {
    /// Keeps new pairs: those for encryption are active, those for signing as said.
    pub async fn create_keys(
        &mut self,
        keys: &Keys,
        signing: State,
        ring: &Ring,
        now: Timestamp,
        entropy: &Entropy,
    ) -> Result<(), Error> {
        let signs = keys
            .signing
            .iter()
            .map(|pair| (Purpose::Signing, signing, pair));
        let opens = keys
            .encryption
            .iter()
            .map(|pair| (Purpose::Encryption, State::Active, pair));
        for (purpose, state, pair) in signs.chain(opens) {
            let id = KeyId::new(now, entropy).to_string();
            let private = pair
                .private
                .private_key_to_der()
                .map_err(|_| Error::Stored("key"))?;
            let certificate = pair
                .certificate
                .to_der()
                .map_err(|_| Error::Stored("key"))?;
            let sealed = ring
                .seal(&private, place(&self.account, &id), entropy)
                .map_err(|_| Error::Stored("key"))?;
            sql!(
                self.tx,
                execute,
                "INSERT INTO keys (account, id, purpose, state, certificate, sealed, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)",
                &self.account,
                id,
                purpose.as_str(),
                state.as_str(),
                STANDARD.encode(certificate),
                STANDARD.encode(sealed),
                now.millis(),
            )?;
        }
        Ok(())
    }

    /// The pairs of each purpose: first what is active, then what comes, then what was; newest first among them.
    pub async fn keys(&mut self, ring: &Ring) -> Result<Keys, Error> {
        let rows = self.key_rows().await?;
        let mut pairs = Vec::new();
        for row in &rows {
            let pair = open(row, &self.account, ring).ok_or(Error::Stored("key"))?;
            pairs.push((row.known()?, pair));
        }
        pairs.sort_by_key(|(known, _)| known.state);
        let mut keys = Keys {
            signing: Vec::new(),
            encryption: Vec::new(),
        };
        for (known, pair) in pairs {
            match known.purpose {
                Purpose::Signing => keys.signing.push(pair),
                Purpose::Encryption => keys.encryption.push(pair),
            }
        }
        Ok(keys)
    }

    /// What may be shown of every pair, newest first.
    pub async fn known_keys(&mut self) -> Result<Vec<Known>, Error> {
        let rows = self.key_rows().await?;
        rows.iter().map(Row::known).collect()
    }

    /// Which pairs there are in which state: whoever has other ones has old ones.
    pub async fn key_states(&mut self) -> Result<Vec<(String, String)>, Error> {
        sql!(
            self.tx,
            all(String, String),
            "SELECT id, state FROM keys WHERE account = $1 ORDER BY id",
            &self.account
        )
    }

    /// Moves the pairs of a purpose from one state to another.
    pub async fn move_keys(
        &mut self,
        purpose: Purpose,
        from: State,
        to: State,
    ) -> Result<u64, Error> {
        sql!(
            self.tx,
            execute,
            "UPDATE keys SET state = $4 WHERE account = $1 AND purpose = $2 AND state = $3",
            &self.account,
            purpose.as_str(),
            from.as_str(),
            to.as_str()
        )
    }

    /// Destroys the old pairs.
    pub async fn delete_old_keys(&mut self) -> Result<u64, Error> {
        sql!(
            self.tx,
            execute,
            "DELETE FROM keys WHERE account = $1 AND state = 'old'",
            &self.account
        )
    }

    async fn key_rows(&mut self) -> Result<Vec<Row>, Error> {
        sql!(
            self.tx,
            all Row,
            "SELECT id, purpose, state, certificate, sealed, created_at FROM keys WHERE account = $1 ORDER BY id DESC",
            &self.account
        )
    }
}

impl Row {
    fn known(&self) -> Result<Known, Error> {
        let read = || {
            let der = STANDARD.decode(&self.certificate).ok()?;
            Some(Known {
                id: KeyId::parse(&self.id)?,
                purpose: Purpose::parse(&self.purpose)?,
                state: State::parse(&self.state)?,
                certificate: Certificate::of(&X509::from_der(&der).ok()?).ok()?,
                created_at: Timestamp::from_millis(self.created_at),
            })
        };
        read().ok_or(Error::Stored("key"))
    }
}

fn open(row: &Row, account: &str, ring: &Ring) -> Option<KeyPair> {
    let private = ring
        .open(&STANDARD.decode(&row.sealed).ok()?, place(account, &row.id))
        .ok()?;
    KeyPair::from_der(&private, &STANDARD.decode(&row.certificate).ok()?).ok()
}

fn place<'a>(account: &'a str, id: &'a str) -> Place<'a> {
    Place {
        purpose: "keys.sealed",
        account,
        at: id,
    }
}
