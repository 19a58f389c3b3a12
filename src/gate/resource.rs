//! What somebody wants to do something to.

use serde_json::{Map, Value};

use super::Facts;

/// A resource of the account that asks.
#[derive(Debug, Clone, PartialEq)]
pub enum Resource {
    /// The account itself.
    Account,
    /// A profile, by its id, of which only these facts are known.
    Profile(String, Facts),
    /// Something that `entities.json` knows.
    Known {
        /// Its type.
        kind: String,
        /// Its id.
        id: String,
        /// What the app knows better than the attributes that stand there.
        instead: Map<String, Value>,
    },
}
