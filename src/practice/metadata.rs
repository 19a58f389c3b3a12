//! `FederationMetadata.xml` as ADFS writes it: one line, four descriptors, of which one is for us.

use openssl::sha::sha256;
use uuid::Builder;

use super::Error;
use super::adfs::Adfs;
use super::claims::{ClaimType, published};
use super::key::Key;
use super::sign::{Signing, sign};
use super::xml::{DSIG, METADATA, SAML, SAMLP, escape};

const FED: &str = "http://docs.oasis-open.org/wsfed/federation/200706";
const AUTH: &str = "http://docs.oasis-open.org/wsfed/authorization/200706";
const ADDRESSING: &str = "http://www.w3.org/2005/08/addressing";
const MEX: &str = "http://schemas.xmlsoap.org/ws/2004/09/mex";
const XSI: &str = "http://www.w3.org/2001/XMLSchema-instance";
const BINDING: &str = "urn:oasis:names:tc:SAML:2.0:bindings:";
const WS_PROTOCOLS: &str = "http://docs.oasis-open.org/ws-sx/ws-trust/200512 http://schemas.xmlsoap.org/ws/2005/02/trust \
                            http://docs.oasis-open.org/wsfed/federation/200706";

/// The whole document, its root signed with the first signing key.
pub(super) fn write(adfs: &Adfs) -> Result<String, Error> {
    let primary = adfs.primary()?;
    let entity_id = escape(&adfs.entity_id);
    let application = application_service(adfs)?;
    let token_service = token_service(adfs)?;
    let sp = service_provider(adfs)?;
    let idp = identity_provider(adfs)?;
    let body =
        format!("{application}{token_service}{sp}{idp}<ContactPerson contactType=\"support\"/>");
    let id = document_id(&body);
    let xml = format!(
        "<EntityDescriptor ID=\"{id}\" entityID=\"{entity_id}\" xmlns=\"{METADATA}\">{body}</EntityDescriptor>"
    );
    sign(&xml, &id, primary, &Signing::default())
}

/// The same document has the same `ID`, as long as nothing in it changes.
fn document_id(body: &str) -> String {
    let mut bytes = [0; 16];
    for (to, from) in bytes.iter_mut().zip(sha256(body.as_bytes())) {
        *to = from;
    }
    format!("_{}", Builder::from_random_bytes(bytes).into_uuid())
}

/// ADFS as a WS-Federation relying party: of no use for SAML.
fn application_service(adfs: &Adfs) -> Result<String, Error> {
    let head = role_descriptor(adfs, "ApplicationServiceType");
    let key = key_descriptor("encryption", &adfs.encryption)?;
    let claims = claim_types("ClaimTypesRequested");
    let scopes: String = [
        "trust/2005/issuedtokenmixedasymmetricbasic256",
        "trust/13/issuedtokenmixedsymmetricbasic256",
    ]
    .iter()
    .map(|end| endpoint(&adfs.url(&format!("/adfs/services/{end}")), ""))
    .chain([
        endpoint(&adfs.sign_in_url(), ""),
        endpoint(&adfs.entity_id, ""),
    ])
    .collect();
    let service = endpoint(
        &adfs.url("/adfs/services/trust/2005/issuedtokenmixedasymmetricbasic256"),
        "",
    );
    let passive = endpoint(&adfs.sign_in_url(), "");
    Ok(format!(
        "{head}{key}{claims}<fed:TargetScopes>{scopes}</fed:TargetScopes>\
         <fed:ApplicationServiceEndpoint>{service}</fed:ApplicationServiceEndpoint>\
         <fed:PassiveRequestorEndpoint>{passive}</fed:PassiveRequestorEndpoint></RoleDescriptor>"
    ))
}

/// ADFS as a WS-Federation token service: of no use for SAML either.
fn token_service(adfs: &Adfs) -> Result<String, Error> {
    let head = role_descriptor(adfs, "SecurityTokenServiceType");
    let keys = signing_descriptors(&adfs.signing)?;
    let claims = claim_types("ClaimTypesOffered");
    let mex = escape(&adfs.url("/adfs/services/trust/mex"));
    let section = format!(
        "<Metadata><Metadata xmlns=\"{MEX}\" xmlns:xsd=\"http://www.w3.org/2001/XMLSchema\" xmlns:wsx=\"{MEX}\">\
         <wsx:MetadataSection Dialect=\"{MEX}\" xmlns=\"\"><wsx:MetadataReference><Address xmlns=\"{ADDRESSING}\">{mex}</Address>\
         </wsx:MetadataReference></wsx:MetadataSection></Metadata></Metadata>"
    );
    let service = endpoint(
        &adfs.url("/adfs/services/trust/2005/certificatemixed"),
        &section,
    );
    let passive = endpoint(&adfs.sign_in_url(), "");
    Ok(format!(
        "{head}{keys}<fed:TokenTypesOffered><fed:TokenType Uri=\"{SAML}\"/>\
         <fed:TokenType Uri=\"urn:oasis:names:tc:SAML:1.0:assertion\"/></fed:TokenTypesOffered>{claims}\
         <fed:SecurityTokenServiceEndpoint>{service}</fed:SecurityTokenServiceEndpoint>\
         <fed:PassiveRequestorEndpoint>{passive}</fed:PassiveRequestorEndpoint></RoleDescriptor>"
    ))
}

