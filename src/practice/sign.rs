//! Enveloped XML signatures, in ADFS's form unless a test wants another.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
pub use bergshamra_c14n::C14nMode;
use openssl::hash::hash;
use uppsala::{Document, NodeId};

use super::Error;
pub use super::algorithm::{DigestMethod, SignatureMethod};
use super::key::Key;
use super::xml::{DSIG, SAML, all, canonical, escape, parse, root};

/// How to sign; the default is what ADFS does.
#[derive(Clone, Debug)]
pub struct Signing {
    /// The signature's algorithm.
    pub method: SignatureMethod,
    /// The digest's algorithm.
    pub digest: DigestMethod,
    /// How `SignedInfo` is canonicalised.
    pub canonicalization: C14nMode,
    /// How the signed element is canonicalised.
    pub transform: C14nMode,
    /// The prefixes that exclusive canonicalisation of the element shall treat as inclusive.
    pub inclusive_prefixes: Vec<String>,
    /// Whether the certificate is sent along.
    pub key_info: bool,
}

impl Default for Signing {
    fn default() -> Self {
        Self {
            method: SignatureMethod::RsaSha256,
            digest: DigestMethod::Sha256,
            canonicalization: C14nMode::Exclusive,
            transform: C14nMode::Exclusive,
            inclusive_prefixes: Vec::new(),
            key_info: true,
        }
    }
}

/// Signs the element whose `ID` is `id`; the signature stands after its Issuer, else first in it.
///
/// Attribute values must hold no raw line break or tab: uppsala does not make spaces of them.
pub fn sign(xml: &str, id: &str, key: &Key, signing: &Signing) -> Result<String, Error> {
    let xml = &opened(xml, id)?;
    let (place, digest) = {
        let document = parse(xml)?;
        let element = element_by_id(&document, id)?;
        let (mode, prefixes) = (signing.transform, &signing.inclusive_prefixes);
        let octets = canonical(&document, element, None, mode, prefixes)?;
        (
            place_in(&document, element)?,
            hash(signing.digest.hash(), &octets)?,
        )
    };
    let signature = template(id, &STANDARD.encode(digest), key, signing)?;
    let unsigned = insert(xml, place, &signature);

    let document = parse(&unsigned)?;
    let is_ours = |info: &NodeId| {
        document
            .node_range(*info)
            .is_some_and(|at| at.start > place)
    };
    let signed_info = all(&document, root(&document)?, DSIG, "SignedInfo")
        .into_iter()
        .find(is_ours)
        .ok_or_else(|| Error::Missing("SignedInfo".to_owned()))?;
    let octets = canonical(&document, signed_info, None, signing.canonicalization, &[])?;
    let value = STANDARD.encode(signing.method.sign(&octets, key)?);

    let hole = signature
        .find("</ds:SignatureValue>")
        .ok_or_else(|| Error::Missing("SignatureValue".to_owned()))?;
    Ok(insert(&unsigned, place + hole, &value))
}

/// The text with `<a ID="…"/>` written as `<a ID="…"></a>`, so that a signature finds room.
fn opened(xml: &str, id: &str) -> Result<String, Error> {
    let document = parse(xml)?;
    let element = element_by_id(&document, id)?;
    let (range, source) = document
        .node_range(element)
        .zip(document.node_source(element))
        .ok_or_else(|| Error::Missing(format!("source of `{id}`")))?;
    let (Some(name), Some(start)) = (document.element(element), source.strip_suffix("/>")) else {
        return Ok(xml.to_owned());
    };
    if document.first_child(element).is_some() {
        return Ok(xml.to_owned());
    }
    let open = format!("{start}></{}>", name.name.prefixed_name());
    let (before, rest) = xml.split_at(range.start);
    let after = rest.strip_prefix(source).unwrap_or_default();
    Ok(format!("{before}{open}{after}"))
}

fn element_by_id(document: &Document<'_>, id: &str) -> Result<NodeId, Error> {
    let top = root(document)?;
    std::iter::once(top)
        .chain(document.descendants(top))
        .find(|node| document.get_attribute(*node, "ID") == Some(id))
        .ok_or_else(|| Error::Missing(format!("element with the ID `{id}`")))
}

/// The offset behind the element's Issuer, else behind its start tag.
fn place_in(document: &Document<'_>, element: NodeId) -> Result<usize, Error> {
    let missing = || Error::Missing("place for a signature".to_owned());
    if let Some(issuer) = document.first_child_element_by_name_ns(element, SAML, "Issuer") {
        return Ok(document.node_range(issuer).ok_or_else(missing)?.end);
    }
    let start = document.node_range(element).ok_or_else(missing)?.start;
    let source = document.node_source(element).ok_or_else(missing)?;
    let mut quote = None;
    for (offset, letter) in source.char_indices() {
        match (quote, letter) {
            (None, '>') => return Ok(start + offset + 1),
            (None, '"' | '\'') => quote = Some(letter),
            (Some(open), _) if open == letter => quote = None,
            _ => {}
        }
    }
    Err(missing())
}

fn template(id: &str, digest: &str, key: &Key, signing: &Signing) -> Result<String, Error> {
    let c14n = signing.canonicalization.uri();
    let transform = signing.transform.uri();
    let method = signing.method.uri();
    let digest_method = signing.digest.uri();
    let id = escape(id);
    let prefixes = if signing.inclusive_prefixes.is_empty() {
        String::new()
    } else {
        let list = escape(&signing.inclusive_prefixes.join(" "));
        format!(
            "<ec:InclusiveNamespaces xmlns:ec=\"{}\" PrefixList=\"{list}\"/>",
            C14nMode::Exclusive
        )
    };
    let key_info = if signing.key_info {
        let certificate = key.certificate_base64()?;
        format!(
            "<KeyInfo xmlns=\"{DSIG}\"><ds:X509Data><ds:X509Certificate>{certificate}</ds:X509Certificate></ds:X509Data></KeyInfo>"
        )
    } else {
        String::new()
    };
    Ok(format!(
        "<ds:Signature xmlns:ds=\"{DSIG}\"><ds:SignedInfo><ds:CanonicalizationMethod Algorithm=\"{c14n}\"/>\
         <ds:SignatureMethod Algorithm=\"{method}\"/><ds:Reference URI=\"#{id}\"><ds:Transforms>\
         <ds:Transform Algorithm=\"http://www.w3.org/2000/09/xmldsig#enveloped-signature\"/>\
         <ds:Transform Algorithm=\"{transform}\">{prefixes}</ds:Transform></ds:Transforms>\
         <ds:DigestMethod Algorithm=\"{digest_method}\"/><ds:DigestValue>{digest}</ds:DigestValue></ds:Reference>\
         </ds:SignedInfo><ds:SignatureValue></ds:SignatureValue>{key_info}</ds:Signature>"
    ))
}

fn insert(text: &str, place: usize, what: &str) -> String {
    let (before, after) = text.split_at(place);
    format!("{before}{what}{after}")
}
