//! The signature gate: only one shape of signature is handed to cryptography (XML Signature, SAML Core 5).

use bergshamra_c14n::exclusive;
use bergshamra_xml::NodeSet;
use openssl::bn::BigNum;
use openssl::ecdsa::EcdsaSig;
use openssl::hash::{DigestBytes, MessageDigest, hash};
use openssl::md::{Md, MdRef};
use openssl::memcmp;
use openssl::pkey::{Id, PKey, Public};
use openssl::pkey_ctx::PkeyCtx;
use openssl::rsa::Padding;

use super::decode;
use super::keys::IdpKey;
use super::names::{DSIG, ENVELOPED, EXC_C14N};
use super::xml::{Node, Xml};

/// Why a signature does not count.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// It does not have the one accepted shape.
    #[error("{0}")]
    Shape(String),
    /// It asks for an algorithm that is never accepted.
    #[error("algorithm {0}")]
    Algorithm(String),
    /// No key of the identity provider's metadata made it.
    #[error("made by none of the identity provider's {0} signing keys")]
    UnknownKey(usize),
    /// A known key made it, over other content.
    #[error("the content was changed after signing")]
    Changed,
}

/// The proof that a node is what one of the identity provider's keys signed.
#[derive(Debug, Clone)]
pub(super) struct Verified {
    node: Node,
    fingerprint: String,
}

impl Verified {
    /// The node whose content was signed.
    pub(super) const fn node(&self) -> Node {
        self.node
    }

    /// The fingerprint of the certificate whose key verified.
    pub(super) fn fingerprint(&self) -> &str {
        &self.fingerprint
    }
}

/// The `ds:Signature` child of `signed`, if it has one; two are an error.
pub(super) fn find(xml: &Xml<'_>, signed: Node) -> Result<Option<Node>, Error> {
    xml.child(signed, DSIG, "Signature")
        .map_err(|error| shape(error.to_string()))
}

/// Verifies the signature that stands in `signed` over `signed` itself.
pub(super) fn verify(
    xml: &Xml<'_>,
    signed: Node,
    signature: Node,
    keys: &[IdpKey],
) -> Result<Verified, Error> {
    let parts = Parts::read(xml, signed, signature)?;
    let info = canonical(xml, parts.signed_info, None, &parts.info_prefixes)?;
    let key = parts.method.verify(&info, &parts.value, keys)?;
    let content = canonical(xml, signed, Some(signature), &parts.content_prefixes)?;
    let digest = hash(parts.digest, &content).map_err(|_| Error::Changed)?;
    if !same(&digest, &parts.digest_value) {
        return Err(Error::Changed);
    }
    Ok(Verified {
        node: signed,
        fingerprint: key.certificate.fingerprint.clone(),
    })
}

/// Verifies a signature over octets, as the redirect binding has it (SAML Bindings 3.4.4.1); says whose key made it.
pub(super) fn verify_detached(
    octets: &[u8],
    algorithm: &str,
    value: &[u8],
    keys: &[IdpKey],
) -> Result<String, Error> {
    let key = Method::named(algorithm)?.verify(octets, value, keys)?;
    Ok(key.certificate.fingerprint.clone())
}

/// Whether a signature stands anywhere but directly in one of these elements.
pub(super) fn is_astray(xml: &Xml<'_>, signed: &[Node]) -> bool {
    xml.all(DSIG, "Signature").any(|node| {
        xml.parent(node)
            .is_none_or(|parent| !signed.contains(&parent))
    })
}

fn same(digest: &DigestBytes, claimed: &[u8]) -> bool {
    digest.len() == claimed.len() && memcmp::eq(digest, claimed)
}

fn shape(what: impl Into<String>) -> Error {
    Error::Shape(what.into())
}

/// A signature taken apart by position; nothing in it is searched for.
struct Parts {
    signed_info: Node,
    info_prefixes: Vec<String>,
    content_prefixes: Vec<String>,
    method: Method,
    digest: MessageDigest,
    digest_value: Vec<u8>,
    value: Vec<u8>,
}

