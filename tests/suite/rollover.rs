//! The change of an account's own keys: publish, switch, retire; nobody is locked out on the way.

use axum::http::StatusCode;
use vestibule::app::{App, Refused};
use vestibule::practice::encrypt::Encryption;
use vestibule::practice::persona::MAYA;
use vestibule::practice::relying_party::RelyingParty;
use vestibule::practice::request::Request;
use vestibule::saml::rollover::{Seen, Step};
use vestibule::time::Span;

use super::app::{Answered, Browser, TestApp};
use super::rules::audit;

/// Takes a step; what refuses it.
async fn step(test: &TestApp, step: Step, imported: bool) -> Option<String> {
    let account = test.account().await;
    let taken = test
        .app
        .rotate(&account, step, imported, None, "shell:test");
    let error = taken.await.err()?;
    assert!(error.downcast_ref::<Refused>().is_some(), "{error:#}");
    Some(error.to_string())
}

async fn seen(test: &TestApp) -> Seen {
    test.app.rollover(&test.account().await).await.unwrap().seen
}

/// A sign-in by an identity provider that has imported this metadata of ours.
async fn sign_in(test: &TestApp, trust: &RelyingParty, encrypts: bool) -> Answered {
    let mut browser = test.browser();
    let request = browser.begin().await;
    answer(test, &mut browser, &request, trust, encrypts).await
}

async fn answer(
    test: &TestApp,
    browser: &mut Browser<'_>,
    request: &str,
    trust: &RelyingParty,
    encrypts: bool,
) -> Answered {
    let mut answer = test.answer(&MAYA, Some(request)).await;
    answer.encryption = encrypts.then(Encryption::default);
    let xml = test.adfs.respond(trust, &answer, &test.app.entropy);
    browser.deliver(&xml.unwrap()).await
}

/// The request that a browser is sent with, as the identity provider judges it by the metadata that it has.
async fn is_taken(test: &TestApp, trust: &RelyingParty) -> bool {
    let answered = test.browser().get("/saml/acme-demo/login").await;
    let (_, query) = answered.location().split_once('?').unwrap();
    Request::from_query(query, std::slice::from_ref(trust)).is_ok()
}

#[tokio::test]
async fn the_whole_road_locks_nobody_out() {
    let test = TestApp::new().await;
    let before = test.trust().await;
    assert_eq!(
        sign_in(&test, &before, true).await.status,
        StatusCode::SEE_OTHER
    );
    test.app.clock.advance(Span::minutes(20));

    assert_eq!(step(&test, Step::Publish, false).await, None);
    let published = test.trust().await;
    assert_eq!(published.signing_certificates.len(), 2);
    assert_ne!(
        published.encryption_certificate,
        before.encryption_certificate
    );
    assert!(is_taken(&test, &before).await, "the old key still signs");
    assert_eq!(
        sign_in(&test, &before, true).await.status,
        StatusCode::SEE_OTHER
    );
    assert!(matches!(seen(&test).await, Seen::Old { .. }));
    test.app.clock.advance(Span::minutes(20));
    assert_eq!(
        sign_in(&test, &published, true).await.status,
        StatusCode::SEE_OTHER
    );
    assert!(matches!(seen(&test).await, Seen::New { .. }));

    assert_eq!(step(&test, Step::Switch, false).await, None);
    assert!(is_taken(&test, &published).await);
    assert!(!is_taken(&test, &before).await, "the new key signs");
    assert_eq!(test.trust().await.signing_certificates.len(), 2);
    assert_eq!(
        sign_in(&test, &published, true).await.status,
        StatusCode::SEE_OTHER
    );

    assert_eq!(step(&test, Step::Retire, false).await, None);
    let after = test.trust().await;
    assert_eq!(after.signing_certificates.len(), 1);
    assert_eq!(
        after.encryption_certificate,
        published.encryption_certificate
    );
    assert_eq!(
        sign_in(&test, &published, true).await.status,
        StatusCode::SEE_OTHER
    );
    assert_eq!(
        sign_in(&test, &before, true).await.status,
        StatusCode::FORBIDDEN
    );
    let entries = audit(&test).await;
    for event in ["keys_published", "keys_switched", "keys_retired"] {
        let found = entries
            .iter()
            .filter(|entry| entry.starts_with(&format!("{event} shell:test")));
        assert_eq!(found.count(), 1, "{event} in {entries:#?}");
    }
}

