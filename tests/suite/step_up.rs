//! A fresher or stronger sign-in than the account demands of everybody: `max_age` and `authn_context` in the address.

use axum::http::StatusCode;
use rstest::rstest;
use vestibule::account::Document;
use vestibule::practice::answer::PASSWORD;
use vestibule::practice::persona::{CHEN, MAYA};
use vestibule::saml::advice::Advice;
use vestibule::saml::check::Code;
use vestibule::time::Span;

use super::app::{Answered, Browser, TestApp, document};
use super::browser::request_xml;
use super::rules::broken;

const LOGIN: &str = "/saml/acme-demo/login";
const MFA: &str = "https://refeds.org/profile/mfa";

/// Comes back from the identity provider, which has known the person for so long.
async fn come_back(browser: &mut Browser<'_>, test: &TestApp, known: Span) -> Answered {
    let request = browser.last.clone().unwrap();
    let mut answer = test.answer(&MAYA, Some(&request)).await;
    answer.authn.as_mut().unwrap().instant = test.app.clock.now().minus(known);
    browser.deliver(&test.respond(&answer).await).await
}

/// The request that an address leads to.
async fn request(browser: &mut Browser<'_>, query: &str) -> String {
    let answered = browser.get(&format!("{LOGIN}{query}")).await;
    assert!(answered.location().contains("SAMLRequest="), "{answered:?}");
    request_xml(answered.location())
}

fn both_classes(document: &mut Document) {
    document.saml.as_mut().unwrap().authn_context = vec![PASSWORD.into(), MFA.into()];
}

#[tokio::test]
async fn an_age_of_nothing_asks_for_a_fresh_sign_in_and_takes_no_older_one() {
    let test = TestApp::new().await;
    let mut browser = test.browser();
    assert!(!request(&mut browser, "").await.contains("ForceAuthn"));
    let asked = request(&mut browser, "?max_age=0").await;
    browser.begin_at(&format!("{LOGIN}?max_age=0")).await;

    let old = come_back(&mut browser, &test, Span::minutes(4)).await;
    browser.begin_at(&format!("{LOGIN}?max_age=0")).await;
    let fresh = come_back(&mut browser, &test, Span::seconds(1)).await;

    assert!(asked.contains("ForceAuthn=\"true\""), "{asked}");
    let attempt = test.attempt_of(old.reference()).await;
    assert_eq!(broken(&attempt), Code::AuthnStatement);
    assert_eq!(fresh.status, StatusCode::SEE_OTHER);
}

#[rstest]
#[case::young_enough(300 + 180, StatusCode::SEE_OTHER)]
#[case::too_old(300 + 181, StatusCode::FORBIDDEN)]
#[tokio::test]
async fn an_older_sign_in_than_was_asked_for_is_refused(
    #[case] seconds: i64,
    #[case] status: StatusCode,
) {
    let test = TestApp::new().await;
    let mut browser = test.browser();
    browser.begin_at(&format!("{LOGIN}?max_age=300")).await;

    let answered = come_back(&mut browser, &test, Span::seconds(seconds)).await;

    assert_eq!(answered.status, status);
}

#[tokio::test]
async fn who_is_refused_for_an_old_sign_in_gets_a_fresh_one_when_they_try_again() {
    let test = TestApp::new().await;
    let mut browser = test.browser();
    browser.begin_at(&format!("{LOGIN}?max_age=300")).await;

    let refused = come_back(&mut browser, &test, Span::hours(7)).await;
    browser.begin_at(LOGIN).await;
    let again = come_back(&mut browser, &test, Span::hours(7)).await;
    let asked = request(&mut browser, "?max_age=300").await;

    let advice = test.attempt_of(refused.reference()).await.advice.unwrap();
    assert!(matches!(advice, Advice::TooOld { .. }), "{advice:?}");
    assert!(advice.sentence().contains("ForceAuthn"));
    assert_eq!(again.status, StatusCode::SEE_OTHER);
    assert!(asked.contains("ForceAuthn=\"true\""), "{asked}");
}

