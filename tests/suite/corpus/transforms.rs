//! Transforms and canonical forms: enveloped-signature and exclusive C14N without comments, once each, before anything runs.

use vestibule::practice::answer::What;
use vestibule::practice::sign::C14nMode;
use vestibule::saml::check::Code;

use super::super::app::TestApp;
use super::surgery::{cut, reseal, swap, without};
use super::{Case, forged, refuse};

const ENVELOPED: &str =
    "<ds:Transform Algorithm=\"http://www.w3.org/2000/09/xmldsig#enveloped-signature\"/>";
const EXCLUSIVE: &str =
    "<ds:Transform Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"></ds:Transform>";

/// An honest signature with other transforms, its digest and value made anew for them.
fn transforms(name: &str, because: &'static str, all: &[&str]) -> Case {
    let all = format!("<ds:Transforms>{}</ds:Transforms>", all.concat());
    forged(name, Code::Signature, because, move |scene| {
        let xml = scene.honest(What::Assertion);
        let old = cut(&xml, "<ds:Transforms>", "</ds:Transforms>");
        reseal(&swap(&xml, old, &all), &scene.test.adfs.signing[0])
    })
}

/// The same with one transform of that name after the enveloped signature.
fn second(name: &str, algorithm: &str, inside: &str) -> Case {
    let transform = format!("<ds:Transform Algorithm=\"{algorithm}\">{inside}</ds:Transform>");
    transforms(name, "as Transform", &[ENVELOPED, &transform])
}

pub(super) fn unknown() -> Vec<Case> {
    let everything = "<ds:XPath>not(ancestor-or-self::*[local-name()='NameID'])</ds:XPath>";
    let style = "<xsl:stylesheet version=\"1.0\" xmlns:xsl=\"http://www.w3.org/1999/XSL/Transform\"><xsl:template match=\"/\"><xsl:value-of select=\"document('file:///etc/passwd')\"/></xsl:template></xsl:stylesheet>";
    vec![
        second(
            "an XPath filter chooses what is signed",
            "http://www.w3.org/TR/1999/REC-xpath-19991116",
            everything,
        ),
        second(
            "an XPath filter of the second version chooses what is signed",
            "http://www.w3.org/2002/06/xmldsig-filter2",
            "",
        ),
        second(
            "a stylesheet rewrites what is signed",
            "http://www.w3.org/TR/1999/REC-xslt-19991116",
            style,
        ),
        second(
            "what is signed is decoded from base64",
            "http://www.w3.org/2000/09/xmldsig#base64",
            "",
        ),
        second(
            "what is signed is decrypted first",
            "http://www.w3.org/2002/07/decrypt#XML",
            "",
        ),
        second(
            "an XPointer transform is asked for",
            "http://www.w3.org/2001/04/xmldsig-more/xptr",
            "",
        ),
        second("a transform has no name", "", ""),
        second(
            "the enveloped signature is taken out twice",
            "http://www.w3.org/2000/09/xmldsig#enveloped-signature",
            "",
        ),
    ]
}

pub(super) fn crowds() -> Vec<Case> {
    let count = "Transforms does not hold exactly 2";
    vec![
        transforms("there are no transforms", count, &[]),
        transforms("only the signature is taken out", count, &[ENVELOPED]),
        transforms("the signature is not taken out", count, &[EXCLUSIVE]),
        transforms(
            "the order is turned round",
            "as the first transform",
            &[EXCLUSIVE, ENVELOPED],
        ),
        transforms(
            "there is a canonical form too many",
            count,
            &[ENVELOPED, EXCLUSIVE, EXCLUSIVE],
        ),
        transforms("there is a crowd of transforms", count, &[EXCLUSIVE; 60]),
        transforms(
            "the enveloped signature has parameters",
            "Transform has parameters",
            &[
                &ENVELOPED.replace("/>", "><ds:XPath/></ds:Transform>"),
                EXCLUSIVE,
            ],
        ),
        transforms(
            "the canonical form has unknown parameters",
            "Transform with unknown parameters",
            &[
                ENVELOPED,
                &EXCLUSIVE.replace("></", "><ds:XPath>/</ds:XPath></"),
            ],
        ),
        transforms(
            "the canonical form has two lists of prefixes",
            "Transform with unknown parameters",
            &[
                ENVELOPED,
                &EXCLUSIVE.replace("></", &format!(">{}</", prefixes("a").repeat(2))),
            ],
        ),
        transforms(
            "the canonical form has 33 prefixes",
            "more than 32 inclusive prefixes",
            &[
                ENVELOPED,
                &EXCLUSIVE.replace("></", &format!(">{}</", prefixes(&"a ".repeat(33)))),
            ],
        ),
        transforms(
            "the prefixes stand in a foreign namespace",
            "Transform with unknown parameters",
            &[
                ENVELOPED,
                &EXCLUSIVE.replace(
                    "></",
                    &format!(">{}</", prefixes("a").replace("xml-exc", "xml-inc")),
                ),
            ],
        ),
        forged(
            "the element Transforms is missing",
            Code::Signature,
            "Reference does not hold exactly 3",
            |scene| {
                let xml = scene.honest(What::Assertion);
                let bare = without(&xml, cut(&xml, "<ds:Transforms>", "</ds:Transforms>"));
                reseal(&bare, &scene.test.adfs.signing[0])
            },
        ),
    ]
}

fn prefixes(list: &str) -> String {
    format!(
        "<ec:InclusiveNamespaces xmlns:ec=\"http://www.w3.org/2001/10/xml-exc-c14n#\" PrefixList=\"{list}\"/>"
    )
}

/// Signed and digested as it says, by a signer that knows every canonical form.
fn form(name: &str, mode: C14nMode, of_info: bool) -> Case {
    let because = if of_info {
        "as CanonicalizationMethod"
    } else {
        "as Transform"
    };
    forged(name, Code::Signature, because, move |scene| {
        let mut answer = scene.answer();
        if of_info {
            answer.signing.canonicalization = mode;
        } else {
            answer.signing.transform = mode;
        }
        scene.respond(&answer)
    })
}

pub(super) fn forms() -> Vec<Case> {
    vec![
        form(
            "the assertion is canonical with comments",
            C14nMode::ExclusiveWithComments,
            false,
        ),
        form(
            "the assertion is inclusively canonical",
            C14nMode::Inclusive,
            false,
        ),
        form(
            "the assertion is inclusively canonical with comments",
            C14nMode::InclusiveWithComments,
            false,
        ),
        form(
            "the assertion is canonical by version 1.1",
            C14nMode::Inclusive11,
            false,
        ),
        form(
            "SignedInfo is canonical with comments",
            C14nMode::ExclusiveWithComments,
            true,
        ),
        form(
            "SignedInfo is inclusively canonical",
            C14nMode::Inclusive,
            true,
        ),
        form(
            "SignedInfo is canonical by version 1.1",
            C14nMode::Inclusive11,
            true,
        ),
        forged(
            "SignedInfo has no canonical form",
            Code::Signature,
            "algorithm none as CanonicalizationMethod",
            |scene| {
                let xml = scene.honest(What::Assertion);
                let known = "<ds:CanonicalizationMethod Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"";
                reseal(
                    &swap(&xml, known, "<ds:CanonicalizationMethod Algorithm=\"none\""),
                    &scene.test.adfs.signing[0],
                )
            },
        ),
    ]
}

#[tokio::test]
async fn transforms_that_are_not_the_two_are_refused_unrun() {
    let test = TestApp::new().await;

    refuse(&test, unknown()).await;
    refuse(&test, crowds()).await;
    refuse(&test, forms()).await;
}
