//! Replay: an assertion and a request are used up once, whatever became of them, and across everything.

use std::sync::Arc;

use axum::http::StatusCode;
use vestibule::app::App;
use vestibule::http::Shared;
use vestibule::practice::answer::{Answer, What};
use vestibule::practice::persona::NOOR;
use vestibule::saml::check::Code;

use super::super::app::{Answered, Browser, TestApp};
use super::surgery::{assertion, attribute, swap};
use super::{Posted, Scene, refused, unverified, verified};

fn again() -> super::case::Expected {
    verified(Code::Replay, "Assertion and request: used before")
}

fn is_signed_in(answered: &Answered) {
    assert_eq!(answered.status, StatusCode::SEE_OTHER, "{}", answered.body);
}

/// The signed assertion in a response of another ID.
fn rewrapped(xml: &str) -> String {
    swap(xml, attribute(xml, "ID"), "_another")
}

async fn begin(test: &TestApp) -> (Scene<'_>, Browser<'_>) {
    let mut browser = test.browser();
    (Scene::begin(test, &mut browser).await, browser)
}

#[tokio::test]
async fn the_same_response_is_refused_the_second_time() {
    let test = TestApp::new().await;
    let (scene, mut browser) = begin(&test).await;
    let (xml, mut copy) = (scene.honest(What::Assertion), browser.clone());
    let mut other = browser.clone();

    is_signed_in(&browser.deliver(&xml).await);

    let gone = unverified(Code::InResponseTo, "InResponseTo of the response");
    refused(&test, &mut browser, xml.clone(), gone).await;
    refused(&test, &mut copy, xml.clone(), again()).await;
    refused(&test, &mut other, rewrapped(&xml), again()).await;
    copy.sign_in_as_maya().await;
}

#[tokio::test]
async fn a_second_answer_to_the_same_request_is_refused() {
    let test = TestApp::new().await;
    let (scene, mut browser) = begin(&test).await;
    let mut copy = browser.clone();

    is_signed_in(&browser.deliver(&scene.honest(What::Assertion)).await);

    refused(&test, &mut copy, scene.honest(What::Both), again()).await;
    copy.sign_in_as_maya().await;
}

#[tokio::test]
async fn the_same_assertion_in_answer_to_another_request_is_refused() {
    let test = TestApp::new().await;
    let (scene, mut browser) = begin(&test).await;
    let xml = scene.honest(What::Assertion);
    is_signed_in(&browser.deliver(&xml).await);
    let (next, mut browser) = begin(&test).await;

    let moved = swap(&xml, attribute(&xml, "InResponseTo"), &next.request);

    refused(
        &test,
        &mut browser,
        moved,
        verified(Code::InResponseTo, "of the confirmation"),
    )
    .await;
}

#[tokio::test]
async fn what_was_refused_after_its_signature_verified_is_used_up_as_well() {
    let test = TestApp::new().await;
    let (scene, mut browser) = begin(&test).await;
    let (mut copy, mut other) = (browser.clone(), browser.clone());
    let xml = scene.respond(&scene.answer_about(&NOOR));

    refused(
        &test,
        &mut browser,
        xml.clone(),
        verified(Code::Roles, "none"),
    )
    .await;

    refused(&test, &mut copy, xml, again()).await;
    refused(&test, &mut other, scene.honest(What::Assertion), again()).await;
    copy.sign_in_as_maya().await;
}

#[tokio::test]
async fn a_stranger_uses_up_nothing() {
    let test = TestApp::new().await;
    let (scene, browser) = begin(&test).await;
    let xml = scene.honest(What::Assertion);
    let bad = [
        swap(&xml, assertion(&xml), &scene.forged()),
        swap(&xml, "vkyc-maker", "vkyc-uam-admin"),
        swap(&xml, "<ds:SignatureValue>", "<ds:SignatureValue>AAAA"),
    ];

    for message in bad {
        let expected = unverified(Code::Signature, "");
        refused(&test, &mut browser.clone(), message, expected).await;
    }

    is_signed_in(&browser.clone().deliver(&xml).await);
}

#[tokio::test]
async fn of_concurrent_posts_of_one_response_exactly_one_wins() {
    let test = TestApp::new().await;
    for _ in 0..3 {
        let (scene, browser) = begin(&test).await;
        let xml = scene.honest(What::Assertion);
        let other = rewrapped(&xml);
        let mut copies = [(); 6].map(|()| browser.clone());
        let [one, two, three, four, five, six] = &mut copies;
        let before = test.written().await;

        let answers = tokio::join!(
            one.deliver(&xml),
            two.deliver(&xml),
            three.deliver(&other),
            four.deliver(&xml),
            five.deliver(&other),
            six.deliver(&xml),
        );

        let (one, two, three, four, five, six) = answers;
        let statuses = [one, two, three, four, five, six].map(|answered| answered.status);
        let count = |status| statuses.iter().filter(|found| **found == status).count();
        assert_eq!(count(StatusCode::SEE_OTHER), 1, "{statuses:?}");
        assert_eq!(count(StatusCode::FORBIDDEN), 5, "{statuses:?}");
        let after = test.written().await;
        assert_eq!((after.1, after.2), (before.1 + 6, before.2 + 6));
    }
}

#[tokio::test]
async fn a_restarted_server_remembers() {
    let mut test = TestApp::new().await;
    let (scene, mut browser) = begin(&test).await;
    let (xml, cookies) = (scene.honest(What::Assertion), browser.cookies.clone());
    is_signed_in(&browser.deliver(&xml).await);

    let (config, clock) = (test.app.config.clone(), test.app.clock.clone());
    let app = App::open(config, clock, test.app.entropy.clone())
        .await
        .unwrap();
    test.app = Arc::new(app);
    test.shared = Shared::new(Arc::clone(&test.app));

    let mut copy = test.browser();
    copy.cookies = cookies;
    refused(&test, &mut copy, xml, again()).await;
    copy.sign_in_as_maya().await;
}

/// An answer to no request, as the identity provider's own page begins it.
fn unsolicited(scene: &Scene<'_>) -> Answer {
    let mut answer = scene.answer();
    answer.in_response_to = None;
    answer.confirmations[0].in_response_to = None;
    answer
}

#[tokio::test]
async fn what_nobody_asked_for_is_taken_once_where_the_account_allows_it() {
    let test =
        TestApp::with(|document| document.saml.as_mut().unwrap().allow_idp_initiated = true).await;
    let (scene, mut browser) = begin(&test).await;
    let xml = scene.respond(&unsolicited(&scene));
    let known = |answer: &mut Answer| answer.in_response_to = Some("_nobody".into());

    let answered = super::post(&mut test.browser(), test.slug, Posted::from(xml.clone())).await;

    assert_eq!(answered.status, StatusCode::OK, "{}", answered.body);
    assert!(!super::judge::sets_session(&answered.headers));
    refused(&test, &mut test.browser(), xml.clone(), again()).await;
    refused(&test, &mut test.browser(), rewrapped(&xml), again()).await;
    refused(&test, &mut browser, xml, again()).await;
    let mut answer = unsolicited(&scene);
    known(&mut answer);
    let expected = unverified(Code::InResponseTo, "_nobody");
    refused(&test, &mut test.browser(), scene.respond(&answer), expected).await;
    let mut answer = unsolicited(&scene);
    answer.confirmations[0].in_response_to = Some("_nobody".into());
    let expected = verified(Code::InResponseTo, "of the confirmation");
    refused(&test, &mut test.browser(), scene.respond(&answer), expected).await;
    browser.sign_in_as_maya().await;
}
