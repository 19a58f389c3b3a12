//! The answer to a logout request: ADFS has nobody signed in here, so it always succeeded.

use super::Error;
use super::adfs::Adfs;
use super::answer::fresh_id;
use super::request::Request;
use super::sign::{Signing, sign};
use super::xml::{SAML, SAMLP, attribute, escape};
use crate::id::Entropy;
use crate::time::Timestamp;

/// A signed `LogoutResponse` of success.
pub fn respond(
    adfs: &Adfs,
    request: &Request,
    now: Timestamp,
    entropy: &Entropy,
) -> Result<String, Error> {
    let id = fresh_id(entropy);
    let destination = attribute("Destination", request.relying_party.logout_url.as_ref());
    let in_response_to = attribute("InResponseTo", Some(&request.id));
    let issuer = escape(&adfs.entity_id);
    let xml = format!(
        "<samlp:LogoutResponse ID=\"{id}\" Version=\"2.0\" IssueInstant=\"{now}\"{destination} \
         Consent=\"urn:oasis:names:tc:SAML:2.0:consent:unspecified\"{in_response_to} xmlns:samlp=\"{SAMLP}\">\
         <Issuer xmlns=\"{SAML}\">{issuer}</Issuer><samlp:Status>\
         <samlp:StatusCode Value=\"urn:oasis:names:tc:SAML:2.0:status:Success\"/></samlp:Status></samlp:LogoutResponse>"
    );
    sign(&xml, &id, adfs.primary()?, &Signing::default())
}
