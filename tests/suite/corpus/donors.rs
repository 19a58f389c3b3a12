//! Signature donors: what an identity provider signed for another purpose proves nothing here.

use vestibule::practice::answer::{Status, What};
use vestibule::saml::check::Code;

use super::super::app::TestApp;
use super::surgery::{
    DSIG, SAML, SAMLP, after, assertion, attribute, before, cut, extended, referred, signature,
    swap, without,
};
use super::{Case, Scene, forged, refuse};

/// The honest response, unsigned, with a forged assertion in it.
fn unsigned(scene: &Scene<'_>) -> String {
    let xml = scene.honest(What::Nothing);
    swap(&xml, assertion(&xml), &scene.forged())
}

/// The forged assertion under somebody's signature, and with the ID that this one refers to.
fn claiming(scene: &Scene<'_>, donor: &str) -> String {
    let forged = scene.forged();
    let forged = swap(&forged, attribute(&forged, "ID"), referred(donor));
    after(&forged, "</Issuer>", donor)
}

/// A logout request as the identity provider signs it.
fn logout_request(scene: &Scene<'_>) -> String {
    let xml = format!(
        "<samlp:LogoutRequest ID=\"_logout\" Version=\"2.0\" IssueInstant=\"{}\" xmlns:samlp=\"{SAMLP}\"><Issuer xmlns=\"{SAML}\">{}</Issuer>\
         <NameID xmlns=\"{SAML}\">uma@corp.acme.example</NameID></samlp:LogoutRequest>",
        scene.test.app.clock.now(),
        scene.test.adfs.entity_id
    );
    scene.sign(&xml, "_logout")
}

/// A refusal as the identity provider signs it.
fn refusal(scene: &Scene<'_>) -> String {
    let mut answer = scene.answer();
    answer.status = Status::Refused {
        top: "Responder".into(),
        second: Some("RequestDenied".into()),
    };
    answer.sign = What::Response;
    scene.respond(&answer)
}

#[expect(clippy::too_many_lines, reason = "a table")]
pub(super) fn cases() -> Vec<Case> {
    let gate = |name, because, build: fn(&Scene<'_>) -> String| {
        forged(name, Code::Signature, because, build)
    };
    vec![
        gate(
            "the signature of the metadata stands on a forged assertion",
            "changed after",
            |scene| {
                let metadata = scene.test.adfs.metadata().unwrap();
                let xml = unsigned(scene);
                swap(
                    &xml,
                    assertion(&xml),
                    &claiming(scene, signature(&metadata)),
                )
            },
        ),
        gate(
            "the signed metadata itself stands in Extensions",
            "stands in neither",
            |scene| {
                let metadata = scene.test.adfs.metadata().unwrap();
                extended(&unsigned(scene), &metadata)
            },
        ),
        gate(
            "a signed logout request stands in Extensions",
            "stands in neither",
            |scene| extended(&unsigned(scene), &logout_request(scene)),
        ),
        gate(
            "the signature of a logout request stands on a forged assertion",
            "changed after",
            |scene| {
                let xml = unsigned(scene);
                swap(
                    &xml,
                    assertion(&xml),
                    &claiming(scene, signature(&logout_request(scene))),
                )
            },
        ),
        gate(
            "a signed refusal stands in Extensions of a forged success",
            "stands in neither",
            |scene| extended(&unsigned(scene), &refusal(scene)),
        ),
        gate(
            "a signed refusal is turned into a success with an assertion",
            "changed after",
            |scene| {
                let xml = swap(&refusal(scene), "Responder", "Success");
                let second = cut(
                    &xml,
                    "<samlp:StatusCode Value=\"urn:oasis:names:tc:SAML:2.0:status:RequestDenied",
                    "/>",
                )
                .to_owned();
                before(
                    &without(&xml, &second),
                    "</samlp:Response>",
                    &scene.forged(),
                )
            },
        ),
        gate(
            "the signature value of a genuine assertion stands in a forged signature",
            "made by none",
            |scene| {
                let xml = scene.honest(What::Assertion);
                let forged = scene.forged();
                let mut answer = scene.answer_about(&vestibule::practice::persona::UMA);
                attribute(&forged, "ID").clone_into(&mut answer.assertion_id);
                let other = scene.respond(&answer);
                let (start, end) = ("<ds:SignatureValue>", "</ds:SignatureValue>");
                swap(&other, cut(&other, start, end), cut(&xml, start, end))
            },
        ),
        gate(
            "the signature of the assertion stands on the response",
            "Reference to",
            |scene| {
                let xml = scene.honest(What::Assertion);
                let moved = without(&xml, signature(&xml));
                after(&moved, "</Issuer>", signature(&xml))
            },
        ),
        gate(
            "the signature of the response stands on the assertion",
            "Reference to",
            |scene| {
                let xml = scene.honest(What::Response);
                let moved = without(&xml, signature(&xml));
                let inner = after(assertion(&moved), "</Issuer>", signature(&xml));
                swap(&moved, assertion(&moved), &inner)
            },
        ),
        gate(
            "our own signed request stands in Extensions",
            "stands in neither",
            |scene| {
                let request = format!(
                    "<samlp:AuthnRequest ID=\"{0}\"><ds:Signature xmlns:ds=\"{DSIG}\"/></samlp:AuthnRequest>",
                    scene.request
                );
                extended(&unsigned(scene), &request)
            },
        ),
        forged(
            "a forged assertion is added to a signed refusal",
            Code::Status,
            "Responder",
            |scene| before(&refusal(scene), "</samlp:Response>", &scene.forged()),
        ),
    ]
}

#[tokio::test]
async fn signatures_made_for_something_else_are_refused() {
    let test = TestApp::new().await;

    refuse(&test, cases()).await;
}
