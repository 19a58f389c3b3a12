//! The servers at work on this database.

use sqlx::FromRow;

use super::db::{Error, Tx, sql};
use crate::time::Timestamp;

/// A server, as it last said.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct Node {
    /// Its name for as long as it runs.
    pub id: String,
    /// The machine's name.
    pub name: String,
    /// The version of the program.
    pub version: String,
    /// The revision of the policy in force there.
    pub policy: String,
    /// When it began, in milliseconds since 1970.
    pub since: i64,
    /// When it last said so, in milliseconds since 1970.
    pub seen_at: i64,
}

impl Tx {
    /// Keeps what a server says of itself.
    pub async fn note_node(&mut self, node: &Node) -> Result<(), Error> {
        sql!(
            self,
            execute,
            "INSERT INTO nodes (id, name, version, policy, since, seen_at) VALUES ($1, $2, $3, $4, $5, $6)
             ON CONFLICT (id) DO UPDATE SET seen_at = excluded.seen_at",
            &node.id,
            &node.name,
            &node.version,
            &node.policy,
            node.since,
            node.seen_at
        )?;
        Ok(())
    }

    /// Every server that said something, as far as that is kept.
    pub async fn nodes(&mut self) -> Result<Vec<Node>, Error> {
        sql!(
            self,
            all Node,
            "SELECT id, name, version, policy, since, seen_at FROM nodes ORDER BY id"
        )
    }

    /// Forgets a server that ended, and those that have said nothing since an instant.
    pub async fn forget_nodes(&mut self, ended: &str, before: Timestamp) -> Result<u64, Error> {
        sql!(
            self,
            execute,
            "DELETE FROM nodes WHERE id = $1 OR seen_at < $2",
            ended,
            before.millis()
        )
    }
}
