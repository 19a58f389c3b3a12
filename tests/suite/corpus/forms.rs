//! Honest messages written otherwise: prefixes, order, white space, comments, sections, references.

use vestibule::practice::answer::What;

use super::super::app::TestApp;
use super::honest::{Variation, accept, honest, writing};
use super::scene::Scene;
use super::surgery::{
    DSIG, SAML, SAMLP, after, assertion, before, cut, extended, reseal, resign, signature, swap,
};

/// The text with a prefix for every element that has none.
fn prefixed(xml: &str, space: &str, prefix: &str) -> String {
    let xml = xml.replace(
        &format!("xmlns=\"{space}\""),
        &format!("xmlns:{prefix}=\"{space}\""),
    );
    let mut out = String::new();
    for (index, part) in xml.split('<').enumerate() {
        let (slash, name) = part
            .strip_prefix('/')
            .map_or(("", part), |name| ("/", name));
        let bare = name.starts_with(|letter: char| letter.is_ascii_uppercase());
        let prefix = if bare {
            format!("{prefix}:")
        } else {
            String::new()
        };
        let open = if index == 0 { "" } else { "<" };
        out += [open, slash, &prefix, name].concat().as_str();
    }
    out
}

/// The text of one tag with its attributes in the other order.
fn turned(xml: &str, start: &str) -> String {
    let tag = cut(xml, start, ">");
    let inside = &tag[start.len()..tag.len() - 1];
    let (inside, end) = inside
        .strip_suffix('/')
        .map_or((inside, ">"), |inside| (inside, "/>"));
    let mut all: Vec<&str> = inside.split_inclusive("\" ").map(str::trim).collect();
    all.reverse();
    swap(xml, tag, &format!("{start}{}{end}", all.join(" ")))
}

fn pretty(xml: &str) -> String {
    xml.replace("><", ">\n  <")
}

/// A signed response whose text is written otherwise and sealed again.
fn resealed(name: &str, change: impl Fn(&str) -> String + 'static) -> Variation {
    honest(name, move |scene| {
        reseal(
            &change(&scene.honest(What::Assertion)),
            &scene.test.adfs.signing[0],
        )
    })
}

/// A signed response that anybody may write otherwise, since that changes nothing of what is signed.
fn rewritten(name: &str, change: impl Fn(&str) -> String + 'static) -> Variation {
    honest(name, move |scene| change(&scene.honest(What::Assertion)))
}

fn signed(scene: &Scene<'_>, xml: &str) -> String {
    reseal(xml, &scene.test.adfs.signing[0])
}

pub(super) fn prefixes() -> Vec<Variation> {
    vec![
        writing("the prefixes are saml2 and saml2p", |xml| {
            prefixed(&xml.replace("samlp", "saml2p"), SAML, "saml2")
        }),
        writing("the prefix of responses is the default", |xml| {
            let xml = swap(xml, "xmlns:samlp=", "xmlns=");
            xml.replace("samlp:", "")
        }),
        writing(
            "the prefixes are single letters, declared at the top",
            |xml| {
                let xml = prefixed(&xml.replace("samlp", "p"), SAML, "a");
                let xml = xml.replace(&format!(" xmlns:a=\"{SAML}\""), "");
                swap(
                    &xml,
                    "<p:Response ",
                    &format!("<p:Response xmlns:a=\"{SAML}\" "),
                )
            },
        ),
        resealed("the signature's prefix is ds1", |xml| {
            let signature = signature(xml);
            let other = signature
                .replace("ds:", "ds1:")
                .replace("xmlns:ds=", "xmlns:ds1=");
            swap(xml, signature, &other)
        }),
        resealed("the signature has no prefix", |xml| {
            let signature = signature(xml);
            let other = signature.replace("ds:", "").replace("xmlns:ds=", "xmlns=");
            let other = swap(&other, &format!("<KeyInfo xmlns=\"{DSIG}\">"), "<KeyInfo>");
            swap(xml, signature, &other)
        }),
        resealed("the signature's prefix is declared at the top", |xml| {
            let declared = format!(" xmlns:ds=\"{DSIG}\"");
            let xml = swap(xml, &declared, "");
            swap(
                &xml,
                "<samlp:Response",
                &format!("<samlp:Response{declared}"),
            )
        }),
        resealed("prefixes are declared that nobody uses", |xml| {
            let xml = swap(
                xml,
                "<Assertion ",
                "<Assertion xmlns:xs=\"http://www.w3.org/2001/XMLSchema\" ",
            );
            swap(
                &xml,
                "<samlp:Response",
                "<samlp:Response xmlns:soap=\"urn:soap\"",
            )
        }),
        resealed("a prefix is bound anew within the assertion", |xml| {
            let value = cut(xml, "<AttributeValue>", "</AttributeValue>");
            let other = swap(
                value,
                "<AttributeValue>",
                "<p:AttributeValue xmlns:p=\"urn:oasis:names:tc:SAML:2.0:assertion\" xmlns:samlp=\"urn:x\">",
            );
            swap(xml, value, &other.replace("</A", "</p:A"))
        }),
        resealed("nothing is written otherwise but the seal", str::to_owned),
    ]
}

