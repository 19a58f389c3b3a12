//! The shape of a message, for the explanation: what is secret or may name somebody is left out, and only its length stays.

use std::fmt::Write;

use super::check::shorten;
use super::names::{ASSERTION, DSIG, PROTOCOL, XENC, XENC11};
use super::scan;
use super::xml::{Node, Xml};

/// So long an outline is at most, in bytes.
const LONGEST: usize = 16 * 1024;

/// What every reader of an explanation may read; all other texts are left out.
const PLAIN: [(&str, &str); 5] = [
    (ASSERTION, "Issuer"),
    (ASSERTION, "Audience"),
    (ASSERTION, "AuthnContextClassRef"),
    (ASSERTION, "AuthnContextDeclRef"),
    (PROTOCOL, "StatusMessage"),
];

/// The attributes that are read; of all others only the name stays.
const READ: [&str; 22] = [
    "ID",
    "Id",
    "Version",
    "IssueInstant",
    "Destination",
    "InResponseTo",
    "Consent",
    "Value",
    "Format",
    "NameFormat",
    "Name",
    "FriendlyName",
    "Method",
    "NotBefore",
    "NotOnOrAfter",
    "Recipient",
    "AuthnInstant",
    "SessionNotOnOrAfter",
    "Algorithm",
    "URI",
    "Type",
    "PrefixList",
];

const PREFIXES: [(&str, &str); 5] = [
    (PROTOCOL, "samlp:"),
    (ASSERTION, "saml:"),
    (DSIG, "ds:"),
    (XENC, "xenc:"),
    (XENC11, "xenc11:"),
];

/// The outline of a document, with what was decrypted of it in its place; nothing where it cannot be read.
pub fn outline(text: &str, decrypted: Option<&str>) -> Option<String> {
    let xml = Xml::parse(text, &scan::MESSAGE).ok()?;
    let inner = decrypted.and_then(|text| Xml::parse(text, &scan::MESSAGE).ok());
    let mut lines = String::new();
    write(&xml, xml.root(), inner.as_ref(), 0, &mut lines);
    Some(lines)
}

fn write(xml: &Xml<'_>, node: Node, inner: Option<&Xml<'_>>, depth: usize, lines: &mut String) {
    if lines.len() > LONGEST {
        if !lines.ends_with('…') {
            lines.push('…');
        }
        return;
    }
    let (indent, name) = ("  ".repeat(depth), called(xml, node));
    let attributes = attributes(xml, node);
    if let Some(inner) = inner.filter(|_| xml.is(node, ASSERTION, "EncryptedAssertion")) {
        let _ = writeln!(lines, "{indent}<{name}{attributes}> which holds:");
        write(inner, inner.root(), None, depth + 1, lines);
        return;
    }
    let children: Vec<Node> = xml.children(node).collect();
    if children.is_empty() {
        let text = text(xml, node);
        let _ = match text {
            None => writeln!(lines, "{indent}<{name}{attributes}/>"),
            Some(text) => writeln!(lines, "{indent}<{name}{attributes}>{text}</{name}>"),
        };
        return;
    }
    let _ = writeln!(lines, "{indent}<{name}{attributes}>");
    for child in children {
        write(xml, child, inner, depth + 1, lines);
    }
    let _ = writeln!(lines, "{indent}</{name}>");
}

fn called(xml: &Xml<'_>, node: Node) -> String {
    let space = xml.namespace(node);
    let known = PREFIXES.iter().find(|(known, _)| *known == space);
    let name = shorten(xml.name(node));
    known.map_or_else(
        || format!("?:{name}"),
        |(_, prefix)| format!("{prefix}{name}"),
    )
}

fn attributes(xml: &Xml<'_>, node: Node) -> String {
    let element = xml.document().element(node);
    let all = element.iter().flat_map(|element| element.attributes.iter());
    all.map(|attribute| {
        let name = attribute.name.local_name.as_ref();
        if READ.contains(&name) {
            format!(" {name}=\"{}\"", shorten(&attribute.value))
        } else {
            format!(" {}=\"…\"", shorten(name))
        }
    })
    .collect()
}

/// The text of an element, or how long it is where not everybody may read it.
fn text(xml: &Xml<'_>, node: Node) -> Option<String> {
    let text = xml.text(node).ok()?;
    let is_plain = PLAIN.iter().any(|(space, name)| xml.is(node, space, name));
    match text.trim() {
        "" => None,
        text if is_plain => Some(shorten(text)),
        text => Some(format!("[{} characters]", text.chars().count())),
    }
}
