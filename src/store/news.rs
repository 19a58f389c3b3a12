//! What was taken away or changed, for every node that remembers it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use sqlx::postgres::PgListener;

use super::batch::{CHANNEL, Changes, statement};
use super::db::{Error, Of, Store, Tx, sql};
use crate::id::AccountId;

/// How far the news is; another epoch is another history.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Edition {
    /// Counts the news without a gap.
    pub revision: i64,
    /// Changes where an older state of the database came back.
    pub epoch: String,
}

/// Something of an account is not as it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct News {
    /// The account.
    pub account: AccountId,
    /// The person or credential that it is about; the whole account where it is nobody.
    pub about: Option<String>,
}

/// So many news are kept; who has missed more forgets everything.
const KEPT: i64 = 10_000;

/// Counts what this process itself has committed, so that it looks at once for what that changed.
#[derive(Debug, Clone, Default)]
pub struct Commits(Arc<AtomicU64>);

impl Commits {
    /// How many there were.
    pub fn count(&self) -> u64 {
        self.0.load(Ordering::Acquire)
    }

    pub(super) fn note(&self) {
        self.0.fetch_add(1, Ordering::AcqRel);
    }
}

impl Tx {
    /// How far the news is.
    pub async fn edition(&mut self) -> Result<Edition, Error> {
        let row = sql!(
            self,
            optional(i64, String),
            "SELECT revision, epoch FROM news_counter WHERE one = 1"
        )?;
        let (revision, epoch) = row.ok_or(Error::Stored("news counter"))?;
        Ok(Edition { revision, epoch })
    }

    /// What came after `seen`; none where some of it is not kept any more.
    pub async fn news(&mut self, seen: i64) -> Result<Option<Vec<News>>, Error> {
        let rows = sql!(
            self,
            all(i64, String, Option<String>),
            "SELECT revision, account, about FROM news WHERE revision > $1 ORDER BY revision",
            seen
        )?;
        if rows.first().is_some_and(|(first, ..)| *first != seen + 1) {
            return Ok(None);
        }
        let read = |(_, account, about): (i64, String, Option<String>)| {
            let account = AccountId::parse(&account).ok_or(Error::Stored("news"))?;
            Ok(News { account, about })
        };
        rows.into_iter()
            .map(read)
            .collect::<Result<_, _>>()
            .map(Some)
    }

    /// Begins another history: every node forgets everything.
    pub async fn begin_epoch(&mut self, epoch: &str) -> Result<(), Error> {
        sql!(
            self,
            execute,
            "UPDATE news_counter SET epoch = $1, revision = revision + 1 WHERE one = 1",
            epoch
        )?;
        Ok(())
    }

    /// Removes news that every node has seen long ago.
    pub async fn forget_news(&mut self) -> Result<(), Error> {
        sql!(
            self,
            execute,
            "DELETE FROM news WHERE revision <= (SELECT revision FROM news_counter WHERE one = 1) - $1",
            KEPT
        )?;
        Ok(())
    }
}

impl Changes {
    /// Tells every node to forget what it remembers of a person or credential, or of the whole account.
    pub fn announce(&mut self, about: Option<&str>) {
        self.add(statement!(
            "UPDATE news_counter SET revision = revision + 1 WHERE one = 1"
        ));
        self.add(statement!(
            "INSERT INTO news (revision, account, about) SELECT revision, $1, $2 FROM news_counter WHERE one = 1",
            &self.account,
            about
        ));
        self.announces = true;
    }
}

impl Of<'_> {
    /// Tells every node to forget what it remembers of a person or credential, or of the whole account.
    pub(super) async fn announce(&mut self, about: Option<&str>) -> Result<(), Error> {
        let mut changes = Changes::new(self.id);
        changes.announce(about);
        self.run(&changes).await
    }
}

/// Hears when there is news.
#[derive(Debug)]
pub enum Ear {
    /// SQLite tells nobody: who wants to know asks.
    Deaf,
    /// PostgreSQL tells whoever listens.
    Postgres(Box<PgListener>),
}

impl Store {
    /// Begins to listen, at `url` where that is not empty: a pooler between us and PostgreSQL would not pass news on.
    pub async fn listen(&self, url: &str) -> Result<Ear, Error> {
        let Self::Postgres { pool, .. } = self else {
            return Ok(Ear::Deaf);
        };
        let mut listener = if url.is_empty() {
            PgListener::connect_with(pool).await?
        } else {
            PgListener::connect(url).await?
        };
        listener.listen(CHANNEL).await?;
        Ok(Ear::Postgres(Box::new(listener)))
    }
}

impl Ear {
    /// Returns when there is news, or when what was heard may not have been all of it.
    pub async fn hear(&mut self) -> Result<(), Error> {
        match self {
            Self::Deaf => std::future::pending().await,
            Self::Postgres(listener) => {
                listener.try_recv().await?;
                Ok(())
            }
        }
    }
}
