//! Namespaces and canonical forms: elements are matched by namespace and name, and what a canonical form cannot tell apart is refused.

use vestibule::practice::answer::What;
use vestibule::saml::check::Code;

use super::super::app::TestApp;
use super::surgery::{SAML, SAMLP, after, cut, extended, swap};
use super::{Case, forged, refuse, written};

const SAML1: &str = "urn:oasis:names:tc:SAML:1.0:assertion";

/// An element of the assertion under its name in a foreign namespace, signed so.
fn foreign(element: &'static str, code: Code, because: &'static str) -> Case {
    let name = format!("{element} is in a foreign namespace");
    written(name, code, because, move |xml| {
        let inside = xml.find("<Assertion ").unwrap();
        let (outer, inner) = xml.split_at(inside);
        let changed = swap(
            inner,
            &format!("<{element}"),
            &format!("<{element} xmlns=\"urn:x\""),
        );
        outer.to_owned() + &changed
    })
}

/// A change to a genuine response outside of what is signed.
fn changed(
    name: &str,
    code: Code,
    because: &'static str,
    change: impl Fn(&str) -> String + 'static,
) -> Case {
    forged(name, code, because, move |scene| {
        change(&scene.honest(What::Assertion))
    })
}

pub(super) fn wrong() -> Vec<Case> {
    vec![
        foreign("Issuer", Code::Issuer, "absent"),
        foreign("Subject", Code::Subject, "absent"),
        foreign("NameID", Code::Subject, "absent"),
        foreign(
            "SubjectConfirmation",
            Code::Confirmation,
            "no bearer confirmation",
        ),
        foreign("Conditions", Code::Conditions, "absent"),
        foreign(
            "AudienceRestriction",
            Code::Conditions,
            "Unknown condition: AudienceRestriction",
        ),
        written(
            "Audience is in a foreign namespace",
            Code::Audience,
            "Audience: ",
            |xml| swap(xml, "<Audience>", "<Audience xmlns=\"urn:x\">"),
        ),
        foreign("AttributeStatement", Code::Roles, "none"),
        foreign("AuthnStatement", Code::AuthnStatement, "not exactly one"),
    ]
}

pub(super) fn roots() -> Vec<Case> {
    vec![
        changed(
            "the root is a Response of SAML 1",
            Code::Root,
            "Response of urn",
            |xml| xml.replace(SAMLP, "urn:oasis:names:tc:SAML:1.0:protocol"),
        ),
        changed(
            "the root is a Response of nobody",
            Code::Root,
            "Response of ",
            |xml| {
                let xml = xml.replace("samlp:Response", "Response");
                xml.replace("samlp:Status", "Status")
            },
        ),
        changed(
            "the namespace of the root differs in case",
            Code::Root,
            "Response of URN",
            |xml| swap(xml, SAMLP, &SAMLP.to_uppercase()),
        ),
        changed(
            "the root's name differs in case",
            Code::Root,
            "response of urn",
            |xml| xml.replace("samlp:Response", "samlp:response"),
        ),
        changed(
            "the assertion is one of SAML 1",
            Code::Assertion,
            "Assertions in the response: 0",
            |xml| {
                let (outer, inner) = xml.split_at(xml.find("<Assertion ").unwrap());
                outer.to_owned() + &swap(inner, SAML, SAML1)
            },
        ),
        changed(
            "the status is in a foreign namespace",
            Code::Status,
            "absent",
            |xml| {
                let xml = swap(xml, "<samlp:Status>", "<f:Status xmlns:f=\"urn:f\">");
                swap(&xml, "</samlp:Status>", "</f:Status>")
            },
        ),
        changed(
            "the destination is in a namespace",
            Code::Destination,
            "absent",
            |xml| {
                let xml = swap(xml, " Destination=", " samlp:Destination=");
                after(
                    &xml,
                    "</Issuer>",
                    "<ds:Signature xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"/>",
                )
            },
        ),
        changed(
            "the answered request is in a namespace",
            Code::InResponseTo,
            "absent",
            |xml| swap(xml, " InResponseTo=", " samlp:InResponseTo="),
        ),
    ]
}

