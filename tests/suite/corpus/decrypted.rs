//! What comes out of an encrypted assertion is a new and hostile document.

use axum::http::StatusCode;
use vestibule::account::Encryption as Wanted;
use vestibule::practice::answer::What;
use vestibule::practice::encrypt::Encryption;
use vestibule::practice::sign::{Signing, sign};
use vestibule::saml::check::Code;

use super::super::app::{IDP_KEYS, SP_KEYS, TestApp};
use super::encryption::{UNREADABLE, around, honest, seal, seal_for};
use super::surgery::{assertion, before, cut, extended, numbered, swap, without};
use super::{Case, Scene, forged, refuse, refused, signed, unverified};

/// Something else than the honest assertion, encrypted as ADFS does.
fn holding(name: &str, change: impl Fn(&str) -> String + 'static) -> Case {
    forged(name, Code::Decryption, UNREADABLE, move |scene| {
        let text = change(&honest(scene));
        around(scene, &seal(scene, &text, &Encryption::default()))
    })
}

#[expect(clippy::too_many_lines, reason = "a table")]
pub(super) fn contents() -> Vec<Case> {
    vec![
        holding("the content has a document type", |text| {
            format!("<!DOCTYPE a>{text}")
        }),
        holding("the content has an entity", |text| {
            format!(
                "<!DOCTYPE a [<!ENTITY x SYSTEM \"file:///etc/passwd\">]>{}",
                swap(text, "maya@", "&x;@")
            )
        }),
        holding("the content has an instruction", |text| {
            format!("<?x y?>{text}")
        }),
        holding("the content is not well-formed", |text| {
            text.trim_end_matches("</Assertion>").into()
        }),
        holding("the content is two assertions", |text| text.repeat(2)),
        holding("the content is an assertion within another", |text| {
            before(
                text,
                "<AttributeStatement>",
                &format!("<Advice>{text}</Advice>"),
            )
        }),
        holding("the content is a response", |text| {
            format!("<Response xmlns=\"urn:oasis:names:tc:SAML:2.0:protocol\">{text}</Response>")
        }),
        holding("the content is an assertion of SAML 1", |text| {
            text.replace("SAML:2.0:assertion", "SAML:1.0:assertion")
        }),
        holding("the content is text", |_| "maya@corp.acme.example".into()),
        holding("the content is empty", |_| String::new()),
        holding("the content has 65 attributes", |text| {
            let lots = numbered(65, |n| format!(" a{n}=\"\""));
            swap(
                text,
                "<AttributeStatement>",
                &format!("<AttributeStatement{lots}>"),
            )
        }),
        holding("the content is too deep", |text| {
            swap(text, "vkyc-maker", &("<a>".repeat(48) + &"</a>".repeat(48)))
        }),
        forged(
            "the content is encrypted once more",
            Code::Decryption,
            UNREADABLE,
            |scene| {
                let once = seal(scene, &honest(scene), &Encryption::default());
                around(scene, &seal(scene, &once, &Encryption::default()))
            },
        ),
        forged(
            "the content is not signed",
            Code::Signature,
            "neither the response nor the assertion is signed",
            |scene| around(scene, &seal(scene, &scene.forged(), &Encryption::default())),
        ),
        forged(
            "the content is signed by a stranger",
            Code::Signature,
            "made by none",
            |scene| {
                let (answer, signing) = (scene.answer(), Signing::default());
                let text = sign(
                    &answer.assertion_xml(),
                    &answer.assertion_id,
                    &IDP_KEYS[2],
                    &signing,
                )
                .unwrap();
                around(scene, &seal(scene, &text, &Encryption::default()))
            },
        ),
        forged(
            "the content was changed after it was signed",
            Code::Signature,
            "changed after signing",
            |scene| {
                let text = swap(&honest(scene), "vkyc-maker", "vkyc-uam-admin");
                around(scene, &seal(scene, &text, &Encryption::default()))
            },
        ),
        forged(
            "two assertions are encrypted",
            Code::Assertion,
            "Assertions in the response: 2",
            |scene| {
                let sealed = seal(scene, &honest(scene), &Encryption::default());
                around(scene, &sealed.repeat(2))
            },
        ),
        forged(
            "the encrypted assertion stands in Extensions",
            Code::Assertion,
            "elsewhere",
            |scene| {
                extended(
                    &around(scene, ""),
                    &seal(scene, &honest(scene), &Encryption::default()),
                )
            },
        ),
    ]
}

/// The identity provider signs the response around an assertion that cannot be read.
pub(super) fn vouched() -> Vec<Case> {
    let case = |name, change: fn(&str) -> String| {
        signed(name, Code::Decryption, "", move |scene: &Scene<'_>| {
            let mut answer = scene.answer();
            answer.sign = What::Nothing;
            let sealed = seal(scene, &answer.assertion_xml(), &Encryption::default());
            let xml = scene.respond(&answer);
            scene.sign(
                &swap(&xml, assertion(&xml), &change(&sealed)),
                &answer.response_id,
            )
        })
    };
    vec![
        case(
            "a signed response holds an assertion without a key",
            |sealed| without(sealed, cut(sealed, "<e:EncryptedKey ", "</e:EncryptedKey>")),
        ),
        case(
            "a signed response holds an assertion that cannot be decrypted",
            |sealed| {
                let value = cut(sealed, "<xenc:CipherValue>", "</xenc:CipherValue>");
                swap(sealed, value, "<xenc:CipherValue>AAAA</xenc:CipherValue>")
            },
        ),
    ]
}

#[tokio::test]
async fn what_was_decrypted_is_trusted_no_more_than_what_was_not() {
    let test = TestApp::new().await;

    refuse(&test, contents()).await;
    refuse(&test, vouched()).await;
}

#[tokio::test]
async fn an_account_says_whether_assertions_are_encrypted() {
    let off =
        TestApp::with(|document| document.saml.as_mut().unwrap().encryption = Wanted::Off).await;
    let ours = SP_KEYS.encryption[0].certificate.clone();
    refuse(
        &off,
        vec![forged(
            "an encrypted assertion comes where none is wanted",
            Code::Encryption,
            "an encrypted assertion",
            move |scene| {
                around(
                    scene,
                    &seal_for(scene, &honest(scene), &Encryption::default(), &ours),
                )
            },
        )],
    )
    .await;

    let on =
        TestApp::with(|document| document.saml.as_mut().unwrap().encryption = Wanted::Required)
            .await;
    let mut browser = on.browser();
    let scene = Scene::begin(&on, &mut browser).await;
    let clear = scene.honest(What::Assertion);
    let expected = unverified(Code::Encryption, "a clear assertion");
    refused(&on, &mut browser, clear, expected).await;
    let scene = Scene::begin(&on, &mut browser).await;
    let mut answer = scene.answer();
    answer.encryption = Some(Encryption::default());
    let answered = browser.deliver(&scene.respond(&answer)).await;
    assert_eq!(answered.status, StatusCode::SEE_OTHER);
}
