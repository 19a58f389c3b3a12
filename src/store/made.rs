//! Whether there is a database at all, asked without making one.

use std::path::Path;

use sqlx::{Connection, PgConnection};

use super::db::{Error, Store};

impl Store {
    /// Whether there is a database of ours at `url`; unlike opening it, this makes nothing.
    pub async fn is_made(url: &str) -> Result<bool, Error> {
        if let Some(path) = url.strip_prefix("sqlite://") {
            return Ok(Path::new(path).exists());
        }
        let mut connection = PgConnection::connect(url).await?;
        let made = sqlx::query_scalar("SELECT TO_REGCLASS('settings') IS NOT NULL")
            .fetch_one(&mut connection)
            .await?;
        connection.close().await?;
        Ok(made)
    }
}
