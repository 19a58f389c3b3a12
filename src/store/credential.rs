//! Credentials of programs by the digest of their secret, and tokens that were taken back.

use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlx::FromRow;

use super::db::{Error, Of, Tx, sql};
use crate::gate::{AppSlug, Credential, Kind, Secret};
use crate::id::{AccountId, CredentialId};
use crate::time::Timestamp;

#[derive(FromRow)]
struct Row {
    account: String,
    id: String,
    kind: String,
    name: String,
    prefix: String,
    scopes: String,
    networks: String,
    app: Option<String>,
    trusts: String,
    created_at: i64,
    created_by: String,
    expires_at: i64,
    last_used: Option<i64>,
    revoked_at: Option<i64>,
}

fn broken<E>(_: E) -> Error {
    Error::Stored("credential")
}

fn text(value: &impl Serialize) -> Result<String, Error> {
    serde_json::to_string(value).map_err(broken)
}

fn value<T: DeserializeOwned>(text: &str) -> Result<T, Error> {
    serde_json::from_str(text).map_err(broken)
}

impl Row {
    fn credential(self) -> Result<Credential, Error> {
        let kind = match (self.kind.as_str(), self.app) {
            ("integration", None) => Kind::Integration {
                scopes: value(&self.scopes)?,
            },
            ("api", None) => Kind::Api {
                scopes: value(&self.scopes)?,
            },
            ("decision", Some(app)) => Kind::Decision {
                app: AppSlug::parse(&app).ok_or(Error::Stored("credential"))?,
                trusts: value(&self.trusts)?,
            },
            _ => return Err(Error::Stored("credential")),
        };
        Ok(Credential {
            id: CredentialId::parse(&self.id).ok_or(Error::Stored("credential"))?,
            account: AccountId::parse(&self.account).ok_or(Error::Stored("credential"))?,
            name: self.name,
            prefix: self.prefix,
            kind,
            networks: value(&self.networks)?,
            created_at: Timestamp::from_millis(self.created_at),
            created_by: self.created_by,
            expires_at: Timestamp::from_millis(self.expires_at),
            last_used: self.last_used.map(Timestamp::from_millis),
            revoked_at: self.revoked_at.map(Timestamp::from_millis),
        })
    }
}

impl Tx {
    /// The credential whose secret has that digest, whatever its state.
    pub async fn credential(&mut self, digest: &str) -> Result<Option<Credential>, Error> {
        let row = sql!(
            self,
            optional Row,
            "SELECT account, id, kind, name, prefix, scopes, networks, app, trusts, created_at, created_by, expires_at, last_used, revoked_at
             FROM credentials WHERE digest = $1",
            digest
        )?;
        row.map(Row::credential).transpose()
    }

    /// Notes that a credential was used; never back in time.
    pub async fn touch_credential(
        &mut self,
        id: CredentialId,
        used: Timestamp,
    ) -> Result<(), Error> {
        sql!(
            self,
            execute,
            "UPDATE credentials SET last_used = $2 WHERE id = $1 AND (last_used IS NULL OR last_used < $2)",
            id.to_string(),
            used.millis()
        )?;
        Ok(())
    }

    /// Forgets tokens that are over by themselves.
    pub async fn forget_revoked_tokens(&mut self, now: Timestamp) -> Result<u64, Error> {
        sql!(
            self,
            execute,
            "DELETE FROM revoked_tokens WHERE until < $1",
            now.millis()
        )
    }
}

impl Of<'_> {
    /// Keeps a new credential, and of its secret the digest.
    pub async fn create_credential(
        &mut self,
        credential: &Credential,
        secret: &Secret,
    ) -> Result<(), Error> {
        let none = || "[]".to_owned();
        let (scopes, app, trusts) = match &credential.kind {
            Kind::Integration { scopes } | Kind::Api { scopes } => (text(scopes)?, None, none()),
            Kind::Decision { app, trusts } => (none(), Some(app.to_string()), text(trusts)?),
        };
        sql!(
            self.tx,
            execute,
            "INSERT INTO credentials (account, id, kind, name, prefix, digest, scopes, networks, app, trusts, created_at, created_by, expires_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
            &self.account,
            credential.id.to_string(),
            credential.kind.as_str(),
            &credential.name,
            &credential.prefix,
            secret.digest(),
            scopes,
            text(&credential.networks)?,
            app,
            trusts,
            credential.created_at.millis(),
            &credential.created_by,
            credential.expires_at.millis(),
        )?;
        Ok(())
    }

    /// Every credential of the account, newest first.
    pub async fn credentials(&mut self) -> Result<Vec<Credential>, Error> {
        let rows = sql!(
            self.tx,
            all Row,
            "SELECT account, id, kind, name, prefix, scopes, networks, app, trusts, created_at, created_by, expires_at, last_used, revoked_at
             FROM credentials WHERE account = $1 ORDER BY id DESC",
            &self.account
        )?;
        rows.into_iter().map(Row::credential).collect()
    }

    /// Takes a credential back; says whether it was not taken back before.
    pub async fn revoke_credential(
        &mut self,
        id: CredentialId,
        now: Timestamp,
    ) -> Result<bool, Error> {
        let revoked = sql!(
            self.tx,
            execute,
            "UPDATE credentials SET revoked_at = $3 WHERE account = $1 AND id = $2 AND revoked_at IS NULL",
            &self.account,
            id.to_string(),
            now.millis()
        )?;
        self.announce(Some(&id.to_string())).await?;
        Ok(revoked == 1)
    }

    /// Takes a token of somebody back until it is over by itself; says whether it was not taken back before.
    pub async fn revoke_token(
        &mut self,
        id: &str,
        holder: &str,
        until: Timestamp,
    ) -> Result<bool, Error> {
        let revoked = sql!(
            self.tx,
            execute,
            "INSERT INTO revoked_tokens (account, id, until) VALUES ($1, $2, $3) ON CONFLICT (account, id) DO NOTHING",
            &self.account,
            id,
            until.millis()
        )?;
        self.announce(Some(holder)).await?;
        Ok(revoked == 1)
    }

    /// Whether a token was taken back.
    pub async fn is_token_revoked(&mut self, id: &str) -> Result<bool, Error> {
        let row = sql!(
            self.tx,
            optional(String,),
            "SELECT id FROM revoked_tokens WHERE account = $1 AND id = $2",
            &self.account,
            id
        )?;
        Ok(row.is_some())
    }
}
