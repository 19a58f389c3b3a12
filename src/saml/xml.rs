//! A received document: bounded, parsed once, and read only through here.

use std::collections::HashMap;

use uppsala::{Document, Element, NodeId, NodeKind, Parser};

use super::scan::{self, Bounds};

/// A place in a parsed document.
pub(super) type Node = NodeId;

/// Why a document is not read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// More than the bounds allow.
    #[error("{0}")]
    TooMuch(String),
    /// Not well-formed, or something that is never accepted.
    #[error("{0}")]
    Malformed(String),
}

/// One parsed document and the places in it that later checks ask for.
pub struct Xml<'a> {
    document: Document<'a>,
    root: Node,
    elements: Vec<Node>,
    ids: HashMap<String, usize>,
}

impl<'a> Xml<'a> {
    /// Parses `text` once, after its size and shape have been bounded.
    pub fn parse(text: &'a str, bounds: &Bounds) -> Result<Self, Error> {
        scan::bound(text, bounds)?;
        let document = Parser::new()
            .with_forbid_dtd(true)
            .with_max_depth(bounds.depth)
            .parse(text)
            .map_err(|error| Error::Malformed(error.to_string()))?;
        let declared = document
            .xml_declaration
            .as_ref()
            .and_then(|d| d.encoding.as_deref());
        if let Some(name) =
            declared.filter(|name| bounds.strict && !name.eq_ignore_ascii_case("utf-8"))
        {
            return Err(Error::Malformed(format!(
                "declared encoding is {name:.40}, not UTF-8"
            )));
        }
        let root = document
            .document_element()
            .ok_or_else(|| Error::Malformed("no root element".into()))?;
        let mut xml = Self {
            document,
            root,
            elements: Vec::new(),
            ids: HashMap::new(),
        };
        xml.walk()?;
        Ok(xml)
    }

    /// The one element that holds all others.
    pub const fn root(&self) -> Node {
        self.root
    }

