//! An account's own key pairs, their private halves sealed.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sqlx::FromRow;

use super::db::{Error, Of, sql};
use crate::id::{Entropy, KeyId};
use crate::saml::connection::Keys;
use crate::saml::keys::KeyPair;
use crate::seal::{Place, Ring};
use crate::time::Timestamp;

#[derive(FromRow)]
struct Row {
    id: String,
    purpose: String,
    certificate: String,
    sealed: String,
}

const SIGNING: &str = "signing";
const ENCRYPTION: &str = "encryption";

impl Of<'_> {
    /// Keeps a first pair for each purpose.
    pub async fn create_keys(
        &mut self,
        keys: &Keys,
        ring: &Ring,
        now: Timestamp,
        entropy: &Entropy,
    ) -> Result<(), Error> {
        let signing = keys.signing.iter().map(|pair| (SIGNING, pair));
        for (purpose, pair) in signing.chain(keys.encryption.iter().map(|pair| (ENCRYPTION, pair)))
        {
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
                "INSERT INTO keys (account, id, purpose, certificate, sealed, created_at) VALUES ($1, $2, $3, $4, $5, $6)",
                &self.account,
                id,
                purpose,
                STANDARD.encode(certificate),
                STANDARD.encode(sealed),
                now.millis(),
            )?;
        }
        Ok(())
    }

    /// The pairs of each purpose, newest first.
    pub async fn keys(&mut self, ring: &Ring) -> Result<Keys, Error> {
        let rows = sql!(
            self.tx,
            all Row,
            "SELECT id, purpose, certificate, sealed FROM keys WHERE account = $1 ORDER BY id DESC",
            &self.account
        )?;
        let mut keys = Keys {
            signing: Vec::new(),
            encryption: Vec::new(),
        };
        for row in rows {
            let pair = open(&row, &self.account, ring).ok_or(Error::Stored("key"))?;
            if row.purpose == SIGNING {
                keys.signing.push(pair);
            } else {
                keys.encryption.push(pair);
            }
        }
        Ok(keys)
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
