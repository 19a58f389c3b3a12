//! What is smuggled into `SignedInfo`, the digest or the signature value: read by position, text only.

use vestibule::practice::answer::What;
use vestibule::saml::check::Code;

use super::super::app::TestApp;
use super::surgery::{DSIG, after, assertion, before, cut, reseal, resign, signature, swap};
use super::{Case, Scene, forged, refuse};

fn gate(
    name: &str,
    because: &'static str,
    change: impl Fn(&Scene<'_>, &str) -> String + 'static,
) -> Case {
    forged(name, Code::Signature, because, move |scene| {
        change(scene, &scene.honest(What::Assertion))
    })
}

/// The digest with something in or beside it, under a signature made anew.
fn digest(name: &str, because: &'static str, change: impl Fn(&str) -> String + 'static) -> Case {
    gate(name, because, move |scene, xml| {
        let value = cut(xml, "<ds:DigestValue>", "</ds:DigestValue>");
        resign(
            &swap(xml, value, &change(value)),
            &scene.test.adfs.signing[0],
        )
    })
}

/// Something in or beside the signature's value, which signs nothing itself.
fn value(name: &str, because: &'static str, change: impl Fn(&str) -> String + 'static) -> Case {
    gate(name, because, move |_, xml| {
        let value = cut(xml, "<ds:SignatureValue>", "</ds:SignatureValue>");
        swap(xml, value, &change(value))
    })
}

/// The digest of a forged assertion that takes the genuine one's place and ID.
fn smuggled(scene: &Scene<'_>, xml: &str, how: impl Fn(&str, &str) -> String) -> String {
    let genuine = cut(xml, "<ds:DigestValue>", "</ds:DigestValue>");
    let forged = swap(
        assertion(xml),
        "maya@corp.acme.example",
        "uma@corp.acme.example",
    );
    let resealed = reseal(
        &swap(xml, assertion(xml), &forged),
        &scene.test.adfs.signing[0],
    );
    let wanted = cut(&resealed, "<ds:DigestValue>", "</ds:DigestValue>");
    let forged = swap(&forged, genuine, &how(genuine, wanted));
    swap(xml, assertion(xml), &forged)
}

fn text(element: &str) -> &str {
    element.split(['>', '<']).nth(2).unwrap()
}

pub(super) fn digests() -> Vec<Case> {
    let more = "DigestValue holds more than text";
    let comment = "SignedInfo holds a comment";
    vec![
        digest("a comment stands in the digest", comment, |value| {
            after(value, "<ds:DigestValue>", "<!---->")
        }),
        digest("the digest is CDATA", more, |value| {
            swap(value, text(value), &format!("<![CDATA[{}]]>", text(value)))
        }),
        digest("an element stands in the digest", more, |value| {
            before(value, "</", "<x/>")
        }),
        digest(
            "the digest is not base64",
            "DigestValue is not base64",
            |value| before(value, "</", "*"),
        ),
        digest(
            "the digest lacks its padding",
            "DigestValue is not base64",
            |value| value.replace('=', ""),
        ),
        digest("the digest is cut off", "changed after signing", |value| {
            swap(value, text(value), "AAAA")
        }),
        digest(
            "there are two digests",
            "Reference does not hold exactly 3",
            |value| value.repeat(2),
        ),
        gate(
            "the genuine digest stands in a comment before a forged one",
            comment,
            |scene, xml| {
                smuggled(scene, xml, |genuine, wanted| {
                    swap(
                        genuine,
                        text(genuine),
                        &format!("<!--{}-->{}", text(genuine), text(wanted)),
                    )
                })
            },
        ),
        gate(
            "a forged digest stands beside the genuine one",
            "Reference does not hold exactly 3",
            |scene, xml| smuggled(scene, xml, |genuine, wanted| genuine.to_owned() + wanted),
        ),
        gate(
            "a forged digest stands in an Object",
            "Signature holds other than",
            |scene, xml| {
                let forged = smuggled(scene, xml, |genuine, _| genuine.to_owned());
                before(
                    &forged,
                    "</ds:Signature>",
                    "<ds:Object><ds:DigestValue>AAAA</ds:DigestValue></ds:Object>",
                )
            },
        ),
        forged(
            "an instruction stands in the digest",
            Code::Xml,
            "a processing instruction",
            |scene| {
                let xml = scene.honest(What::Assertion);
                after(&xml, "<ds:DigestValue>", "<?x y?>")
            },
        ),
    ]
}

#[expect(clippy::too_many_lines, reason = "a table")]
pub(super) fn infos() -> Vec<Case> {
    let count = "Signature holds other than";
    let info = |xml: &str| cut(xml, "<ds:SignedInfo>", "</ds:SignedInfo>").to_owned();
    vec![
        gate(
            "there are two SignedInfo, the forged one first",
            count,
            move |_, xml| {
                let forged = swap(&info(xml), "<ds:DigestValue>", "<ds:DigestValue>AAAA");
                before(xml, "<ds:SignedInfo>", &forged)
            },
        ),
        gate(
            "there are two SignedInfo, the forged one last",
            count,
            move |_, xml| {
                let forged = swap(&info(xml), "<ds:DigestValue>", "<ds:DigestValue>AAAA");
                after(xml, "</ds:SignedInfo>", &forged)
            },
        ),
        gate(
            "SignedInfo stands after the value",
            "SignatureValue where SignedInfo should stand",
            move |_, xml| {
                let value = cut(xml, "<ds:SignatureValue>", "</ds:SignatureValue>");
                let turned = format!("{value}{}", info(xml));
                swap(xml, &format!("{}{value}", info(xml)), &turned)
            },
        ),
        gate(
            "SignedInfo stands in an Object",
            "Object where SignedInfo should stand",
            move |_, xml| {
                swap(
                    xml,
                    &info(xml),
                    &format!("<ds:Object>{}</ds:Object>", info(xml)),
                )
            },
        ),
        gate(
            "SignedInfo is in a foreign namespace",
            "SignedInfo where SignedInfo should stand",
            move |_, xml| {
                let foreign = info(xml)
                    .replace("ds:SignedInfo", "f:SignedInfo")
                    .replace("<f:SignedInfo>", "<f:SignedInfo xmlns:f=\"urn:f\">");
                swap(xml, &info(xml), &foreign)
            },
        ),
        gate(
            "an element more stands in SignedInfo",
            "SignedInfo does not hold exactly 3",
            |scene, xml| {
                resign(
                    &after(xml, "<ds:SignedInfo>", "<x/>"),
                    &scene.test.adfs.signing[0],
                )
            },
        ),
        gate(
            "a manifest is signed instead",
            "Signature holds other than",
            |scene, xml| {
                let reference = cut(xml, "<ds:Reference ", "</ds:Reference>");
                let manifest = format!(
                    "<ds:Object><ds:Manifest Id=\"_m\">{reference}</ds:Manifest></ds:Object>"
                );
                resign(
                    &before(xml, "</ds:Signature>", &manifest),
                    &scene.test.adfs.signing[0],
                )
            },
        ),
        gate(
            "the signature has properties",
            "Signature holds other than",
            |_, xml| {
                before(
                    xml,
                    "</ds:Signature>",
                    "<ds:Object><ds:SignatureProperties/></ds:Object>",
                )
            },
        ),
        gate(
            "a comment stands in SignedInfo",
            "SignedInfo holds a comment",
            |_, xml| after(xml, "<ds:SignedInfo>", "<!---->"),
        ),
        gate(
            "a comment stands in the reference",
            "SignedInfo holds a comment",
            |_, xml| {
                after(
                    xml,
                    "<ds:Transforms>",
                    "<!--<ds:DigestValue>AAAA</ds:DigestValue>-->",
                )
            },
        ),
    ]
}

pub(super) fn values() -> Vec<Case> {
    let more = "SignatureValue holds more than text";
    vec![
        value("a comment stands in the signature's value", more, |value| {
            after(value, "<ds:SignatureValue>", "<!---->")
        }),
        value("the signature's value is CDATA", more, |value| {
            swap(value, text(value), &format!("<![CDATA[{}]]>", text(value)))
        }),
        value(
            "an element stands in the signature's value",
            more,
            |value| before(value, "</", "<x/>"),
        ),
        value(
            "there are two values",
            "Signature holds other than",
            |value| value.repeat(2),
        ),
        value(
            "the signature's value is not base64",
            "SignatureValue is not base64",
            |value| before(value, "</", "*"),
        ),
        value(
            "the signature's value is longer than the key",
            "made by none",
            |value| after(value, "<ds:SignatureValue>", "AAAA"),
        ),
        gate(
            "a signature stands in the signature",
            "stands in neither",
            |_, xml| before(xml, "</ds:Signature>", signature(xml)),
        ),
        gate(
            "the signature's parts are in the wrong namespace",
            "where SignedInfo should stand",
            |_, xml| {
                let inside = format!("<ds:Signature xmlns:ds=\"{DSIG}\">");
                let foreign = format!("<d:Signature xmlns:d=\"{DSIG}\" xmlns:ds=\"urn:ds\">");
                swap(
                    &swap(xml, &inside, &foreign),
                    "</ds:Signature>",
                    "</d:Signature>",
                )
            },
        ),
    ]
}

#[tokio::test]
async fn what_is_smuggled_into_a_signature_is_refused() {
    let test = TestApp::new().await;

    refuse(&test, digests()).await;
    refuse(&test, infos()).await;
    refuse(&test, values()).await;
}