impl Parts {
    fn read(xml: &Xml<'_>, signed: Node, signature: Node) -> Result<Self, Error> {
        let (signed_info, value) = match *children(xml, signature, "Signature")?.as_slice() {
            [info, value] => (info, value),
            [info, value, key_info] if xml.is(key_info, DSIG, "KeyInfo") => (info, value),
            _ => {
                return Err(shape(
                    "Signature holds other than SignedInfo, SignatureValue and one KeyInfo",
                ));
            }
        };
        let [canonicalization, method, reference] = expect(xml, signed_info, "SignedInfo")?;
        if xml.has_comment(signed_info) {
            return Err(shape("SignedInfo holds a comment"));
        }
        let [transforms, digest_method, digest_value] = expect(xml, reference, "Reference")?;
        let info_prefixes = exclusive_c14n(xml, canonicalization, "CanonicalizationMethod")?;
        let method = Method::read(xml, method)?;
        refers_to(xml, reference, signed)?;
        let content_prefixes = transforms_of(xml, transforms)?;
        let digest = digest_of(algorithm(xml, digest_method, "DigestMethod")?)?;
        bare(xml, digest_method)?;
        let digest_value = octets(xml, digest_value, "DigestValue")?;
        let value = octets(xml, value, "SignatureValue")?;
        Ok(Self {
            signed_info,
            info_prefixes,
            content_prefixes,
            method,
            digest,
            digest_value,
            value,
        })
    }
}

fn children(xml: &Xml<'_>, node: Node, name: &str) -> Result<Vec<Node>, Error> {
    if !xml.is(node, DSIG, name) {
        return Err(shape(format!(
            "{} where {name} should stand",
            xml.name(node)
        )));
    }
    Ok(xml.children(node).take(8).collect())
}

fn expect<const N: usize>(xml: &Xml<'_>, node: Node, name: &str) -> Result<[Node; N], Error> {
    let children = children(xml, node, name)?;
    children
        .try_into()
        .map_err(|_| shape(format!("{name} does not hold exactly {N} elements")))
}

fn bare(xml: &Xml<'_>, node: Node) -> Result<(), Error> {
    if xml.children(node).next().is_some() {
        return Err(shape(format!("{} has parameters", xml.name(node))));
    }
    Ok(())
}

fn algorithm<'x>(xml: &'x Xml<'_>, node: Node, name: &str) -> Result<&'x str, Error> {
    if !xml.is(node, DSIG, name) {
        return Err(shape(format!(
            "{} where {name} should stand",
            xml.name(node)
        )));
    }
    xml.attribute(node, "Algorithm")
        .ok_or_else(|| shape(format!("{name} without an Algorithm")))
}

fn octets(xml: &Xml<'_>, node: Node, name: &str) -> Result<Vec<u8>, Error> {
    if !xml.is(node, DSIG, name) {
        return Err(shape(format!(
            "{} where {name} should stand",
            xml.name(node)
        )));
    }
    let text = xml
        .bare_text(node)
        .map_err(|error| shape(error.to_string()))?;
    decode::base64(&text).ok_or_else(|| shape(format!("{name} is not base64")))
}

/// The reference is `#` and the id of the element in which the signature stands, and that id stands there alone.
fn refers_to(xml: &Xml<'_>, reference: Node, signed: Node) -> Result<(), Error> {
    let id = xml
        .attribute(signed, "ID")
        .filter(|id| !id.is_empty())
        .ok_or_else(|| shape("signed element without an ID"))?;
    let uri = xml
        .attribute(reference, "URI")
        .ok_or_else(|| shape("Reference without a URI"))?;
    if uri.strip_prefix('#') != Some(id) {
        return Err(shape(format!(
            "Reference to {uri:.80}, not to the element that holds the signature"
        )));
    }
    match xml.occurrences(id) {
        1 => Ok(()),
        count => Err(shape(format!("{count} elements with the ID {id:.80}"))),
    }
}

fn transforms_of(xml: &Xml<'_>, transforms: Node) -> Result<Vec<String>, Error> {
    let [enveloped, c14n] = expect(xml, transforms, "Transforms")?;
    let named = algorithm(xml, enveloped, "Transform")?;
    if named != ENVELOPED {
        return Err(Error::Algorithm(format!(
            "{named:.100} as the first transform"
        )));
    }
    bare(xml, enveloped)?;
    exclusive_c14n(xml, c14n, "Transform")
}

fn exclusive_c14n(xml: &Xml<'_>, node: Node, name: &str) -> Result<Vec<String>, Error> {
    let named = algorithm(xml, node, name)?;
    if named != EXC_C14N {
        return Err(Error::Algorithm(format!("{named:.100} as {name}")));
    }
    let mut parameters = xml.children(node);
    let prefixes = match (parameters.next(), parameters.next()) {
        (None, _) => return Ok(Vec::new()),
        (Some(list), None) if xml.is(list, EXC_C14N, "InclusiveNamespaces") => {
            xml.attribute(list, "PrefixList").unwrap_or("")
        }
        _ => return Err(shape(format!("{name} with unknown parameters"))),
    };
    let prefixes: Vec<String> = prefixes
        .split_ascii_whitespace()
        .map(str::to_owned)
        .collect();
    if prefixes.len() > 32 {
        return Err(shape("more than 32 inclusive prefixes"));
    }
    Ok(prefixes)
}

