//! Who does something, and from where.

use std::net::IpAddr;

/// Who does something: `shell:<user>`, `system`, or the id of a person or credential; and from where, as far as that is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// Who.
    pub id: String,
    /// From which address.
    pub address: Option<String>,
    /// In which request, as the log calls it.
    pub request: Option<String>,
}

impl Actor {
    /// The same, from an address.
    #[must_use]
    pub fn at(self, address: IpAddr) -> Self {
        Self {
            address: Some(address.to_string()),
            ..self
        }
    }

    /// The same, in a request.
    #[must_use]
    pub fn asking(self, request: &str) -> Self {
        Self {
            request: Some(request.to_owned()),
            ..self
        }
    }
}

impl From<String> for Actor {
    fn from(id: String) -> Self {
        Self {
            id,
            address: None,
            request: None,
        }
    }
}

impl From<&str> for Actor {
    fn from(id: &str) -> Self {
        Self::from(id.to_owned())
    }
}

impl From<&String> for Actor {
    fn from(id: &String) -> Self {
        Self::from(id.clone())
    }
}

impl From<&Self> for Actor {
    fn from(actor: &Self) -> Self {
        actor.clone()
    }
}
