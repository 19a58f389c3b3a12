//! The name of an account in addresses.

use std::fmt;

use serde::{Deserialize, Serialize};

/// `^[a-z][a-z0-9-]{1,62}$`
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Slug(String);

impl Slug {
    /// Reads a slug.
    pub fn parse(text: &str) -> Option<Self> {
        let mut bytes = text.bytes();
        let first = bytes.next().is_some_and(|byte| byte.is_ascii_lowercase());
        let rest =
            bytes.all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
        (first && rest && (2..=63).contains(&text.len())).then(|| Self(text.to_owned()))
    }

    /// The text itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Slug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for Slug {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Self::parse(&text).ok_or_else(|| {
            format!("`{text}` is not an account name: 2 to 63 lower-case letters, digits and hyphens, beginning with a letter, such as `acme-demo`")
        })
    }
}

impl std::str::FromStr for Slug {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::try_from(text.to_owned())
    }
}

impl From<Slug> for String {
    fn from(slug: Slug) -> Self {
        slug.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_names_are_slugs() {
        assert!(Slug::parse("acme-demo").is_some());
        for wrong in [
            "",
            "a",
            "Acme",
            "1acme",
            "acme_demo",
            "acme/x",
            "-acme",
            "acmé",
            &"a".repeat(64),
        ] {
            assert_eq!(Slug::parse(wrong), None, "{wrong}");
        }
    }
}
