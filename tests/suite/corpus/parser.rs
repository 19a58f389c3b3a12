//! What an XML parser must not do for strangers: document types, entities, fetching, guessing an encoding, mending.

use vestibule::practice::answer::What;
use vestibule::saml::check::Code;

use super::super::app::TestApp;
use super::surgery::{SAMLP, after, before, extended, numbered, swap};
use super::{Case, forged, refuse};

fn xml(name: &str, because: &'static str, change: fn(&str) -> String) -> Case {
    forged(name, Code::Xml, because, move |scene| {
        change(&scene.honest(What::Assertion))
    })
}

fn bytes(name: &str, because: &'static str, change: fn(&str) -> Vec<u8>) -> Case {
    forged(name, Code::Xml, because, move |scene| {
        change(&scene.honest(What::Assertion))
    })
}

pub(super) fn types() -> Vec<Case> {
    let doctype = "a document type declaration";
    vec![
        xml("there is a document type", doctype, |xml| {
            format!("<!DOCTYPE r>{xml}")
        }),
        xml(
            "there is a document type after the declaration",
            doctype,
            |xml| format!("<?xml version=\"1.0\"?><!DOCTYPE r>{xml}"),
        ),
        xml(
            "there is a document type after the message",
            doctype,
            |xml| format!("{xml}<!DOCTYPE r>"),
        ),
        xml(
            "there is a document type within the message",
            doctype,
            |xml| extended(xml, "<!DOCTYPE r>"),
        ),
        xml(
            "a document type is written in small letters",
            doctype,
            |xml| format!("<!doctype r>{xml}"),
        ),
        xml("an entity is a file (XXE)", doctype, |xml| {
            let xml = swap(xml, "maya@", "&x;@");
            format!("<!DOCTYPE r [<!ENTITY x SYSTEM \"file:///etc/passwd\">]>{xml}")
        }),
        xml("an entity is an address", doctype, |xml| {
            format!("<!DOCTYPE r [<!ENTITY % x SYSTEM \"http://169.254.169.254/\">%x;]>{xml}")
        }),
        xml("entities multiply (billion laughs)", doctype, |xml| {
            let lots = numbered(9, |n| {
                format!("<!ENTITY a{} \"{}\">", n + 1, format!("&a{n};").repeat(10))
            });
            format!(
                "<!DOCTYPE r [<!ENTITY a0 \"ha\">{lots}]>{}",
                swap(xml, "maya@", "&a9;@")
            )
        }),
        xml(
            "an attribute has a default in a document type",
            doctype,
            |xml| format!("<!DOCTYPE r [<!ATTLIST Assertion ID ID #IMPLIED>]>{xml}"),
        ),
        xml("an entity is not defined", "", |xml| {
            swap(xml, "maya@", "&maya;@")
        }),
        xml("an entity is one of HTML's", "", |xml| {
            swap(xml, "maya@", "&nbsp;@")
        }),
        xml("an entity has no end", "", |xml| {
            swap(xml, "maya@", "&amp@")
        }),
        xml("an ampersand stands alone", "", |xml| {
            swap(xml, "maya@", "& @")
        }),
    ]
}

pub(super) fn instructions() -> Vec<Case> {
    let instruction = "a processing instruction";
    vec![
        xml(
            "an instruction stands before the message",
            instruction,
            |xml| format!("<?x y?>{xml}"),
        ),
        xml(
            "an instruction stands after the message",
            instruction,
            |xml| format!("{xml}<?x y?>"),
        ),
        xml("an instruction splits the name", instruction, |xml| {
            swap(xml, "<NameID>", "<NameID>uma<?x y?>")
        }),
        xml("a stylesheet is named", instruction, |xml| {
            format!(
                "<?xml-stylesheet type=\"text/xsl\" href=\"http://169.254.169.254/x.xsl\"?>{xml}"
            )
        }),
        xml("an instruction stands in Extensions", instruction, |xml| {
            extended(xml, "<?php system('id') ?>")
        }),
        xml("the declaration stands in the middle", "", |xml| {
            extended(xml, "<?xml version=\"1.0\"?>")
        }),
        xml("the declaration stands after white space", "", |xml| {
            format!(" <?xml version=\"1.0\"?>{xml}")
        }),
    ]
}

pub(super) fn encodings() -> Vec<Case> {
    let not_utf8 = "not UTF-8";
    vec![
        bytes("the message is UTF-16 with its mark", "", |xml| {
            format!("\u{feff}{xml}")
                .encode_utf16()
                .flat_map(u16::to_le_bytes)
                .collect()
        }),
        bytes("a byte is not UTF-8", not_utf8, |xml| splice(xml, b"\xff")),
        bytes("a letter is longer than it need be", not_utf8, |xml| {
            splice(xml, b"\xc1\xa1")
        }),
        bytes("a letter is cut off", not_utf8, |xml| {
            splice(xml, b"\xe2\x82")
        }),
        bytes("a letter is half of a pair", not_utf8, |xml| {
            splice(xml, b"\xed\xa0\x80")
        }),
        bytes("a letter is beyond the last", not_utf8, |xml| {
            splice(xml, b"\xf4\x90\x80\x80")
        }),
        bytes(
            "a letter is Latin 1 as the declaration says",
            not_utf8,
            |xml| {
                splice(
                    &format!("<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>{xml}"),
                    b"\xfc",
                )
            },
        ),
        xml(
            "the declared encoding is another",
            "declared encoding is ISO-8859-1",
            |xml| format!("<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>{xml}"),
        ),
        xml(
            "the declared encoding is UTF-7",
            "declared encoding is UTF-7",
            |xml| format!("<?xml version=\"1.0\" encoding=\"UTF-7\"?>{xml}"),
        ),
        xml(
            "the declared encoding is UTF-16",
            "declared encoding is UTF-16",
            |xml| format!("<?xml version=\"1.0\" encoding=\"UTF-16\"?>{xml}"),
        ),
    ]
}

