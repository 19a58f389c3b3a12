//! Single logout: the identity provider's messages verified, ours written and sent (SAML Core 3.7, Profiles 4.4).

use super::binding::{Kind, Message, Seal};
use super::connection::Connection;
use super::logout_written::Head;
use super::names::{ASSERTION, PROTOCOL, STATUS, SUCCESS};
use super::sending::{self, Draft, Endpoint, Sending, fresh_id};
use super::xml::{self, Node, Xml};
use super::{NameId, encryption, envelope, scan, signature, status};
use crate::id::Entropy;
use crate::time::Timestamp;

/// What a message is checked against.
pub struct Context<'a> {
    /// The account's connection.
    pub connection: &'a Connection,
    /// The id of the request that this browser waits for an answer to.
    pub awaited: Option<&'a str>,
    /// The present.
    pub now: Timestamp,
    /// For the key that stands in where none fits.
    pub entropy: &'a Entropy,
}

/// A message that the identity provider has signed, for us, just now.
#[derive(Debug)]
pub enum Verified {
    /// It asks to end sessions.
    Request(Request),
    /// It answers our own request.
    Answer(Outcome),
}

/// Whose sessions have to end.
#[derive(Debug)]
pub struct Request {
    /// Its id, which is used up with it.
    pub id: String,
    /// The person.
    pub name_id: NameId,
    /// The sessions of that person; none means all.
    pub indexes: Vec<String>,
}

/// What became of our request at the identity provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Every session there is over, and those at other services.
    Everywhere,
    /// The session there is over; some other service did not answer it.
    Partly,
    /// It did not do it; the status that it gave.
    NotDone(String),
}

/// A message that is not believed.
#[derive(Debug)]
pub struct Refusal {
    /// What is wrong with it, for the log.
    pub reason: String,
    /// The id of the request, where the issuer that it names is known: then it is answered even so.
    pub asked: Option<String>,
    /// Whether its signature had verified.
    pub is_signed: bool,
}

impl Request {
    /// Whether it names a session of this NameID and index. One whose index we were never told cannot be told apart, and ends.
    pub fn names(&self, name_id: &NameId, index: Option<&str>, connection: &Connection) -> bool {
        let is_meant = |index| self.indexes.iter().any(|named| named == index);
        self.name_id.is_same(name_id, connection)
            && (self.indexes.is_empty() || index.is_none_or(is_meant))
    }
}

/// Verifies a message; the first check that fails decides, and nothing expensive comes before the cheap ones.
pub fn verify(message: &Message, context: &Context<'_>) -> Result<Verified, Refusal> {
    let xml = Xml::parse(&message.xml, &scan::MESSAGE).map_err(|error| Refusal {
        reason: error.to_string(),
        asked: None,
        is_signed: false,
    })?;
    let refusal = |reason, is_signed| Refusal {
        reason,
        asked: asked(&xml, message, context.connection),
        is_signed,
    };
    check(&xml, message, context).map_err(|reason| refusal(reason, false))?;
    read(&xml, message, context).map_err(|reason| refusal(reason, true))
}

/// The id of a request that names the known issuer, whether or not that is true.
fn asked(xml: &Xml<'_>, message: &Message, connection: &Connection) -> Option<String> {
    let is_request = message.kind == Kind::Request && xml.is(xml.root(), PROTOCOL, "LogoutRequest");
    let id = id(xml).ok().filter(|_| is_request)?;
    issuer(xml, connection).ok().map(|()| id.to_owned())
}

