//! Missing, broken, partial and foreign signatures count as none, and every signature that is there must verify.

use vestibule::practice::answer::What;
use vestibule::practice::persona::UMA;
use vestibule::practice::sign::{Signing, sign};
use vestibule::saml::check::Code;

use super::super::app::{IDP_KEYS, TestApp};
use super::surgery::{DSIG, after, assertion, attribute, before, cut, signature, swap, without};
use super::{Case, Scene, forged, refuse, signed};

const NONE: &str = "neither the response nor the assertion is signed";

/// The response without its signature, and with something else in the signature's place.
fn instead(scene: &Scene<'_>, other: &str) -> String {
    let xml = scene.honest(What::Assertion);
    swap(&xml, signature(&xml), other)
}

/// A part of the message under a signature of its own, though the whole is not signed.
fn partial(scene: &Scene<'_>, start: &str) -> String {
    let xml = swap(
        &scene.honest(What::Nothing),
        start,
        &format!("{start} ID=\"_part\""),
    );
    scene.sign(&xml, "_part")
}

/// Both signatures, one of them made with a key that nobody knows.
fn one_bad(scene: &Scene<'_>, bad: What) -> String {
    let mut answer = scene.answer();
    answer.sign = What::Nothing;
    let (good, stranger) = (&scene.test.adfs.signing[0], &IDP_KEYS[2]);
    let (inner, outer) = if bad == What::Assertion {
        (stranger, good)
    } else {
        (good, stranger)
    };
    let signing = Signing::default();
    let xml = sign(&answer.xml(), &answer.assertion_id, inner, &signing).unwrap();
    sign(&xml, &answer.response_id, outer, &signing).unwrap()
}

#[expect(clippy::too_many_lines, reason = "a table")]
pub(super) fn missing() -> Vec<Case> {
    let gate = |name, because, build: fn(&Scene<'_>) -> String| {
        forged(name, Code::Signature, because, build)
    };
    vec![
        gate("nothing is signed", NONE, |scene| {
            scene.honest(What::Nothing)
        }),
        gate(
            "the signature is cut out of a genuine response",
            NONE,
            |scene| instead(scene, ""),
        ),
        gate("the signature is in a comment", NONE, |scene| {
            let xml = scene.honest(What::Assertion);
            swap(
                &xml,
                signature(&xml),
                &format!("<!--{}-->", signature(&xml)),
            )
        }),
        gate("the signature is in a foreign namespace", NONE, |scene| {
            let xml = scene.honest(What::Assertion);
            swap(
                &xml,
                "xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"",
                "xmlns:ds=\"http://www.w3.org/2000/09/xmldsig\"",
            )
        }),
        gate("the signature is in no namespace", NONE, |scene| {
            instead(scene, "<Signature xmlns=\"\"><SignedInfo/></Signature>")
        }),
        gate(
            "the signature is empty",
            "Signature holds other than",
            |scene| instead(scene, &format!("<ds:Signature xmlns:ds=\"{DSIG}\"/>")),
        ),
        gate(
            "the signature holds a key alone",
            "Signature holds other than",
            |scene| {
                let xml = scene.honest(What::Assertion);
                let key = cut(&xml, "<KeyInfo ", "</KeyInfo>");
                instead(
                    scene,
                    &format!("<ds:Signature xmlns:ds=\"{DSIG}\">{key}</ds:Signature>"),
                )
            },
        ),
        gate(
            "the signature has no value",
            "Signature holds other than",
            |scene| {
                let xml = scene.honest(What::Assertion);
                let value = cut(&xml, "<ds:SignatureValue>", "</ds:SignatureValue>");
                let key = cut(&xml, "<KeyInfo ", "</KeyInfo>");
                without(&without(&xml, value), key)
            },
        ),
        gate("the signature's value is empty", "made by none", |scene| {
            let xml = scene.honest(What::Assertion);
            let value = cut(&xml, "<ds:SignatureValue>", "</ds:SignatureValue>");
            swap(&xml, value, "<ds:SignatureValue></ds:SignatureValue>")
        }),
        gate("the signature's value is zero", "made by none", |scene| {
            let xml = scene.honest(What::Assertion);
            let value = cut(&xml, "<ds:SignatureValue>", "</ds:SignatureValue>");
            swap(
                &xml,
                value,
                &format!(
                    "<ds:SignatureValue>{}=</ds:SignatureValue>",
                    "A".repeat(343) + ""
                )
                .replace("A=", "=="),
            )
        }),
        gate("the digest is empty", "made by none", |scene| {
            let xml = scene.honest(What::Assertion);
            let value = cut(&xml, "<ds:DigestValue>", "</ds:DigestValue>");
            swap(&xml, value, "<ds:DigestValue></ds:DigestValue>")
        }),
        gate(
            "the signature of an earlier assertion stands on this one",
            "Reference to",
            |scene| {
                let (earlier, xml) = (scene.honest(What::Assertion), scene.honest(What::Assertion));
                swap(&xml, signature(&xml), signature(&earlier))
            },
        ),
        gate(
            "the signature of an earlier assertion of the same ID stands on this one",
            "changed after",
            |scene| {
                let earlier = scene.answer();
                let mut later = scene.answer_about(&UMA);
                later.assertion_id.clone_from(&earlier.assertion_id);
                let (earlier, xml) = (scene.respond(&earlier), scene.respond(&later));
                swap(&xml, signature(&xml), signature(&earlier))
            },
        ),
    ]
}

