//! Verifies a response, from its text to a [`VerifiedAssertion`]; the only way to make one.

use super::advice::{self, Advice};
use super::assertion::{self, Attribute, VerifiedAssertion};
use super::check::{Code, Rejection, Trace};
use super::connection::Connection;
use super::names::ASSERTION;
use super::request::Pending;
use super::signature::{self, Verified};
use super::xml::{self, Node, Xml};
use super::{encryption, envelope, scan, status};
use crate::account::Encryption;
use crate::id::Entropy;
use crate::time::{Span, Timestamp};

/// What a response is checked against.
pub struct Context<'a> {
    /// The account's connection.
    pub connection: &'a Connection,
    /// Opens the request of that id, if this browser carries it.
    pub find: &'a dyn Fn(&str) -> Option<Pending>,
    /// The present.
    pub now: Timestamp,
    /// For the key that stands in where none fits.
    pub entropy: &'a Entropy,
}

/// What is known of a response, however far its verification came.
#[derive(Debug, Default)]
pub struct Reading {
    /// The checks so far.
    pub trace: Trace,
    /// The request that it answers, where this browser carries that.
    pub request: Option<Pending>,
    /// What is used up from now on, since a signature has verified.
    pub spent: Option<Spent>,
    /// The fingerprint of our certificate that the assertion was encrypted for, where it was.
    pub opened_by: Option<String>,
    /// What was decrypted, whether it held or not.
    pub decrypted: Option<String>,
    /// How far the identity provider's clock is ahead of ours.
    pub clock_difference: Option<Span>,
    /// The claims; nothing of them is proved before `spent` is there.
    pub claims: Vec<Attribute>,
}

/// An assertion whose signature has verified, and until when it must not come again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spent {
    /// The assertion's id.
    pub assertion: String,
    /// The fingerprint of the certificate whose key verified.
    pub fingerprint: String,
    /// The latest instant at which it could still be accepted.
    pub until: Timestamp,
}

impl Reading {
    /// A signature has verified: what it covers cannot be used again, whatever becomes of this sign-in.
    fn spend(&mut self, xml: &Xml<'_>, node: Node, verified: &Verified, context: &Context<'_>) {
        let grace = context.connection.skew().twice();
        let (least, most) = (
            context.now.plus(MEMORY),
            context.now.plus(MEMORY).plus(grace.twice()),
        );
        let until = assertion::latest(xml, node).map_or(least, |until| until.plus(grace));
        let id = xml.attribute(node, "ID").unwrap_or_default();
        self.spent = Some(Spent {
            // What is longer, or good for longer, is refused: it need not be remembered whole, nor for ever.
            assertion: id.chars().take(assertion::LONGEST_ID).collect(),
            fingerprint: verified.fingerprint().to_owned(),
            until: until.clamp(least, most),
        });
    }
}

/// Ids are remembered for at least so long.
const MEMORY: Span = Span::hours(24);

/// Verifies the response in the order of the profile; the first failure decides.
pub fn verify(
    text: &str,
    context: &Context<'_>,
    reading: &mut Reading,
) -> Result<VerifiedAssertion, Rejection> {
    let xml = parse(text, &mut reading.trace)?;
    envelope::check(&xml, context, reading)?;
    envelope::addressed(&xml, context, reading)?;
    status::check(&xml, context.connection, context.now, reading)?;
    let place = the_assertion(&xml, &mut reading.trace)?;
    let verdict = judge(&xml, place, context, reading);
    explained(&xml, place, reading, verdict)
}

fn judge(
    xml: &Xml<'_>,
    place: Node,
    context: &Context<'_>,
    reading: &mut Reading,
) -> Result<VerifiedAssertion, Rejection> {
    let root = xml.root();
    let is_encrypted = xml.is(place, ASSERTION, "EncryptedAssertion");
    // Only what is verified below may hold a signature: the encrypted assertion's own is within.
    let signed_here = if is_encrypted { root } else { place };
    signatures_in_place(xml, &[root, signed_here], &mut reading.trace)?;
    let response = signed(xml, root, "Response", context, &mut reading.trace)?;
    if let Some(verified) = &response {
        reading.spend(xml, root, verified, context);
    }
    if is_encrypted {
        return encrypted(xml, place, response, context, reading);
    }
    let holds = context.connection.saml().encryption != Encryption::Required;
    if !holds {
        return Err(reading.trace.fail(
            Code::Encryption,
            "Assertion",
            "a clear assertion",
            Some(Advice::ClearAssertion),
        ));
    }
    reading
        .trace
        .pass(Code::Encryption, "Assertion", "not encrypted");
    reading
        .trace
        .pass(Code::Decryption, "Assertion", "nothing to decrypt");
    trusted(xml, place, response, context, reading)
}

/// Keeps the claims that came with what failed, for the explanation, where nothing has proved them.
fn explained<T>(
    xml: &Xml<'_>,
    place: Node,
    reading: &mut Reading,
    verdict: Result<T, Rejection>,
) -> Result<T, Rejection> {
    if verdict.is_err() && reading.claims.is_empty() {
        reading.claims = assertion::peek(xml, place);
    }
    verdict
}

fn parse<'x>(text: &'x str, trace: &mut Trace) -> Result<Xml<'x>, Rejection> {
    match Xml::parse(text, &scan::MESSAGE) {
        Ok(xml) => {
            trace.pass(Code::Limits, "Document", &format!("{} bytes", text.len()));
            trace.pass(Code::Xml, "Document", "well-formed");
            Ok(xml)
        }
        Err(xml::Error::TooMuch(what)) => trace.refuse(Code::Limits, "Document", &what),
        Err(xml::Error::Malformed(what)) => trace.refuse(Code::Xml, "Document", &what),
    }
}

