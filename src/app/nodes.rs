//! The servers at work on one database, each known to the people who run them.

use anyhow::Result;

use super::App;
use crate::gate::Policy;
use crate::id::{Entropy, hex};
use crate::store::Node;
use crate::time::{Span, Timestamp};

/// A server that has said nothing for so long is not at work any more.
const SILENT: Span = Span::minutes(5);

/// This server, as others see it.
pub(super) fn this(policy: &Policy, now: Timestamp, entropy: &Entropy) -> Node {
    let machine = std::fs::read_to_string("/proc/sys/kernel/hostname");
    Node {
        id: hex(&entropy.bytes::<8>()),
        name: machine.unwrap_or_default().trim().to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        policy: policy.revision().to_owned(),
        since: now.millis(),
        seen_at: now.millis(),
    }
}

impl App {
    /// Says that this server is at work.
    pub async fn at_work(&self, now: Timestamp) -> Result<()> {
        let mut tx = self.store.write().await?;
        let seen_at = now.millis();
        tx.note_node(&Node {
            seen_at,
            ..self.node.clone()
        })
        .await?;
        tx.forget_nodes("", now.minus(SILENT)).await?;
        Ok(tx.commit().await?)
    }

    /// Says that this server ends.
    pub async fn leave(&self, now: Timestamp) -> Result<()> {
        let mut tx = self.store.write().await?;
        tx.forget_nodes(&self.node.id, now.minus(SILENT)).await?;
        Ok(tx.commit().await?)
    }

    /// What somebody should know who looks at all servers together.
    pub fn compared(nodes: &[Node]) -> Vec<&'static str> {
        let differ = |what: fn(&Node) -> &String| {
            nodes
                .iter()
                .any(|node| nodes.first().map(what) != Some(what(node)))
        };
        let mut found = Vec::new();
        if differ(|node| &node.version) {
            found.push("The servers run different versions: finish the upgrade.");
        }
        if differ(|node| &node.policy) {
            found.push(
                "The servers enforce different policies: give each the same files, and start it again.",
            );
        }
        found
    }
}