/// What has to hold before anything is read, the signature last.
fn check(xml: &Xml<'_>, message: &Message, context: &Context<'_>) -> Result<(), String> {
    let (root, connection) = (xml.root(), context.connection);
    let name = match message.kind {
        Kind::Request => "LogoutRequest",
        Kind::Response => "LogoutResponse",
    };
    demand(xml.is(root, PROTOCOL, name), "another kind of message")?;
    demand(
        xml.attribute(root, "Version") == Some("2.0"),
        "a version that is not 2.0",
    )?;
    id(xml)?;
    let issued = instant(xml, "IssueInstant")?.ok_or("no IssueInstant")?;
    demand(
        envelope::is_fresh(issued, context.now, connection.skew()),
        "an IssueInstant that is not of this moment",
    )?;
    issuer(xml, connection)?;
    demand(
        xml.attribute(root, "Destination") == Some(&connection.addresses.logout),
        "a Destination that is absent or not this address",
    )?;
    if message.kind == Kind::Response {
        let answered = xml.attribute(root, "InResponseTo");
        demand(
            answered.is_some() && answered == context.awaited,
            "an answer that this browser does not wait for",
        )?;
    }
    signed(xml, &message.seal, connection)
}

fn read(xml: &Xml<'_>, message: &Message, context: &Context<'_>) -> Result<Verified, String> {
    if message.kind == Kind::Response {
        let outcome = outcome(xml).map_err(|error| error.to_string())?;
        return Ok(Verified::Answer(outcome));
    }
    let until = instant(xml, "NotOnOrAfter")?;
    let is_over = |until: Timestamp| context.now >= until.plus(context.connection.skew());
    demand(
        !until.is_some_and(is_over),
        "a NotOnOrAfter that has passed",
    )?;
    let (name_id, indexes) = named(xml, context).map_err(|error| error.to_string())?;
    Ok(Verified::Request(Request {
        id: id(xml)?.to_owned(),
        name_id,
        indexes,
    }))
}

fn demand(holds: bool, otherwise: &str) -> Result<(), String> {
    if holds { Ok(()) } else { Err(otherwise.into()) }
}

fn id<'x>(xml: &'x Xml<'_>) -> Result<&'x str, String> {
    let id = xml.attribute(xml.root(), "ID").unwrap_or_default();
    demand(
        !id.is_empty() && id.len() <= 256,
        "an ID that is absent or too long",
    )?;
    Ok(id)
}

fn instant(xml: &Xml<'_>, name: &str) -> Result<Option<Timestamp>, String> {
    let written = xml.attribute(xml.root(), name);
    let parse = |text| Timestamp::parse(text).ok_or(format!("a {name} that is no time in UTC"));
    written.map(parse).transpose()
}

fn issuer(xml: &Xml<'_>, connection: &Connection) -> Result<(), String> {
    let found = xml
        .child(xml.root(), ASSERTION, "Issuer")
        .and_then(|node| node.map(|node| xml.text(node)).transpose())
        .map_err(|error| error.to_string())?;
    demand(
        found.as_ref() == Some(&connection.idp.entity_id),
        "an Issuer that is not the account's identity provider",
    )
}

/// Every message has to be signed as its binding demands; a signature anywhere else is somebody's trick.
fn signed(xml: &Xml<'_>, seal: &Seal, connection: &Connection) -> Result<(), String> {
    let (root, keys) = (xml.root(), &connection.idp.signing);
    let verified = match seal {
        Seal::Absent => return Err("no signature".into()),
        Seal::Detached {
            octets,
            algorithm,
            value,
        } => {
            // SAML Bindings 3.4.4.1: the message itself carries none.
            demand(
                !signature::is_astray(xml, &[]),
                "a signature in the message as well",
            )?;
            signature::verify_detached(octets.as_bytes(), algorithm, value, keys).map(drop)
        }
        Seal::Enveloped => {
            demand(
                !signature::is_astray(xml, &[root]),
                "a signature that does not stand in the message itself",
            )?;
            match signature::find(xml, root) {
                Ok(Some(signature)) => signature::verify(xml, root, signature, keys).map(drop),
                Ok(None) => return Err("no signature".into()),
                Err(error) => Err(error),
            }
        }
    };
    verified.map_err(|error| format!("a signature that does not count: {error}"))
}

