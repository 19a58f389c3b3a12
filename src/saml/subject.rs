//! Who an assertion is about, and the confirmation that it may be used here (SAML Profiles 4.1.4.3).

use super::NameId;
use super::advice::Advice;
use super::assertion::Attribute;
use super::check::{Code, Rejection, Trace};
use super::connection::Connection;
use super::names::{ASSERTION, BEARER, TRANSIENT};
use super::response::{Context, Reading};
use super::xml::{self, Node, Xml};
use crate::account::SubjectSource;
use crate::time::Timestamp;

pub(super) fn name_id(
    xml: &Xml<'_>,
    node: Node,
    trace: &mut Trace,
) -> Result<(Node, Option<NameId>), Rejection> {
    let read = || -> Result<Option<(Node, Option<NameId>)>, xml::Error> {
        let Some(subject) = xml.child(node, ASSERTION, "Subject")? else {
            return Ok(None);
        };
        if xml
            .named(subject, ASSERTION, "EncryptedID")
            .next()
            .is_some()
        {
            return Err(xml::Error::Malformed("an encrypted NameID".into()));
        }
        let Some(name) = xml.child(subject, ASSERTION, "NameID")? else {
            return Ok(Some((subject, None)));
        };
        Ok(Some((subject, Some(NameId::read(xml, name)?))))
    };
    match read() {
        Ok(Some(found)) => Ok(found),
        Ok(None) => trace.refuse(Code::Subject, "Subject", "absent"),
        Err(error) => trace.refuse(Code::Subject, "Subject", &error.to_string()),
    }
}

pub(super) fn subject(
    connection: &Connection,
    name_id: Option<&NameId>,
    attributes: &[Attribute],
    trace: &mut Trace,
) -> Result<String, Rejection> {
    let names = || {
        attributes
            .iter()
            .map(|attribute| attribute.name.clone())
            .collect()
    };
    let (what, value) = match &connection.document.claims.subject {
        SubjectSource::NameId => {
            if name_id.is_some_and(|id| id.format.as_deref() == Some(TRANSIENT)) {
                return Err(trace.fail(
                    Code::Subject,
                    "NameID",
                    "transient: it names nobody for long",
                    Some(Advice::TransientSubject),
                ));
            }
            ("NameID", name_id.map(|id| id.value.as_str()))
        }
        SubjectSource::Claim(name) => match attributes
            .iter()
            .find(|attribute| attribute.name == *name)
            .map(|a| a.values.as_slice())
        {
            Some([one]) => (name.as_str(), Some(one.as_str())),
            Some(several) => {
                return trace.refuse(Code::Subject, name, &format!("{} values", several.len()));
            }
            None => (name.as_str(), None),
        },
    };
    let Some(value) = value else {
        return Err(trace.fail(
            Code::Subject,
            what,
            "absent",
            Some(Advice::NoSubject {
                source: what.to_owned(),
                claims: names(),
            }),
        ));
    };
    let sound = !value.trim().is_empty()
        && value.chars().count() <= 256
        && !value.chars().any(char::is_control);
    trace.demand(
        sound,
        Code::Subject,
        what,
        "1 to 256 characters, none of them control characters",
        value,
    )?;
    Ok(value.to_owned())
}

/// At least one bearer confirmation must hold in full (SAML Profiles 4.1.4.3).
pub(super) fn confirmation(
    xml: &Xml<'_>,
    subject: Node,
    context: &Context<'_>,
    reading: &mut Reading,
) -> Result<(), Rejection> {
    let mut failed = "no bearer confirmation".to_owned();
    let mut answer = None;
    for node in xml
        .named(subject, ASSERTION, "SubjectConfirmation")
        .filter(|node| xml.attribute(*node, "Method") == Some(BEARER))
    {
        let Ok(Some(data)) = xml.child(node, ASSERTION, "SubjectConfirmationData") else {
            "a bearer confirmation without its data".clone_into(&mut failed);
            continue;
        };
        match confirmed(xml, data, context, reading) {
            Ok(found) => {
                reading
                    .trace
                    .pass(Code::Confirmation, "Bearer confirmation", &found);
                return Ok(());
            }
            Err((code, found, advice)) => {
                failed = found;
                answer = Some((code, advice));
            }
        }
    }
    let (code, advice) = answer.unwrap_or((Code::Confirmation, None));
    Err(reading.trace.fail(
        code,
        "Bearer confirmation",
        &failed,
        advice.map(|advice| *advice),
    ))
}

type Unconfirmed = (Code, String, Option<Box<Advice>>);

fn confirmed(
    xml: &Xml<'_>,
    data: Node,
    context: &Context<'_>,
    reading: &Reading,
) -> Result<String, Unconfirmed> {
    let (connection, attribute) = (context.connection, |name| xml.attribute(data, name));
    let recipient = attribute("Recipient").unwrap_or("absent");
    if recipient != connection.addresses.acs {
        let advice = Advice::WrongRecipient {
            expected: connection.addresses.acs.clone(),
            found: recipient.to_owned(),
        };
        return Err((
            Code::Confirmation,
            format!("Recipient {recipient}"),
            Some(Box::new(advice)),
        ));
    }
    if attribute("NotBefore").is_some() {
        return Err((
            Code::Confirmation,
            "a NotBefore, which bearer confirmations must not have".into(),
            None,
        ));
    }
    let until = attribute("NotOnOrAfter").and_then(Timestamp::parse);
    let Some(until) = until else {
        return Err((Code::Confirmation, "no NotOnOrAfter".into(), None));
    };
    if context.now >= until.plus(connection.skew()) {
        let late = context.now.since(until);
        return Err((
            Code::Confirmation,
            format!("NotOnOrAfter {until}, {late} ago"),
            Some(Box::new(Advice::Expired {
                seconds: late.as_seconds(),
            })),
        ));
    }
    let expected = reading.request.as_ref().map(|pending| pending.id.as_str());
    if attribute("InResponseTo") != expected {
        let found = attribute("InResponseTo").unwrap_or("absent");
        return Err((
            Code::InResponseTo,
            format!("InResponseTo {found} of the confirmation"),
            None,
        ));
    }
    Ok(format!("until {until}"))
}