pub(super) fn malformed() -> Vec<Case> {
    let xml = |name, because, change: fn(&str) -> String| changed(name, Code::Xml, because, change);
    vec![
        xml("a namespace is relative", "relative namespace", |xml| {
            extended(xml, "<x xmlns=\"../x\"/>")
        }),
        xml(
            "a namespace of a prefix is relative",
            "relative namespace",
            |xml| extended(xml, "<x xmlns:p=\"x\"/>"),
        ),
        xml(
            "a namespace is relative with a colon",
            "relative namespace",
            |xml| extended(xml, "<x xmlns=\"urn;x:y\"/>"),
        ),
        xml(
            "a namespace is a path with a colon",
            "relative namespace",
            |xml| extended(xml, "<x xmlns=\"./x:y\"/>"),
        ),
        xml(
            "a namespace has no scheme but a host",
            "relative namespace",
            |xml| extended(xml, "<x xmlns=\"//x:80/\"/>"),
        ),
        xml(
            "a namespace has letters that no address has",
            "relative namespace",
            |xml| extended(xml, "<x xmlns=\"urn:x y`\"/>"),
        ),
        xml("a prefix is not declared", "", |xml| {
            extended(xml, "<p:x/>")
        }),
        xml("a prefix of an attribute is not declared", "", |xml| {
            extended(xml, "<x p:y=\"\"/>")
        }),
        xml(
            "a prefix of an attribute has two colons",
            "colon in",
            |xml| extended(xml, "<x samlp:a:b=\"\"/>"),
        ),
        xml("a name begins with a colon", "colon in", |xml| {
            extended(xml, "<:x/>")
        }),
        xml("a prefix with a colon is declared", "", |xml| {
            extended(xml, "<x xmlns:a:b=\"urn:x\"/>")
        }),
        xml("no prefix at all is declared", "", |xml| {
            extended(xml, "<x xmlns:=\"urn:x\"/>")
        }),
        xml(
            "a prefix is undeclared again",
            "no namespace for samlp",
            |xml| extended(xml, "<x xmlns:samlp=\"\"/>"),
        ),
        xml("the prefix xml is bound to something else", "", |xml| {
            extended(xml, "<x xmlns:xml=\"urn:x\"/>")
        }),
        xml("the prefix xmlns is bound", "", |xml| {
            extended(xml, "<x xmlns:xmlns=\"urn:x\"/>")
        }),
        xml(
            "another prefix is bound to the namespace of xml",
            "",
            |xml| extended(xml, "<x xmlns:y=\"http://www.w3.org/XML/1998/namespace\"/>"),
        ),
        xml("a prefix is declared twice", "", |xml| {
            extended(xml, "<x xmlns:p=\"urn:a\" xmlns:p=\"urn:b\"/>")
        }),
        xml("an attribute stands twice under two prefixes", "", |xml| {
            extended(
                xml,
                "<x xmlns:p=\"urn:a\" xmlns:q=\"urn:a\" p:y=\"\" q:y=\"\"/>",
            )
        }),
        xml("a name has two colons", "colon in", |xml| {
            extended(xml, "<samlp:a:b/>")
        }),
        xml("an element has no name but a prefix", "colon in", |xml| {
            extended(xml, "<samlp:/>")
        }),
        xml(
            "a line end stands in an attribute",
            "a tab or line end",
            |xml| swap(xml, "Consent=\"", "Consent=\"\n"),
        ),
        xml("a tab stands in an attribute", "a tab or line end", |xml| {
            swap(xml, "Consent=\"", "Consent=\"\t")
        }),
        xml(
            "a line end stands in a signed attribute",
            "a tab or line end",
            |xml| swap(xml, "<Attribute Name=\"http", "<Attribute Name=\"\nhttp"),
        ),
        xml(
            "a carriage return stands in a section",
            "a tab or line end",
            |xml| extended(xml, "<![CDATA[\r\n]]>"),
        ),
    ]
}

pub(super) fn prefixes() -> Vec<Case> {
    vec![changed(
        "the signature's prefix is bound anew within the assertion",
        Code::Signature,
        "stands in",
        |xml| {
            let value = cut(xml, "<AttributeValue>", "</AttributeValue>");
            swap(
                xml,
                value,
                &format!("<ds:Signature xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"/>{value}"),
            )
        },
    )]
}

#[tokio::test]
async fn elements_of_other_namespaces_and_names_do_not_count() {
    let test = TestApp::new().await;

    refuse(&test, wrong()).await;
    refuse(&test, roots()).await;
    refuse(&test, prefixes()).await;
}

#[tokio::test]
async fn namespaces_that_are_not_well_formed_are_refused() {
    let test = TestApp::new().await;

    refuse(&test, malformed()).await;
}
