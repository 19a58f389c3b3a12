//! Messages of another kind: only a `samlp:Response` is a response, and it holds its assertion itself.

use vestibule::practice::answer::What;
use vestibule::saml::check::Code;

use super::super::app::TestApp;
use super::surgery::{SAML, SAMLP, after, assertion, swap};
use super::{Case, Scene, forged, refuse};

fn root(name: &str, because: &'static str, build: fn(&Scene<'_>) -> String) -> Case {
    forged(name, Code::Root, because, build)
}

/// A protocol message of another name, signed as the identity provider signs.
fn message(scene: &Scene<'_>, name: &str, inside: &str) -> String {
    let xml = format!(
        "<samlp:{name} ID=\"_m\" Version=\"2.0\" IssueInstant=\"{}\" Destination=\"{}\" InResponseTo=\"{}\" xmlns:samlp=\"{SAMLP}\">\
         <Issuer xmlns=\"{SAML}\">{}</Issuer>{inside}</samlp:{name}>",
        scene.test.app.clock.now(),
        scene.rp.acs_url,
        scene.request,
        scene.test.adfs.entity_id,
    );
    scene.sign(&xml, "_m")
}

const SUCCESS: &str = "<samlp:Status><samlp:StatusCode Value=\"urn:oasis:names:tc:SAML:2.0:status:Success\"/></samlp:Status>";

pub(super) fn roots() -> Vec<Case> {
    vec![
        root("a signed assertion comes alone", "Assertion of", |scene| {
            assertion(&scene.honest(What::Assertion)).to_owned()
        }),
        root(
            "an encrypted assertion comes alone",
            "EncryptedAssertion of",
            |_| format!("<EncryptedAssertion xmlns=\"{SAML}\"/>"),
        ),
        root("a logout response comes", "LogoutResponse of", |scene| {
            message(scene, "LogoutResponse", SUCCESS)
        }),
        root(
            "a logout response comes with an assertion",
            "LogoutResponse of",
            |scene| {
                let inside = format!("{SUCCESS}{}", assertion(&scene.honest(What::Assertion)));
                message(scene, "LogoutResponse", &inside)
            },
        ),
        root("a logout request comes", "LogoutRequest of", |scene| {
            message(scene, "LogoutRequest", "")
        }),
        root("a request comes", "AuthnRequest of", |scene| {
            message(scene, "AuthnRequest", "")
        }),
        root(
            "a response comes in the answer to an artifact",
            "ArtifactResponse of",
            |scene| {
                let inside = format!("{SUCCESS}{}", scene.honest(What::Both));
                message(scene, "ArtifactResponse", &inside)
            },
        ),
        root(
            "an answer to a query comes",
            "NameIDMappingResponse of",
            |scene| message(scene, "NameIDMappingResponse", SUCCESS),
        ),
        root("metadata comes", "EntityDescriptor of", |scene| {
            scene.test.adfs.metadata().unwrap()
        }),
        root("a SOAP envelope comes", "Envelope of", |scene| {
            format!(
                "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"><s:Body>{}</s:Body></s:Envelope>",
                scene.honest(What::Both)
            )
        }),
        root(
            "a token of WS-Trust comes",
            "RequestSecurityTokenResponse of",
            |scene| {
                let token = assertion(&scene.honest(What::Assertion)).to_owned();
                format!(
                    "<t:RequestSecurityTokenResponse xmlns:t=\"http://schemas.xmlsoap.org/ws/2005/02/trust\"><t:RequestedSecurityToken>{token}</t:RequestedSecurityToken></t:RequestSecurityTokenResponse>"
                )
            },
        ),
        root(
            "a response comes within a response of another kind",
            "Response of urn:x",
            |scene| {
                format!(
                    "<Response xmlns=\"urn:x\">{}</Response>",
                    scene.honest(What::Both)
                )
            },
        ),
        root("a page comes", "html of", |_| {
            "<html xmlns=\"http://www.w3.org/1999/xhtml\"/>".into()
        }),
    ]
}

pub(super) fn elsewhere() -> Vec<Case> {
    let none = |name, inside: &'static str| {
        forged(
            name,
            Code::Assertion,
            "Assertions in the response: 0",
            move |scene: &Scene<'_>| {
                let xml = scene.honest(What::Nothing);
                swap(&xml, assertion(&xml), inside)
            },
        )
    };
    vec![
        none("there is no assertion", ""),
        none(
            "the assertion is elsewhere, by reference",
            "<AssertionIDRef xmlns=\"urn:oasis:names:tc:SAML:2.0:assertion\">_a</AssertionIDRef>",
        ),
        none(
            "the assertion is elsewhere, by address",
            "<AssertionURIRef xmlns=\"urn:oasis:names:tc:SAML:2.0:assertion\">http://169.254.169.254/</AssertionURIRef>",
        ),
        none(
            "the assertion has another name",
            "<assertion xmlns=\"urn:oasis:names:tc:SAML:2.0:assertion\"/>",
        ),
        none(
            "the assertion is text",
            "&lt;Assertion xmlns=\"urn:oasis:names:tc:SAML:2.0:assertion\"/&gt;",
        ),
        forged(
            "there are two genuine assertions",
            Code::Assertion,
            "Assertions in the response: 2",
            |scene| {
                let (one, other) = (scene.honest(What::Assertion), scene.honest(What::Assertion));
                after(&one, assertion(&one), assertion(&other))
            },
        ),
        forged(
            "the genuine assertion comes twice",
            Code::Assertion,
            "Assertions in the response: 2",
            |scene| {
                let xml = scene.honest(What::Assertion);
                after(&xml, assertion(&xml), assertion(&xml))
            },
        ),
    ]
}

#[tokio::test]
async fn messages_of_another_kind_are_refused() {
    let test = TestApp::new().await;

    refuse(&test, roots()).await;
    refuse(&test, elsewhere()).await;
}
