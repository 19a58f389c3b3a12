//! Both sides of a sign-out: answers to requests, and requests of ADFS's own.

use std::io::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::DeflateEncoder;
use url::form_urlencoded::byte_serialize;

use super::Error;
use super::adfs::Adfs;
use super::answer::{NameId, fresh_id};
use super::relying_party::RelyingParty;
use super::request::Request;
use super::sign::{SignatureMethod, Signing, sign};
use super::xml::{SAML, SAMLP, attribute, escape};
use crate::id::Entropy;
use crate::time::Timestamp;

const CONSENT: &str = "urn:oasis:names:tc:SAML:2.0:consent:unspecified";

/// A session of somebody at a relying party, as ADFS remembers it.
#[derive(Clone, Debug)]
pub struct Participant {
    /// The identifier of the relying party.
    pub relying_party: String,
    /// What the person is called there.
    pub name_id: NameId,
    /// The session.
    pub session_index: String,
}

impl Participant {
    /// Whether a request means this session; ADFS compares every part.
    pub fn is_meant(&self, rp: &RelyingParty, name_id: &NameId, indexes: &[String]) -> bool {
        self.relying_party == rp.entity_id
            && self.name_id == *name_id
            && indexes.contains(&self.session_index)
    }
}

/// A signed `LogoutResponse`: `Success`, or `Requester` where the request means nobody's session.
pub fn respond(
    adfs: &Adfs,
    request: &Request,
    done: bool,
    now: Timestamp,
    entropy: &Entropy,
) -> Result<String, Error> {
    let id = fresh_id(entropy);
    let destination = attribute("Destination", request.relying_party.logout_url.as_ref());
    let in_response_to = attribute("InResponseTo", Some(&request.id));
    let issuer = escape(&adfs.entity_id);
    let code = if done { "Success" } else { "Requester" };
    let xml = format!(
        "<samlp:LogoutResponse ID=\"{id}\" Version=\"2.0\" IssueInstant=\"{now}\"{destination} \
         Consent=\"{CONSENT}\"{in_response_to} xmlns:samlp=\"{SAMLP}\">\
         <Issuer xmlns=\"{SAML}\">{issuer}</Issuer><samlp:Status>\
         <samlp:StatusCode Value=\"urn:oasis:names:tc:SAML:2.0:status:{code}\"/></samlp:Status></samlp:LogoutResponse>"
    );
    sign(&xml, &id, adfs.primary()?, &Signing::default())
}

/// What a `LogoutRequest` says, as plain data that a test may change before it is signed.
#[derive(Clone, Debug)]
pub struct Asking {
    /// The request's `ID`.
    pub id: String,
    /// When it was made.
    pub issue_instant: Timestamp,
    /// When it ends.
    pub not_on_or_after: Option<Timestamp>,
    /// Where it is sent.
    pub destination: Option<String>,
    /// Who made it.
    pub issuer: String,
    /// The `NameID`, or what stands in its place, as XML.
    pub name_id: String,
    /// The sessions.
    pub session_indexes: Vec<String>,
}

impl Asking {
    /// What an ADFS says when that session shall end.
    pub fn honest(
        adfs: &Adfs,
        rp: &RelyingParty,
        session: &Participant,
        now: Timestamp,
        entropy: &Entropy,
    ) -> Self {
        Self {
            id: fresh_id(entropy),
            issue_instant: now,
            not_on_or_after: None,
            destination: rp.logout_url.clone(),
            issuer: adfs.entity_id.clone(),
            name_id: session.name_id.xml().replacen(
                "<NameID",
                &format!("<NameID xmlns=\"{SAML}\""),
                1,
            ),
            session_indexes: vec![session.session_index.clone()],
        }
    }

    /// The request without a signature.
    pub fn xml(&self) -> String {
        let (id, now) = (escape(&self.id), self.issue_instant);
        let until = attribute("NotOnOrAfter", self.not_on_or_after);
        let destination = attribute("Destination", self.destination.as_ref());
        let issuer = escape(&self.issuer);
        let index =
            |index: &String| format!("<samlp:SessionIndex>{}</samlp:SessionIndex>", escape(index));
        let indexes: String = self.session_indexes.iter().map(index).collect();
        format!(
            "<samlp:LogoutRequest ID=\"{id}\" Version=\"2.0\" IssueInstant=\"{now}\"{until}{destination} \
             Consent=\"{CONSENT}\" xmlns:samlp=\"{SAMLP}\"><Issuer xmlns=\"{SAML}\">{issuer}</Issuer>{name}{indexes}\
             </samlp:LogoutRequest>",
            name = self.name_id
        )
    }

    /// The request with its signature in it, for a form.
    pub fn signed(&self, adfs: &Adfs, signing: &Signing) -> Result<String, Error> {
        sign(&self.xml(), &self.id, adfs.primary()?, signing)
    }
}

/// The query that carries a message by redirect, signed, its percent-encodings in lower case as .NET writes them.
pub fn query(
    adfs: &Adfs,
    field: &str,
    xml: &str,
    relay_state: Option<&str>,
    method: SignatureMethod,
) -> Result<String, Error> {
    let mut deflate = DeflateEncoder::new(Vec::new(), Compression::default());
    let packed = deflate
        .write_all(xml.as_bytes())
        .and_then(|()| deflate.finish())
        .map_err(|why| Error::Xml(why.to_string()))?;
    let mut query = format!("{field}={}", encode(STANDARD.encode(packed).as_bytes()));
    if let Some(state) = relay_state {
        query = format!("{query}&RelayState={}", encode(state.as_bytes()));
    }
    query = format!("{query}&SigAlg={}", encode(method.uri().as_bytes()));
    let signature = STANDARD.encode(method.sign(query.as_bytes(), adfs.primary()?)?);
    Ok(format!(
        "{query}&Signature={}",
        encode(signature.as_bytes())
    ))
}

fn encode(bytes: &[u8]) -> String {
    let lower = |part: &str| {
        part.strip_prefix('%')
            .map_or_else(|| part.to_owned(), |hex| format!("%{}", hex.to_lowercase()))
    };
    byte_serialize(bytes).map(lower).collect()
}
