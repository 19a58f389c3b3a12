//! The servers at work on one database, each known to the people who run them.

use std::collections::BTreeSet;

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
}

/// What somebody should know who looks at all servers together.
pub fn differences(nodes: &[Node]) -> Vec<&'static str> {
    let differ = |what: fn(&Node) -> &String| {
        let all: BTreeSet<&String> = nodes.iter().map(what).collect();
        all.len() > 1
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_that_differ_are_told_apart() {
        let node = |version: &str, policy: &str| Node {
            id: String::new(),
            name: String::new(),
            version: version.into(),
            policy: policy.into(),
            since: 0,
            seen_at: 0,
        };
        let (one, newer, other) = (node("1", "a"), node("2", "a"), node("1", "b"));

        assert!(differences(&[]).is_empty());
        assert!(differences(&[one.clone(), one.clone()]).is_empty());
        let found = differences(&[one.clone(), newer]);
        assert!(found.len() == 1 && found[0].contains("versions"));
        let found = differences(&[one.clone(), one, other]);
        assert!(found.len() == 1 && found[0].contains("policies"));
    }
}