#[tokio::test]
async fn nothing_switches_before_it_shows_that_the_identity_provider_has_imported_the_keys() {
    let test = TestApp::new().await;
    let before = test.trust().await;
    step(&test, Step::Publish, false).await;

    let unknown = step(&test, Step::Switch, false).await.unwrap();
    sign_in(&test, &before, true).await;
    let old = step(&test, Step::Switch, true).await.unwrap();
    test.app.clock.advance(Span::minutes(20));
    sign_in(&test, &before, false).await;
    let clear = step(&test, Step::Switch, false).await.unwrap();

    assert!(unknown.contains("nobody has signed in since"), "{unknown}");
    assert!(old.contains("Update-AdfsRelyingPartyTrust"), "{old}");
    assert!(
        clear.contains("does not encrypt") && clear.contains("--imported"),
        "{clear}"
    );
    assert_eq!(
        step(&test, Step::Switch, true).await,
        None,
        "the client has confirmed it"
    );
}

#[tokio::test]
async fn nothing_retires_while_the_identity_provider_encrypts_for_an_old_key() {
    let test = TestApp::new().await;
    let before = test.trust().await;
    step(&test, Step::Publish, false).await;
    step(&test, Step::Switch, true).await;
    sign_in(&test, &before, true).await;

    let first = step(&test, Step::Retire, true).await.unwrap();
    let imported = test.trust().await;
    sign_in(&test, &imported, true).await;
    let another_server = step(&test, Step::Retire, false).await.unwrap();
    test.app.clock.advance(Span::minutes(10));
    sign_in(&test, &imported, true).await;

    assert!(first.contains("encrypted for an old key"), "{first}");
    assert!(
        another_server.contains("ten minutes later"),
        "{another_server}"
    );
    assert_eq!(step(&test, Step::Retire, false).await, None);
}

#[tokio::test]
async fn where_nothing_is_encrypted_a_sign_in_in_the_clear_is_enough_to_retire() {
    let test = TestApp::with(|document| {
        document.saml.as_mut().unwrap().encryption = vestibule::account::Encryption::Off;
    })
    .await;
    step(&test, Step::Publish, false).await;
    step(&test, Step::Switch, true).await;
    assert!(step(&test, Step::Retire, false).await.is_some());

    test.browser().sign_in_as_maya().await;

    assert_eq!(step(&test, Step::Retire, false).await, None);
}

#[tokio::test]
async fn where_requests_are_not_signed_nothing_has_to_be_known_to_switch() {
    let test =
        TestApp::with(|document| document.saml.as_mut().unwrap().sign_requests = false).await;
    step(&test, Step::Publish, false).await;

    assert_eq!(step(&test, Step::Switch, false).await, None);
}

#[tokio::test]
async fn a_step_out_of_order_is_refused_and_names_the_next() {
    let test = TestApp::new().await;

    for wrong in [Step::Switch, Step::Retire] {
        let refused = step(&test, wrong, true).await.unwrap();
        assert!(refused.contains("next is publish"), "{refused}");
    }
    step(&test, Step::Publish, false).await;
    let refused = step(&test, Step::Publish, false).await.unwrap();
    assert!(refused.contains("next is switch"), "{refused}");
    let keys = test.app.rollover(&test.account().await).await.unwrap().keys;
    assert_eq!(keys.len(), 4, "two old ones and two new ones");
}

#[tokio::test]
async fn an_answer_that_is_under_way_while_keys_are_published_still_opens() {
    let test = TestApp::new().await;
    let before = test.trust().await;
    let mut browser = test.browser();
    let request = browser.begin().await;

    step(&test, Step::Publish, false).await;
    step(&test, Step::Switch, true).await;
    let answered = answer(&test, &mut browser, &request, &before, true).await;

    assert_eq!(answered.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn another_node_follows_within_a_second() {
    let test = TestApp::new().await;
    let (config, clock) = (test.app.config.clone(), test.app.clock.clone());
    let other = App::open(config, clock, test.app.entropy.clone())
        .await
        .unwrap();
    let before = test.trust().await;
    assert!(is_taken(&test, &before).await);

    let account = test.account().await;
    for (step, imported) in [(Step::Publish, false), (Step::Switch, true)] {
        other
            .rotate(&account, step, imported, None, "shell:test")
            .await
            .unwrap();
    }
    test.app.clock.advance(Span::seconds(1));

    assert!(!is_taken(&test, &before).await);
    let imported = test.trust().await;
    assert_eq!(
        sign_in(&test, &imported, true).await.status,
        StatusCode::SEE_OTHER
    );
}
