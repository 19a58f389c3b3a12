//! Signature wrapping: the genuine part is kept somewhere, a forged one stands where it would be read.

use vestibule::practice::answer::What;
use vestibule::practice::encrypt::{Encryption, encrypt};
use vestibule::saml::check::Code;

use super::super::app::TestApp;
use super::surgery::{after, assertion, attribute, before, extended, signature, swap, without};
use super::{Case, Scene, forged, refuse};

/// The response of which all that follows is made: its assertion is signed.
fn genuine(scene: &Scene<'_>) -> String {
    scene.honest(What::Assertion)
}

/// The forged assertion with something in front of its claims.
fn holding(scene: &Scene<'_>, inside: &str) -> String {
    before(&scene.forged(), "<AttributeStatement>", inside)
}

/// The forged assertion under the genuine signature, which holds one thing more.
fn under_signature(scene: &Scene<'_>, xml: &str, inside: &str) -> String {
    let signature = before(signature(xml), "</ds:Signature>", inside);
    after(&scene.forged(), "</Issuer>", &signature)
}

/// A genuine signed response, and a forged response beside or around it.
fn responses(scene: &Scene<'_>) -> (String, String) {
    let genuine = scene.honest(What::Response);
    let forged = swap(&genuine, assertion(&genuine), &scene.forged());
    let forged = swap(&forged, attribute(&genuine, "ID"), "_forged");
    let forged = without(&forged, signature(&genuine));
    (genuine, forged)
}

#[expect(clippy::too_many_lines, reason = "a table")]
pub(super) fn several() -> Vec<Case> {
    let case = |name: &str, build: fn(&Scene<'_>) -> String| {
        forged(
            name,
            Code::Assertion,
            "Assertions in the response: 2",
            build,
        )
    };
    vec![
        case(
            "XSW 1: a forged response holds the genuine one in its signature",
            |scene| {
                let (genuine, forged) = responses(scene);
                let within = without(&genuine, signature(&genuine));
                let signature = before(signature(&genuine), "</ds:Signature>", &within);
                after(&forged, "</Issuer>", &signature)
            },
        ),
        case(
            "XSW 2: a forged response holds the genuine one before its signature",
            |scene| {
                let (genuine, forged) = responses(scene);
                let within = without(&genuine, signature(&genuine));
                after(&forged, "</Issuer>", &(within + signature(&genuine)))
            },
        ),
        case(
            "XSW 3: a forged assertion stands before the genuine one",
            |scene| {
                let xml = genuine(scene);
                before(&xml, assertion(&xml), &scene.forged())
            },
        ),
        case("a forged assertion stands after the genuine one", |scene| {
            let xml = genuine(scene);
            after(&xml, assertion(&xml), &scene.forged())
        }),
        case("XSW 4: a forged assertion holds the genuine one", |scene| {
            let xml = genuine(scene);
            let around = before(&scene.forged(), "</Assertion>", assertion(&xml));
            swap(&xml, assertion(&xml), &around)
        }),
        case(
            "XSW 5: a forged assertion has the signature, the genuine one follows without it",
            |scene| {
                let xml = genuine(scene);
                let bare = without(assertion(&xml), signature(&xml));
                let forged = under_signature(scene, &xml, "");
                swap(&xml, assertion(&xml), &(forged + &bare))
            },
        ),
        case(
            "XSW 6: the genuine assertion stands in the forged one's signature",
            |scene| {
                let xml = genuine(scene);
                let bare = without(assertion(&xml), signature(&xml));
                swap(&xml, assertion(&xml), &under_signature(scene, &xml, &bare))
            },
        ),
        case(
            "XSW 7: a forged assertion of the same ID stands in Extensions",
            |scene| {
                let xml = genuine(scene);
                let ours = attribute(assertion(&xml), "ID").to_owned();
                let forged = scene.forged();
                extended(&xml, &swap(&forged, attribute(&forged, "ID"), &ours))
            },
        ),
        case(
            "XSW 8: the genuine assertion stands in an Object of the forged one's signature",
            |scene| {
                let xml = genuine(scene);
                let bare = without(assertion(&xml), signature(&xml));
                let object = format!("<ds:Object>{bare}</ds:Object>");
                swap(
                    &xml,
                    assertion(&xml),
                    &under_signature(scene, &xml, &object),
                )
            },
        ),
        case(
            "XSW 9: the genuine assertion stands in Extensions, a forged one in its place",
            |scene| {
                let xml = genuine(scene);
                extended(
                    &swap(&xml, assertion(&xml), &scene.forged()),
                    assertion(&xml),
                )
            },
        ),
        case(
            "XSW 10: the genuine assertion stands in StatusDetail, a forged one in its place",
            |scene| {
                let xml = genuine(scene);
                let detail = format!(
                    "<samlp:StatusDetail>{}</samlp:StatusDetail>",
                    assertion(&xml)
                );
                let forged = swap(&xml, assertion(&xml), &scene.forged());
                before(&forged, "</samlp:Status>", &detail)
            },
        ),
        case(
            "the genuine assertion stands in Advice of the forged one",
            |scene| {
                let xml = genuine(scene);
                let advice = format!("<Advice>{}</Advice>", assertion(&xml));
                swap(&xml, assertion(&xml), &holding(scene, &advice))
            },
        ),
        case(
            "the genuine assertion is a claim of the forged one",
            |scene| {
                let xml = genuine(scene);
                let claim = format!(
                    "<AttributeStatement><Attribute Name=\"urn:x\"><AttributeValue>{}</AttributeValue></Attribute></AttributeStatement>",
                    assertion(&xml)
                );
                swap(&xml, assertion(&xml), &holding(scene, &claim))
            },
        ),
        case(
            "the genuine assertion stands in KeyInfo of the forged one",
            |scene| {
                let xml = genuine(scene);
                let signature = before(signature(&xml), "</KeyInfo>", assertion(&xml));
                let forged = after(&scene.forged(), "</Issuer>", &signature);
                swap(&xml, assertion(&xml), &forged)
            },
        ),
        case(
            "the genuine response stands in Extensions of a forged one",
            |scene| {
                let (genuine, forged) = responses(scene);
                extended(&forged, &genuine)
            },
        ),
        case(
            "a forged assertion stands within the genuine one, in its unsigned signature",
            |scene| {
                let xml = genuine(scene);
                before(&xml, "</KeyInfo>", &scene.forged())
            },
        ),
        case(
            "a forged assertion, encrypted for us, stands beside the genuine one",
            |scene| {
                let xml = genuine(scene);
                after(&xml, assertion(&xml), &encrypted(scene, &scene.forged()))
            },
        ),
        case(
            "the genuine assertion, encrypted for us, stands in Extensions of a forged one",
            |scene| {
                let xml = genuine(scene);
                let hidden = encrypted(scene, assertion(&xml));
                extended(&swap(&xml, assertion(&xml), &scene.forged()), &hidden)
            },
        ),
    ]
}

