//! IDs and references: one reference, to the one element of that ID in which the signature stands.

use vestibule::practice::answer::What;
use vestibule::saml::check::Code;

use super::super::app::TestApp;
use super::surgery::{
    SAML, after, assertion, attribute, cut, extended, referred, reseal, signature, swap, without,
};
use super::{Case, Scene, forged, refuse, signed};

fn key(scene: &Scene<'_>) -> vestibule::practice::key::Key {
    scene.test.adfs.signing[0].clone()
}

/// The signed response with the reference changed and everything sealed again, as a careless signer would.
fn referring(scene: &Scene<'_>, change: impl Fn(&str) -> String) -> String {
    let xml = scene.honest(What::Assertion);
    let reference = cut(&xml, "<ds:Reference ", "</ds:Reference>");
    reseal(&swap(&xml, reference, &change(reference)), &key(scene))
}

/// One more element that claims the assertion's ID, in a part of the message that nothing signs.
fn twin(spelling: &'static str) -> Case {
    let name = format!("an element in Extensions has the assertion's ID as {spelling}");
    forged(
        name,
        Code::Signature,
        "2 elements with the ID",
        move |scene| {
            let xml = scene.honest(What::Assertion);
            let id = attribute(assertion(&xml), "ID").to_owned();
            extended(&xml, &format!("<x {spelling}=\"{id}\" xmlns:u=\"urn:u\"/>"))
        },
    )
}

pub(super) fn ids() -> Vec<Case> {
    let mut cases: Vec<Case> = [
        "ID",
        "Id",
        "id",
        "iD",
        "xml:id",
        "AssertionID",
        "u:Id",
        "u:ID",
    ]
    .into_iter()
    .map(twin)
    .collect();
    cases.push(forged(
        "response and assertion have the same ID",
        Code::Signature,
        "2 elements with the ID",
        |scene| {
            let xml = scene.honest(What::Assertion);
            let id = attribute(assertion(&xml), "ID").to_owned();
            swap(&xml, attribute(&xml, "ID"), &id)
        },
    ));
    cases.push(forged(
        "the assertion has a second ID in another spelling",
        Code::Signature,
        "changed after",
        |scene| {
            let xml = scene.honest(What::Assertion);
            swap(&xml, "<Assertion ", "<Assertion Id=\"_other\" ")
        },
    ));
    cases.push(forged(
        "the assertion has two IDs",
        Code::Xml,
        "",
        |scene| {
            let xml = scene.honest(What::Assertion);
            swap(&xml, "<Assertion ", "<Assertion ID=\"_other\" ")
        },
    ));
    cases
}

pub(super) fn references() -> Vec<Case> {
    let to = |name, because, uri: &'static str| {
        forged(name, Code::Signature, because, move |scene: &Scene<'_>| {
            referring(scene, |reference| {
                swap(reference, &format!("#{}", referred(reference)), uri)
            })
        })
    };
    let gate = |name, because, build: fn(&Scene<'_>) -> String| {
        forged(name, Code::Signature, because, build)
    };
    vec![
        to(
            "the reference is empty: the whole document",
            "Reference to ,",
            "",
        ),
        to("the reference is a bare #", "Reference to #,", "#"),
        to(
            "the reference is an XPointer to everything",
            "Reference to #xpointer(/)",
            "#xpointer(/)",
        ),
        to(
            "the reference is an address elsewhere",
            "Reference to http:",
            "http://169.254.169.254/latest/meta-data",
        ),
        to(
            "the reference is a file",
            "Reference to file:",
            "file:///etc/passwd",
        ),
        to(
            "the reference is to an ID that is nowhere",
            "Reference to #_nowhere",
            "#_nowhere",
        ),
        gate(
            "the reference is an XPointer to the ID",
            "Reference to #xpointer(id",
            |scene| {
                referring(scene, |reference| {
                    let id = referred(reference);
                    swap(
                        reference,
                        &format!("#{id}"),
                        &format!("#xpointer(id('{id}'))"),
                    )
                })
            },
        ),
        gate(
            "the reference has white space before the ID",
            "Reference to # _",
            |scene| referring(scene, |reference| swap(reference, "\"#", "\"# ")),
        ),
        gate(
            "the reference has no URI",
            "Reference without a URI",
            |scene| {
                referring(scene, |reference| {
                    without(reference, &format!(" URI=\"#{}\"", referred(reference)))
                })
            },
        ),
        gate(
            "the reference of the assertion is to the response",
            "Reference to",
            |scene| {
                let xml = scene.honest(What::Assertion);
                let (own, outer) = (attribute(assertion(&xml), "ID"), attribute(&xml, "ID"));
                let moved = swap(signature(&xml), own, outer);
                reseal(&swap(&xml, signature(&xml), &moved), &key(scene))
            },
        ),
        gate(
            "there are two references",
            "SignedInfo does not hold exactly 3",
            |scene| referring(scene, |reference| reference.repeat(2)),
        ),
        gate(
            "there is no reference",
            "SignedInfo does not hold exactly 3",
            |scene| {
                let xml = scene.honest(What::Assertion);
                let bare = without(&xml, cut(&xml, "<ds:Reference ", "</ds:Reference>"));
                super::surgery::resign(&bare, &key(scene))
            },
        ),
        gate(
            "a second reference is to a forged assertion's claims",
            "SignedInfo does not hold exactly 3",
            |scene| {
                referring(scene, |reference| {
                    let id = referred(reference);
                    swap(reference, id, "_else") + reference
                })
            },
        ),
    ]
}

pub(super) fn without_ids() -> Vec<Case> {
    vec![
        signed(
            "the assertion in a signed response has no ID",
            Code::Assertion,
            "ID of the assertion",
            |scene| {
                let mut answer = scene.answer();
                answer.sign = What::Nothing;
                let xml = answer.xml();
                let bare = without(&xml, &format!(" ID=\"{}\"", answer.assertion_id));
                scene.sign(&bare, &answer.response_id)
            },
        ),
        signed(
            "the assertion's ID is longer than 256 letters",
            Code::Assertion,
            "ID of the assertion",
            |scene| {
                let mut answer = scene.answer();
                answer.assertion_id = "_".repeat(257);
                scene.respond(&answer)
            },
        ),
        forged(
            "the signed assertion has its ID in a namespace",
            Code::Signature,
            "without an ID",
            |scene| {
                let xml = scene.honest(What::Assertion);
                let start = format!("<Assertion xmlns:s=\"{SAML}\" s:ID=");
                swap(&xml, "<Assertion ID=", &start)
            },
        ),
        forged(
            "the signed assertion has an empty ID",
            Code::Signature,
            "without an ID",
            |scene| {
                let xml = scene.honest(What::Assertion);
                let id = attribute(assertion(&xml), "ID");
                let emptied = swap(assertion(&xml), &format!(" ID=\"{id}\""), " ID=\"\"");
                swap(&xml, assertion(&xml), &after(&emptied, "</Issuer>", ""))
            },
        ),
    ]
}

#[tokio::test]
async fn ids_and_references_that_could_mean_anything_else_are_refused() {
    let test = TestApp::new().await;

    refuse(&test, ids()).await;
    refuse(&test, references()).await;
    refuse(&test, without_ids()).await;
}