fn digest_of(name: &str) -> Result<MessageDigest, Error> {
    match name {
        "http://www.w3.org/2001/04/xmlenc#sha256" => Ok(MessageDigest::sha256()),
        "http://www.w3.org/2001/04/xmldsig-more#sha384" => Ok(MessageDigest::sha384()),
        "http://www.w3.org/2001/04/xmlenc#sha512" => Ok(MessageDigest::sha512()),
        other => Err(Error::Algorithm(format!("{other:.100}"))),
    }
}

/// A signature method that is accepted.
struct Method {
    kind: Id,
    digest: MessageDigest,
    md: &'static MdRef,
}

impl Method {
    fn read(xml: &Xml<'_>, node: Node) -> Result<Self, Error> {
        let named = algorithm(xml, node, "SignatureMethod")?;
        bare(xml, node)?;
        Self::named(named)
    }

    fn named(named: &str) -> Result<Self, Error> {
        let short = named
            .strip_prefix("http://www.w3.org/2001/04/xmldsig-more#")
            .unwrap_or(named);
        let (kind, digest, md) = match short {
            "rsa-sha256" => (Id::RSA, MessageDigest::sha256(), Md::sha256()),
            "rsa-sha384" => (Id::RSA, MessageDigest::sha384(), Md::sha384()),
            "rsa-sha512" => (Id::RSA, MessageDigest::sha512(), Md::sha512()),
            "ecdsa-sha256" => (Id::EC, MessageDigest::sha256(), Md::sha256()),
            "ecdsa-sha384" => (Id::EC, MessageDigest::sha384(), Md::sha384()),
            "ecdsa-sha512" => (Id::EC, MessageDigest::sha512(), Md::sha512()),
            _ => return Err(Error::Algorithm(format!("{named:.100}"))),
        };
        Ok(Self { kind, digest, md })
    }

    fn verify<'k>(
        &self,
        info: &[u8],
        value: &[u8],
        keys: &'k [IdpKey],
    ) -> Result<&'k IdpKey, Error> {
        let digest = hash(self.digest, info).map_err(|_| Error::Changed)?;
        let usable = keys
            .iter()
            .filter(|key| key.public.id() == self.kind && key.weakness().is_none());
        for key in usable {
            if self.made_by(&digest, value, &key.public).unwrap_or(false) {
                return Ok(key);
            }
        }
        Err(Error::UnknownKey(keys.len()))
    }

    fn made_by(
        &self,
        digest: &[u8],
        value: &[u8],
        key: &PKey<Public>,
    ) -> Result<bool, openssl::error::ErrorStack> {
        if self.kind == Id::EC {
            // XML Signature writes r and s side by side, each as long as the curve's order.
            let half = usize::try_from(key.bits().div_ceil(8)).unwrap_or_default();
            let Some((r, s)) = (value.len() == half * 2).then(|| value.split_at(half)) else {
                return Ok(false);
            };
            let signature =
                EcdsaSig::from_private_components(BigNum::from_slice(r)?, BigNum::from_slice(s)?)?;
            return signature.verify(digest, key.ec_key()?.as_ref());
        }
        let mut context = PkeyCtx::new(key)?;
        context.verify_init()?;
        context.set_rsa_padding(Padding::PKCS1)?;
        context.set_signature_md(self.md)?;
        context.verify(digest, value)
    }
}

/// A usual assertion has so many bytes, or less.
const USUAL: usize = 8 * 1024;

fn canonical(
    xml: &Xml<'_>,
    node: Node,
    without: Option<Node>,
    prefixes: &[String],
) -> Result<Vec<u8>, Error> {
    let mut visible = NodeSet::new();
    insert(xml, node, without, &mut visible);
    let mut octets = Vec::with_capacity(USUAL);
    exclusive::canonicalize_to(xml.document(), false, Some(&visible), prefixes, &mut octets)
        .map_err(|error| shape(error.to_string()))?;
    Ok(octets)
}

fn insert(xml: &Xml<'_>, node: Node, without: Option<Node>, visible: &mut NodeSet) {
    if Some(node) == without {
        return;
    }
    visible.insert_id(node);
    for child in xml.document().children_iter(node) {
        insert(xml, child, without, visible);
    }
}