/// The message with bytes before Maya's name.
fn splice(xml: &str, what: &[u8]) -> Vec<u8> {
    let at = xml.find("maya@").unwrap();
    let (start, end) = xml.as_bytes().split_at(at);
    [start, what, end].concat()
}

/// Without a mark they are UTF-8 of sorts, with zeros in it, and refused before anything is parsed.
pub(super) fn wide() -> Vec<Case> {
    let case = |name, change: fn(&str) -> Vec<u8>| {
        forged(name, Code::Limits, "", move |scene| {
            change(&scene.honest(What::Assertion))
        })
    };
    vec![
        case("the message is UTF-16 without a mark", |xml| {
            xml.encode_utf16().flat_map(u16::to_be_bytes).collect()
        }),
        case("the message is UTF-32", |xml| {
            xml.chars()
                .flat_map(|letter| u32::from(letter).to_be_bytes())
                .collect()
        }),
    ]
}

pub(super) fn malformed() -> Vec<Case> {
    vec![
        xml("there is nothing", "", |_| String::new()),
        xml("there is white space", "", |_| "  \n".into()),
        xml("there is text", "", |_| "not xml".into()),
        xml("there is a comment alone", "", |_| {
            "<!-- samlp:Response -->".into()
        }),
        xml("the message is cut off", "", |xml| {
            xml[..xml.len() / 2].into()
        }),
        xml("the last tag is missing", "", |xml| {
            xml.trim_end_matches("</samlp:Response>").into()
        }),
        xml("tags overlap", "", |xml| extended(xml, "<a><b></a></b>")),
        xml("there are two messages", "", |xml| xml.repeat(2)),
        xml("text follows the message", "", |xml| format!("{xml}x")),
        xml("text precedes the message", "", |xml| format!("x{xml}")),
        xml("an attribute has no quotes", "", |xml| {
            extended(xml, "<a b=c/>")
        }),
        xml("an attribute has no value", "", |xml| {
            extended(xml, "<a b/>")
        }),
        xml("an attribute stands twice", "", |xml| {
            extended(xml, "<a b=\"\" b=\"\"/>")
        }),
        xml("a tag stands in an attribute", "", |xml| {
            extended(xml, "<a b=\"<c/>\"/>")
        }),
        xml("a comment holds two hyphens", "", |xml| {
            extended(xml, "<!-- -- -->")
        }),
        xml("a comment has no end", "", |xml| extended(xml, "<!-- ")),
        xml("a section has no end", "", |xml| {
            extended(xml, "<![CDATA[ ")
        }),
        xml("the end of a section stands alone", "", |xml| {
            extended(xml, "]]>")
        }),
        xml("a section stands outside of the message", "", |xml| {
            format!("{xml}<![CDATA[x]]>")
        }),
        xml("a name begins with a digit", "", |xml| {
            extended(xml, "<1a/>")
        }),
        xml("a letter is zero", "", |xml| swap(xml, "maya@", "maya\0@")),
        xml("a reference is to zero", "", |xml| {
            swap(xml, "maya@", "maya&#0;@")
        }),
        xml("a reference is to a control character", "", |xml| {
            swap(xml, "maya@", "maya&#x1;@")
        }),
        xml("a reference is to half of a pair", "", |xml| {
            swap(xml, "maya@", "maya&#xD800;@")
        }),
        xml("a reference is beyond the last letter", "", |xml| {
            swap(xml, "maya@", "maya&#x110000;@")
        }),
        xml("a reference overflows", "", |xml| {
            swap(xml, "maya@", "maya&#x100000061;@")
        }),
        xml("a reference is to no letter", "", |xml| {
            swap(xml, "maya@", "maya&#xFFFE;@")
        }),
        xml("a control character stands in the text", "", |xml| {
            swap(xml, "maya@", "maya\u{1}@")
        }),
        xml("a control character stands in an attribute", "", |xml| {
            swap(xml, "consent:", "consent\u{8}:")
        }),
        xml("the version is 2.0", "", |xml| {
            format!("<?xml version=\"2.0\"?>{xml}")
        }),
        xml("it is HTML", "", |_| {
            "<html><body><br></body></html>".into()
        }),
        xml("the root is empty and a message follows", "", |xml| {
            format!("<samlp:Response xmlns:samlp=\"{SAMLP}\"/>{xml}")
        }),
        xml(
            "a name holds a zero-width letter that names may not hold",
            "",
            |xml| before(&after(xml, "<Subject>", ""), "<NameID>", "<a\u{200b}/>"),
        ),
    ]
}

#[tokio::test]
async fn document_types_entities_and_instructions_are_refused() {
    let test = TestApp::new().await;

    refuse(&test, types()).await;
    refuse(&test, instructions()).await;
}

#[tokio::test]
async fn anything_but_well_formed_utf_8_is_refused() {
    let test = TestApp::new().await;

    refuse(&test, encodings()).await;
    refuse(&test, wide()).await;
    refuse(&test, malformed()).await;
}
