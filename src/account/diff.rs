//! What differs between two configurations, key by key.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use super::Revision;
use crate::id::hex;

/// One key that is not the same in both.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// The dotted name, such as `session.idle_minutes`.
    pub key: String,
    /// Its value before; absent where the key is new.
    pub before: Option<String>,
    /// Its value after; absent where the key is gone.
    pub after: Option<String>,
}

/// What differs between two revisions, the identity provider's descriptor by its digest.
pub fn diff(before: &Revision, after: &Revision) -> Vec<Change> {
    let (before, after) = (flat(before), flat(after));
    let keys: std::collections::BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let changed = keys
        .into_iter()
        .filter(|key| before.get(*key) != after.get(*key));
    changed
        .map(|key| Change {
            key: key.clone(),
            before: before.get(key).cloned(),
            after: after.get(key).cloned(),
        })
        .collect()
}

fn flat(revision: &Revision) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    flatten(
        "",
        &serde_json::to_value(&revision.document).unwrap_or_default(),
        &mut all,
    );
    if let Some(metadata) = &revision.metadata {
        let digest = openssl::sha::sha256(metadata.as_bytes());
        let hex = hex(digest.get(..8).unwrap_or_default());
        all.insert(
            "saml.idp_metadata".into(),
            format!("{} bytes, SHA-256 {hex}…", metadata.len()),
        );
    }
    all
}

fn flatten(prefix: &str, value: &Value, all: &mut BTreeMap<String, String>) {
    let within = |name: &str| {
        if prefix.is_empty() {
            name.to_owned()
        } else {
            format!("{prefix}.{name}")
        }
    };
    match value {
        Value::Null => {}
        Value::Object(fields) => fields
            .iter()
            .for_each(|(name, field)| flatten(&within(name), field, all)),
        Value::Array(items) if items.iter().any(Value::is_object) => {
            items
                .iter()
                .enumerate()
                .for_each(|(index, item)| flatten(&within(&(index + 1).to_string()), item, all));
        }
        Value::String(text) => drop(all.insert(prefix.to_owned(), text.clone())),
        other => drop(all.insert(prefix.to_owned(), other.to_string())),
    }
}
