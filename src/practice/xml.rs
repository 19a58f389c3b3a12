//! The little XML that the practice ADFS needs: escaping, parsing, finding, canonical bytes.

use bergshamra_c14n::{C14nMode, canonicalize_doc};
use bergshamra_xml::NodeSet;
use uppsala::{Document, NodeId, Parser};

use super::Error;

pub(super) const DSIG: &str = "http://www.w3.org/2000/09/xmldsig#";
pub(super) const SAML: &str = "urn:oasis:names:tc:SAML:2.0:assertion";
pub(super) const SAMLP: &str = "urn:oasis:names:tc:SAML:2.0:protocol";
pub(super) const METADATA: &str = "urn:oasis:names:tc:SAML:2.0:metadata";

/// The text as it may stand in an element or between double quotes, read back unchanged.
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\t' => out.push_str("&#x9;"),
            '\n' => out.push_str("&#xA;"),
            '\r' => out.push_str("&#xD;"),
            other => out.push(other),
        }
    }
    out
}

/// ` name="value"` with its leading space, or nothing.
pub(super) fn attribute(name: &str, value: Option<impl ToString>) -> String {
    value.map_or_else(String::new, |value| {
        format!(" {name}=\"{}\"", escape(&value.to_string()))
    })
}

/// Reads one document; a DOCTYPE is refused.
pub(super) fn parse(xml: &str) -> Result<Document<'_>, Error> {
    Parser::new()
        .with_forbid_dtd(true)
        .parse(xml)
        .map_err(|why| Error::Xml(why.to_string()))
}

/// The document's outermost element.
pub(super) fn root(document: &Document<'_>) -> Result<NodeId, Error> {
    document
        .document_element()
        .ok_or_else(|| Error::Missing("root element".to_owned()))
}

/// All elements of that name below `from`, in document order, itself included.
pub(super) fn all(document: &Document<'_>, from: NodeId, space: &str, name: &str) -> Vec<NodeId> {
    let is_it = |id: &NodeId| {
        document
            .element(*id)
            .is_some_and(|element| element.matches_name_ns(space, name))
    };
    std::iter::once(from)
        .chain(document.descendants(from))
        .filter(is_it)
        .collect()
}

/// The canonical bytes of one element and what it holds, without the nodes under `without`.
pub(super) fn canonical(
    document: &Document<'_>,
    element: NodeId,
    without: Option<NodeId>,
    mode: C14nMode,
    inclusive_prefixes: &[String],
) -> Result<Vec<u8>, Error> {
    let mut nodes = if mode.with_comments() {
        NodeSet::tree_with_comments(element, document)
    } else {
        NodeSet::tree_without_comments(element, document)
    };
    if let Some(hidden) = without {
        nodes = nodes.subtract(&NodeSet::tree_with_comments(hidden, document));
    }
    canonicalize_doc(document, mode, Some(&nodes), inclusive_prefixes)
        .map_err(|why| Error::Xml(why.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escaped_text_is_read_back_as_it_was() {
        let text = "Zoë <O'Hara> & \"Söhne\"\tline\r\nnext";
        let xml = format!("<a b=\"{0}\">{0}</a>", escape(text));

        let document = parse(&xml).unwrap();
        let element = root(&document).unwrap();

        assert_eq!(document.text_content_deep(element), text);
        assert_eq!(document.get_attribute(element, "b"), Some(text));
    }
}
