//! Decrypts an `EncryptedAssertion`; every way to fail looks the same (SAML Core 2.3.4, XML Encryption 1.1).

use openssl::error::ErrorStack;
use openssl::md::{Md, MdRef};
use openssl::pkey::{PKey, Private};
use openssl::pkey_ctx::PkeyCtx;
use openssl::rsa::Padding;
use openssl::symm::{Cipher, Crypter, Mode};

use super::decode;
use super::names::{DSIG, XENC, XENC11};
use super::xml::{Node, Xml};
use crate::id::Entropy;

/// Why an encrypted assertion is not decrypted. `Unreadable` covers keys, padding and content alike.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Error {
    /// It does not have an accepted shape or asks for an algorithm that is never accepted.
    #[error("{0}")]
    Shape(String),
    /// Anything that depends on a key.
    #[error("cannot be decrypted")]
    Unreadable,
}

/// At most that many keys are tried; a private-key operation is the dearest thing that a stranger can ask for.
const MOST_KEYS: usize = 3;

/// The content of the encrypted assertion, which is a new and hostile document, and which of the keys opened it.
pub(super) fn decrypt(
    xml: &Xml<'_>,
    encrypted: Node,
    keys: &[PKey<Private>],
    entropy: &Entropy,
) -> Result<(Vec<u8>, Option<usize>), Error> {
    let envelope = Envelope::read(xml, encrypted)?;
    // A wrong key must not be told from wrong content: without a key, a random one decrypts to rubbish.
    let mut key: Vec<u8> = entropy
        .bytes::<32>()
        .into_iter()
        .take(envelope.cipher.key_len())
        .collect();
    let mut opened = None;
    for ((index, private), wrapped) in keys
        .iter()
        .enumerate()
        .flat_map(|private| envelope.keys.iter().map(move |wrapped| (private, wrapped)))
    {
        if let Ok(found) = wrapped.unwrap(private)
            && found.len() == key.len()
        {
            (key, opened) = (found, Some(index));
        }
    }
    Ok((envelope.open(&key)?, opened))
}

/// Who the content was encrypted for, as the message says: issuer and decimal serial of a certificate.
pub(super) fn recipient(xml: &Xml<'_>, encrypted: Node) -> Option<(String, String)> {
    let inside = |node: Node| {
        std::iter::successors(Some(node), |at| xml.parent(*at)).any(|at| at == encrypted)
    };
    let named = |name| {
        xml.all(DSIG, name)
            .find(|node| inside(*node))
            .and_then(|node| xml.text(node).ok())
    };
    Some((named("X509IssuerName")?, named("X509SerialNumber")?))
}

struct Envelope {
    cipher: Cipher,
    authenticated: bool,
    content: Vec<u8>,
    keys: Vec<WrappedKey>,
}

impl Envelope {
    fn read(xml: &Xml<'_>, encrypted: Node) -> Result<Self, Error> {
        let mut data = xml.named(encrypted, XENC, "EncryptedData");
        let (Some(data), None) = (data.next(), data.next()) else {
            return Err(shape("not exactly one EncryptedData"));
        };
        let (cipher, authenticated) = content_cipher(algorithm(xml, data)?.1)?;
        let inside = xml
            .named(data, DSIG, "KeyInfo")
            .flat_map(|info| xml.named(info, XENC, "EncryptedKey"));
        let found: Vec<Node> = inside
            .chain(xml.named(encrypted, XENC, "EncryptedKey"))
            .take(MOST_KEYS + 1)
            .collect();
        if found.is_empty() || found.len() > MOST_KEYS {
            return Err(shape(format!(
                "{} encrypted keys; one to {MOST_KEYS} are tried",
                found.len()
            )));
        }
        let keys = found
            .into_iter()
            .map(|node| WrappedKey::read(xml, node))
            .collect::<Result<_, _>>()?;
        Ok(Self {
            cipher,
            authenticated,
            content: cipher_value(xml, data)?,
            keys,
        })
    }

    fn open(&self, key: &[u8]) -> Result<Vec<u8>, Error> {
        let iv = self.cipher.iv_len().unwrap_or_default();
        let (iv, rest) = self.content.split_at_checked(iv).ok_or(Error::Unreadable)?;
        let plain = if self.authenticated {
            self.open_gcm(key, iv, rest)
        } else {
            self.open_cbc(key, iv, rest)
        };
        plain.map_err(|_| Error::Unreadable)
    }

    fn open_gcm(&self, key: &[u8], iv: &[u8], rest: &[u8]) -> Result<Vec<u8>, ErrorStack> {
        let (content, tag) = rest
            .split_at_checked(rest.len().saturating_sub(16))
            .unwrap_or_default();
        openssl::symm::decrypt_aead(self.cipher, key, Some(iv), &[], content, tag)
    }

    /// Wrong padding is left in place: what follows cannot parse, and nobody sees the difference.
    fn open_cbc(&self, key: &[u8], iv: &[u8], rest: &[u8]) -> Result<Vec<u8>, ErrorStack> {
        let mut crypter = Crypter::new(self.cipher, Mode::Decrypt, key, Some(iv))?;
        crypter.pad(false);
        let mut plain = vec![0; rest.len() + self.cipher.block_size()];
        let mut length = crypter.update(rest, &mut plain)?;
        length += crypter.finalize(plain.get_mut(length..).unwrap_or_default())?;
        plain.truncate(length);
        let padding = plain.last().copied().map_or(0, usize::from);
        if (1..=self.cipher.block_size()).contains(&padding) {
            plain.truncate(length.saturating_sub(padding));
        }
        Ok(plain)
    }
}

