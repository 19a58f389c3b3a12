//! The way to an attribute: `userName`, `name.familyName`, `urn:…:User:emails`, and in a change `emails[type eq "work"].value`.

use super::filter::{self, Filter};
use super::schema::{Attribute, Schema};
use super::{Error, Kind};

/// An attribute, and perhaps a part of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Name {
    pub(super) attribute: &'static Attribute,
    pub(super) part: Option<&'static Attribute>,
}

impl Name {
    /// Whoever the text names in one of the schemas; `None` where nobody is.
    pub(super) fn find(text: &str, schemas: &[&Schema]) -> Option<Self> {
        schemas.iter().find_map(|schema| {
            let (name, part) = match without_urn(text, schema).split_once('.') {
                Some((name, part)) => (name, Some(part)),
                None => (without_urn(text, schema), None),
            };
            let attribute = schema.attribute(name)?;
            let part = match part {
                Some(part) => Some(attribute.part(part)?),
                None => None,
            };
            Some(Self { attribute, part })
        })
    }
}

/// The name without the schema before it, which is there in any case or not at all.
fn without_urn<'t>(text: &'t str, schema: &Schema) -> &'t str {
    let split = text.split_at_checked(schema.urn.len());
    split
        .filter(|(urn, _)| urn.eq_ignore_ascii_case(schema.urn))
        .and_then(|(_, rest)| rest.strip_prefix(':'))
        .unwrap_or(text)
}

/// What a change is made to.
#[derive(Debug, Clone)]
pub(super) struct Path {
    pub(super) attribute: &'static Attribute,
    /// Which of several values.
    pub(super) which: Option<Filter>,
    pub(super) part: Option<&'static Attribute>,
}

impl Path {
    pub(super) fn read(text: &str, schema: &Schema) -> Result<Self, Error> {
        let unknown = || {
            Kind::InvalidPath.because(format!(
                "`{}` is no attribute of a {}; /Schemas lists them",
                shown(text),
                schema.name
            ))
        };
        let Some((before, rest)) = text.trim().split_once('[') else {
            let name = Name::find(text.trim(), &[schema]).ok_or_else(unknown)?;
            return Ok(Self {
                attribute: name.attribute,
                which: None,
                part: name.part,
            });
        };
        let (inner, after) = rest.rsplit_once(']').ok_or_else(unknown)?;
        let attribute = Name::find(before.trim(), &[schema])
            .filter(|name| name.part.is_none() && name.attribute.is_many)
            .ok_or_else(unknown)?
            .attribute;
        let part = match after.trim() {
            "" => None,
            part => {
                let part = part.strip_prefix('.').and_then(|part| attribute.part(part));
                Some(part.ok_or_else(unknown)?)
            }
        };
        Ok(Self {
            attribute,
            which: Some(filter::of_values(inner, attribute)?),
            part,
        })
    }
}

/// As much of a text as an answer repeats.
pub(super) fn shown(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(100).collect()
}
