//! Encrypted assertions, in ADFS's form unless a test wants another.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use openssl::x509::{X509NameRef, X509Ref};

use super::Error;
pub use super::cipher::{ContentCipher, KeyTransport};
use super::xml::{DSIG, SAML, escape};
use crate::id::Entropy;

const XENC: &str = "http://www.w3.org/2001/04/xmlenc#";

/// How to encrypt; the default is what ADFS does.
#[derive(Clone, Debug)]
pub struct Encryption {
    /// The cipher of the assertion.
    pub content: ContentCipher,
    /// The cipher of the content's key.
    pub transport: KeyTransport,
    /// Whether the `EncryptedKey` stands beside the `EncryptedData` instead of within.
    pub key_as_sibling: bool,
}

impl Default for Encryption {
    fn default() -> Self {
        Self {
            content: ContentCipher::Aes256Cbc,
            transport: KeyTransport::OaepMgf1p,
            key_as_sibling: false,
        }
    }
}

/// The assertion as an `EncryptedAssertion`; its text must declare its own namespaces.
pub fn encrypt(
    assertion: &str,
    recipient: &X509Ref,
    encryption: &Encryption,
    entropy: &Entropy,
) -> Result<String, Error> {
    let cipher = encryption.content.cipher();
    let secret = fresh(cipher.key_len(), entropy);
    let iv = fresh(cipher.iv_len().unwrap_or_default(), entropy);
    let content = STANDARD.encode(
        encryption
            .content
            .seal(&secret, &iv, assertion.as_bytes())?,
    );
    let key = |id| encrypted_key(id, &secret, recipient, encryption.transport);
    let (key_info, sibling) = if encryption.key_as_sibling {
        let reference = format!("<RetrievalMethod Type=\"{XENC}EncryptedKey\" URI=\"#_key\"/>");
        (reference, key(" Id=\"_key\"")?)
    } else {
        (key("")?, String::new())
    };
    let method = encryption.content.uri();
    Ok(format!(
        "<EncryptedAssertion xmlns=\"{SAML}\"><xenc:EncryptedData Type=\"{XENC}Element\" xmlns:xenc=\"{XENC}\">\
         <xenc:EncryptionMethod Algorithm=\"{method}\"/><KeyInfo xmlns=\"{DSIG}\">{key_info}</KeyInfo>\
         <xenc:CipherData><xenc:CipherValue>{content}</xenc:CipherValue></xenc:CipherData></xenc:EncryptedData>\
         {sibling}</EncryptedAssertion>"
    ))
}

fn fresh(length: usize, entropy: &Entropy) -> Vec<u8> {
    entropy.bytes::<32>().into_iter().take(length).collect()
}

fn encrypted_key(
    id: &str,
    secret: &[u8],
    recipient: &X509Ref,
    transport: KeyTransport,
) -> Result<String, Error> {
    let method = transport.uri();
    let parameters = transport.parameters();
    let issuer = escape(&distinguished_name(recipient.issuer_name())?);
    let serial = recipient.serial_number().to_bn()?.to_dec_str()?;
    let value = STANDARD.encode(transport.seal(secret, recipient)?);
    Ok(format!(
        "<e:EncryptedKey{id} xmlns:e=\"{XENC}\"><e:EncryptionMethod Algorithm=\"{method}\">{parameters}</e:EncryptionMethod>\
         <KeyInfo xmlns=\"{DSIG}\"><ds:X509Data xmlns:ds=\"{DSIG}\"><ds:X509IssuerSerial><ds:X509IssuerName>{issuer}</ds:X509IssuerName>\
         <ds:X509SerialNumber>{serial}</ds:X509SerialNumber></ds:X509IssuerSerial></ds:X509Data></KeyInfo>\
         <e:CipherData><e:CipherValue>{value}</e:CipherValue></e:CipherData></e:EncryptedKey>"
    ))
}

/// The name as Windows prints it: the last part first, `CN=host, O=Company`.
fn distinguished_name(name: &X509NameRef) -> Result<String, Error> {
    let mut parts = Vec::new();
    for entry in name.entries() {
        let kind = match entry.object().nid().short_name()? {
            "ST" => "S",
            other => other,
        };
        parts.push(format!("{kind}={}", entry.data().to_string()?));
    }
    parts.reverse();
    Ok(parts.join(", "))
}