struct WrappedKey {
    value: Vec<u8>,
    digest: &'static MdRef,
    mask: &'static MdRef,
}

impl WrappedKey {
    fn read(xml: &Xml<'_>, node: Node) -> Result<Self, Error> {
        let (method, name) = algorithm(xml, node)?;
        let parameter = |namespace, local| {
            let found = xml.named(method, namespace, local).next();
            found.map(|node| xml.attribute(node, "Algorithm").unwrap_or("").to_owned())
        };
        if xml.named(method, XENC, "OAEPparams").next().is_some() {
            return Err(shape("OAEP parameters"));
        }
        let digest =
            parameter(DSIG, "DigestMethod").map_or(Ok(Md::sha1()), |name| oaep_digest(&name))?;
        let mask = match name {
            "http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p" => Md::sha1(),
            "http://www.w3.org/2009/xmlenc11#rsa-oaep" => {
                parameter(XENC11, "MGF").map_or(Ok(Md::sha1()), |name| mask(&name))?
            }
            other => return Err(shape(format!("key transport {other:.100}"))),
        };
        Ok(Self {
            value: cipher_value(xml, node)?,
            digest,
            mask,
        })
    }

    fn unwrap(&self, private: &PKey<Private>) -> Result<Vec<u8>, ErrorStack> {
        let mut context = PkeyCtx::new(private)?;
        context.decrypt_init()?;
        context.set_rsa_padding(Padding::PKCS1_OAEP)?;
        context.set_rsa_oaep_md(self.digest)?;
        context.set_rsa_mgf1_md(self.mask)?;
        let mut key = Vec::new();
        context.decrypt_to_vec(&self.value, &mut key)?;
        Ok(key)
    }
}

fn shape(what: impl Into<String>) -> Error {
    Error::Shape(what.into())
}

fn algorithm<'x>(xml: &'x Xml<'_>, node: Node) -> Result<(Node, &'x str), Error> {
    let method = xml
        .child(node, XENC, "EncryptionMethod")
        .map_err(|error| shape(error.to_string()))?
        .ok_or_else(|| shape("no EncryptionMethod"))?;
    let name = xml
        .attribute(method, "Algorithm")
        .ok_or_else(|| shape("EncryptionMethod without an Algorithm"))?;
    Ok((method, name))
}

fn cipher_value(xml: &Xml<'_>, node: Node) -> Result<Vec<u8>, Error> {
    let data = xml
        .child(node, XENC, "CipherData")
        .map_err(|error| shape(error.to_string()))?
        .ok_or_else(|| shape("no CipherData"))?;
    let mut inside = xml.children(data);
    let value = match (inside.next(), inside.next()) {
        (Some(value), None) if xml.is(value, XENC, "CipherValue") => value,
        _ => return Err(shape("CipherData holds other than one CipherValue")),
    };
    let text = xml
        .bare_text(value)
        .map_err(|error| shape(error.to_string()))?;
    decode::base64(&text).ok_or_else(|| shape("CipherValue is not base64"))
}

fn content_cipher(name: &str) -> Result<(Cipher, bool), Error> {
    match name {
        "http://www.w3.org/2001/04/xmlenc#aes128-cbc" => Ok((Cipher::aes_128_cbc(), false)),
        "http://www.w3.org/2001/04/xmlenc#aes192-cbc" => Ok((Cipher::aes_192_cbc(), false)),
        "http://www.w3.org/2001/04/xmlenc#aes256-cbc" => Ok((Cipher::aes_256_cbc(), false)),
        "http://www.w3.org/2009/xmlenc11#aes128-gcm" => Ok((Cipher::aes_128_gcm(), true)),
        "http://www.w3.org/2009/xmlenc11#aes192-gcm" => Ok((Cipher::aes_192_gcm(), true)),
        "http://www.w3.org/2009/xmlenc11#aes256-gcm" => Ok((Cipher::aes_256_gcm(), true)),
        other => Err(shape(format!("content cipher {other:.100}"))),
    }
}

fn oaep_digest(name: &str) -> Result<&'static MdRef, Error> {
    match name {
        "http://www.w3.org/2000/09/xmldsig#sha1" => Ok(Md::sha1()),
        "http://www.w3.org/2001/04/xmlenc#sha256" => Ok(Md::sha256()),
        "http://www.w3.org/2001/04/xmldsig-more#sha384" => Ok(Md::sha384()),
        "http://www.w3.org/2001/04/xmlenc#sha512" => Ok(Md::sha512()),
        other => Err(shape(format!("OAEP digest {other:.100}"))),
    }
}

fn mask(name: &str) -> Result<&'static MdRef, Error> {
    match name {
        "http://www.w3.org/2009/xmlenc11#mgf1sha1" => Ok(Md::sha1()),
        "http://www.w3.org/2009/xmlenc11#mgf1sha256" => Ok(Md::sha256()),
        "http://www.w3.org/2009/xmlenc11#mgf1sha384" => Ok(Md::sha384()),
        "http://www.w3.org/2009/xmlenc11#mgf1sha512" => Ok(Md::sha512()),
        other => Err(shape(format!("mask generation {other:.100}"))),
    }
}