#[tokio::test]
async fn what_is_asked_for_is_bound_to_the_request() {
    let test = TestApp::new().await;
    let mut browser = test.browser();
    browser.begin_at(&format!("{LOGIN}?max_age=300")).await;
    let strict = browser.last.clone();
    browser.begin_at(LOGIN).await;

    let lax = come_back(&mut browser.clone(), &test, Span::hours(7)).await;
    browser.last = strict;
    let refused = come_back(&mut browser, &test, Span::hours(7)).await;

    assert_eq!(lax.status, StatusCode::SEE_OTHER);
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_session_that_is_fresh_enough_is_not_sent_away_and_an_older_one_has_to_prove_itself_anew()
{
    let test = TestApp::new().await;
    let mut browser = test.browser();
    browser.sign_in_as_maya().await;
    let path = format!("{LOGIN}?max_age=300&return_to=/reports");

    let at_once = browser.get(&path).await;
    let plain = browser.get(LOGIN).await;
    test.app.clock.advance(Span::minutes(20));
    let later = request(&mut browser, "?max_age=300").await;

    assert_eq!(at_once.status, StatusCode::SEE_OTHER);
    assert_eq!(at_once.location(), "/reports");
    assert!(plain.location().contains("SAMLRequest="));
    assert!(later.contains("ForceAuthn=\"true\""), "{later}");
}

#[tokio::test]
async fn a_fresh_session_of_another_account_counts_for_nothing() {
    let test = TestApp::new().await;
    test.apply(document("bravo-demo")).await;
    let mut browser = test.browser();
    browser.sign_in_as_maya().await;

    let answered = browser.get("/saml/bravo-demo/login?max_age=300").await;

    let asked = request_xml(answered.location());
    assert!(
        !asked.contains("ForceAuthn"),
        "nothing is known of them there"
    );
}

#[tokio::test]
async fn no_session_stands_in_for_an_age_of_nothing_or_for_a_class() {
    let test = TestApp::with(both_classes).await;
    let mut browser = test.browser();
    browser.sign_in_as_maya().await;

    let fresh = request(&mut browser, "?max_age=0").await;
    let query = format!("?max_age=300&authn_context={MFA}");
    let class = request(&mut browser, &query).await;

    assert!(fresh.contains("ForceAuthn=\"true\""));
    assert!(class.contains(MFA) && !class.contains(PASSWORD), "{class}");
}

#[tokio::test]
async fn a_sign_in_that_the_identity_provider_started_satisfies_no_step_up() {
    let test =
        TestApp::with(|document| document.saml.as_mut().unwrap().allow_idp_initiated = true).await;
    let mut browser = test.browser();
    let answer = test.answer(&MAYA, None).await;
    let asked = browser.deliver(&test.respond(&answer).await).await;
    let (_, ticket) = asked.body.split_once("name=\"ticket\" value=\"").unwrap();
    let form = [("ticket", ticket.split('"').next().unwrap())];
    browser.post("/session/continue", &form).await;
    assert_eq!(browser.get("/session").await.status, StatusCode::OK);

    request(&mut browser, "?max_age=300").await;
    browser.begin_at(&format!("{LOGIN}?max_age=300")).await;
    come_back(&mut browser, &test, Span::seconds(1)).await;
    let proved = browser.get(&format!("{LOGIN}?max_age=300")).await;

    assert_eq!(proved.location(), "/");
}

#[tokio::test]
async fn a_class_of_the_account_can_be_demanded_and_then_no_other_will_do() {
    let test = TestApp::with(both_classes).await;
    let mut browser = test.browser();
    let class = format!("{LOGIN}?authn_context={MFA}");
    browser.begin_at(&class).await;

    let password = come_back(&mut browser, &test, Span::seconds(1)).await;
    let request = browser.begin_at(&class).await;
    let mut answer = test.answer(&CHEN, Some(&request)).await;
    answer.authn.as_mut().unwrap().context_class = MFA.into();
    let stronger = browser.deliver(&test.respond(&answer).await).await;

    let attempt = test.attempt_of(password.reference()).await;
    assert_eq!(broken(&attempt), Code::AuthnStatement);
    let advice = attempt.advice.unwrap();
    assert!(advice.sentence().contains(MFA), "{advice:?}");
    assert_eq!(stronger.status, StatusCode::SEE_OTHER);
}

#[rstest]
#[case::empty("max_age=", "whole number of seconds")]
#[case::a_word("max_age=now", "whole number of seconds")]
#[case::negative("max_age=-1", "whole number of seconds")]
#[case::a_sign("max_age=%2B1", "whole number of seconds")]
#[case::a_fraction("max_age=1.5", "whole number of seconds")]
#[case::endless("max_age=99999999999999999999", "whole number of seconds")]
#[case::longer_than_a_year("max_age=31536001", "whole number of seconds")]
#[case::a_class_that_is_not_listed("authn_context=urn:other", "the classes that the account")]
#[case::no_class("authn_context=", "the classes that the account")]
#[tokio::test]
async fn a_demand_that_makes_no_sense_is_refused_with_what_to_write(
    #[case] query: &str,
    #[case] said: &str,
) {
    let test = TestApp::with(both_classes).await;

    let answered = test.browser().get(&format!("{LOGIN}?{query}")).await;

    assert_eq!(answered.status, StatusCode::BAD_REQUEST);
    assert!(answered.body.contains(said), "{}", answered.body);
}

#[tokio::test]
async fn the_door_for_everybody_passes_the_demand_on() {
    let test = TestApp::new().await;
    let query = "return_to=%2Fx&max_age=300&authn_context=urn%3Aa";
    let mut browser = test.browser();
    let only = browser.get(&format!("/login?{query}")).await;
    test.apply(document("bravo-demo")).await;

    let asked = browser.get(&format!("/login?{query}")).await;

    assert_eq!(only.location(), format!("{LOGIN}?{query}"));
    for field in ["value=\"/x\"", "value=\"300\"", "value=\"urn:a\""] {
        assert!(asked.body.contains(field), "{field} in {}", asked.body);
    }
}