    /// The parsed document, for canonicalisation.
    pub const fn document(&self) -> &Document<'a> {
        &self.document
    }

    /// All elements in document order.
    pub fn all(&self, namespace: &str, name: &str) -> impl Iterator<Item = Node> {
        self.elements
            .iter()
            .copied()
            .filter(move |node| self.is(*node, namespace, name))
    }

    /// Whether the node is the element of that namespace *and* name.
    pub fn is(&self, node: Node, namespace: &str, name: &str) -> bool {
        self.element(node)
            .is_some_and(|element| element.matches_name_ns(namespace, name))
    }

    /// The local name of an element, for messages.
    pub fn name(&self, node: Node) -> &str {
        self.element(node)
            .map_or("", |element| &element.name.local_name)
    }

    /// The namespace of an element, for messages.
    pub fn namespace(&self, node: Node) -> &str {
        self.element(node)
            .and_then(|element| element.name.namespace_uri.as_deref())
            .unwrap_or("")
    }

    /// The element around this one.
    pub fn parent(&self, node: Node) -> Option<Node> {
        self.document.parent(node)
    }

    /// The child elements, whatever their names.
    pub fn children(&self, node: Node) -> impl Iterator<Item = Node> {
        self.document
            .children_iter(node)
            .filter(|child| self.element(*child).is_some())
    }

    /// The child elements of that namespace and name.
    pub fn named(&self, node: Node, namespace: &str, name: &str) -> impl Iterator<Item = Node> {
        self.children(node)
            .filter(move |child| self.is(*child, namespace, name))
    }

    /// The child of that name, which may be absent but not stand there twice.
    pub fn child(&self, node: Node, namespace: &str, name: &str) -> Result<Option<Node>, Error> {
        let mut found = self.named(node, namespace, name);
        let first = found.next();
        match found.next() {
            None => Ok(first),
            Some(_) => Err(Error::Malformed(format!(
                "more than one {name} in {}",
                self.name(node)
            ))),
        }
    }

    /// The value of an attribute that is in no namespace, as SAML's are.
    pub fn attribute(&self, node: Node, name: &str) -> Option<&str> {
        let attributes = &self.element(node)?.attributes;
        let found = attributes
            .iter()
            .find(|a| a.name.namespace_uri.is_none() && a.name.local_name == name);
        found.map(|attribute| attribute.value.as_ref())
    }

    /// How many attributes anywhere, under every spelling of "id", have this value.
    pub fn occurrences(&self, id: &str) -> usize {
        self.ids.get(id).copied().unwrap_or_default()
    }

    /// The whole text of an element that may hold nothing but text; comments do not split it (VU#475445).
    pub fn text(&self, node: Node) -> Result<String, Error> {
        let mut all = String::new();
        for child in self.document.children_iter(node) {
            match self.document.node_kind(child) {
                Some(NodeKind::Text(text) | NodeKind::CData(text)) => all.push_str(text),
                Some(NodeKind::Comment(_)) => {}
                _ => {
                    return Err(Error::Malformed(format!(
                        "{} holds more than text",
                        self.name(node)
                    )));
                }
            }
        }
        Ok(all)
    }

    /// The text of an element that may hold text only, without even a comment.
    pub fn bare_text(&self, node: Node) -> Result<String, Error> {
        let commented = |child| !matches!(self.document.node_kind(child), Some(NodeKind::Text(_)));
        if self.document.children_iter(node).any(commented) {
            return Err(Error::Malformed(format!(
                "{} holds more than text",
                self.name(node)
            )));
        }
        self.text(node)
    }

    /// Whether a comment stands anywhere in the element.
    pub fn has_comment(&self, node: Node) -> bool {
        let inside = self.document.descendants(node);
        inside
            .into_iter()
            .any(|node| matches!(self.document.node_kind(node), Some(NodeKind::Comment(_))))
    }

    fn element(&self, node: Node) -> Option<&Element<'a>> {
        self.document.element(node)
    }

    /// Visits every node once: refuses what is never accepted and remembers elements and ids.
    fn walk(&mut self) -> Result<(), Error> {
        let mut next = self.document.first_child(self.document.root());
        while let Some(node) = next {
            match self.document.node_kind(node) {
                Some(NodeKind::Element(element)) => {
                    namespaced(element)?;
                    for id in ids_of(element) {
                        *self.ids.entry(id).or_default() += 1;
                    }
                    self.elements.push(node);
                }
                Some(NodeKind::ProcessingInstruction(_)) => {
                    return Err(Error::Malformed("a processing instruction".into()));
                }
                _ => {}
            }
            next = self.following(node);
        }
        Ok(())
    }

    fn following(&self, node: Node) -> Option<Node> {
        let document = &self.document;
        if let Some(child) = document.first_child(node) {
            return Some(child);
        }
        let mut at = Some(node);
        while let Some(node) = at {
            if let Some(sibling) = document.next_sibling(node) {
                return Some(sibling);
            }
            at = document.parent(node);
        }
        None
    }
}

/// Refuses what the parser lets pass: a prefix that is taken back and a second colon (Namespaces in XML 1.0, 4 and 5), a
/// relative namespace (Canonical XML 1.0, 1.3).
fn namespaced(element: &Element<'_>) -> Result<(), Error> {
    for (prefix, uri) in &element.namespace_declarations {
        if uri.is_empty() && !prefix.is_empty() {
            return Err(Error::Malformed(format!("no namespace for {prefix:.80}")));
        }
        if !uri.is_empty() && !is_absolute(uri) {
            return Err(Error::Malformed(format!("relative namespace {uri:.80}")));
        }
    }
    let attributes = element.attributes.iter().map(|attribute| &attribute.name);
    match std::iter::once(&element.name)
        .chain(attributes)
        .find(|name| name.local_name.contains(':'))
    {
        Some(name) => Err(Error::Malformed(format!(
            "colon in {:.80}",
            name.local_name
        ))),
        None => Ok(()),
    }
}

/// Whether the URI is one, and not relative (RFC 3986, 2 and 3.1).
fn is_absolute(uri: &str) -> bool {
    let in_scheme = |byte: u8| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte);
    let in_uri = |byte: u8| byte.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(&byte);
    uri.split_once(':').is_some_and(|(scheme, rest)| {
        scheme.starts_with(|letter: char| letter.is_ascii_alphabetic())
            && scheme.bytes().all(in_scheme)
            && rest.bytes().all(in_uri)
    })
}

/// The element's ids under every spelling.
fn ids_of(element: &Element<'_>) -> Vec<String> {
    let named = |attribute: &&uppsala::Attribute<'_>| {
        let name = attribute.name.local_name.as_ref();
        name.eq_ignore_ascii_case("id") || name == "AssertionID"
    };
    element
        .attributes
        .iter()
        .filter(named)
        .map(|attribute| attribute.value.to_string())
        .collect()
}
