//! The service providers that the practice ADFS trusts.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use openssl::x509::X509;
use uppsala::{Document, NodeId};

use super::Error;
use super::xml::{DSIG, METADATA, all, parse, root};

const POST: &str = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST";

/// A relying party trust.
#[derive(Clone, Debug)]
pub struct RelyingParty {
    /// Its one identifier.
    pub entity_id: String,
    /// Where responses are posted to.
    pub acs_url: String,
    /// Where logout messages go.
    pub logout_url: Option<String>,
    /// What its requests are signed with; any of them will do.
    pub signing_certificates: Vec<X509>,
    /// What assertions are encrypted for; its presence alone switches encryption on.
    pub encryption_certificate: Option<X509>,
    /// Whether unsigned requests are refused.
    pub signed_requests_required: bool,
}

impl RelyingParty {
    /// Imports a service provider's metadata, as "Import data about the relying party from a file" does.
    pub fn from_metadata(xml: &str) -> Result<Self, Error> {
        let document = parse(xml)?;
        let entity = root(&document)?;
        let is_entity =
            |element: &uppsala::Element<'_>| element.matches_name_ns(METADATA, "EntityDescriptor");
        if !document.element(entity).is_some_and(is_entity) {
            return Err(Error::Missing("EntityDescriptor at the root".to_owned()));
        }
        let sp = document
            .first_child_element_by_name_ns(entity, METADATA, "SPSSODescriptor")
            .ok_or_else(|| Error::Missing("SPSSODescriptor".to_owned()))?;
        let entity_id = document.get_attribute(entity, "entityID");
        let signed = document.get_attribute(sp, "AuthnRequestsSigned");
        Ok(Self {
            entity_id: entity_id
                .ok_or_else(|| Error::Missing("entityID".to_owned()))?
                .to_owned(),
            acs_url: consumer(&document, sp).ok_or_else(|| {
                Error::Missing("AssertionConsumerService with HTTP-POST".to_owned())
            })?,
            logout_url: logout(&document, sp),
            signing_certificates: certificates(&document, sp, "signing")?,
            encryption_certificate: certificates(&document, sp, "encryption")?
                .into_iter()
                .next(),
            signed_requests_required: matches!(signed, Some("true" | "1")),
        })
    }
}

/// The default POST endpoint, else the first one.
fn consumer(document: &Document<'_>, sp: NodeId) -> Option<String> {
    let endpoints = posted(document, sp, "AssertionConsumerService");
    let is_default = |id: &&NodeId| {
        matches!(
            document.get_attribute(**id, "isDefault"),
            Some("true" | "1")
        )
    };
    let chosen = endpoints.iter().find(is_default).or(endpoints.first())?;
    location(document, *chosen)
}

/// Where logout messages go.
fn logout(document: &Document<'_>, sp: NodeId) -> Option<String> {
    let endpoint = *posted(document, sp, "SingleLogoutService").first()?;
    let response = document.get_attribute(endpoint, "ResponseLocation");
    response
        .map(str::to_owned)
        .or_else(|| location(document, endpoint))
}

fn posted(document: &Document<'_>, sp: NodeId, name: &str) -> Vec<NodeId> {
    let mut endpoints = document.child_elements_by_name_ns(sp, METADATA, name);
    endpoints.retain(|id| document.get_attribute(*id, "Binding") == Some(POST));
    endpoints
}

fn location(document: &Document<'_>, endpoint: NodeId) -> Option<String> {
    document
        .get_attribute(endpoint, "Location")
        .map(str::to_owned)
}

fn certificates(document: &Document<'_>, sp: NodeId, wanted: &str) -> Result<Vec<X509>, Error> {
    let mut found = Vec::new();
    for descriptor in document.child_elements_by_name_ns(sp, METADATA, "KeyDescriptor") {
        if document
            .get_attribute(descriptor, "use")
            .is_some_and(|given| given != wanted)
        {
            continue;
        }
        for certificate in all(document, descriptor, DSIG, "X509Certificate") {
            let text: String = document
                .text_content_deep(certificate)
                .split_whitespace()
                .collect();
            let der = STANDARD
                .decode(text)
                .map_err(|why| Error::Xml(why.to_string()))?;
            found.push(X509::from_der(&der)?);
        }
    }
    Ok(found)
}
