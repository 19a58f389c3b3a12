//! The checks of an assertion whose signature has verified, and what is read out of it.

use serde::{Deserialize, Serialize};

use super::NameId;
use super::advice::Advice;
use super::check::{Code, Rejection, Trace, shorten};
use super::connection::Connection;
use super::names::ASSERTION;
use super::response::{Context, Reading};
use super::xml::{self, Node, Xml};
use super::{conditions, statement, subject};
use crate::time::Timestamp;

/// One claim: every value of one attribute name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attribute {
    /// The exact name, usually a claim URI.
    pub name: String,
    /// The values, verbatim; one element is one value.
    pub values: Vec<String>,
}

/// An assertion that has passed every check of the profile; only [`super::response::verify`] makes one.
#[derive(Debug)]
pub struct VerifiedAssertion {
    subject: String,
    name_id: Option<NameId>,
    session_index: Option<String>,
    session_ends: Option<Timestamp>,
    authenticated_at: Timestamp,
    attributes: Vec<Attribute>,
}

impl VerifiedAssertion {
    /// Who it is about: the NameID's value, or that of the configured claim.
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// The NameID, where the identity provider issued one.
    pub const fn name_id(&self) -> Option<&NameId> {
        self.name_id.as_ref()
    }

    /// The identity provider's name for its session.
    pub fn session_index(&self) -> Option<&str> {
        self.session_index.as_deref()
    }

    /// When the identity provider wants our session to have ended.
    pub const fn session_ends(&self) -> Option<Timestamp> {
        self.session_ends
    }

    /// When the person proved who they are.
    pub const fn authenticated_at(&self) -> Timestamp {
        self.authenticated_at
    }

    /// The claims.
    pub fn attributes(&self) -> &[Attribute] {
        &self.attributes
    }
}

/// Checks everything that a signature does not prove, and reads the assertion.
pub(super) fn check(
    xml: &Xml<'_>,
    node: Node,
    context: &Context<'_>,
    reading: &mut Reading,
) -> Result<VerifiedAssertion, Rejection> {
    let connection = context.connection;
    let issued = envelope(xml, node, connection, &mut reading.trace)?;
    let attributes = attributes(xml, node).or_else(|error| {
        reading
            .trace
            .refuse(Code::Claims, "Attributes", &error.to_string())
    })?;
    reading.claims.clone_from(&attributes);
    let (about, name_id) = subject::name_id(xml, node, &mut reading.trace)?;
    let subject = subject::subject(
        connection,
        name_id.as_ref(),
        &attributes,
        &mut reading.trace,
    )?;
    subject::confirmation(xml, about, context, reading)?;
    conditions::conditions(xml, node, issued, context, &mut reading.trace)?;
    let statement = statement::statement(xml, node, context, reading)?;
    Ok(VerifiedAssertion {
        subject,
        name_id,
        session_index: statement.session_index,
        session_ends: statement.session_ends,
        authenticated_at: statement.authenticated_at,
        attributes,
    })
}

/// So long an assertion's ID may be, in bytes.
pub(super) const LONGEST_ID: usize = 256;

/// So many bytes of claims are kept of an assertion that is not verified: anybody may have written them.
const PEEKED: usize = 16 * 1024;

/// The first claims of an assertion that is not verified yet, for the explanation of a failure.
pub(super) fn peek(xml: &Xml<'_>, node: Node) -> Vec<Attribute> {
    let mut left = PEEKED;
    let fits = |claim: &Attribute| {
        let values = claim.values.iter().map(|value| value.len() + 4);
        left = left.saturating_sub(claim.name.len() + values.sum::<usize>());
        left > 0
    };
    let all = attributes(xml, node).unwrap_or_default();
    all.into_iter().take_while(fits).collect()
}

/// The latest `NotOnOrAfter` of its conditions and confirmations.
pub(super) fn latest(xml: &Xml<'_>, node: Node) -> Option<Timestamp> {
    let inside =
        |at: &Node| std::iter::successors(Some(*at), |at| xml.parent(*at)).any(|at| at == node);
    let places = xml
        .all(ASSERTION, "Conditions")
        .chain(xml.all(ASSERTION, "SubjectConfirmationData"))
        .filter(inside);
    places
        .filter_map(|place| {
            xml.attribute(place, "NotOnOrAfter")
                .and_then(Timestamp::parse)
        })
        .max()
}

/// Demands exactly the identity provider's entity id.
pub(super) fn issuer(
    xml: &Xml<'_>,
    node: Node,
    connection: &Connection,
    what: &str,
    trace: &mut Trace,
) -> Result<(), Rejection> {
    let found = xml
        .text(node)
        .or_else(|error| trace.refuse(Code::Issuer, what, &error.to_string()))?;
    let expected = &connection.idp.entity_id;
    let format = xml.attribute(node, "Format");
    let entity =
        format.is_none_or(|format| format == "urn:oasis:names:tc:SAML:2.0:nameid-format:entity");
    if found != *expected || !entity {
        let advice = Advice::WrongIssuer {
            expected: expected.clone(),
            found: shorten(&found),
        };
        return Err(trace.fail(Code::Issuer, what, &found, Some(advice)));
    }
    trace.demand(true, Code::Issuer, what, expected, &found)
}

fn envelope(
    xml: &Xml<'_>,
    node: Node,
    connection: &Connection,
    trace: &mut Trace,
) -> Result<Timestamp, Rejection> {
    let version = xml.attribute(node, "Version").unwrap_or("absent");
    trace.demand(
        version == "2.0",
        Code::Assertion,
        "Version of the assertion",
        "2.0",
        version,
    )?;
    let id = xml.attribute(node, "ID").unwrap_or_default();
    trace.demand(
        !id.is_empty() && id.len() <= LONGEST_ID,
        Code::Assertion,
        "ID of the assertion",
        "an ID of at most 256 characters",
        id,
    )?;
    let written = xml.attribute(node, "IssueInstant").unwrap_or("absent");
    let Some(issued) = Timestamp::parse(written) else {
        return trace.refuse(Code::Assertion, "IssueInstant of the assertion", written);
    };
    let named = xml.child(node, ASSERTION, "Issuer").or_else(|error| {
        trace.refuse(Code::Issuer, "Issuer of the assertion", &error.to_string())
    })?;
    let Some(named) = named else {
        return trace.refuse(Code::Issuer, "Issuer of the assertion", "absent");
    };
    issuer(xml, named, connection, "Issuer of the assertion", trace)?;
    Ok(issued)
}

fn attributes(xml: &Xml<'_>, node: Node) -> Result<Vec<Attribute>, xml::Error> {
    let mut all: Vec<Attribute> = Vec::new();
    for statement in xml.named(node, ASSERTION, "AttributeStatement") {
        for child in xml.children(statement) {
            if !xml.is(child, ASSERTION, "Attribute") {
                return Err(xml::Error::Malformed(format!(
                    "{} among the attributes",
                    xml.name(child)
                )));
            }
            let name = xml
                .attribute(child, "Name")
                .ok_or_else(|| xml::Error::Malformed("an attribute without a name".into()))?;
            let values: Vec<String> = xml
                .named(child, ASSERTION, "AttributeValue")
                .map(|value| xml.text(value))
                .collect::<Result<_, _>>()?;
            match all.iter_mut().find(|attribute| attribute.name == name) {
                Some(known) => known.values.extend(values),
                None => all.push(Attribute {
                    name: name.to_owned(),
                    values,
                }),
            }
        }
    }
    Ok(all)
}