/// ADFS as a SAML service provider: the trap, with another certificate and the same address.
fn service_provider(adfs: &Adfs) -> Result<String, Error> {
    let encryption = key_descriptor("encryption", &adfs.encryption)?;
    let signing = key_descriptor("signing", &adfs.encryption)?;
    let shared = logout_and_names(adfs);
    let here = escape(&adfs.sign_in_url());
    Ok(format!(
        "<SPSSODescriptor WantAssertionsSigned=\"true\" protocolSupportEnumeration=\"{SAMLP}\">{encryption}{signing}{shared}\
         <AssertionConsumerService Binding=\"{BINDING}HTTP-POST\" Location=\"{here}\" index=\"0\" isDefault=\"true\"/>\
         <AssertionConsumerService Binding=\"{BINDING}HTTP-Artifact\" Location=\"{here}\" index=\"1\"/>\
         <AssertionConsumerService Binding=\"{BINDING}HTTP-Redirect\" Location=\"{here}\" index=\"2\"/></SPSSODescriptor>"
    ))
}

/// ADFS as a SAML identity provider: the part that a service provider needs.
fn identity_provider(adfs: &Adfs) -> Result<String, Error> {
    let encryption = key_descriptor("encryption", &adfs.encryption)?;
    let signing = signing_descriptors(&adfs.signing)?;
    let shared = logout_and_names(adfs);
    let here = escape(&adfs.sign_in_url());
    let attributes: String = published().map(|claim| offered(&claim)).collect();
    Ok(format!(
        "<IDPSSODescriptor protocolSupportEnumeration=\"{SAMLP}\">{encryption}{signing}{shared}\
         <SingleSignOnService Binding=\"{BINDING}HTTP-Redirect\" Location=\"{here}\"/>\
         <SingleSignOnService Binding=\"{BINDING}HTTP-POST\" Location=\"{here}\"/>{attributes}</IDPSSODescriptor>"
    ))
}

fn role_descriptor(adfs: &Adfs, kind: &str) -> String {
    let name = escape(adfs.host());
    format!(
        "<RoleDescriptor xsi:type=\"fed:{kind}\" protocolSupportEnumeration=\"{WS_PROTOCOLS}\" ServiceDisplayName=\"{name} AD FS\" \
         xmlns:xsi=\"{XSI}\" xmlns:fed=\"{FED}\">"
    )
}

fn claim_types(element: &str) -> String {
    let types: String = published().map(|claim| claim_type(&claim)).collect();
    format!("<fed:{element}>{types}</fed:{element}>")
}

fn claim_type(claim: &ClaimType) -> String {
    let ClaimType { uri, name } = claim;
    format!(
        "<auth:ClaimType Uri=\"{uri}\" Optional=\"true\" xmlns:auth=\"{AUTH}\"><auth:DisplayName>{name}</auth:DisplayName>\
         <auth:Description>{name} of the person or of the request</auth:Description></auth:ClaimType>"
    )
}

fn offered(claim: &ClaimType) -> String {
    let ClaimType { uri, name } = claim;
    format!(
        "<Attribute Name=\"{uri}\" NameFormat=\"urn:oasis:names:tc:SAML:2.0:attrname-format:uri\" FriendlyName=\"{name}\" \
         xmlns=\"{SAML}\"/>"
    )
}

fn logout_and_names(adfs: &Adfs) -> String {
    let here = escape(&adfs.sign_in_url());
    let format = "urn:oasis:names:tc:SAML";
    format!(
        "<SingleLogoutService Binding=\"{BINDING}HTTP-Redirect\" Location=\"{here}\"/>\
         <SingleLogoutService Binding=\"{BINDING}HTTP-POST\" Location=\"{here}\"/>\
         <NameIDFormat>{format}:1.1:nameid-format:emailAddress</NameIDFormat>\
         <NameIDFormat>{format}:2.0:nameid-format:persistent</NameIDFormat>\
         <NameIDFormat>{format}:2.0:nameid-format:transient</NameIDFormat>"
    )
}

fn endpoint(address: &str, more: &str) -> String {
    let address = escape(address);
    format!(
        "<EndpointReference xmlns=\"{ADDRESSING}\"><Address>{address}</Address>{more}</EndpointReference>"
    )
}

fn signing_descriptors(keys: &[Key]) -> Result<String, Error> {
    keys.iter()
        .map(|key| key_descriptor("signing", key))
        .collect()
}

fn key_descriptor(usage: &str, key: &Key) -> Result<String, Error> {
    let certificate = key.certificate_base64()?;
    Ok(format!(
        "<KeyDescriptor use=\"{usage}\"><KeyInfo xmlns=\"{DSIG}\"><X509Data><X509Certificate>{certificate}</X509Certificate></X509Data>\
         </KeyInfo></KeyDescriptor>"
    ))
}
