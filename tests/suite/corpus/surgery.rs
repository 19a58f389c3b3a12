//! Surgery on the text of messages, and signatures of an identity provider that signs whatever it is given.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bergshamra_c14n::exclusive;
use bergshamra_xml::NodeSet;
use openssl::sha::sha256;
use uppsala::{Document, NodeId, Parser};
use vestibule::practice::key::Key;
use vestibule::practice::sign::SignatureMethod;

pub(super) const DSIG: &str = "http://www.w3.org/2000/09/xmldsig#";
pub(super) const SAML: &str = "urn:oasis:names:tc:SAML:2.0:assertion";
pub(super) const SAMLP: &str = "urn:oasis:names:tc:SAML:2.0:protocol";

/// The text with one part replaced, which must be there.
pub(super) fn swap(xml: &str, from: &str, to: &str) -> String {
    assert!(xml.contains(from), "no {from} in {xml}");
    xml.replacen(from, to, 1)
}

/// The text with something put before a part.
pub(super) fn before(xml: &str, part: &str, what: &str) -> String {
    swap(xml, part, &format!("{what}{part}"))
}

/// The text with something put after a part.
pub(super) fn after(xml: &str, part: &str, what: &str) -> String {
    swap(xml, part, &format!("{part}{what}"))
}

/// The text without a part.
pub(super) fn without(xml: &str, part: &str) -> String {
    swap(xml, part, "")
}

/// The first part from `start` to `end`, both included.
pub(super) fn cut<'x>(xml: &'x str, start: &str, end: &str) -> &'x str {
    let from = xml
        .find(start)
        .unwrap_or_else(|| panic!("no {start} in {xml}"));
    let inside = from + start.len();
    let length = xml[inside..]
        .find(end)
        .unwrap_or_else(|| panic!("no {end} in {xml}"));
    &xml[from..inside + length + end.len()]
}

/// The ID that the first signature refers to.
pub(super) fn referred(xml: &str) -> &str {
    cut(xml, " URI=\"#", "\"").split(['#', '"']).nth(2).unwrap()
}

/// The first assertion in ADFS's shape.
pub(super) fn assertion(xml: &str) -> &str {
    cut(xml, "<Assertion ", "</Assertion>")
}

/// The first signature.
pub(super) fn signature(xml: &str) -> &str {
    cut(xml, "<ds:Signature ", "</ds:Signature>")
}

/// The value of the first attribute of that name.
pub(super) fn attribute<'x>(xml: &'x str, name: &str) -> &'x str {
    cut(xml, &format!(" {name}=\""), "\"")
        .split('"')
        .nth(1)
        .unwrap()
}

/// The message with something in its `samlp:Extensions`, which nothing has to sign.
pub(super) fn extended(xml: &str, inside: &str) -> String {
    before(
        xml,
        "<samlp:Status>",
        &format!("<samlp:Extensions>{inside}</samlp:Extensions>"),
    )
}

/// So many of something, each with its number.
pub(super) fn numbered(count: usize, one: impl Fn(usize) -> String) -> String {
    (0..count).map(one).collect::<Vec<_>>().concat()
}

/// Makes digest and signature of the first signature fit again, whatever its `SignedInfo` has become.
pub(super) fn reseal(xml: &str, key: &Key) -> String {
    let digest = {
        let document = parse(xml);
        let signature = first(&document, "Signature");
        let signed = document.parent(signature).unwrap();
        STANDARD.encode(sha256(&canonical(&document, signed, Some(signature))))
    };
    let old = cut(xml, "DigestValue>", "<");
    resign(&swap(xml, old, &format!("DigestValue>{digest}<")), key)
}

/// Makes the value of the first signature fit its first `SignedInfo` again; the digest stays as it is.
pub(super) fn resign(xml: &str, key: &Key) -> String {
    sealed_with(xml, |info| {
        SignatureMethod::RsaSha256.sign(info, key).unwrap()
    })
}

/// The message with another value in its first signature, made of its `SignedInfo` in whatever way.
pub(super) fn sealed_with(xml: &str, make: impl Fn(&[u8]) -> Vec<u8>) -> String {
    let document = parse(xml);
    let info = canonical(&document, first(&document, "SignedInfo"), None);
    let value = STANDARD.encode(make(&info));
    let old = cut(xml, "SignatureValue>", "<");
    swap(xml, old, &format!("SignatureValue>{value}<"))
}

fn parse(xml: &str) -> Document<'_> {
    Parser::new().parse(xml).unwrap()
}

fn first(document: &Document<'_>, name: &str) -> NodeId {
    let root = document.document_element().unwrap();
    std::iter::once(root)
        .chain(document.descendants(root))
        .find(|node| {
            document
                .element(*node)
                .is_some_and(|element| element.matches_name_ns(DSIG, name))
        })
        .unwrap_or_else(|| panic!("no {name}"))
}

fn canonical(document: &Document<'_>, node: NodeId, hidden: Option<NodeId>) -> Vec<u8> {
    let mut visible = NodeSet::tree_without_comments(node, document);
    if let Some(hidden) = hidden {
        visible = visible.subtract(&NodeSet::tree_with_comments(hidden, document));
    }
    exclusive::canonicalize(document, false, Some(&visible), &[] as &[&str]).unwrap()
}
