//! The keys that sign tokens, sealed; every node that shares the database signs with the same.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sqlx::FromRow;

use super::db::{Error, Tx, sql};
use crate::gate::TokenKey;
use crate::id::Entropy;
use crate::seal::{Place, Ring};
use crate::time::Timestamp;

#[derive(FromRow)]
struct Row {
    number: i64,
    sealed: String,
    created_at: i64,
    signs_from: i64,
}

impl Tx {
    /// Every key, oldest first.
    pub async fn token_keys(&mut self, ring: &Ring) -> Result<Vec<TokenKey>, Error> {
        let rows = sql!(
            self,
            all Row,
            "SELECT number, sealed, created_at, signs_from FROM token_keys ORDER BY number"
        )?;
        rows.iter()
            .map(|row| open(row, ring).ok_or(Error::Stored("token key")))
            .collect()
    }

    /// Keeps a new key; says false where another node has made this generation already.
    pub async fn create_token_key(
        &mut self,
        key: &TokenKey,
        ring: &Ring,
        entropy: &Entropy,
    ) -> Result<bool, Error> {
        let at = key.generation.to_string();
        let sealed = ring
            .seal(key.private(), place(&at), entropy)
            .map_err(|_| Error::Stored("token key"))?;
        let made = sql!(
            self,
            execute,
            "INSERT INTO token_keys (number, sealed, created_at, signs_from) VALUES ($1, $2, $3, $4) ON CONFLICT (number) DO NOTHING",
            key.generation,
            STANDARD.encode(sealed),
            key.created_at.millis(),
            key.signs_from.millis(),
        )?;
        Ok(made == 1)
    }

    /// Destroys the keys before a generation.
    pub async fn delete_token_keys_before(&mut self, generation: i64) -> Result<u64, Error> {
        sql!(
            self,
            execute,
            "DELETE FROM token_keys WHERE number < $1",
            generation
        )
    }
}

fn open(row: &Row, ring: &Ring) -> Option<TokenKey> {
    let at = row.number.to_string();
    let private = ring
        .open(&STANDARD.decode(&row.sealed).ok()?, place(&at))
        .ok()?;
    TokenKey::of(
        row.number,
        private,
        Timestamp::from_millis(row.created_at),
        Timestamp::from_millis(row.signs_from),
    )
    .ok()
}

fn place(generation: &str) -> Place<'_> {
    Place {
        purpose: "token_keys.sealed",
        account: "",
        at: generation,
    }
}
