//! Encrypted assertions, in ADFS's form unless a test wants another.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use openssl::encrypt::Encrypter;
use openssl::hash::MessageDigest;
use openssl::rsa::Padding;
use openssl::symm::{Cipher, encrypt_aead};
use openssl::x509::{X509NameRef, X509Ref};

use super::Error;
use super::sign::DigestMethod;
use super::xml::{DSIG, SAML, escape};
use crate::id::Entropy;

const XENC: &str = "http://www.w3.org/2001/04/xmlenc#";
const XENC11: &str = "http://www.w3.org/2009/xmlenc11#";

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

/// A cipher for the assertion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContentCipher {
    /// AES-128 in CBC mode.
    Aes128Cbc,
    /// AES-192 in CBC mode.
    Aes192Cbc,
    /// AES-256 in CBC mode, ADFS's default.
    Aes256Cbc,
    /// AES-128 in GCM mode.
    Aes128Gcm,
    /// AES-192 in GCM mode.
    Aes192Gcm,
    /// AES-256 in GCM mode.
    Aes256Gcm,
    /// Triple DES in CBC mode.
    TripleDesCbc,
}

impl ContentCipher {
    /// The algorithm's identifier.
    pub const fn uri(self) -> &'static str {
        match self {
            Self::Aes128Cbc => "http://www.w3.org/2001/04/xmlenc#aes128-cbc",
            Self::Aes192Cbc => "http://www.w3.org/2001/04/xmlenc#aes192-cbc",
            Self::Aes256Cbc => "http://www.w3.org/2001/04/xmlenc#aes256-cbc",
            Self::Aes128Gcm => "http://www.w3.org/2009/xmlenc11#aes128-gcm",
            Self::Aes192Gcm => "http://www.w3.org/2009/xmlenc11#aes192-gcm",
            Self::Aes256Gcm => "http://www.w3.org/2009/xmlenc11#aes256-gcm",
            Self::TripleDesCbc => "http://www.w3.org/2001/04/xmlenc#tripledes-cbc",
        }
    }

    fn cipher(self) -> Cipher {
        match self {
            Self::Aes128Cbc => Cipher::aes_128_cbc(),
            Self::Aes192Cbc => Cipher::aes_192_cbc(),
            Self::Aes256Cbc => Cipher::aes_256_cbc(),
            Self::Aes128Gcm => Cipher::aes_128_gcm(),
            Self::Aes192Gcm => Cipher::aes_192_gcm(),
            Self::Aes256Gcm => Cipher::aes_256_gcm(),
            Self::TripleDesCbc => Cipher::des_ede3_cbc(),
        }
    }

    /// Initialisation vector, ciphertext and, for GCM, tag, in that order.
    fn seal(self, key: &[u8], iv: &[u8], clear: &[u8]) -> Result<Vec<u8>, Error> {
        let mut out = iv.to_vec();
        match self {
            Self::Aes128Gcm | Self::Aes192Gcm | Self::Aes256Gcm => {
                let mut tag = [0; 16];
                let body = encrypt_aead(self.cipher(), key, Some(iv), &[], clear, &mut tag)?;
                out.extend(body);
                out.extend(tag);
            }
            // PKCS #7 padding is one of the paddings that XML Encryption reads.
            Self::Aes128Cbc | Self::Aes192Cbc | Self::Aes256Cbc | Self::TripleDesCbc => {
                out.extend(openssl::symm::encrypt(self.cipher(), key, Some(iv), clear)?);
            }
        }
        Ok(out)
    }
}

/// A cipher for the content's key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyTransport {
    /// RSA-OAEP with SHA-1 throughout, ADFS's default.
    OaepMgf1p,
    /// RSA-OAEP of XML Encryption 1.1 with its digest and the digest of its mask.
    Oaep11 {
        /// The digest of the label.
        digest: DigestMethod,
        /// The digest within MGF1.
        mgf: DigestMethod,
    },
    /// RSA PKCS #1 1.5, the padding oracle.
    Rsa15,
}