/// The person and the sessions that a signed request names.
fn named(xml: &Xml<'_>, context: &Context<'_>) -> Result<(NameId, Vec<String>), xml::Error> {
    let root = xml.root();
    let indexes = xml
        .named(root, PROTOCOL, "SessionIndex")
        .map(|node| xml.text(node))
        .collect::<Result<_, _>>()?;
    let clear = xml.child(root, ASSERTION, "NameID")?;
    let encrypted = xml.child(root, ASSERTION, "EncryptedID")?;
    let name_id = match (clear, encrypted) {
        (Some(node), None) => NameId::read(xml, node)?,
        (None, Some(node)) => decrypted(xml, node, context)?,
        _ => return Err(xml::Error::Malformed("not exactly one NameID".into())),
    };
    Ok((name_id, indexes))
}

fn decrypted(xml: &Xml<'_>, node: Node, context: &Context<'_>) -> Result<NameId, xml::Error> {
    let unreadable = || xml::Error::Malformed("an EncryptedID that cannot be decrypted".into());
    let plain = encryption::decrypt(xml, node, &context.connection.decryption, context.entropy)
        .map_err(|_| unreadable())?;
    let text = String::from_utf8(plain).map_err(|_| unreadable())?;
    let inner = Xml::parse(&text, &scan::MESSAGE).map_err(|_| unreadable())?;
    if !inner.is(inner.root(), ASSERTION, "NameID") {
        return Err(unreadable());
    }
    NameId::read(&inner, inner.root()).map_err(|_| unreadable())
}

fn outcome(xml: &Xml<'_>) -> Result<Outcome, xml::Error> {
    let status = xml
        .child(xml.root(), PROTOCOL, "Status")?
        .ok_or_else(|| xml::Error::Malformed("no Status".into()))?;
    let chain = status::chain(xml, status)?;
    let partly = format!("{STATUS}PartialLogout");
    Ok(match chain.as_slice() {
        [code] if code == SUCCESS => Outcome::Everywhere,
        chain if chain.contains(&partly) => Outcome::Partly,
        chain => {
            let codes = chain
                .iter()
                .map(|code| code.strip_prefix(STATUS).unwrap_or(code));
            Outcome::NotDone(codes.collect::<Vec<_>>().join(" / "))
        }
    })
}

/// Asks the identity provider to end its session; the id of the request and how it gets there. Private-key work.
pub fn ask(
    connection: &Connection,
    name_id: &NameId,
    index: Option<&str>,
    now: Timestamp,
    entropy: &Entropy,
) -> Result<(String, Sending), sending::Error> {
    let id = fresh_id(entropy);
    let head = Head {
        id: &id,
        connection,
        now,
    };
    let draft = Draft {
        field: "SAMLRequest",
        write: &|destination| Ok(head.request(name_id, index, destination)),
        relay_state: None,
    };
    let to = Endpoint {
        redirect: connection.idp.slo_redirect.as_deref(),
        post: connection.idp.slo_post.as_deref(),
    };
    // ADFS takes no logout message without a signature, whatever it says of requests.
    let sending = sending::send(&draft, to, Some(&connection.signing_key))?;
    Ok((id, sending))
}

/// Answers a request of the identity provider; private-key work.
pub fn answer(
    connection: &Connection,
    request: &str,
    relay_state: Option<&str>,
    done: bool,
    now: Timestamp,
    entropy: &Entropy,
) -> Result<Sending, sending::Error> {
    let id = fresh_id(entropy);
    let head = Head {
        id: &id,
        connection,
        now,
    };
    let code = if done { "Success" } else { "Requester" };
    let draft = Draft {
        field: "SAMLResponse",
        write: &|destination| Ok(head.response(request, code, destination)),
        relay_state,
    };
    let to = Endpoint {
        redirect: connection.idp.slo_answer_redirect.as_deref(),
        post: connection.idp.slo_answer_post.as_deref(),
    };
    sending::send(&draft, to, Some(&connection.signing_key))
}