/// Every assertion of the document, wherever it stands, clear or encrypted.
fn assertions(xml: &Xml<'_>) -> Vec<Node> {
    xml.all(ASSERTION, "Assertion")
        .chain(xml.all(ASSERTION, "EncryptedAssertion"))
        .collect()
}

/// The one assertion of the document, clear or encrypted, as a child of the response.
fn the_assertion(xml: &Xml<'_>, trace: &mut Trace) -> Result<Node, Rejection> {
    let all = assertions(xml);
    let [one] = *all.as_slice() else {
        return trace.refuse(
            Code::Assertion,
            "Assertions in the response",
            &all.len().to_string(),
        );
    };
    let (holds, expected) = (xml.parent(one) == Some(xml.root()), "child of the response");
    let found = if holds { expected } else { "elsewhere" };
    trace.demand(
        holds,
        Code::Assertion,
        "Place of the assertion",
        expected,
        found,
    )?;
    Ok(one)
}

fn signatures_in_place(xml: &Xml<'_>, signed: &[Node], trace: &mut Trace) -> Result<(), Rejection> {
    if signature::is_astray(xml, signed) {
        return trace.refuse(
            Code::Signature,
            "Place of the signatures",
            "one that stands in neither the response nor the assertion",
        );
    }
    Ok(())
}

/// The verified signature of `node`, if it has one; one that does not verify ends the sign-in.
fn signed(
    xml: &Xml<'_>,
    node: Node,
    what: &str,
    context: &Context<'_>,
    trace: &mut Trace,
) -> Result<Option<Verified>, Rejection> {
    let keys = &context.connection.idp.signing;
    let verified = match signature::find(xml, node) {
        Ok(None) => return Ok(None),
        Ok(Some(signature)) => {
            signature::verify(xml, node, signature, keys).map_err(|error| (Some(signature), error))
        }
        Err(error) => Err((None, error)),
    };
    match verified {
        Ok(verified) => {
            trace.pass(
                Code::Signature,
                &format!("Signature of the {what}"),
                &format!("verifies with certificate {}", verified.fingerprint()),
            );
            Ok(Some(verified))
        }
        Err((signature, error)) => {
            let advice = advice::signature(xml, signature, &error, context.connection);
            Err(trace.fail(
                Code::Signature,
                &format!("Signature of the {what}"),
                &error.to_string(),
                advice,
            ))
        }
    }
}

fn encrypted(
    xml: &Xml<'_>,
    place: Node,
    response: Option<Verified>,
    context: &Context<'_>,
    reading: &mut Reading,
) -> Result<VerifiedAssertion, Rejection> {
    let connection = context.connection;
    if connection.saml().encryption == Encryption::Off {
        return Err(reading.trace.fail(
            Code::Encryption,
            "Assertion",
            "an encrypted assertion",
            Some(Advice::UnexpectedEncryption),
        ));
    }
    reading
        .trace
        .pass(Code::Encryption, "Assertion", "encrypted");
    let recipient = encryption::recipient(xml, place);
    let unreadable = || Some(advice::decryption(recipient.as_ref(), connection));
    let plain = match encryption::decrypt(xml, place, &connection.decryption, context.entropy) {
        Ok((bytes, key)) => {
            reading.opened_by = key
                .and_then(|key| connection.recipients.get(key))
                .map(|certificate| certificate.fingerprint.clone());
            String::from_utf8(bytes).unwrap_or_default()
        }
        Err(encryption::Error::Shape(what)) => {
            return Err(reading
                .trace
                .fail(Code::Decryption, "Encrypted assertion", &what, None));
        }
        Err(encryption::Error::Unreadable) => String::new(),
    };
    let inner = Xml::parse(&plain, &scan::MESSAGE).ok().filter(|inner| {
        inner.is(inner.root(), ASSERTION, "Assertion") && assertions(inner) == [inner.root()]
    });
    let Some(inner) = inner else {
        return Err(reading.trace.fail(
            Code::Decryption,
            "Encrypted assertion",
            "cannot be decrypted",
            unreadable(),
        ));
    };
    reading
        .trace
        .pass(Code::Decryption, "Encrypted assertion", "decrypted");
    let place = inner.root();
    let verdict = signatures_in_place(&inner, &[place], &mut reading.trace)
        .and_then(|()| trusted(&inner, place, response, context, reading));
    let verdict = explained(&inner, place, reading, verdict);
    drop(inner);
    reading.decrypted = Some(plain);
    verdict
}

/// Demands a signature over what is read: the assertion's own, or that of the response around it.
fn trusted(
    xml: &Xml<'_>,
    place: Node,
    response: Option<Verified>,
    context: &Context<'_>,
    reading: &mut Reading,
) -> Result<VerifiedAssertion, Rejection> {
    let own = signed(xml, place, "Assertion", context, &mut reading.trace)?;
    let read = own.as_ref().map_or(place, Verified::node);
    let Some(verified) = own.or(response) else {
        return Err(reading.trace.fail(
            Code::Signature,
            "Signatures",
            "neither the response nor the assertion is signed",
            Some(Advice::NothingSigned),
        ));
    };
    reading.spend(xml, read, &verified, context);
    assertion::check(xml, read, context, reading)
}
