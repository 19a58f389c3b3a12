//! The text of values: all of it or refusal, letter by letter, one value each.

use vestibule::practice::answer::{Answer, Attribute, NameId};
use vestibule::saml::check::Code;

use super::super::app::TestApp;
use super::surgery::{SAML, after, before, cut, swap, without};
use super::{Case, Scene, refuse, said, signed, written};

const ROLE: &str = "http://schemas.microsoft.com/ws/2008/06/identity/claims/role";
const GIVEN_NAME: &str = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/givenname";

fn named(name: &str, because: &'static str, value: &'static str) -> Case {
    said(name, Code::Subject, because, move |answer| {
        answer.name_id.as_mut().unwrap().value = value.into();
    })
}

/// The name's element, written otherwise before the assertion is signed.
fn name_id(name: &str, because: &'static str, change: impl Fn(&str) -> String + 'static) -> Case {
    written(name, Code::Subject, because, move |xml| {
        let element = cut(xml, "<NameID>", "</NameID>");
        swap(xml, element, &change(element))
    })
}

pub(super) fn names() -> Vec<Case> {
    let letters = "NameID: ";
    vec![
        named("the name is empty", letters, ""),
        named("the name is white space", letters, "   "),
        named(
            "the name is white space beyond ASCII",
            letters,
            "\u{2003}\u{a0}",
        ),
        named(
            "the name holds a line end",
            letters,
            "maya\n@corp.acme.example",
        ),
        named("the name holds a tab", letters, "maya\t@corp.acme.example"),
        named(
            "the name holds a control character beyond ASCII",
            letters,
            "maya\u{85}@corp.acme.example",
        ),
        said(
            "the name is longer than 256 letters",
            Code::Subject,
            letters,
            |answer| {
                answer.name_id = Some(NameId {
                    value: "ü".repeat(257),
                    ..NameId::default()
                });
            },
        ),
        said(
            "the name is transient",
            Code::Subject,
            "transient",
            |answer| {
                answer.name_id.as_mut().unwrap().format =
                    Some("urn:oasis:names:tc:SAML:2.0:nameid-format:transient".into());
            },
        ),
        said("there is no name", Code::Subject, "absent", |answer| {
            answer.name_id = None;
        }),
        name_id(
            "an element stands in the name",
            "NameID holds more than text",
            |name| before(name, "@", "<x/>"),
        ),
        name_id(
            "an element is all that stands in the name",
            "NameID holds more than text",
            |_| "<NameID><x>uma@corp.acme.example</x></NameID>".into(),
        ),
        name_id(
            "the name is to be included from elsewhere",
            "NameID holds more than text",
            |_| {
                "<NameID><xi:include xmlns:xi=\"http://www.w3.org/2001/XInclude\" href=\"file:///etc/hostname\" parse=\"text\"/></NameID>".into()
            },
        ),
        name_id("there are two names", "more than one NameID", |name| {
            name.repeat(2)
        }),
        name_id("the name stands in BaseID", "absent", |name| {
            name.replace("NameID", "BaseID")
        }),
        name_id("the name is encrypted", "an encrypted NameID", |_| {
            "<EncryptedID/>".into()
        }),
        written(
            "there are two subjects",
            Code::Subject,
            "more than one Subject",
            |xml| {
                let subject = cut(xml, "<Subject>", "</Subject>");
                after(xml, subject, subject)
            },
        ),
        written("there is no subject", Code::Subject, "absent", |xml| {
            without(xml, cut(xml, "<Subject>", "</Subject>"))
        }),
    ]
}

fn roles(name: &str, values: &'static [&'static str]) -> Case {
    said(name, Code::Roles, "Roles: none", move |answer| {
        let values = values.iter().map(ToString::to_string).collect();
        claim(answer, ROLE).values = values;
    })
}

fn claim<'a>(answer: &'a mut Answer, name: &str) -> &'a mut Attribute {
    answer
        .attributes
        .iter_mut()
        .find(|claim| claim.name == name)
        .unwrap()
}

