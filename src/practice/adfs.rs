//! The farm itself: its name, its keys, and the responses that it seals.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::answer::{Answer, What};
use super::encrypt::encrypt;
use super::key::Key;
use super::relying_party::RelyingParty;
use super::sign::sign;
use super::{Error, metadata};
use crate::id::Entropy;

/// An ADFS farm.
#[derive(Clone, Debug)]
pub struct Adfs {
    /// Where it is reached, without a slash at the end.
    pub base_url: String,
    /// Its identifier, which is no address.
    pub entity_id: String,
    /// The token-signing keys; the first one signs, all are published.
    pub signing: Vec<Key>,
    /// The token-decrypting key, of no concern to service providers.
    pub encryption: Key,
}

impl Adfs {
    /// A farm at that address, with the identifier that ADFS gives itself: `http://host/adfs/services/trust`.
    pub fn new(base_url: &str, signing: Vec<Key>, encryption: Key) -> Self {
        let base_url = base_url.trim_end_matches('/').to_owned();
        let entity_id = format!("http://{}/adfs/services/trust", host_of(&base_url));
        Self {
            base_url,
            entity_id,
            signing,
            encryption,
        }
    }

    /// The host, with its port where there is one.
    pub fn host(&self) -> &str {
        host_of(&self.base_url)
    }

    /// The address of everything to do with browsers.
    pub fn sign_in_url(&self) -> String {
        self.url("/adfs/ls/")
    }

    /// `FederationMetadata.xml`.
    pub fn metadata(&self) -> Result<String, Error> {
        metadata::write(self)
    }

    /// The response, its assertion signed and then encrypted as the answer demands.
    pub fn respond(
        &self,
        rp: &RelyingParty,
        answer: &Answer,
        entropy: &Entropy,
    ) -> Result<String, Error> {
        let key = self.primary()?;
        let signed = |xml: String, id: &str, wanted: bool| {
            if wanted {
                sign(&xml, id, key, &answer.signing)
            } else {
                Ok(xml)
            }
        };
        let on_assertion =
            answer.has_assertion() && matches!(answer.sign, What::Assertion | What::Both);
        let on_response = matches!(answer.sign, What::Response | What::Both);
        let xml = match &answer.encryption {
            Some(encryption) if answer.has_assertion() => {
                let assertion = signed(answer.assertion_xml(), &answer.assertion_id, on_assertion)?;
                let recipient = rp.encryption_certificate.as_ref().ok_or_else(|| {
                    Error::Missing(format!(
                        "encryption certificate on the trust of {}",
                        rp.entity_id
                    ))
                })?;
                answer.around(&encrypt(&assertion, recipient, encryption, entropy)?)
            }
            // Signed in its place: an inclusive canonical form sees what stands around it.
            _ => signed(answer.xml(), &answer.assertion_id, on_assertion)?,
        };
        signed(xml, &answer.response_id, on_response)
    }

    /// The response as a form's `SAMLResponse` carries it.
    pub fn token(
        &self,
        rp: &RelyingParty,
        answer: &Answer,
        entropy: &Entropy,
    ) -> Result<String, Error> {
        Ok(STANDARD.encode(self.respond(rp, answer, entropy)?))
    }

    /// The key that signs.
    pub(super) fn primary(&self) -> Result<&Key, Error> {
        self.signing
            .first()
            .ok_or_else(|| Error::Missing("token-signing key".to_owned()))
    }

    pub(super) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base_url)
    }
}

fn host_of(base_url: &str) -> &str {
    base_url
        .split_once("://")
        .map_or(base_url, |(_, host)| host)
}
