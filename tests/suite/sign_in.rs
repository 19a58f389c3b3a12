//! A person signs in, is known, and signs out.

use axum::http::StatusCode;
use vestibule::attempt::Outcome;
use vestibule::practice::persona::{CHEN, MAYA, NOOR};
use vestibule::time::Span;

use super::app::TestApp;

#[tokio::test]
async fn a_person_signs_in_and_is_told_who_they_are_and_why() {
    let test = TestApp::new().await;
    let mut browser = test.browser();

    let answered = browser.sign_in(&MAYA).await;

    assert_eq!(
        (answered.status, answered.location()),
        (StatusCode::SEE_OTHER, "/"),
        "{}",
        answered.body
    );
    let home = browser.get("/").await;
    assert_eq!(home.status, StatusCode::OK);
    for text in ["Maya", "Acme Bank", "acme-demo", "maker", "vkyc-maker"] {
        assert!(home.body.contains(text), "{text} in {}", home.body);
    }
    let session: serde_json::Value =
        serde_json::from_str(&browser.get("/session").await.body).unwrap();
    assert_eq!(session["account"], "acme-demo");
    assert_eq!(session["roles"], serde_json::json!(["maker"]));
    assert_eq!(
        session["permissions"],
        serde_json::json!(["call:accept", "call:conclude"])
    );
}

#[tokio::test]
async fn an_encrypted_answer_signs_in_as_well() {
    let test = TestApp::new().await;
    let mut browser = test.browser();
    let request = browser.begin().await;
    let mut answer = test.answer(&CHEN, Some(&request)).await;
    answer.encryption = Some(vestibule::practice::encrypt::Encryption::default());

    let answered = browser.deliver(&test.respond(&answer).await).await;

    assert_eq!(
        answered.status,
        StatusCode::SEE_OTHER,
        "{:#?}",
        test.attempt().await.rows
    );
}

#[tokio::test]
async fn a_person_without_a_role_is_told_so_and_whom_to_ask() {
    let test = TestApp::new().await;
    let mut browser = test.browser();

    let answered = browser.sign_in(&NOOR).await;

    assert_eq!(answered.status, StatusCode::FORBIDDEN);
    assert!(answered.body.contains("no role"), "{}", answered.body);
    let attempt = test.attempt_of(answered.reference()).await;
    assert!(matches!(
        attempt.outcome,
        Outcome::Refused {
            refusal: Some(vestibule::user::Refusal::NoRole),
            ..
        }
    ));
    assert_eq!(
        browser.get("/session").await.status,
        StatusCode::UNAUTHORIZED
    );
}

#[tokio::test]
async fn signing_out_ends_the_session_here() {
    let test = TestApp::new().await;
    let mut browser = test.browser();
    browser.sign_in_as_maya().await;
    let stolen = browser.clone();

    let answered = browser.post("/logout", &[]).await;

    assert_eq!(answered.status, StatusCode::OK);
    assert_eq!(
        browser.get("/session").await.status,
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(
        stolen.clone().get("/session").await.status,
        StatusCode::UNAUTHORIZED
    );
}

#[tokio::test]
async fn a_session_ends_when_it_lies_idle_and_in_any_case_after_its_time() {
    let test = TestApp::new().await;
    let mut idle = test.browser();
    idle.sign_in_as_maya().await;
    test.app.clock.advance(Span::minutes(29));
    assert_eq!(idle.get("/session").await.status, StatusCode::OK);
    test.app.clock.advance(Span::minutes(29));
    assert_eq!(
        idle.get("/session").await.status,
        StatusCode::OK,
        "using it keeps it alive"
    );
    test.app.clock.advance(Span::minutes(31));
    assert_eq!(idle.get("/session").await.status, StatusCode::UNAUTHORIZED);

    let mut busy = test.browser();
    busy.sign_in_as_maya().await;
    for _ in 0..23 {
        test.app.clock.advance(Span::minutes(25));
        assert_eq!(busy.get("/session").await.status, StatusCode::OK);
    }
    test.app.clock.advance(Span::minutes(26));
    assert_eq!(
        busy.get("/session").await.status,
        StatusCode::UNAUTHORIZED,
        "ten hours are over"
    );
}

#[tokio::test]
async fn an_attempt_that_passed_says_where_the_assertion_stood() {
    let test = TestApp::new().await;
    test.browser().sign_in_as_maya().await;

    let rows = test.attempt().await.rows;

    let place = rows.iter().find(|row| row.what == "Place of the assertion");
    assert_eq!(place.unwrap().found, "child of the response");
}
