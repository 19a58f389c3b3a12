//! Signs a message of ours in its own body, for the POST binding (SAML Core 5.4).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bergshamra_c14n::exclusive;
use openssl::hash::MessageDigest;
use openssl::sha::sha256;
use openssl::sign::Signer;

use super::keys::KeyPair;
use super::names::{ASSERTION, DSIG, ENVELOPED, EXC_C14N, RSA_SHA256};
use super::scan::MESSAGE;
use super::xml::{Error, Xml};

/// The message with a signature of its root element after the Issuer (RSA-SHA256, exclusive C14N).
pub(super) fn enveloped(message: &str, key: &KeyPair) -> Result<String, Error> {
    let xml = Xml::parse(message, &MESSAGE)?;
    let id = xml.attribute(xml.root(), "ID").unwrap_or_default();
    let issuer = xml
        .child(xml.root(), ASSERTION, "Issuer")?
        .and_then(|node| xml.document().node_range(node));
    let place = issuer
        .map(|range| range.end)
        .ok_or_else(|| failed("no Issuer to sign after"))?;
    let content =
        exclusive::canonicalize::<&str>(xml.document(), false, None, &[]).map_err(failed)?;
    let info = signed_info(id, &STANDARD.encode(sha256(&content)));
    let mut signer = Signer::new(MessageDigest::sha256(), &key.private).map_err(failed)?;
    let value = STANDARD.encode(
        signer
            .sign_oneshot_to_vec(info.as_bytes())
            .map_err(failed)?,
    );
    let certificate = key.certificate_base64().map_err(failed)?;
    let signature = format!(
        "<ds:Signature xmlns:ds=\"{DSIG}\">{info}<ds:SignatureValue>{value}</ds:SignatureValue>\
         <ds:KeyInfo><ds:X509Data><ds:X509Certificate>{certificate}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></ds:Signature>"
    );
    let (before, after) = message
        .split_at_checked(place)
        .ok_or_else(|| failed("no place to sign at"))?;
    Ok(format!("{before}{signature}{after}"))
}

/// Written in its own canonical form, so that these very octets are signed.
fn signed_info(id: &str, digest: &str) -> String {
    format!(
        "<ds:SignedInfo xmlns:ds=\"{DSIG}\"><ds:CanonicalizationMethod Algorithm=\"{EXC_C14N}\"></ds:CanonicalizationMethod>\
         <ds:SignatureMethod Algorithm=\"{RSA_SHA256}\"></ds:SignatureMethod><ds:Reference URI=\"#{id}\"><ds:Transforms>\
         <ds:Transform Algorithm=\"{ENVELOPED}\"></ds:Transform><ds:Transform Algorithm=\"{EXC_C14N}\"></ds:Transform></ds:Transforms>\
         <ds:DigestMethod Algorithm=\"http://www.w3.org/2001/04/xmlenc#sha256\"></ds:DigestMethod>\
         <ds:DigestValue>{digest}</ds:DigestValue></ds:Reference></ds:SignedInfo>"
    )
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "it is what map_err hands over"
)]
fn failed(error: impl ToString) -> Error {
    Error::Malformed(error.to_string())
}
