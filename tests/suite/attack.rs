//! What an attacker has tried: each test is named after what must not come of it.

use std::io::Write;
use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderValue, Request, StatusCode};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use vestibule::account::{Account, State};
use vestibule::app::App;
use vestibule::attempt::Outcome;
use vestibule::http::Shared;
use vestibule::id::{Entropy, UserId};
use vestibule::practice::answer::Answer;
use vestibule::practice::persona::MAYA;
use vestibule::saml::check::Code;
use vestibule::store::NewRevision;
use vestibule::time::Span;
use vestibule::user;

use super::app::{NOW, TestApp, document};

/// So long a change waits for another one that is under way.
const UNDER_WAY: Duration = Duration::from_millis(300);

async fn code(test: &TestApp) -> Option<Code> {
    match test.attempt().await.outcome {
        Outcome::Refused { code, .. } => Some(code),
        _ => None,
    }
}

/// An account that Maya is known to.
async fn with_maya() -> (TestApp, Account, UserId) {
    let test = TestApp::new().await;
    test.browser().sign_in_as_maya().await;
    let account = test.account().await;
    let id = test.app.find_user(&account, MAYA.upn).await.unwrap().id;
    (test, account, id)
}

#[tokio::test]
async fn a_sign_in_that_is_under_way_does_not_undo_a_suspension() {
    let (test, account, id) = with_maya().await;

    let document = test.app.document(account.id).await.unwrap().unwrap();
    let mut tx = test.app.store.write().await.unwrap();
    let mut of = tx.of(account.id);
    of.alone().await.unwrap();
    let known = of.known("name_id", MAYA.upn, &document, NOW).await.unwrap();
    let mut suspension = Box::pin(test.app.suspend(&account, id, "shell:test"));
    let early = tokio::time::timeout(UNDER_WAY, &mut suspension).await;
    let signed_in = known.user.unwrap();
    tx.of(account.id).save_user(&signed_in).await.unwrap();
    tx.commit().await.unwrap();
    if early.is_err() {
        suspension.await.unwrap();
    }

    let now = test.app.find_user(&account, MAYA.upn).await.unwrap();
    assert_eq!(now.state, user::State::Suspended);
}

#[tokio::test]
async fn a_suspension_that_is_under_way_does_not_bring_back_a_deleted_person() {
    let (test, account, id) = with_maya().await;

    let mut tx = test.app.store.write().await.unwrap();
    let mut of = tx.of(account.id);
    of.alone().await.unwrap();
    let user = of.user(id, NOW).await.unwrap().unwrap();
    let mut deletion = Box::pin(test.app.delete_user(&account, id, "shell:test"));
    let early = tokio::time::timeout(UNDER_WAY, &mut deletion).await;
    let mut of = tx.of(account.id);
    of.save_user(&user).await.unwrap();
    tx.commit().await.unwrap();
    if early.is_err() {
        deletion.await.unwrap();
    }

    assert!(test.app.find_user(&account, MAYA.upn).await.is_err());
}

#[tokio::test]
async fn a_session_begun_while_an_account_was_switched_off_is_dead_when_it_is_on_again() {
    let test = TestApp::new().await;
    let mut browser = test.browser();
    let request = browser.begin().await;
    let xml = test.honest(&MAYA, &request).await;
    let account = test.account().await;
    // Another process switches it off; for half a second this one believes what it knew.
    let mut tx = test.app.store.write().await.unwrap();
    tx.of(account.id).set_state(State::Disabled).await.unwrap();
    tx.commit().await.unwrap();

    browser.deliver(&xml).await;
    let slug = account.slug.as_str();
    test.app
        .set_account_state(slug, State::Enabled, "shell:test")
        .await
        .unwrap();

    assert_eq!(
        browser.get("/session").await.status,
        StatusCode::UNAUTHORIZED
    );
}