impl KeyTransport {
    /// The algorithm's identifier.
    pub const fn uri(self) -> &'static str {
        match self {
            Self::OaepMgf1p => "http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p",
            Self::Oaep11 { .. } => "http://www.w3.org/2009/xmlenc11#rsa-oaep",
            Self::Rsa15 => "http://www.w3.org/2001/04/xmlenc#rsa-1_5",
        }
    }

    fn seal(self, secret: &[u8], recipient: &X509Ref) -> Result<Vec<u8>, Error> {
        let public = recipient.public_key()?;
        let mut encrypter = Encrypter::new(&public)?;
        let oaep = match self {
            Self::Rsa15 => None,
            Self::OaepMgf1p => Some((MessageDigest::sha1(), MessageDigest::sha1())),
            Self::Oaep11 { digest, mgf } => Some((digest.hash(), mgf.hash())),
        };
        match oaep {
            None => encrypter.set_rsa_padding(Padding::PKCS1)?,
            Some((digest, mgf)) => {
                encrypter.set_rsa_padding(Padding::PKCS1_OAEP)?;
                encrypter.set_rsa_oaep_md(digest)?;
                encrypter.set_rsa_mgf1_md(mgf)?;
            }
        }
        let mut out = vec![0; encrypter.encrypt_len(secret)?];
        let written = encrypter.encrypt(secret, &mut out)?;
        out.truncate(written);
        Ok(out)
    }

    fn parameters(self) -> String {
        match self {
            Self::Rsa15 => String::new(),
            Self::OaepMgf1p => digest_method(DigestMethod::Sha1),
            Self::Oaep11 { digest, mgf } => {
                let name = match mgf {
                    DigestMethod::Md5 => "md5",
                    DigestMethod::Sha1 => "sha1",
                    DigestMethod::Sha256 => "sha256",
                    DigestMethod::Sha384 => "sha384",
                    DigestMethod::Sha512 => "sha512",
                };
                let mask =
                    format!("<e11:MGF xmlns:e11=\"{XENC11}\" Algorithm=\"{XENC11}mgf1{name}\"/>");
                digest_method(digest) + &mask
            }
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
    let secret: Vec<u8> = entropy
        .bytes::<32>()
        .into_iter()
        .take(cipher.key_len())
        .collect();
    let iv: Vec<u8> = entropy
        .bytes::<16>()
        .into_iter()
        .take(cipher.iv_len().unwrap_or_default())
        .collect();
    let content = STANDARD.encode(
        encryption
            .content
            .seal(&secret, &iv, assertion.as_bytes())?,
    );
    let (key_info, sibling) = if encryption.key_as_sibling {
        let (reference, id) = (
            format!("<RetrievalMethod Type=\"{XENC}EncryptedKey\" URI=\"#_key\"/>"),
            " Id=\"_key\"",
        );
        (
            reference,
            encrypted_key(id, &secret, recipient, encryption.transport)?,
        )
    } else {
        (
            encrypted_key("", &secret, recipient, encryption.transport)?,
            String::new(),
        )
    };
    let method = encryption.content.uri();
    Ok(format!(
        "<EncryptedAssertion xmlns=\"{SAML}\"><xenc:EncryptedData Type=\"{XENC}Element\" xmlns:xenc=\"{XENC}\">\
         <xenc:EncryptionMethod Algorithm=\"{method}\"/><KeyInfo xmlns=\"{DSIG}\">{key_info}</KeyInfo>\
         <xenc:CipherData><xenc:CipherValue>{content}</xenc:CipherValue></xenc:CipherData></xenc:EncryptedData>\
         {sibling}</EncryptedAssertion>"
    ))
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

fn digest_method(digest: DigestMethod) -> String {
    format!(
        "<DigestMethod xmlns=\"{DSIG}\" Algorithm=\"{}\"/>",
        digest.uri()
    )
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