#[expect(clippy::too_many_lines, reason = "a table")]
pub(super) fn values() -> Vec<Case> {
    vec![
        roles(
            "two roles stand in one value, with a comma",
            &["vkyc-maker,vkyc-checker"],
        ),
        roles(
            "two roles stand in one value, with a semicolon",
            &["vkyc-maker;vkyc-checker"],
        ),
        roles(
            "two roles stand in one value, on two lines",
            &["vkyc-maker\nvkyc-checker"],
        ),
        roles(
            "a role has white space around it",
            &[" vkyc-maker", "vkyc-maker ", "vkyc-maker\n"],
        ),
        roles(
            "a role is written in other letters",
            &[
                "VKYC-maker",
                "vkyc\u{2010}maker",
                "ｖkyc-maker",
                "vkyc-mаker",
            ],
        ),
        roles("a role is empty", &[""]),
        said(
            "the claim's name has another scheme",
            Code::Roles,
            "none",
            |answer| {
                claim(answer, ROLE).name = ROLE.replace("http:", "https:");
            },
        ),
        said(
            "the claim's name has another case",
            Code::Roles,
            "none",
            |answer| {
                claim(answer, ROLE).name = ROLE.replace("role", "Role");
            },
        ),
        said(
            "the claim's name has a slash more",
            Code::Roles,
            "none",
            |answer| {
                claim(answer, ROLE).name = format!("{ROLE}/");
            },
        ),
        written(
            "the claim's name stands in FriendlyName alone",
            Code::Roles,
            "none",
            |xml| {
                swap(
                    xml,
                    &format!("Name=\"{ROLE}\""),
                    &format!("Name=\"urn:x\" FriendlyName=\"{ROLE}\""),
                )
            },
        ),
        said(
            "the given name holds a control character",
            Code::Claims,
            "control characters",
            |answer| {
                claim(answer, GIVEN_NAME).values = vec!["Maya\u{9b}31m".into()];
            },
        ),
        said(
            "the given name is longer than 256 letters",
            Code::Claims,
            "256",
            |answer| {
                claim(answer, GIVEN_NAME).values = vec!["M".repeat(257)];
            },
        ),
        written(
            "an element stands in a value",
            Code::Claims,
            "AttributeValue holds more than text",
            |xml| swap(xml, "vkyc-maker<", "vkyc-<b>maker</b><"),
        ),
        written(
            "a claim has no name",
            Code::Claims,
            "an attribute without a name",
            |xml| without(xml, &format!(" Name=\"{ROLE}\"")),
        ),
        written(
            "a claim is encrypted",
            Code::Claims,
            "EncryptedAttribute among the attributes",
            |xml| before(xml, "</AttributeStatement>", "<EncryptedAttribute/>"),
        ),
        written(
            "a value stands outside of a claim",
            Code::Claims,
            "AttributeValue among the attributes",
            |xml| {
                before(
                    xml,
                    "</AttributeStatement>",
                    "<AttributeValue>vkyc-uam-admin</AttributeValue>",
                )
            },
        ),
    ]
}

/// Names that a person, or a comparison that folds, would take for Maya's.
pub(super) fn twins() -> Vec<Case> {
    let twin = |name: &str, value: &'static str| {
        said(
            name,
            Code::Admit,
            "differs from this one only in case",
            move |answer| {
                answer.name_id.as_mut().unwrap().value = value.into();
            },
        )
    };
    vec![
        twin("the name is Maya's in capitals", "MAYA@corp.acme.example"),
        twin(
            "the name is Maya's with a wide letter",
            "ｍaya@corp.acme.example",
        ),
        twin(
            "the name is Maya's with white space after it",
            "maya@corp.acme.example ",
        ),
    ]
}

/// Text in a place where only its element is looked for.
pub(super) fn elsewhere() -> Vec<Case> {
    let holds = |element: &'static str, code| {
        let name = format!("an element stands in {element}");
        signed(
            name,
            code,
            "holds more than text",
            move |scene: &Scene<'_>| {
                let answer = scene.answer();
                let xml = answer.xml();
                let (outer, inner) = xml.split_at(xml.find("<Assertion ").unwrap());
                let inner = swap(
                    inner,
                    &format!("</{element}>"),
                    &format!("<x xmlns=\"{SAML}\"/></{element}>"),
                );
                scene.sign(&(outer.to_owned() + &inner), &answer.assertion_id)
            },
        )
    };
    vec![
        holds("Issuer", Code::Issuer),
        holds("Audience", Code::Audience),
        holds("AuthnContextClassRef", Code::AuthnStatement),
    ]
}

#[tokio::test]
async fn values_that_are_not_plain_text_are_refused() {
    let test = TestApp::new().await;

    refuse(&test, names()).await;
    refuse(&test, values()).await;
    refuse(&test, elsewhere()).await;
}

#[tokio::test]
async fn the_twin_of_somebody_known_is_refused() {
    let test = TestApp::new().await;
    test.browser().sign_in_as_maya().await;

    refuse(&test, twins()).await;
}