#[tokio::test]
async fn a_revision_of_this_very_moment_decides_about_a_sign_in() {
    let test = TestApp::new().await;
    let (mut first, mut second) = (test.browser(), test.browser());
    let mut posts = Vec::new();
    for browser in [&mut first, &mut second] {
        let request = browser.begin().await;
        posts.push(test.honest(&MAYA, &request).await);
    }
    first.deliver(&posts[0]).await;
    // Another process lets nobody in from here; for half a second this one believes what it knew.
    let mut strict = document("acme-demo");
    strict.access.networks = vec!["198.51.100.0/24".parse().unwrap()];
    let (account, mut tx) = (test.account().await, test.app.store.write().await.unwrap());
    let mut of = tx.of(account.id);
    let before = of.revision(account.active).await.unwrap().unwrap();
    let revision = NewRevision {
        document: &strict,
        metadata: before.metadata.as_deref(),
        author: "shell:test",
        at: NOW,
    };
    let number = of.add_revision(revision).await.unwrap();
    of.activate(number).await.unwrap();
    tx.commit().await.unwrap();

    let refused = second.deliver(&posts[1]).await;

    let attempt = test.attempt_of(refused.reference()).await;
    let (code, refusal) = (Code::Network, None);
    assert_eq!(attempt.outcome, Outcome::Refused { code, refusal });
    assert_eq!(attempt.revision, number);
}

#[tokio::test]
async fn a_start_beyond_the_limit_costs_no_signature() {
    let mut test = TestApp::empty(|config| config.limits.starts_per_minute = 1).await;
    test.apply(document("acme-demo")).await;
    let drawn = Arc::new(AtomicU64::new(0));
    let entropy = Entropy::Fixed(Arc::clone(&drawn));
    let app = App::open(test.app.config.clone(), test.app.clock.clone(), entropy).await;
    test.shared = Shared::new(Arc::new(app.unwrap()));
    let mut browser = test.browser();
    browser.begin().await;

    let before = drawn.load(Ordering::SeqCst);
    let answered = browser.get("/saml/acme-demo/login").await;

    assert_eq!(answered.status, StatusCode::TOO_MANY_REQUESTS);
    let drawn = drawn.load(Ordering::SeqCst) - before;
    assert_eq!(drawn, 1, "the id for the log, and no request to sign");
}

#[tokio::test]
async fn a_byte_that_is_not_ascii_hides_no_address_from_a_proxy_that_is_trusted() {
    let proxy = "203.0.113.7/32".parse().unwrap();
    let test = TestApp::empty(|config| config.server.trusted_proxies = vec![proxy]).await;
    test.apply(document("acme-demo")).await;
    let named = HeaderValue::from_bytes(b"\xff, 198.51.100.66").unwrap();

    let post = Request::post("/saml/acme-demo/acs").header("x-forwarded-for", named);
    test.browser()
        .send(post, Body::from("SAMLResponse=x"))
        .await;

    assert_eq!(test.attempt().await.address, "198.51.100.66");
}

#[tokio::test]
async fn a_genuine_response_sent_for_ever_does_not_fill_the_disk() {
    let test = TestApp::new().await;
    let mut browser = test.browser();
    let request = browser.begin().await;
    let twin = browser.clone();
    let xml = test.honest(&MAYA, &request).await;
    browser.deliver(&xml).await;
    let (_, attempts, entries) = test.written().await;

    for _ in 0..40 {
        twin.clone().deliver(&xml).await;
    }

    let (_, more_attempts, more_entries) = test.written().await;
    assert!(more_attempts - attempts <= 30, "{more_attempts}");
    assert!(more_entries - entries <= 30, "{more_entries}");
}

#[tokio::test]
async fn a_sign_in_that_the_identity_provider_starts_needs_the_demanded_context_as_well() {
    let test = TestApp::with(|document| {
        let saml = document.saml.as_mut().unwrap();
        saml.allow_idp_initiated = true;
        saml.authn_context = vec!["https://refeds.org/profile/mfa".into()];
    })
    .await;
    let answer = test.answer(&MAYA, None).await;

    let answered = test.browser().deliver(&test.respond(&answer).await).await;

    assert_eq!(answered.status, StatusCode::FORBIDDEN);
    assert_eq!(code(&test).await, Some(Code::AuthnStatement));
}

