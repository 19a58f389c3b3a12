//! Canonical XML as xmlsec1 writes it: of whatever documents there may be, the same octets are digested.

use std::collections::HashSet;
use std::fmt::Write;
use std::fs;
use std::process::Command;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::Config;
use vestibule::practice::sign::{Signing, sign};

use super::surgery::{SAML, SAMLP};
use super::verification::{ADFS, answer, is_signed};

const PREFIXES: [&str; 3] = ["a", "b", "c"];
/// None has an ampersand: libxml2 2.9 writes that of a namespace as `&#38;`, which Canonical XML (2.3) does not.
const NAMESPACES: [&str; 4] = ["urn:one", "urn:two", "http://three.test/?x=1", SAML];
const LISTED: [&str; 7] = ["a", "b", "c", "samlp", "xs", "unknown", "#default"];
const LOCAL: [&str; 4] = ["x", "y", "größe", "id-1.z"];
const TEXTS: [&str; 16] = [
    "plain",
    " ",
    "\n\t ",
    "\r\n",
    "ä€😀",
    "e\u{301}",
    "\u{a0}\u{2028}",
    "&amp;&lt;&gt;",
    "&quot;&apos;",
    "&#x9;&#xA;",
    "&#xD;",
    "&#x1F600;",
    ">",
    "'",
    "<!-- a comment -->",
    "<![CDATA[<&]]>",
];
const VALUES: [&str; 10] = [
    "",
    "v",
    " two  words ",
    "ä€😀",
    "&amp;&lt;>",
    "&quot;'",
    "&#x9;&#xA;&#xD;",
    "&#x20;",
    "&gt;",
    "\u{85}",
];

#[derive(Debug, Clone)]
enum Content {
    Text(usize),
    Element(Element),
}

/// An element by what is chosen of each list; the place behind the last prefix stands for none.
#[derive(Debug, Clone)]
struct Element {
    prefix: usize,
    local: usize,
    declared: Vec<(usize, usize)>,
    attributes: Vec<(usize, usize, usize)>,
    inside: Vec<Content>,
}

/// A document: the namespaces declared around the assertion, an element within it, and the prefixes that are canonicalised inclusively.
#[derive(Debug, Clone)]
struct Generated {
    around: [usize; PREFIXES.len()],
    element: Element,
    listed: HashSet<usize>,
    signs_response: bool,
}

fn element() -> impl Strategy<Value = Element> {
    let declared = || vec((0..=PREFIXES.len(), 0..=NAMESPACES.len()), 0..3);
    let attributes = || {
        vec(
            (0..PREFIXES.len() + 2, 0..LOCAL.len(), 0..VALUES.len()),
            0..4,
        )
    };
    let build = move |inside: BoxedStrategy<Vec<Content>>| {
        let name = (0..=PREFIXES.len(), 0..LOCAL.len());
        (name, declared(), attributes(), inside).prop_map(|(name, declared, attributes, inside)| {
            Element {
                prefix: name.0,
                local: name.1,
                declared,
                attributes,
                inside,
            }
        })
    };
    let text = || (0..TEXTS.len()).prop_map(Content::Text);
    let leaf = build(vec(text(), 0..3).boxed());
    leaf.prop_recursive(4, 24, 4, move |inner| {
        let either = prop_oneof![text(), inner.prop_map(Content::Element)];
        build(vec(either, 0..4).boxed())
    })
}

fn generated() -> impl Strategy<Value = Generated> {
    let around = proptest::array::uniform3(0..NAMESPACES.len());
    let listed = proptest::collection::hash_set(0..LISTED.len(), 0..4);
    (around, element(), listed, any::<bool>()).prop_map(
        |(around, element, listed, signs_response)| Generated {
            around,
            element,
            listed,
            signs_response,
        },
    )
}

