//! A NameID: what an identity provider calls a person towards us (SAML Core 2.2.2).

use serde::{Deserialize, Serialize};

use super::connection::Connection;
use super::names::UNSPECIFIED;
use super::xml::{Error, Node, Xml};

/// A NameID with its qualifiers, as a logout request has to repeat it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NameId {
    /// The value, verbatim.
    pub value: String,
    /// The format, where one was given.
    pub format: Option<String>,
    /// The `NameQualifier`, where one was given.
    pub name_qualifier: Option<String>,
    /// The `SPNameQualifier`, where one was given.
    pub sp_name_qualifier: Option<String>,
}

impl NameId {
    /// Reads a `NameID` element.
    pub(super) fn read(xml: &Xml<'_>, node: Node) -> Result<Self, Error> {
        let attribute = |key| xml.attribute(node, key).map(str::to_owned);
        Ok(Self {
            value: xml.text(node)?,
            format: attribute("Format"),
            name_qualifier: attribute("NameQualifier"),
            sp_name_qualifier: attribute("SPNameQualifier"),
        })
    }

    /// Whether both name the same person: the value byte for byte, and the rest with what its absence stands for
    /// (SAML Core 2.2.2, 8.3.1, 8.3.7).
    pub(super) fn is_same(&self, other: &Self, connection: &Connection) -> bool {
        let parts = |id: &Self| {
            let or = |part: &Option<String>, default: &str| {
                let given = part.as_deref().filter(|part| !part.is_empty());
                given.unwrap_or(default).to_owned()
            };
            [
                or(&id.format, UNSPECIFIED),
                or(&id.name_qualifier, &connection.idp.entity_id),
                or(&id.sp_name_qualifier, &connection.addresses.entity_id),
            ]
        };
        self.value == other.value && parts(self) == parts(other)
    }
}
