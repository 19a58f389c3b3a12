//! Rule 23: a sign-in that nobody started here, or that replaces somebody else's session, asks first.

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rstest::rstest;
use vestibule::account::AllowedReturn;
use vestibule::practice::persona::{CHEN, MAYA, Persona};
use vestibule::time::Span;

use super::super::app::{Answered, Browser, TestApp, document};
use super::{audit, change};

/// The hidden field of the question.
fn ticket(answered: &Answered) -> &str {
    let (_, rest) = answered
        .body
        .split_once("name=\"ticket\" value=\"")
        .unwrap_or_else(|| panic!("{}", answered.body));
    rest.split('"').next().unwrap()
}

pub(super) async fn proceed(browser: &mut Browser<'_>, asked: &Answered) -> Answered {
    browser
        .post("/session/continue", &[("ticket", ticket(asked))])
        .await
}

/// Who the browser is signed in as.
async fn who(browser: &mut Browser<'_>) -> (String, String) {
    let body = browser.get("/session").await.body;
    let session: serde_json::Value = serde_json::from_str(&body).unwrap_or_default();
    let text = |key: &str| session[key].as_str().unwrap_or_default().to_owned();
    (text("account"), text("name"))
}

pub(super) async fn unsolicited(test: &TestApp, persona: &Persona) -> String {
    test.respond(&test.answer(persona, None).await).await
}

pub(super) async fn allowing() -> TestApp {
    TestApp::with(|document| document.saml.as_mut().unwrap().allow_idp_initiated = true).await
}

#[tokio::test]
async fn rule_23_a_sign_in_that_replaces_another_person_asks_first() {
    let test = TestApp::new().await;
    let mut browser = test.browser();
    browser.sign_in_as_maya().await;

    let asked = browser.sign_in(&CHEN).await;

    assert_eq!((asked.status, asked.location()), (StatusCode::OK, ""));
    assert!(
        asked
            .body
            .contains("Continue as Chen Checker of Acme Bank?"),
        "{}",
        asked.body
    );
    assert!(
        asked.body.contains("Maya Maker of Acme Bank"),
        "{}",
        asked.body
    );
    assert_eq!(who(&mut browser).await.1, "Maya Maker");
    let answered = proceed(&mut browser, &asked).await;
    assert_eq!(
        (answered.status, answered.location()),
        (StatusCode::SEE_OTHER, "/")
    );
    assert_eq!(who(&mut browser).await.1, "Chen Checker");
}

#[tokio::test]
async fn rule_23_the_question_is_asked_across_accounts_and_the_old_session_ends() {
    let mut test = TestApp::new().await;
    test.apply(document("bravo-demo")).await;
    let mut first = test.browser();
    first.sign_in_as_maya().await;
    let (cookies, mut stolen) = (first.cookies.clone(), first.clone());
    drop(first);
    assert_eq!(who(&mut stolen).await.0, "acme-demo");

    test.slug = "bravo-demo";
    let mut browser = test.browser();
    browser.cookies.clone_from(&cookies);
    let asked = browser.sign_in(&MAYA).await;
    let answered = proceed(&mut browser, &asked).await;

    assert_eq!(answered.status, StatusCode::SEE_OTHER);
    assert_eq!(who(&mut browser).await.0, "bravo-demo");
    let mut stolen = test.browser();
    stolen.cookies = cookies;
    assert_eq!(
        stolen.get("/session").await.status,
        StatusCode::UNAUTHORIZED
    );
}

#[tokio::test]
async fn rule_23_the_same_person_is_not_asked() {
    let test = TestApp::new().await;
    let mut browser = test.browser();
    browser.sign_in_as_maya().await;

    browser.sign_in_as_maya().await;
}

#[tokio::test]
async fn rule_23_a_sign_in_that_the_identity_provider_starts_ends_on_the_question() {
    let test = allowing().await;
    let mut browser = test.browser();

    let asked = browser.deliver(&unsolicited(&test, &MAYA).await).await;

    assert_eq!(asked.status, StatusCode::OK);
    assert!(
        asked.body.contains("Continue as Maya Maker of Acme Bank?"),
        "{}",
        asked.body
    );
    assert_eq!(
        browser.get("/session").await.status,
        StatusCode::UNAUTHORIZED
    );
    let answered = proceed(&mut browser, &asked).await;
    assert_eq!(answered.status, StatusCode::SEE_OTHER);
    assert_eq!(who(&mut browser).await.1, "Maya Maker");
}

#[rstest]
#[case::listed("https://dashboard.acme.example/x", "https://dashboard.acme.example/x")]
#[case::ours("/reports", "/reports")]
#[case::nobodys("https://evil.test/", "/")]
#[tokio::test]
async fn rule_23_after_the_question_people_go_only_where_the_account_allows(
    #[case] relay_state: &str,
    #[case] target: &str,
) {
    let test = TestApp::with(|document| {
        let allowed = "https://dashboard.acme.example/".to_owned();
        document.saml.as_mut().unwrap().allow_idp_initiated = true;
        document.access.return_to = vec![AllowedReturn::try_from(allowed).unwrap()];
    })
    .await;
    let mut browser = test.browser();
    let response = STANDARD.encode(unsolicited(&test, &MAYA).await);
    let form = [
        ("SAMLResponse", response.as_str()),
        ("RelayState", relay_state),
    ];
    let asked = browser.deliver_form(&form).await;

    let answered = proceed(&mut browser, &asked).await;

    // A form's own redirect may not leave our origin, so a page leads on from here.
    let shown = format!("url={target}");
    let there = answered.location() == target || answered.body.contains(&shown);
    assert!(there, "{} {}", answered.location(), answered.body);
}

