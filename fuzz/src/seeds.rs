//! Honest inputs, made by the practice ADFS.

use vestibule::practice::answer::{Answer, What};
use vestibule::practice::encrypt::{ContentCipher, Encryption};
use vestibule::practice::logout::{Asking, Participant, query};
use vestibule::practice::persona::{MAYA, Persona, ZOE};
use vestibule::practice::sign::{SignatureMethod, Signing};
use vestibule::saml::binding::Message;

use super::{NOW, REQUEST, Stage, form};

/// A name and its input.
type Seed = (&'static str, Vec<u8>);

/// The honest inputs of a target.
pub(super) fn of(stage: &Stage, target: &str) -> Vec<Seed> {
    let bytes = |(name, xml): (&'static str, String)| (name, xml.into_bytes());
    match target {
        "acs" => {
            let mut all: Vec<Seed> = messages(stage).into_iter().map(bytes).collect();
            all.push((
                "form",
                form("SAMLResponse", &message(stage, &ZOE, |_| {}).into_bytes()),
            ));
            all
        }
        "decryption" => decryption(stage),
        "logout" => logouts(stage).into_iter().map(bytes).collect(),
        "metadata" => metadata(stage),
        "redirect" => REDIRECTS
            .iter()
            .map(|(name, query)| (*name, query.as_bytes().to_vec()))
            .collect(),
        other => panic!("no target {other}"),
    }
}

/// ADFS's metadata, and the part of it that matters by itself.
fn metadata(stage: &Stage) -> Vec<Seed> {
    let whole = stage.adfs.metadata().expect("metadata");
    let from = whole.find("<IDPSSODescriptor").expect("a descriptor");
    let end = "</IDPSSODescriptor>";
    let to = whole.find(end).expect("its end") + end.len();
    let small = format!(
        "<EntityDescriptor xmlns=\"urn:oasis:names:tc:SAML:2.0:metadata\" entityID=\"{}\">{}</EntityDescriptor>",
        stage.adfs.entity_id,
        &whole[from..to]
    );
    vec![("adfs", whole.into_bytes()), ("small", small.into_bytes())]
}

const REDIRECTS: &[(&str, &str)] = &[
    ("path", "return_to=%2Fsessions%3Fpage%3D2"),
    (
        "allowed",
        "return_to=https%3A%2F%2Fdashboard.acme.test%2Fcalls%2F1%3Fx%3Dy",
    ),
    ("foreign", "return_to=https%3A%2F%2Fevil.test%2F"),
    (
        "hidden",
        "return_to=%2F%5Cevil.test&return_to=%2F%2Fevil.test",
    ),
    (
        "user",
        "return_to=https%3A%2F%2Fdashboard.acme.test%40evil.test%2F",
    ),
];

/// Every valid message, in the clear and encrypted.
pub(super) fn messages(stage: &Stage) -> Vec<(&'static str, String)> {
    vec![
        ("assertion", message(stage, &ZOE, |_| {})),
        (
            "response",
            message(stage, &ZOE, |answer| answer.sign = What::Response),
        ),
        (
            "both",
            message(stage, &MAYA, |answer| answer.sign = What::Both),
        ),
        (
            "prefixes",
            message(stage, &ZOE, |answer| {
                answer.signing = Signing {
                    inclusive_prefixes: vec!["xsi".into(), "samlp".into()],
                    key_info: false,
                    ..Signing::default()
                }
            }),
        ),
        ("encrypted", encrypted(stage)),
        (
            "authenticated",
            message(stage, &ZOE, |answer| {
                answer.encryption = Some(Encryption {
                    content: ContentCipher::Aes256Gcm,
                    key_as_sibling: true,
                    ..Encryption::default()
                })
            }),
        ),
    ]
}

/// The message as ADFS encrypts it.
pub(super) fn encrypted(stage: &Stage) -> String {
    message(stage, &ZOE, |answer| {
        answer.encryption = Some(Encryption::default());
    })
}

/// Requests and an answer of a logout, by query and by form.
pub(super) fn logouts(stage: &Stage) -> Vec<(&'static str, String)> {
    let session = Participant {
        relying_party: stage.rp.entity_id.clone(),
        name_id: told_of(stage, &ZOE).name_id.expect("a name"),
        session_index: "_assertion".into(),
    };
    let mut asking = Asking::honest(&stage.adfs, &stage.rp, &session, NOW, &stage.entropy);
    asking.id = "_logout".into();
    let answer = answer(stage);
    let by_query = |field: &str, xml: &str| {
        query(
            &stage.adfs,
            field,
            xml,
            Some("state"),
            SignatureMethod::RsaSha256,
        )
        .expect("a query")
    };
    let signed = asking
        .signed(&stage.adfs, &Signing::default())
        .expect("a message");
    let text = |bytes| String::from_utf8(bytes).expect("text");
    vec![
        ("asked-query", by_query("SAMLRequest", &asking.xml())),
        ("asked-form", text(form("SAMLRequest", signed.as_bytes()))),
        ("answered-query", by_query("SAMLResponse", &answer)),
    ]
}

/// The message in a seed, whose form has no `Signature` of its own.
pub(super) fn message_of(seed: &str) -> Message {
    let read = match seed.contains("Signature=") {
        true => Message::from_query(seed),
        false => Message::from_form(seed.as_bytes()),
    };
    read.expect("a message")
}

fn answer(stage: &Stage) -> String {
    let (issuer, to) = (&stage.adfs.entity_id, &stage.connection.addresses.logout);
    format!(
        "<samlp:LogoutResponse ID=\"_answer\" Version=\"2.0\" IssueInstant=\"{NOW}\" Destination=\"{to}\" \
         InResponseTo=\"{REQUEST}\" xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\">\
         <Issuer xmlns=\"urn:oasis:names:tc:SAML:2.0:assertion\">{issuer}</Issuer><samlp:Status>\
         <samlp:StatusCode Value=\"urn:oasis:names:tc:SAML:2.0:status:Success\"/></samlp:Status></samlp:LogoutResponse>"
    )
}

/// The first byte says what the others are: the text, the cipher's octets, or the element.
fn decryption(stage: &Stage) -> Vec<Seed> {
    let clear = message(stage, &ZOE, |_| {});
    let start = clear.find("<Assertion ").expect("an assertion");
    let end = clear.rfind("</Assertion>").expect("its end") + "</Assertion>".len();
    let hidden = encrypted(stage);
    let from = hidden.find("<EncryptedAssertion").expect("an element");
    let to = hidden.rfind("</samlp:Response>").expect("its end");
    let with = |kind: u8, rest: &str| [&[kind], rest.as_bytes()].concat();
    vec![
        ("text-cbc", with(0, &clear[start..end])),
        ("text-gcm", with(1, &clear[start..end])),
        ("element", with(2, &hidden[from..to])),
        (
            "octets",
            with(3, "an initialisation vector and then some blocks"),
        ),
    ]
}

/// What the practice ADFS says of somebody, in the clear and under ids that stay the same.
fn told_of(stage: &Stage, persona: &Persona) -> Answer {
    let mut answer = Answer::honest(
        &stage.adfs,
        &stage.rp,
        persona,
        Some(REQUEST),
        NOW,
        &stage.entropy,
    );
    answer.encryption = None;
    answer.response_id = "_response".into();
    answer.assertion_id = "_assertion".into();
    if let Some(authn) = &mut answer.authn {
        authn.session_index = Some("_assertion".into());
    }
    answer
}

fn message(stage: &Stage, persona: &Persona, change: impl Fn(&mut Answer)) -> String {
    let mut answer = told_of(stage, persona);
    change(&mut answer);
    stage
        .adfs
        .respond(&stage.rp, &answer, &stage.entropy)
        .expect("a message")
}