pub(super) fn order() -> Vec<Variation> {
    let both = |name, change: fn(&str) -> String| {
        honest(name, move |scene: &Scene<'_>| {
            let xml = scene.honest(What::Response);
            change(&xml)
        })
    };
    vec![
        rewritten("the attributes stand in the other order", |xml| {
            [
                "<samlp:Response ",
                "<Assertion ",
                "<SubjectConfirmationData ",
                "<Conditions ",
                "<AuthnStatement ",
            ]
            .iter()
            .fold(xml.to_owned(), |xml, tag| turned(&xml, tag))
        }),
        both(
            "the attributes of a signed response stand in the other order",
            |xml| turned(&turned(xml, "<samlp:Response "), "<Assertion "),
        ),
        rewritten(
            "the attributes stand on lines of their own, in other quotes",
            |xml| {
                let start = cut(xml, "<Assertion ", ">");
                swap(
                    xml,
                    start,
                    &start.replace("\" ", "\"\r\n\t").replace('"', "'"),
                )
            },
        ),
        rewritten("an empty element is written as two tags", |xml| {
            let data = cut(xml, "<SubjectConfirmationData ", "/>");
            swap(
                xml,
                data,
                &data.replace("/>", "></SubjectConfirmationData >"),
            )
        }),
        resealed("the message is laid out for people", pretty),
        rewritten("the message is laid out around what is signed", |xml| {
            let around = format!("\n  {}\n", assertion(xml));
            swap(xml, assertion(xml), &around)
        }),
        honest("the message is laid out on lines of Windows", |scene| {
            signed(scene, &pretty(&scene.honest(What::Assertion))).replace('\n', "\r\n")
        }),
        resealed("the statement of claims comes last", |xml| {
            let claims = cut(xml, "<AttributeStatement>", "</AttributeStatement>").to_owned();
            before(&swap(xml, &claims, ""), "</Assertion>", &claims)
        }),
    ]
}

