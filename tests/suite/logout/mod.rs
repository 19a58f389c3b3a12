//! Single logout: what the identity provider asks for and answers, what we ask, and who tries to abuse it.

mod answers;
mod asked;
mod forms;
mod hostile;

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::read::DeflateDecoder;
use openssl::hash::MessageDigest;
use openssl::sign::Verifier;
use url::form_urlencoded;
use vestibule::app::Consent;
use vestibule::config::AccountFile;
use vestibule::practice::adfs::Adfs;
use vestibule::practice::answer::Answer;
use vestibule::practice::logout::{Asking, Participant, query};
use vestibule::practice::persona::Persona;
use vestibule::practice::sign::{SignatureMethod, Signing};

use super::app::{Answered, Browser, SP_KEYS, TestApp, document};

const RSA_SHA256: SignatureMethod = SignatureMethod::RsaSha256;

/// Signs in, and says what the identity provider remembers of it.
async fn sign_in(
    test: &TestApp,
    browser: &mut Browser<'_>,
    persona: &Persona,
    change: impl FnOnce(&mut Answer),
) -> Participant {
    let request = browser.begin().await;
    let mut answer = test.answer(persona, Some(&request)).await;
    change(&mut answer);
    let answered = browser.deliver(&test.respond(&answer).await).await;
    assert_eq!(answered.status, StatusCode::SEE_OTHER, "{}", answered.body);
    Participant {
        relying_party: test.trust().await.entity_id,
        name_id: answer.name_id.unwrap_or_default(),
        session_index: answer
            .authn
            .and_then(|authn| authn.session_index)
            .unwrap_or_default(),
    }
}

/// With an identity provider that takes logout messages by POST alone, with that attribute more on its endpoint.
async fn by_form_alone(attribute: &str) -> TestApp {
    let test = TestApp::empty(|_| {}).await;
    let metadata = test.adfs.metadata().unwrap();
    let (before, idp) = metadata.split_at(metadata.find("<IDPSSODescriptor").unwrap());
    let service = |binding: &str| {
        format!(
            "<SingleLogoutService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-{binding}\" \
             Location=\"https://adfs.acme.test/adfs/ls/\"/>"
        )
    };
    let post = service("POST");
    let changed = post.replace("/>", &format!("{attribute}/>"));
    let idp = idp
        .replace(&service("Redirect"), "")
        .replace(&post, &changed);
    let file = AccountFile {
        document: document("acme-demo"),
        metadata: Some(format!("{before}{idp}").into_bytes()),
    };
    let consent = Consent::default();
    test.app.apply(&file, "shell:test", &consent).await.unwrap();
    test
}

/// What an honest identity provider asks when that session shall end.
async fn asking(test: &TestApp, session: &Participant) -> Asking {
    let (rp, now) = (test.trust().await, test.app.clock.now());
    Asking::honest(&test.adfs, &rp, session, now, &test.app.entropy)
}

/// The query of a signed request.
fn signed(adfs: &Adfs, asking: &Asking, relay_state: Option<&str>) -> String {
    query(adfs, "SAMLRequest", &asking.xml(), relay_state, RSA_SHA256).unwrap()
}

/// Arrives by redirect, from the identity provider.
async fn redirected(browser: &mut Browser<'_>, query: &str) -> Answered {
    let request = Request::get(format!("/saml/acme-demo/logout?{query}"))
        .header("sec-fetch-site", "cross-site")
        .header(header::ACCEPT, "text/html");
    browser.send(request, Body::empty()).await
}

/// Arrives by a form that the identity provider's page posts.
async fn posted(browser: &mut Browser<'_>, form: &[(&str, &str)]) -> Answered {
    let body = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(form)
        .finish();
    let request = Request::post("/saml/acme-demo/logout")
        .header("origin", "https://adfs.acme.test")
        .header("sec-fetch-site", "cross-site")
        .header(header::ACCEPT, "text/html")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    browser.send(request, Body::from(body)).await
}

/// The same for a request, signed in its own body.
async fn posted_request(test: &TestApp, browser: &mut Browser<'_>, asking: &Asking) -> Answered {
    let xml = asking.signed(&test.adfs, &Signing::default()).unwrap();
    posted(browser, &[("SAMLRequest", &STANDARD.encode(xml))]).await
}

async fn is_signed_in(browser: &mut Browser<'_>) -> bool {
    browser.get("/session").await.status == StatusCode::OK
}

/// The message in an address or on a page that goes on, whose signature is ours.
fn message(location: &str, field: &str) -> String {
    let raw = location.split_once('?').unwrap().1;
    let (octets, signature) = raw.split_once("&Signature=").unwrap();
    let value = |raw: &str, name: &str| {
        let mut pairs = form_urlencoded::parse(raw.as_bytes());
        let found = pairs.find(|(found, _)| found == name);
        found
            .unwrap_or_else(|| panic!("no {name} in {raw}"))
            .1
            .into_owned()
    };
    let signature = value(&format!("Signature={signature}"), "Signature");
    let public = SP_KEYS.signing[0].certificate.public_key().unwrap();
    let mut verifier = Verifier::new(MessageDigest::sha256(), &public).unwrap();
    let signature = STANDARD.decode(signature).unwrap();
    assert!(
        verifier
            .verify_oneshot(&signature, octets.as_bytes())
            .unwrap()
    );
    inflated(&STANDARD.decode(value(octets, field)).unwrap())
}

fn inflated(packed: &[u8]) -> String {
    let mut xml = String::new();
    std::io::Read::read_to_string(&mut DeflateDecoder::new(packed), &mut xml).unwrap();
    xml
}

/// The status of the signed answer that a browser is sent back with.
fn status(answered: &Answered) -> String {
    assert_eq!(answered.status, StatusCode::SEE_OTHER, "{}", answered.body);
    assert!(
        answered
            .location()
            .starts_with("https://adfs.acme.test/adfs/ls/?")
    );
    let xml = message(answered.location(), "SAMLResponse");
    let code = xml.split_once("status:").unwrap().1;
    code.split_once('"').unwrap().0.to_owned()
}