#[tokio::test]
async fn a_sign_in_that_the_identity_provider_starts_is_as_recent_as_one_that_is_asked_for() {
    let test = TestApp::with(|document| {
        let saml = document.saml.as_mut().unwrap();
        saml.allow_idp_initiated = true;
        saml.force_authn = true;
    })
    .await;
    let mut answer = test.answer(&MAYA, None).await;
    answer.authn.as_mut().unwrap().instant = test.app.clock.now().minus(Span::hours(8));

    let answered = test.browser().deliver(&test.respond(&answer).await).await;

    assert_eq!(answered.status, StatusCode::FORBIDDEN);
    assert_eq!(code(&test).await, Some(Code::AuthnStatement));
}

#[tokio::test]
async fn a_signature_beside_encrypted_content_is_not_passed_over() {
    let test = TestApp::new().await;
    let mut browser = test.browser();
    let request = browser.begin().await;
    let now = test.app.clock.now();
    let trust = test.trust().await;
    let answer = Answer::honest(
        &test.adfs,
        &trust,
        &MAYA,
        Some(&request),
        now,
        &test.app.entropy,
    );
    let xml = test.respond(&answer).await;
    let signature = "<ds:Signature xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"/>";
    let changed = xml.replace(
        "</EncryptedAssertion>",
        &format!("{signature}</EncryptedAssertion>"),
    );
    assert_ne!(xml, changed);

    let answered = browser.deliver(&changed).await;

    assert_eq!(answered.status, StatusCode::FORBIDDEN);
    assert_eq!(code(&test).await, Some(Code::Signature));
}

/// The lines of a log, as they are written.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn a_cookie_that_says_nothing_is_not_warned_of_in_the_log() {
    let test = TestApp::new().await;
    let (lines, mut browser) = (Lines::default(), test.browser());
    let to = lines.clone();
    let log = tracing_subscriber::fmt()
        .with_env_filter(vestibule::log::filter("info").unwrap())
        .with_writer(move || to.clone())
        .finish();
    let _held = tracing::subscriber::set_default(log);

    for cookie in ["nonsense", "AAAAAAAAAAAAAAAAAAAAAA"] {
        let cookie = format!("__Host-vestibule={cookie}");
        let request = Request::get("/session").header("cookie", cookie);
        let answered = browser.send(request, Body::empty()).await;
        assert_eq!(answered.status, StatusCode::UNAUTHORIZED);
    }
    tracing::warn!("what we have to say");

    let written = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    let warned: Vec<_> = written
        .lines()
        .filter(|line| line.contains("WARN"))
        .collect();
    assert_eq!(warned.len(), 1, "{written}");
    assert!(warned[0].contains("what we have to say"), "{written}");
}

#[test]
fn a_file_that_is_refused_does_not_command_the_terminal() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("idp.xml"), "\u{1b}[2J\u{202e}<a/>").unwrap();

    let refused = Command::new(env!("CARGO_BIN_EXE_vestibule"))
        .args(["metadata", "inspect", "idp.xml"])
        .current_dir(folder.path())
        .env_clear()
        .output()
        .unwrap();

    let said = String::from_utf8(refused.stderr).unwrap();
    assert!(said.contains("[2J"), "{said:?}");
    assert!(!said.contains(['\u{1b}', '\u{202e}']), "{said:?}");
}

#[tokio::test]
async fn a_form_that_says_it_is_something_else_is_not_read() {
    let test = TestApp::new().await;
    let mut browser = test.browser();
    let request = browser.begin().await;
    let xml = test.honest(&MAYA, &request).await;
    let body = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("SAMLResponse", &STANDARD.encode(&xml))
        .finish();

    for kind in [
        "text/plain",
        "multipart/form-data; boundary=x",
        "application/json",
    ] {
        let post = Request::post("/saml/acme-demo/acs").header("content-type", kind);
        let answered = browser.send(post, Body::from(body.clone())).await;

        assert_eq!(answered.status, StatusCode::BAD_REQUEST, "{kind}");
        assert_eq!(code(&test).await, Some(Code::Form));
    }
    assert_eq!(browser.deliver(&xml).await.status, StatusCode::SEE_OTHER);
}
