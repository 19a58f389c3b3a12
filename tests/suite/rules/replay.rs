//! Rule 19: what was used once is used up.

use std::sync::Arc;

use axum::http::StatusCode;
use vestibule::app::App;
use vestibule::http::Shared;
use vestibule::practice::answer::What;
use vestibule::practice::persona::{CHEN, MAYA, NOOR};
use vestibule::saml::check::Code;
use vestibule::time::Span;

use super::super::app::{Answered, TestApp};
use super::{broken, counts};

/// By which rule an answered sign-in was refused.
async fn refusal(test: &TestApp, answered: &Answered) -> Code {
    broken(&test.attempt_of(answered.reference()).await)
}

#[tokio::test]
async fn rule_19_an_assertion_is_used_up_when_it_let_somebody_in() {
    let test = TestApp::new().await;
    let mut browser = test.browser();
    let request = browser.begin().await;
    let mut twin = browser.clone();
    let xml = test.honest(&MAYA, &request).await;

    let first = browser.deliver(&xml).await;
    let second = twin.deliver(&xml).await;

    assert_eq!(first.status, StatusCode::SEE_OTHER);
    assert_eq!(refusal(&test, &second).await, Code::Replay);
}

#[tokio::test]
async fn rule_19_an_assertion_is_used_up_when_it_was_refused() {
    let test = TestApp::new().await;
    let (mut browser, mut late) = (test.browser(), test.browser());
    let request = browser.begin().await;
    let mut twin = browser.clone();
    let xml = test.honest(&NOOR, &request).await;
    let request = late.begin().await;
    let mut answer = test.answer(&MAYA, Some(&request)).await;
    answer.conditions.as_mut().unwrap().audiences = vec!["urn:other".into()];
    let other = test.respond(&answer).await;

    let first = browser.deliver(&xml).await;
    let second = twin.deliver(&xml).await;
    let audience = late.deliver(&other).await;

    assert_eq!(refusal(&test, &first).await, Code::Roles);
    assert_eq!(refusal(&test, &second).await, Code::Replay);
    assert_eq!(refusal(&test, &audience).await, Code::Audience);
    assert_eq!(
        counts(&test.app.store).await["used"],
        4,
        "two assertions and two requests"
    );
}

