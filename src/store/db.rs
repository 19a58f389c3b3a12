//! The two databases behind one door; the only file that names their drivers.

use std::path::Path;
use std::str::FromStr;
use std::time::Duration;

use openssl::sha::sha256;
use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions, PgPool, Postgres, Sqlite, SqlitePool, Transaction};

use super::batch::Changes;
use super::news::Commits;
use super::queue::Queue;
use crate::id::AccountId;

/// A database that is migrated and ready.
#[derive(Clone, Debug)]
pub enum Store {
    /// A file beside the server. Its one writing connection keeps its cache of pages warm, and writers queue for it here.
    Sqlite {
        /// The connection that changes something.
        writer: SqlitePool,
        /// The connections that look.
        readers: SqlitePool,
        /// Where sign-ins wait to be written together.
        queue: Queue,
        /// What was committed here.
        commits: Commits,
    },
    /// A server that several nodes share.
    Postgres {
        /// Its connections.
        pool: PgPool,
        /// What was committed here.
        commits: Commits,
    },
}

/// One transaction; without [`Tx::commit`] nothing of it stays.
pub enum Tx {
    /// In SQLite.
    Sqlite(Transaction<'static, Sqlite>, Commits),
    /// In SQLite, only looking: each statement sees a state of its own, and costs one trip to its thread instead of three.
    SqliteLook(PoolConnection<Sqlite>),
    /// In PostgreSQL.
    Postgres(Transaction<'static, Postgres>, Commits),
}

/// A transaction within one account.
pub struct Of<'t> {
    pub(super) tx: &'t mut Tx,
    pub(super) account: String,
    pub(super) id: AccountId,
}

/// Why the database did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The address names neither database.
    #[error("the database address must begin with sqlite:// or postgres://")]
    Address,
    /// The folder of the database file cannot be made or looked at.
    #[error("the folder {path}: {source}")]
    Folder {
        /// The folder.
        path: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// Others may enter the folder of the database file.
    #[error("the folder {0} may be entered by others than its owner; run: chmod 700 {0}")]
    Wide(String),
    /// The schema is not what this program knows.
    #[error("the database cannot be migrated: {0}")]
    Migrate(#[from] sqlx::migrate::MigrateError),
    /// A stored value cannot be read.
    #[error("a stored {0} cannot be read")]
    Stored(&'static str),
    /// What changes were decided upon does not hold any more.
    #[error("something else changed meanwhile")]
    Conflict,
    /// The commit failed that several callers shared.
    #[error("the database: {0}")]
    Commit(String),
    /// The database is being closed.
    #[error("the database is being closed")]
    Closed,
    /// The database itself.
    #[error("the database: {0}")]
    Database(#[from] sqlx::Error),
}

impl Error {
    /// Whether something of that name was there already.
    pub fn is_unique_violation(&self) -> bool {
        matches!(self, Self::Database(sqlx::Error::Database(error)) if error.is_unique_violation())
    }

    /// Whether changes met something that was not so when they were decided.
    pub fn is_conflict(&self) -> bool {
        matches!(self, Self::Conflict)
            || matches!(self, Self::Database(sqlx::Error::Database(error))
                if error.is_unique_violation() || error.is_check_violation())
    }

    /// The same for each of several callers.
    pub(super) fn shared(&self) -> Self {
        if self.is_conflict() {
            Self::Conflict
        } else {
            Self::Commit(self.to_string())
        }
    }
}

/// So many connections look into SQLite at most: each keeps pages and statements of its own warm.
const READERS: u32 = 4;

impl Store {
    /// Opens the database at `url`, makes it where it is a file that is not there, and migrates it.
    pub async fn open(url: &str, max_connections: u32) -> Result<Self, Error> {
        let wait = Duration::from_secs(20);
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            let options = PgConnectOptions::from_str(url)?
                .application_name("vestibule")
                .disable_statement_logging();
            let pool = PgPoolOptions::new()
                .max_connections(max_connections)
                .acquire_timeout(wait)
                .test_before_acquire(false);
            let pool = pool.connect_with(options).await?;
            sqlx::migrate!().run(&pool).await?;
            return Ok(Self::Postgres {
                pool,
                commits: Commits::default(),
            });
        }
        let path = url.strip_prefix("sqlite://").ok_or(Error::Address)?;
        make_folder(Path::new(path))?;
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .foreign_keys(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(wait)
            .pragma("wal_autocheckpoint", "4000")
            .disable_statement_logging();
        let pool = |most| {
            SqlitePoolOptions::new()
                .max_connections(most)
                .acquire_timeout(wait)
                .test_before_acquire(false)
        };
        let writer = pool(1).connect_with(options.clone()).await?;
        sqlx::migrate!().run(&writer).await?;
        let looking = options.pragma("query_only", "ON");
        let readers = pool(max_connections.min(READERS))
            .connect_with(looking)
            .await?;
        let queue = Queue::new(writer.clone());
        Ok(Self::Sqlite {
            writer,
            readers,
            queue,
            commits: Commits::default(),
        })
    }

    /// A transaction that will change something.
    pub async fn write(&self) -> Result<Tx, Error> {
        Ok(match self {
            Self::Sqlite {
                writer, commits, ..
            } => {
                let transaction = writer.begin_with("BEGIN IMMEDIATE").await?;
                Tx::Sqlite(transaction, commits.clone())
            }
            Self::Postgres { pool, commits } => Tx::Postgres(pool.begin().await?, commits.clone()),
        })
    }

    /// Makes the changes, or none where one of them is a conflict; when this returns they are durable.
    pub async fn commit(&self, changes: Changes) -> Result<(), Error> {
        if changes.are_none() {
            return Ok(());
        }
        match self {
            Self::Sqlite { queue, commits, .. } => {
                queue.commit(changes).await?;
                commits.note();
                Ok(())
            }
            Self::Postgres { .. } => {
                let mut tx = self.write().await?;
                let mut of = tx.of(changes.id);
                of.alone().await?;
                of.run(&changes).await?;
                tx.commit().await
            }
        }
    }

    /// A transaction that only looks.
    pub async fn read(&self) -> Result<Tx, Error> {
        Ok(match self {
            Self::Sqlite { readers, .. } => Tx::SqliteLook(readers.acquire().await?),
            Self::Postgres { pool, commits } => {
                let transaction = pool.begin_with("BEGIN READ ONLY").await?;
                Tx::Postgres(transaction, commits.clone())
            }
        })
    }

    /// What was committed by this process.
    pub const fn commits(&self) -> &Commits {
        match self {
            Self::Sqlite { commits, .. } | Self::Postgres { commits, .. } => commits,
        }
    }

    /// Ends all connections, so that a file can be moved or removed.
    pub async fn close(&self) {
        match self {
            Self::Sqlite {
                writer, readers, ..
            } => {
                readers.close().await;
                writer.close().await;
            }
            Self::Postgres { pool, .. } => pool.close().await,
        }
    }
}

impl Tx {
    /// Makes everything that was changed last.
    pub async fn commit(self) -> Result<(), Error> {
        match self {
            Self::Sqlite(tx, commits) => {
                tx.commit().await?;
                commits.note();
            }
            Self::SqliteLook(_) => {}
            Self::Postgres(tx, commits) => {
                tx.commit().await?;
                commits.note();
            }
        }
        Ok(())
    }

    /// The rows of one account.
    pub fn of(&mut self, account: AccountId) -> Of<'_> {
        Of {
            tx: self,
            account: account.to_string(),
            id: account,
        }
    }
}

impl Of<'_> {
    /// Whose rows these are.
    pub const fn id(&self) -> AccountId {
        self.id
    }

    /// Waits until nobody else changes the account, so that what is read from here on still holds when it is written.
    ///
    /// SQLite has one writer at a time; PostgreSQL is asked for a lock that ends with the transaction.
    pub async fn alone(&mut self) -> Result<(), Error> {
        let Tx::Postgres(transaction, _) = &mut *self.tx else {
            return Ok(());
        };
        let digest = sha256(self.account.as_bytes());
        let key = digest
            .first_chunk()
            .map_or(0, |key| i64::from_be_bytes(*key));
        sqlx::query("SELECT pg_advisory_xact_lock($1)")
            .bind(key)
            .execute(&mut **transaction)
            .await?;
        Ok(())
    }
}

fn make_folder(file: &Path) -> Result<(), Error> {
    use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
    let Some(folder) = file
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
    else {
        return Ok(());
    };
    let made = std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder);
    let path = folder.display().to_string();
    match made.and_then(|()| std::fs::metadata(folder)) {
        Ok(found) if found.permissions().mode() & 0o077 != 0 => Err(Error::Wide(path)),
        Ok(_) => Ok(()),
        Err(source) => Err(Error::Folder { path, source }),
    }
}

/// `sql!(tx, execute, "…", values…)` gives the count of rows, `sql!(tx, optional Row, …)` and `sql!(tx, all Row, …)` rows.
macro_rules! sql {
    (@each $tx:expr, $connection:ident, $call:expr) => {
        match &mut *$tx {
            $crate::store::Tx::Sqlite(transaction, _) => {
                let $connection = &mut **transaction;
                $call
            }
            $crate::store::Tx::SqliteLook(held) => {
                let $connection = &mut **held;
                $call
            }
            $crate::store::Tx::Postgres(transaction, _) => {
                let $connection = &mut **transaction;
                $call
            }
        }
    };
    ($tx:expr, execute, $text:expr $(, $value:expr)* $(,)?) => {
        sql!(@each $tx, connection, sqlx::query($text)$(.bind($value))*.execute(connection).await.map(|done| done.rows_affected()))
            .map_err($crate::store::Error::from)
    };
    ($tx:expr, optional $row:ty, $text:literal $(, $value:expr)* $(,)?) => {
        sql!(@each $tx, connection, sqlx::query_as::<_, $row>($text)$(.bind($value))*.fetch_optional(connection).await)
            .map_err($crate::store::Error::from)
    };
    ($tx:expr, all $row:ty, $text:literal $(, $value:expr)* $(,)?) => {
        sql!(@each $tx, connection, sqlx::query_as::<_, $row>($text)$(.bind($value))*.fetch_all(connection).await)
            .map_err($crate::store::Error::from)
    };
}
pub(super) use sql;