pub(super) fn partly() -> Vec<Case> {
    let gate = |name, because, build: fn(&Scene<'_>) -> String| {
        forged(name, Code::Signature, because, build)
    };
    let place = "stands in neither the response nor the assertion";
    vec![
        gate("the subject alone is signed", place, |scene| {
            partial(scene, "<Subject")
        }),
        gate("the claims alone are signed", place, |scene| {
            partial(scene, "<AttributeStatement")
        }),
        gate("the status alone is signed", place, |scene| {
            partial(scene, "<samlp:Status")
        }),
        gate(
            "the signature stands beside what it signs",
            place,
            |scene| {
                let xml = scene.honest(What::Assertion);
                let moved = without(&xml, signature(&xml));
                before(&moved, "<samlp:StatusCode", signature(&xml))
            },
        ),
        gate(
            "the assertion has two signatures",
            "more than one Signature",
            |scene| {
                let xml = scene.honest(What::Assertion);
                after(&xml, signature(&xml), signature(&xml))
            },
        ),
        gate(
            "the assertion has a good and an empty signature",
            "more than one Signature",
            |scene| {
                let xml = scene.honest(What::Assertion);
                after(
                    &xml,
                    signature(&xml),
                    &format!("<Signature xmlns=\"{DSIG}\"/>"),
                )
            },
        ),
        gate(
            "the response has two signatures",
            "more than one Signature",
            |scene| {
                let xml = scene.honest(What::Both);
                let inner = assertion(&xml);
                let outer = signature(&xml);
                assert!(!inner.contains(outer) && outer.contains(attribute(&xml, "ID")));
                after(&xml, outer, outer)
            },
        ),
        gate(
            "the assertion's signature is good and the response's is not",
            "Signature of the Response: made by none",
            |scene| one_bad(scene, What::Response),
        ),
        signed(
            "the response's signature is good and the assertion's is not",
            Code::Signature,
            "Signature of the Assertion: made by none",
            |scene| one_bad(scene, What::Assertion),
        ),
        gate(
            "the response was changed after it was signed, its signed assertion was not",
            "Signature of the Response: the content",
            |scene| {
                let xml = scene.honest(What::Both);
                swap(&xml, "consent:unspecified", "consent:obtained")
            },
        ),
    ]
}

#[tokio::test]
async fn missing_partial_and_broken_signatures_are_refused() {
    let test = TestApp::new().await;

    refuse(&test, missing()).await;
    refuse(&test, partly()).await;
}
