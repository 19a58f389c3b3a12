//! The policy in Cedar: strictly validated when it is read, and asked about one subject, action and resource at a time.

mod ask;
mod known;
mod reach;
mod read;
mod sentence;
mod texts;

use std::collections::BTreeSet;
use std::fmt;

use cedar_policy::{Entities, PolicySet, Schema};

pub use sentence::{Effect, Sentence};
pub use texts::{Error, SHIPPED_FORBIDS, Text, Texts};

/// A policy that was validated.
pub struct Policy {
    schema: Schema,
    policies: PolicySet,
    /// The actions and their groups, and what `entities.json` knows.
    entities: Entities,
    actions: BTreeSet<String>,
    sentences: Vec<Sentence>,
    revision: String,
    /// None where a policy names somebody, so that nobody is like another.
    reaches: Option<reach::Reaches>,
}

impl fmt::Debug for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Policy")
            .field("revision", &self.revision)
            .finish_non_exhaustive()
    }
}

impl Policy {
    /// What this policy is, in a name that no other has.
    pub fn revision(&self) -> &str {
        &self.revision
    }

    /// Every action that may be asked for, in order.
    pub fn actions(&self) -> impl Iterator<Item = &str> {
        self.actions.iter().map(String::as_str)
    }

    /// Whether there is an action of that name.
    pub fn knows(&self, action: &str) -> bool {
        self.actions.contains(action)
    }

    /// What may be done in the administration of an account, and its groups such as `user:*`.
    pub fn administrative(&self) -> BTreeSet<String> {
        let ours = self
            .actions()
            .filter(|action| self.takes("user", action, "account"));
        let grouped = ours.flat_map(|action| {
            let group = action.split_once(':').map(|(noun, _)| format!("{noun}:*"));
            group.into_iter().chain([action.to_owned()])
        });
        grouped.collect()
    }

    /// What it says: first what it forbids whatever else is allowed.
    pub fn sentences(&self) -> &[Sentence] {
        &self.sentences
    }
}