fn encrypted(scene: &Scene<'_>, assertion: &str) -> String {
    let recipient = scene.rp.encryption_certificate.as_ref().unwrap();
    encrypt(
        assertion,
        recipient,
        &Encryption::default(),
        &scene.test.app.entropy,
    )
    .unwrap()
}

#[expect(clippy::too_many_lines, reason = "a table")]
pub(super) fn single() -> Vec<Case> {
    vec![
        forged(
            "the genuine assertion stands in Extensions and nothing in its place",
            Code::Assertion,
            "elsewhere",
            |scene| {
                let xml = genuine(scene);
                extended(&without(&xml, assertion(&xml)), assertion(&xml))
            },
        ),
        forged(
            "a forged assertion bears the genuine signature",
            Code::Signature,
            "Reference to",
            |scene| {
                let xml = genuine(scene);
                swap(&xml, assertion(&xml), &under_signature(scene, &xml, ""))
            },
        ),
        forged(
            "a forged assertion bears the genuine signature and ID",
            Code::Signature,
            "changed after signing",
            |scene| {
                let xml = genuine(scene);
                let forged = under_signature(scene, &xml, "");
                let forged = swap(
                    &forged,
                    attribute(&forged, "ID"),
                    attribute(assertion(&xml), "ID"),
                );
                swap(&xml, assertion(&xml), &forged)
            },
        ),
        forged(
            "the genuine assertion stands in a comment of the forged one",
            Code::Signature,
            "Reference to",
            |scene| {
                let xml = genuine(scene);
                let comment = format!("<!--{}-->", assertion(&xml));
                let forged = under_signature(scene, &xml, "") + &comment;
                swap(&xml, assertion(&xml), &forged)
            },
        ),
        forged(
            "the genuine assertion is renamed and stands in Extensions",
            Code::Signature,
            "Reference to",
            |scene| {
                let xml = genuine(scene);
                let hidden = assertion(&xml)
                    .replace("Assertion ", "Assertions ")
                    .replace("/Assertion>", "/Assertions>");
                let hidden = without(&hidden, signature(&xml));
                extended(
                    &swap(&xml, assertion(&xml), &under_signature(scene, &xml, "")),
                    &hidden,
                )
            },
        ),
        forged(
            "a forged response bears the genuine signature and ID",
            Code::Signature,
            "changed after signing",
            |scene| {
                let xml = scene.honest(What::Response);
                swap(&xml, assertion(&xml), &scene.forged())
            },
        ),
        forged(
            "a forged claim is added to the genuine assertion",
            Code::Signature,
            "changed after signing",
            |scene| {
                let xml = genuine(scene);
                before(
                    &xml,
                    "</Attribute></AttributeStatement>",
                    "<AttributeValue>vkyc-uam-admin</AttributeValue>",
                )
            },
        ),
        forged(
            "an encrypted assertion is forged around the genuine one",
            Code::Decryption,
            "cannot be decrypted",
            |scene| {
                let xml = genuine(scene);
                let inner = holding(scene, &format!("<Advice>{}</Advice>", assertion(&xml)));
                swap(&xml, assertion(&xml), &encrypted(scene, &inner))
            },
        ),
        forged(
            "an encrypted assertion is forged under the genuine signature",
            Code::Signature,
            "Reference to",
            |scene| {
                let xml = genuine(scene);
                swap(
                    &xml,
                    assertion(&xml),
                    &encrypted(scene, &under_signature(scene, &xml, "")),
                )
            },
        ),
    ]
}

#[tokio::test]
async fn wrapped_signatures_are_refused() {
    let test = TestApp::new().await;

    refuse(&test, several()).await;
    refuse(&test, single()).await;
}
