//! What names a person stands in the chain as a salted hash; the value and its salt stand apart, so that they can be erased.

use std::collections::BTreeMap;

use openssl::sha::sha256;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::id::{Entropy, hex};

/// The members of details whose texts name a person, or may: what is typed by hand is among them.
const NAMES: [&str; 15] = [
    "address",
    "comment",
    "display_name",
    "email",
    "emails",
    "external_id",
    "family_name",
    "given_name",
    "name",
    "reason",
    "said",
    "subject",
    "surname",
    "user_name",
    "username",
];

/// What is shown of a value whose salt is gone.
pub const ERASED: &str = "erased";

/// A value and what keeps its hash from being guessed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Salted {
    /// 16 random bytes in hex.
    pub salt: String,
    /// The value.
    pub value: String,
}

impl Salted {
    /// A value with fresh salt.
    pub fn new(value: &str, entropy: &Entropy) -> Self {
        Self {
            salt: hex(&entropy.bytes::<16>()),
            value: value.to_owned(),
        }
    }

    /// The hash that the chain holds: SHA-256 of the salt's text and then the value, in hex.
    pub fn hash(&self) -> String {
        hex(&sha256(
            [self.salt.as_bytes(), self.value.as_bytes()]
                .concat()
                .as_slice(),
        ))
    }
}

/// Values of one entry, by where in the entry their hashes stand (a JSON pointer, RFC 6901).
pub type Hidden = BTreeMap<String, Salted>;

/// Puts a hash in the place of every text in `detail` that names a person.
pub(super) fn hide(detail: &mut Value, entropy: &Entropy) -> Hidden {
    let mut hidden = Hidden::new();
    walk(detail, "/detail", false, &mut |at, value| {
        let text = value.as_str()?;
        let salted = Salted::new(text, entropy);
        let hash = json!({ "sha256": salted.hash() });
        hidden.insert(at.to_owned(), salted);
        Some(hash)
    });
    hidden
}

/// The hashes of an entry's `detail`, by where they stand.
pub fn hashes(detail: &Value) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut copy = detail.clone();
    walk(&mut copy, "/detail", false, &mut |at, value| {
        found.insert(at.to_owned(), hash_of(value)?.to_owned());
        None
    });
    found
}

/// Puts the values back in the place of their hashes; those that are gone read `erased`.
pub fn reveal(detail: &mut Value, hidden: &Hidden) {
    walk(detail, "/detail", false, &mut |at, value| {
        hash_of(value)?;
        let shown = hidden.get(at).map_or(ERASED, |salted| &salted.value);
        Some(Value::from(shown))
    });
}

fn hash_of(value: &Value) -> Option<&str> {
    let members = value.as_object().filter(|members| members.len() == 1)?;
    members.get("sha256")?.as_str()
}

/// Offers each personal text, or its hash, to `change`, which may put something in its place.
fn walk(
    value: &mut Value,
    at: &str,
    personal: bool,
    change: &mut impl FnMut(&str, &Value) -> Option<Value>,
) {
    let is_leaf = value.is_string() || hash_of(value).is_some();
    match value {
        leaf if is_leaf => {
            if personal
                && !leaf.as_str().is_some_and(is_id)
                && let Some(changed) = change(at, leaf)
            {
                *leaf = changed;
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter_mut().enumerate() {
                walk(item, &format!("{at}/{index}"), personal, change);
            }
        }
        Value::Object(members) => {
            for (name, member) in members {
                let personal = personal || NAMES.contains(&name.as_str());
                let step = name.replace('~', "~0").replace('/', "~1");
                walk(member, &format!("{at}/{step}"), personal, change);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Our own ids stay: they say nothing of anybody once what they name is gone.
fn is_id(text: &str) -> bool {
    let hex = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
    text.split_once('_').is_some_and(|(kind, rest)| {
        kind.len() == 3
            && kind.chars().all(|c| c.is_ascii_lowercase())
            && rest.len() == 32
            && rest.chars().all(hex)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_names_a_person_is_hidden_wherever_it_stands_and_comes_back() {
        let user = "usr_018bcfe568007000800000000000000a";
        let plain = json!({ "user": user, "subject": user, "before": { "email": "a@b.test" }, "after": { "emails": ["c@d.test"] }, "code": "replay" });
        let mut detail = plain.clone();

        let hidden = hide(&mut detail, &Entropy::fixed());

        let text = detail.to_string();
        assert!(
            !text.contains("b.test") && !text.contains("d.test"),
            "{text}"
        );
        assert!(text.contains(user) && text.contains("replay"), "{text}");
        assert_eq!(hidden.len(), 2);
        assert_eq!(
            hashes(&detail)["/detail/after/emails/0"],
            hidden["/detail/after/emails/0"].hash()
        );
        let mut gone = detail.clone();
        reveal(&mut detail, &hidden);
        assert_eq!(detail, plain);
        reveal(&mut gone, &Hidden::new());
        assert_eq!(gone["before"]["email"], ERASED);
    }
}