#[expect(clippy::too_many_lines, reason = "a table")]
pub(super) fn texts() -> Vec<Variation> {
    let name = |name, value: &'static str| {
        writing(name, move |xml| {
            swap(
                xml,
                "<NameID>maya@corp.acme.example<",
                &format!("<NameID>{value}<"),
            )
        })
    };
    let rename = |name, value: &'static str| {
        rewritten(name, move |xml| {
            swap(
                xml,
                "<NameID>maya@corp.acme.example<",
                &format!("<NameID>{value}<"),
            )
        })
    };
    vec![
        name(
            "a comment stands in the name",
            "maya@corp.acme<!-- .evil -->.example",
        ),
        rename(
            "somebody puts a comment into the signed name",
            "maya@corp.acme.<!-- -->example",
        ),
        rename(
            "somebody puts comments around the signed name",
            "<!--a-->maya@corp.acme.example<!--b-->",
        ),
        name(
            "the name is a section",
            "<![CDATA[maya@corp.acme.example]]>",
        ),
        rename(
            "somebody makes a section of a part of the signed name",
            "maya<![CDATA[@corp]]>.acme<![CDATA[]]>.example",
        ),
        name(
            "the name has references",
            "&#x6d;aya&#64;corp&#x2E;acme.example",
        ),
        rename(
            "somebody writes the signed name with references",
            "&#109;&#x61;ya@corp.acme.example",
        ),
        writing("a claim has references", |xml| {
            swap(
                xml,
                ">Maya<",
                ">&lt;M&amp;&quot;&apos;&gt;<![CDATA[<&>]]>&#x1F98A;<",
            )
        })
        .called("<M&\"'><&>🦊"),
        rewritten("somebody puts comments between signed elements", |xml| {
            let xml = before(xml, "<Subject>", "<!--a-->");
            after(&xml, "</Conditions>", "<!-- <Conditions/> -->")
        }),
        rewritten("comments stand around the message", |xml| {
            format!("<!--a-->\n{xml}\n<!--b-->\n")
        }),
        rewritten("there is a declaration", |xml| {
            format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{xml}")
        }),
        rewritten("there is a declaration in other letters", |xml| {
            format!("<?xml version='1.0' encoding='utf-8' standalone='yes' ?>\r\n{xml}\r\n")
        }),
        rewritten("a schema is named, which nobody fetches", |xml| {
            let start = "<samlp:Response xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:schemaLocation=\"urn:x http://169.254.169.254/x.xsd\" ";
            swap(xml, "<samlp:Response ", start)
        }),
        rewritten("the message begins with a byte order mark", |xml| {
            format!("\u{feff}{xml}")
        }),
        rewritten("there is a declaration without an encoding", |xml| {
            format!("<?xml version=\"1.0\"?>{xml}")
        }),
        rewritten("there is something in Extensions", |xml| {
            extended(xml, "<x xmlns=\"urn:x\" y=\"&#10;\"> <![CDATA[<]]></x>")
        }),
        resealed("an attribute has white space as references", |xml| {
            swap(xml, "<Subject>", "<Subject x=\"a&#9;b&#xA;c&#13;d\">")
        }),
        resealed("a claim has letters that canonical forms escape", |xml| {
            swap(
                xml,
                "</AttributeStatement>",
                "<Attribute Name=\"&lt;&amp;&quot;&#9;&#10;\"><AttributeValue>&gt;&#13;\"'</AttributeValue></Attribute></AttributeStatement>",
            )
        }),
        rewritten("the signature's value is broken into lines", |xml| {
            let value = cut(xml, "<ds:SignatureValue>", "</").to_owned();
            let text = value.split(['<', '>']).nth(2).unwrap();
            let lines: Vec<&str> = (0..text.len())
                .step_by(76)
                .map(|at| &text[at..text.len().min(at + 76)])
                .collect();
            swap(xml, text, &format!("\r\n  {}\r\n", lines.join("\r\n  ")))
        }),
        honest("the digest is broken into lines", |scene| {
            let xml = scene.honest(What::Assertion);
            let value = cut(&xml, "<ds:DigestValue>", "<").to_owned();
            let (start, end) = value.split_at(30);
            resign(
                &swap(&xml, &value, &format!("{start}\n{end}")),
                &scene.test.adfs.signing[0],
            )
        }),
        writing("a namespace of claims is no address", |xml| {
            swap(
                xml,
                "<AttributeStatement>",
                &format!("<AttributeStatement xmlns:p=\"{SAMLP}\" xmlns:q=\"urn:q\">"),
            )
        }),
    ]
}

#[tokio::test]
async fn prefixes_and_order_do_not_matter() {
    let test = TestApp::new().await;

    accept(&test, prefixes()).await;
    accept(&test, order()).await;
}

#[tokio::test]
async fn comments_sections_and_references_change_nothing() {
    let test = TestApp::new().await;

    accept(&test, texts()).await;
}
