//! What the practice ADFS makes of requests and metadata of service providers.

use std::io::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::DeflateEncoder;
use rstest::rstest;
use url::form_urlencoded::{Serializer, byte_serialize};
use vestibule::practice::mishap::Mishap;
use vestibule::practice::relying_party::RelyingParty;
use vestibule::practice::request::{Refusal, Request, Wish};
use vestibule::practice::sign::{SignatureMethod, Signing, sign};

use super::{RSA, SP, adfs, relying_party};

pub(super) fn authn_request(inner: &str, more: &str) -> String {
    format!(
        "<samlp:AuthnRequest xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\" xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\" \
         ID=\"_request\" Version=\"2.0\" IssueInstant=\"2026-01-31T09:05:00Z\" Destination=\"https://fs.acme.example/adfs/ls/\"{more}>\
         <saml:Issuer>{}</saml:Issuer>{inner}</samlp:AuthnRequest>",
        relying_party().entity_id
    )
}

pub(super) fn query(xml: &str, method: Option<SignatureMethod>) -> String {
    let mut deflate = DeflateEncoder::new(Vec::new(), Compression::default());
    deflate.write_all(xml.as_bytes()).unwrap();
    let encoded =
        |octets: &[u8]| byte_serialize(STANDARD.encode(octets).as_bytes()).collect::<String>();
    let query = format!(
        "SAMLRequest={}&RelayState=state%2f1",
        encoded(&deflate.finish().unwrap())
    );
    let Some(method) = method else {
        return query;
    };
    let algorithm: String = byte_serialize(method.uri().as_bytes()).collect();
    let signed = format!("{query}&SigAlg={algorithm}");
    let signature = method.sign(signed.as_bytes(), &SP).unwrap();
    format!("{signed}&Signature={}", encoded(&signature))
}

fn judge(query: &str) -> Result<Request, Refusal> {
    Request::from_query(query, &[relying_party()])
}

#[test]
fn the_octets_of_the_query_are_what_is_signed() {
    let signed = query(&authn_request("", ""), Some(SignatureMethod::RsaSha256));

    assert!(judge(&signed).is_ok());
    for altered in [
        signed.replace("%2f1", "%2F1"),
        signed.replace("state", "other"),
    ] {
        assert_eq!(
            judge(&altered).unwrap_err(),
            Refusal::Signature(relying_party().entity_id)
        );
    }
}

#[test]
fn a_trust_may_demand_signatures_and_demands_sha256() {
    let rp = RelyingParty {
        signed_requests_required: true,
        ..relying_party()
    };
    let unsigned = query(&authn_request("", ""), None);
    let sha1 = query(&authn_request("", ""), Some(SignatureMethod::RsaSha1));

    assert_eq!(
        Request::from_query(&unsigned, &[rp]).unwrap_err(),
        Refusal::Unsigned
    );
    assert!(
        judge(&sha1)
            .unwrap_err()
            .to_string()
            .starts_with("MSIS7093")
    );
}

#[test]
fn a_posted_request_is_verified_where_it_stands() {
    let signed = sign(
        &authn_request("<!-- é -->", ""),
        "_request",
        &SP,
        &Signing::default(),
    )
    .unwrap();
    let foreign = sign(
        &authn_request("", ""),
        "_request",
        &RSA,
        &Signing::default(),
    )
    .unwrap();
    let altered = signed.replace("Version=", "ForceAuthn=\"true\" Version=");
    let judge = |xml: &str| {
        let body = Serializer::new(String::new())
            .append_pair("SAMLRequest", &STANDARD.encode(xml))
            .finish();
        Request::from_form(&body, &[relying_party()])
    };

    assert!(matches!(
        judge(&signed).unwrap().wish,
        Wish::SignIn {
            force_authn: false,
            ..
        }
    ));
    assert_eq!(
        judge(&altered).unwrap_err(),
        Refusal::Signature(relying_party().entity_id)
    );
    assert_eq!(
        judge(&foreign).unwrap_err(),
        Refusal::Signature(relying_party().entity_id)
    );
}

#[rstest]
#[case::plain("", None)]
#[case::unspecified(
    "<samlp:NameIDPolicy Format=\"urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified\"/>",
    None
)]
#[case::email(
    "<samlp:NameIDPolicy Format=\"urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress\"/>",
    Some(Mishap::InvalidNameIdPolicy)
)]
#[case::x509(
    "<samlp:RequestedAuthnContext><saml:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:X509</saml:AuthnContextClassRef></samlp:RequestedAuthnContext>",
    Some(Mishap::NoAuthnContext)
)]
fn a_request_for_too_much_has_consequences(#[case] inner: &str, #[case] expected: Option<Mishap>) {
    let request = judge(&query(&authn_request(inner, ""), None)).unwrap();

    assert_eq!(request.consequence(), expected);
}

#[test]
fn a_trust_is_made_from_metadata() {
    let certificate = SP.certificate_base64().unwrap();
    let binding = "urn:oasis:names:tc:SAML:2.0:bindings";
    let key = format!(
        "<KeyInfo xmlns=\"http://www.w3.org/2000/09/xmldsig#\"><X509Data><X509Certificate>\n{certificate}\n</X509Certificate></X509Data></KeyInfo>"
    );
    let xml = format!(
        "<EntityDescriptor xmlns=\"urn:oasis:names:tc:SAML:2.0:metadata\" entityID=\"urn:sp\">\
         <SPSSODescriptor protocolSupportEnumeration=\"urn:oasis:names:tc:SAML:2.0:protocol\" AuthnRequestsSigned=\"true\">\
         <KeyDescriptor use=\"signing\">{key}</KeyDescriptor><KeyDescriptor use=\"encryption\">{key}</KeyDescriptor>\
         <SingleLogoutService Binding=\"{binding}:HTTP-POST\" Location=\"https://sp/logout\"/>\
         <AssertionConsumerService Binding=\"{binding}:HTTP-Artifact\" Location=\"https://sp/artifact\" index=\"0\"/>\
         <AssertionConsumerService Binding=\"{binding}:HTTP-POST\" Location=\"https://sp/old\" index=\"1\"/>\
         <AssertionConsumerService Binding=\"{binding}:HTTP-POST\" Location=\"https://sp/acs\" index=\"2\" isDefault=\"true\"/>\
         </SPSSODescriptor></EntityDescriptor>"
    );

    let rp = RelyingParty::from_metadata(&xml).unwrap();

    assert_eq!(
        (rp.entity_id.as_str(), rp.acs_url.as_str()),
        ("urn:sp", "https://sp/acs")
    );
    assert_eq!(rp.logout_url.as_deref(), Some("https://sp/logout"));
    assert_eq!(
        (
            rp.signing_certificates.len(),
            rp.encryption_certificate.is_some()
        ),
        (1, true)
    );
    assert!(rp.signed_requests_required);
    assert!(RelyingParty::from_metadata(&adfs().metadata().unwrap()).is_ok());
    assert!(RelyingParty::from_metadata("<EntityDescriptor/>").is_err());
}