#[tokio::test]
async fn rule_19_nothing_is_used_up_before_a_signature_has_verified() {
    let test = TestApp::new().await;
    let mut browser = test.browser();
    let request = browser.begin().await;
    let mut answer = test.answer(&MAYA, Some(&request)).await;
    let honest = test.respond(&answer).await;
    answer.sign = What::Nothing;
    let unsigned = test.respond(&answer).await;

    let refused = browser.clone().deliver(&unsigned).await;
    let accepted = browser.deliver(&honest).await;

    assert_eq!(refusal(&test, &refused).await, Code::Signature);
    assert_eq!(accepted.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn rule_19_a_request_is_answered_once() {
    let test = TestApp::new().await;
    let mut browser = test.browser();
    let request = browser.begin().await;
    let mut twin = browser.clone();

    let first = browser.deliver(&test.honest(&NOOR, &request).await).await;
    let second = twin.deliver(&test.honest(&CHEN, &request).await).await;

    assert_eq!(refusal(&test, &first).await, Code::Roles);
    assert_eq!(refusal(&test, &second).await, Code::Replay);
}

#[tokio::test]
async fn rule_19_a_new_wrapper_does_not_renew_an_assertion() {
    let test =
        TestApp::with(|document| document.saml.as_mut().unwrap().allow_idp_initiated = true).await;
    let answer = test.answer(&MAYA, None).await;
    let xml = test.respond(&answer).await;
    let wrapped = xml.replace(&answer.response_id, "_another-response");

    let first = test.browser().deliver(&xml).await;
    let second = test.browser().deliver(&wrapped).await;

    assert_eq!(first.status, StatusCode::OK);
    assert_eq!(refusal(&test, &second).await, Code::Replay);
}

#[tokio::test]
async fn rule_19_of_two_answers_at_two_nodes_at_once_one_wins() {
    let test = TestApp::new().await;
    let (config, clock) = (test.app.config.clone(), test.app.clock.clone());
    let other = App::open(config, clock, test.app.entropy.clone()).await;
    let node = Shared::new(Arc::new(other.unwrap()));
    for is_same in [true, false, true, false, true, false] {
        let mut here = test.browser();
        let request = here.begin().await;
        let mut there = here.at(&node);
        let xml = test.honest(&MAYA, &request).await;
        // The same assertion twice, or two assertions that answer the same request.
        let again = test.answer(&MAYA, Some(&request)).await;
        let second = if is_same {
            xml.clone()
        } else {
            test.respond(&again).await
        };
        let before = counts(&test.app.store).await["sessions"];

        let (one, two) = tokio::join!(here.deliver(&xml), there.deliver(&second));

        let mut statuses = [one.status, two.status];
        statuses.sort();
        assert_eq!(statuses, [StatusCode::SEE_OTHER, StatusCode::FORBIDDEN]);
        assert_eq!(counts(&test.app.store).await["sessions"], before + 1);
    }
}

#[tokio::test]
async fn rule_19_of_two_posts_at_the_same_time_one_wins() {
    let test = TestApp::new().await;
    let mut browser = test.browser();
    let request = browser.begin().await;
    let xml = test.honest(&MAYA, &request).await;
    let (mut first, mut second, mut third) = (browser.clone(), browser.clone(), browser);

    let (first, second, third) = tokio::join!(
        first.deliver(&xml),
        second.deliver(&xml),
        third.deliver(&xml)
    );

    let mut statuses = [first.status, second.status, third.status];
    statuses.sort();
    assert_eq!(
        statuses,
        [
            StatusCode::SEE_OTHER,
            StatusCode::FORBIDDEN,
            StatusCode::FORBIDDEN
        ]
    );
    assert_eq!(counts(&test.app.store).await["sessions"], 1);
}

#[tokio::test]
async fn rule_19_ids_are_remembered_for_a_day_at_least() {
    let test = TestApp::new().await;
    test.browser().sign_in_as_maya().await;
    let now = test.app.clock.now();

    let mut tx = test.app.store.write().await.unwrap();
    let within = tx.forget_used(now.plus(Span::hours(24))).await.unwrap();
    let after = tx
        .forget_used(now.plus(Span::hours(24)).plus(Span::millis(1)))
        .await
        .unwrap();

    assert_eq!((within, after), (0, 2));
}

#[tokio::test]
async fn rule_19_ids_are_remembered_as_long_as_they_could_be_accepted() {
    let test = TestApp::new().await;
    let mut browser = test.browser();
    let request = browser.begin().await;
    let mut answer = test.answer(&MAYA, Some(&request)).await;
    let now = test.app.clock.now();
    let conditions = answer.conditions.as_mut().unwrap();
    conditions.not_on_or_after = Some(conditions.not_before.unwrap().plus(Span::hours(24)));
    let last = conditions
        .not_on_or_after
        .unwrap()
        .plus(Span::seconds(2 * 180));

    let answered = browser.deliver(&test.respond(&answer).await).await;

    assert_eq!(answered.status, StatusCode::SEE_OTHER);
    assert!(last > now.plus(Span::hours(24)));
    let mut tx = test.app.store.write().await.unwrap();
    assert_eq!(tx.forget_used(last).await.unwrap(), 0);
    assert_eq!(tx.forget_used(last.plus(Span::millis(1))).await.unwrap(), 2);
}

#[tokio::test]
async fn rule_19_an_assertion_that_is_valid_for_longer_than_a_day_is_refused() {
    let test = TestApp::new().await;
    let mut browser = test.browser();
    let request = browser.begin().await;
    let mut answer = test.answer(&MAYA, Some(&request)).await;
    let conditions = answer.conditions.as_mut().unwrap();
    let too_long = Span::hours(24).as_millis() + 1;
    conditions.not_on_or_after = Some(conditions.not_before.unwrap().plus(Span::millis(too_long)));

    let refused = browser.deliver(&test.respond(&answer).await).await;

    assert_eq!(refusal(&test, &refused).await, Code::Conditions);
}
