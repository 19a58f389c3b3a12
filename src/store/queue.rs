//! Changes of several callers that wait for SQLite at the same time share one commit.

use sqlx::SqlitePool;
use tokio::sync::{mpsc, oneshot};

use super::batch::{Changes, commit_sqlite};
use super::db::Error;

/// So many callers share one commit at most.
const TOGETHER: usize = 16;

/// Where callers wait for their changes to be made.
#[derive(Clone, Debug)]
pub struct Queue(mpsc::Sender<Waiting>);

#[derive(Debug)]
struct Waiting {
    changes: Changes,
    done: oneshot::Sender<Result<(), Error>>,
}

impl Queue {
    /// A queue whose changes are made on `writer` until nobody can wait any more.
    pub(super) fn new(writer: SqlitePool) -> Self {
        let (sender, mut receiver) = mpsc::channel(TOGETHER);
        tokio::spawn(async move {
            let mut group = Vec::with_capacity(TOGETHER);
            while receiver.recv_many(&mut group, TOGETHER).await > 0 {
                serve(&writer, std::mem::take(&mut group)).await;
            }
        });
        Self(sender)
    }

    /// Makes the changes; when this returns they are durable.
    pub(super) async fn commit(&self, changes: Changes) -> Result<(), Error> {
        let (done, outcome) = oneshot::channel();
        let sent = self.0.send(Waiting { changes, done }).await;
        sent.map_err(|_| Error::Closed)?;
        outcome.await.map_err(|_| Error::Closed)?
    }
}

/// Makes all changes together; where those of one caller do not fit, everybody's by themselves.
async fn serve(writer: &SqlitePool, group: Vec<Waiting>) {
    let all: Vec<&Changes> = group.iter().map(|waiting| &waiting.changes).collect();
    match commit(writer, &all).await {
        Err(error) if error.is_conflict() && group.len() > 1 => {
            for waiting in group {
                let made = commit(writer, &[&waiting.changes]).await;
                let _ = waiting.done.send(made);
            }
        }
        made => {
            for waiting in group {
                let made = made.as_ref().copied().map_err(Error::shared);
                let _ = waiting.done.send(made);
            }
        }
    }
}

async fn commit(writer: &SqlitePool, all: &[&Changes]) -> Result<(), Error> {
    let mut connection = writer.acquire().await?;
    let made = commit_sqlite(&mut connection, all.iter().copied()).await;
    if made.is_err()
        && sqlx::query("ROLLBACK")
            .execute(&mut *connection)
            .await
            .is_err()
    {
        connection.close().await?;
    }
    made
}
