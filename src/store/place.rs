//! Where a page of people ends, and how that is written in an address.

use std::fmt;

use super::search::Name;
use crate::id::UserId;

/// Where a page ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// After a person, by id.
    After(UserId),
    /// In a search: after the person of that key among those who are found by one of the names.
    Within(Name, String, UserId),
    /// In a search: before the first who is found by one of the names.
    Before(Name),
}

impl Place {
    /// The place that was written so.
    pub fn parse(text: &str) -> Option<Self> {
        if let Some(id) = UserId::parse(text) {
            return Some(Self::After(id));
        }
        let mut parts = text.split('.');
        let name = Name::of(parts.next()?)?;
        match (parts.next(), parts.next(), parts.next()) {
            (None, None, None) => Some(Self::Before(name)),
            (Some(key), Some(id), None) if key.bytes().all(|byte| byte.is_ascii_hexdigit()) => {
                Some(Self::Within(name, key.to_owned(), UserId::parse(id)?))
            }
            _ => None,
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::After(id) => id.fmt(f),
            Self::Within(name, key, id) => write!(f, "{}.{key}.{id}", name.letter()),
            Self::Before(name) => f.write_str(name.letter()),
        }
    }
}