#[tokio::test]
async fn rule_23_such_a_sign_in_names_the_session_that_it_replaces() {
    let test = allowing().await;
    let mut browser = test.browser();
    browser.sign_in_as_maya().await;

    let asked = browser.deliver(&unsolicited(&test, &CHEN).await).await;

    assert!(
        asked.body.contains("Maya Maker of Acme Bank"),
        "{}",
        asked.body
    );
    let answered = proceed(&mut browser, &asked).await;
    assert_eq!(answered.status, StatusCode::SEE_OTHER);
    assert_eq!(who(&mut browser).await.1, "Chen Checker");
}

#[tokio::test]
async fn rule_23_where_it_is_not_allowed_the_identity_provider_starts_nothing() {
    let test = TestApp::new().await;

    let refused = test
        .browser()
        .deliver(&unsolicited(&test, &MAYA).await)
        .await;

    assert_eq!(refused.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn rule_23_the_answer_to_the_question_works_once() {
    let test = allowing().await;
    let mut browser = test.browser();
    let asked = browser.deliver(&unsolicited(&test, &MAYA).await).await;
    let mut twin = browser.clone();

    let first = proceed(&mut browser, &asked).await;
    let second = proceed(&mut twin, &asked).await;

    assert_eq!(first.status, StatusCode::SEE_OTHER);
    assert_eq!(second.status, StatusCode::CONFLICT);
    assert_eq!(twin.get("/session").await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn rule_23_the_answer_is_bound_to_the_session_that_it_replaces() {
    let test = TestApp::new().await;
    let mut browser = test.browser();
    browser.sign_in_as_maya().await;
    let asked = browser.sign_in(&CHEN).await;
    let mut stranger = test.browser();
    let mut other = test.browser();
    other.sign_in_as_maya().await;

    let without = proceed(&mut stranger, &asked).await;
    let foreign = proceed(&mut other, &asked).await;
    let own = proceed(&mut browser, &asked).await;

    assert_eq!(without.status, StatusCode::CONFLICT);
    assert_eq!(foreign.status, StatusCode::CONFLICT);
    assert_eq!(own.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn rule_23_the_answer_comes_from_our_own_page_within_five_minutes() {
    let test = allowing().await;
    let mut browser = test.browser();
    let asked = browser.deliver(&unsolicited(&test, &MAYA).await).await;
    let foreign = Request::post("/session/continue")
        .header("origin", "https://evil.test")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");

    let foreign = browser
        .send(foreign, Body::from(format!("ticket={}", ticket(&asked))))
        .await;
    let forged = browser
        .post("/session/continue", &[("ticket", "AAAA")])
        .await;
    test.app.clock.advance(Span::minutes(5));
    let late = proceed(&mut browser, &asked).await;

    assert_eq!(foreign.status, StatusCode::FORBIDDEN);
    assert_eq!(forged.status, StatusCode::CONFLICT);
    assert_eq!(late.status, StatusCode::CONFLICT);
}

#[tokio::test]
async fn rule_23_the_answer_to_the_question_is_audited_with_both_sessions_and_the_address() {
    let test = TestApp::new().await;
    let mut browser = test.browser();
    browser.sign_in_as_maya().await;
    test.app.clock.advance(Span::seconds(1));
    let asked = browser.sign_in(&CHEN).await;
    test.app.clock.advance(Span::seconds(1));
    let before = audit(&test).await;
    let ids = |event: &str| -> Vec<serde_json::Value> {
        let entries = before.iter().filter(|entry| entry.starts_with(event));
        entries
            .map(|entry| serde_json::from_str(entry.splitn(3, ' ').nth(2).unwrap()).unwrap())
            .collect()
    };
    let signed_in = ids("signed_in");

    proceed(&mut browser, &asked).await;

    let after = audit(&test).await;
    assert_eq!(after.len(), before.len() + 1);
    let mut words = after.last().unwrap().splitn(3, ' ');
    let (user, session) = (&signed_in[1]["user"], &signed_in[1]["session"]);
    assert_eq!(words.next(), Some("sign_in_confirmed"));
    assert_eq!(words.next(), user.as_str());
    let detail: serde_json::Value = serde_json::from_str(words.next().unwrap()).unwrap();
    assert_eq!(
        detail,
        serde_json::json!({ "user": user, "session": session, "replaced": signed_in[0]["session"], "address": "203.0.113.7" })
    );
}

#[tokio::test]
async fn rule_23_an_answer_that_cannot_be_audited_begins_no_session() {
    let test = allowing().await;
    let mut browser = test.browser();
    let asked = browser.deliver(&unsolicited(&test, &MAYA).await).await;

    change(&test.app.store, "ALTER TABLE audit RENAME TO away").await;
    let failed = proceed(&mut browser.clone(), &asked).await;
    change(&test.app.store, "ALTER TABLE away RENAME TO audit").await;
    let answered = proceed(&mut browser, &asked).await;

    assert_eq!(failed.status, StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(answered.status, StatusCode::SEE_OTHER);
}