/// The namespace that each prefix stands for, the default at the end.
type Scope = [&'static str; PREFIXES.len() + 1];

impl Element {
    fn write(&self, scope: Scope, out: &mut String) {
        let mut scope = scope;
        let (declarations, prefix) = (declare(&self.declared, &mut scope), prefixed(self.prefix));
        let name = format!("{prefix}{}", LOCAL[self.local]);
        write!(out, "<{name}{declarations}").unwrap();
        let mut used = HashSet::new();
        for &(prefix, local, value) in &self.attributes {
            // The last place is that of the prefix that everybody knows.
            let (prefix, namespace, local) = match scope[..PREFIXES.len()].get(prefix) {
                Some(namespace) => (prefixed(prefix), *namespace, LOCAL[local]),
                None if prefix == PREFIXES.len() => (String::new(), "", LOCAL[local]),
                None => (
                    "xml:".to_owned(),
                    "xml",
                    ["lang", "space", "base"][local % 3],
                ),
            };
            if used.insert((namespace, local)) {
                write!(out, " {prefix}{local}=\"{}\"", VALUES[value]).unwrap();
            }
        }
        if self.inside.is_empty() {
            out.push_str("/>");
            return;
        }
        out.push('>');
        for content in &self.inside {
            match content {
                Content::Text(text) => out.push_str(TEXTS[*text]),
                Content::Element(element) => element.write(scope, out),
            }
        }
        write!(out, "</{name}>").unwrap();
    }
}

fn prefixed(prefix: usize) -> String {
    PREFIXES
        .get(prefix)
        .map_or(String::new(), |prefix| format!("{prefix}:"))
}

/// The declarations, each prefix once; only the default can be taken back.
fn declare(declared: &[(usize, usize)], scope: &mut Scope) -> String {
    let (mut all, mut seen) = (String::new(), HashSet::new());
    for &(prefix, namespace) in declared {
        let namespace = NAMESPACES.get(namespace).copied().unwrap_or_default();
        if (namespace.is_empty() && prefix < PREFIXES.len()) || !seen.insert(prefix) {
            continue;
        }
        scope[prefix] = namespace;
        let name = PREFIXES
            .get(prefix)
            .map_or("xmlns".to_owned(), |prefix| format!("xmlns:{prefix}"));
        write!(all, " {name}=\"{namespace}\"").unwrap();
    }
    all
}

impl Generated {
    /// The message with the element in the assertion's Advice, signed.
    fn signed(&self) -> String {
        let answer = answer();
        let [a, b, c] = self.around.map(|at| NAMESPACES[at]);
        let around = format!(" xmlns:a=\"{a}\" xmlns:b=\"{b}\" xmlns:c=\"{c}\"");
        let mut element = String::new();
        self.element.write([a, b, c, SAML], &mut element);
        let xml = answer
            .xml()
            .replacen("<samlp:Response ", &format!("<samlp:Response{around} "), 1)
            .replacen(
                "</Conditions>",
                &format!("</Conditions><Advice>{element}</Advice>"),
                1,
            );
        let mut prefixes: Vec<String> = self
            .listed
            .iter()
            .map(|at| LISTED[*at].to_owned())
            .collect();
        prefixes.sort();
        let how = Signing {
            inclusive_prefixes: prefixes,
            ..Signing::default()
        };
        let id = if self.signs_response {
            &answer.response_id
        } else {
            &answer.assertion_id
        };
        sign(&xml, id, &ADFS.signing[0], &how).unwrap()
    }
}

/// All of them in one run of xmlsec1, which stops at the first that it refuses.
fn xmlsec1(messages: &[String]) -> Result<(), String> {
    let folder = tempfile::tempdir().unwrap();
    let certificate = folder.path().join("key.pem");
    fs::write(&certificate, ADFS.signing[0].certificate.to_pem().unwrap()).unwrap();
    let mut command = Command::new("xmlsec1");
    command.args(["--verify", "--pubkey-cert-pem"]);
    command.arg(certificate);
    command.args(["--id-attr:ID", &format!("{SAML}:Assertion")]);
    command.args(["--id-attr:ID", &format!("{SAMLP}:Response")]);
    for (number, message) in messages.iter().enumerate() {
        let file = folder.path().join(format!("{number}.xml"));
        fs::write(&file, message).unwrap();
        command.arg(file);
    }
    let run = command.output().unwrap();
    let said = [run.stdout, run.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    let verified = said.lines().filter(|line| *line == "OK").count();
    if run.status.success() && verified == messages.len() {
        return Ok(());
    }
    Err(format!("{said}\n{}", messages[verified]))
}

/// `PROPTEST_CASES=100` has it judge more.
fn cases() -> u32 {
    let asked = std::env::var("PROPTEST_CASES").ok();
    asked.and_then(|asked| asked.parse().ok()).unwrap_or(4)
}

proptest! {
    #![proptest_config(Config { cases: cases(), failure_persistence: None, ..Config::default() })]

    #[test]
    fn what_is_digested_of_a_generated_document_is_what_xmlsec1_digests(documents in vec(generated(), 50)) {
        let messages: Vec<String> = documents.iter().map(Generated::signed).collect();

        for message in &messages {
            prop_assert_eq!(is_signed(message), Ok(()), "{}", message);
        }
        prop_assert_eq!(xmlsec1(&messages), Ok(()));
    }
}
