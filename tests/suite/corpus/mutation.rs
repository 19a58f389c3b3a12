//! Every byte, element and attribute of a valid message changed in turn: nothing but what was signed is ever read.

use std::ops::Range;

use uppsala::{Document, NodeId, Parser};
use vestibule::practice::answer::What;
use vestibule::practice::encrypt::{ContentCipher, Encryption};
use vestibule::practice::persona::ZOE;

use super::oracle;
use super::verification::{ADFS, Content, message};

/// Those that are accepted; none may be with other content than the message that they were made of.
fn accepted(xml: &str, mutants: impl Iterator<Item = String>) -> Vec<String> {
    let genuine = Content::read(xml).expect("the message is valid");
    let mut accepted = Vec::new();
    for mutant in mutants {
        if let Ok(read) = Content::read(&mutant) {
            assert_eq!(read, genuine, "{mutant}");
            accepted.push(mutant);
        }
    }
    accepted
}

/// The message with each `step`th byte changed in these bits, as far as it remains text.
fn flipped(xml: &str, bits: u8, step: usize) -> impl Iterator<Item = String> {
    (0..xml.len()).step_by(step).filter_map(move |at| {
        let mut bytes = xml.as_bytes().to_vec();
        bytes[at] ^= bits;
        String::from_utf8(bytes).ok()
    })
}

/// Where the elements stand that are not the root.
fn elements(xml: &str) -> Vec<Range<usize>> {
    let document: Document<'_> = Parser::new().parse(xml).unwrap();
    let root = document.document_element().unwrap();
    let range = |node: &NodeId| {
        document.element(*node)?;
        document.node_range(*node)
    };
    document
        .descendants(root)
        .iter()
        .filter_map(range)
        .collect()
}

/// The message with each element left out, doubled, and moved to be the first in the root.
fn rearranged(xml: &str) -> Vec<String> {
    let inside = xml.find('>').unwrap() + 1;
    let mut all = Vec::new();
    for range in elements(xml) {
        let (before, element, after) =
            (&xml[..range.start], &xml[range.clone()], &xml[range.end..]);
        all.push([before, after].concat());
        all.push([before, element, element, after].concat());
        all.push([&xml[..inside], element, &xml[inside..range.start], after].concat());
        all.push([&xml[..inside], element, &xml[inside..]].concat());
    }
    all
}

/// The message with each quoted value left out with its name, emptied, and given a letter more.
fn requoted(xml: &str) -> Vec<String> {
    let mut all = Vec::new();
    let quotes: Vec<usize> = xml.match_indices('"').map(|(at, _)| at).collect();
    for pair in quotes.chunks(2) {
        let &[open, close] = pair else {
            panic!("a quote stands alone")
        };
        let name = xml[..open].rfind(' ').unwrap();
        all.push([&xml[..name], &xml[close + 1..]].concat());
        all.push([&xml[..=open], &xml[close..]].concat());
        all.push([&xml[..close], "x", &xml[close..]].concat());
    }
    all
}

/// The message with each text left out, and with something put before it.
fn retold(xml: &str) -> Vec<String> {
    let mut all = Vec::new();
    for (open, _) in xml.match_indices('>') {
        let length = xml[open + 1..].find('<').unwrap_or_default();
        let (before, after) = (&xml[..=open], &xml[open + 1..]);
        if length > 0 {
            all.push([before, &after[length..]].concat());
        }
        for what in [
            "x",
            " ",
            "<!--x-->",
            "<![CDATA[]]>",
            "<![CDATA[x]]>",
            "<x/>",
            "&#x78;",
        ] {
            all.push([before, what, after].concat());
        }
    }
    all
}

/// What is accepted all the same is verified by a stranger as well, and he reads the same name.
fn strangers_agree(mutants: &[String]) {
    for mutant in mutants {
        match oracle::samael(mutant, &ADFS.signing) {
            Ok(verified) => assert!(oracle::names(&verified, ZOE.upn), "{mutant}"),
            // The response's own ID may be no name any more; its signature is not what he refuses.
            Err(why) => assert!(why.contains("XmlInvalidIdAttribute"), "{why}: {mutant}"),
        }
    }
}

#[test]
fn a_changed_byte_is_refused_or_changes_nothing() {
    for sign in [What::Assertion, What::Response] {
        let xml = message(|answer| {
            answer.sign = sign;
            answer.signing.key_info = false;
        });
        for bits in [0x01, 0x04, 0x20] {
            strangers_agree(&accepted(&xml, flipped(&xml, bits, 1)));
        }
    }
}

/// Both signatures stand before their certificates, which nobody reads.
#[test]
fn a_changed_byte_beside_a_certificate_is_refused_or_changes_nothing() {
    let xml = message(|answer| answer.sign = What::Both);

    let unread = accepted(&xml, flipped(&xml, 0x01, 1));

    assert!(unread.len() > 200 && unread.len() < xml.len() / 2);
}

#[test]
fn a_changed_byte_of_an_encrypted_assertion_is_refused_or_changes_nothing() {
    for content in [ContentCipher::Aes256Cbc, ContentCipher::Aes256Gcm] {
        let xml = message(|answer| {
            answer.encryption = Some(Encryption {
                content,
                ..Encryption::default()
            });
        });
        accepted(&xml, flipped(&xml, 0x01, 4));
    }
}

#[test]
fn a_rearranged_element_attribute_or_text_is_refused_or_changes_nothing() {
    for sign in [What::Assertion, What::Response, What::Both] {
        let xml = message(|answer| {
            answer.sign = sign;
            answer.signing.key_info = false;
        });
        for mutants in [rearranged(&xml), requoted(&xml), retold(&xml)] {
            strangers_agree(&accepted(&xml, mutants.into_iter()));
        }
    }
}
