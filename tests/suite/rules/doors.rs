//! Rule 24: the door for people who come without an account.

use axum::http::StatusCode;
use rstest::rstest;
use vestibule::account::State;
use vestibule::app::Consent;
use vestibule::config::AccountFile;
use vestibule::practice::persona::MAYA;

use super::super::app::{Browser, TestApp, document};

/// Two accounts, so that nobody can be sent to the only one.
async fn two() -> TestApp {
    let test = TestApp::new().await;
    test.apply(document("bravo-demo")).await;
    test
}

/// The answer to a sign-in, without what is new in each answer.
async fn start(browser: &mut Browser<'_>, slug: &str) -> (StatusCode, String) {
    let answered = browser.get(&format!("/saml/{slug}/login")).await;
    let id = answered.headers["x-request-id"].to_str().unwrap();
    (
        answered.status,
        answered.body.replace(id, "").replace(slug, "SLUG"),
    )
}

#[tokio::test]
async fn rule_24_the_only_account_is_chosen_by_itself() {
    let test = TestApp::new().await;

    let answered = test
        .browser()
        .get("/login?return_to=%2Freports%3Fa%3D1")
        .await;

    assert_eq!(answered.status, StatusCode::SEE_OTHER);
    assert_eq!(
        answered.location(),
        "/saml/acme-demo/login?return_to=%2Freports%3Fa%3D1"
    );
}

#[tokio::test]
async fn rule_24_else_the_account_that_was_last_used_here() {
    let test = two().await;
    let mut browser = test.browser();
    browser.begin_at("/saml/bravo-demo/login").await;

    let answered = browser.get("/login").await;

    assert_eq!(answered.location(), "/saml/bravo-demo/login");
}

#[tokio::test]
async fn rule_24_else_the_account_that_is_typed() {
    let test = two().await;
    let mut browser = test.browser();

    let asked = browser.get("/login?return_to=/x").await;
    let typed = browser
        .get("/login?account=%20Acme-Demo%20&return_to=/x")
        .await;
    let wrong = browser.get("/login?account=acme_demo").await;

    assert_eq!(asked.status, StatusCode::OK);
    assert!(
        asked.body.contains("name=\"account\"") && asked.body.contains("value=\"/x\""),
        "{}",
        asked.body
    );
    assert!(
        typed.body.contains("/saml/acme-demo/login?return_to=%2Fx"),
        "{}",
        typed.body
    );
    assert!(wrong.body.contains("account-error"), "{}", wrong.body);
}

#[rstest]
#[case::that_nobody_made("nobody-demo")]
#[case::that_was_switched_off("bravo-demo")]
#[tokio::test]
async fn rule_24_an_account_that_is_unknown_answers_like_one_that_is_not_connected_yet(
    #[case] slug: &str,
) {
    let test = two().await;
    let mut unconnected = document("waiting-demo");
    unconnected.saml = None;
    let file = AccountFile {
        document: unconnected,
        metadata: None,
    };
    test.app
        .apply(&file, "shell:test", &Consent::default())
        .await
        .unwrap();
    test.app
        .set_account_state("bravo-demo", State::Disabled, "shell:test")
        .await
        .unwrap();
    let mut browser = test.browser();

    let waiting = start(&mut browser, "waiting-demo").await;
    let other = start(&mut browser, slug).await;

    assert_eq!(waiting.0, StatusCode::CONFLICT);
    assert_eq!(other, waiting);
    assert!(browser.cookies.is_empty(), "and none of them is remembered");
}

#[tokio::test]
async fn rule_24_before_there_is_metadata_the_page_says_not_connected_yet() {
    let test = TestApp::empty(|_| {}).await;
    let file = AccountFile {
        document: document("acme-demo"),
        metadata: None,
    };
    test.app
        .apply(&file, "shell:test", &Consent::default())
        .await
        .unwrap();
    let mut browser = test.browser();

    let door = browser.get("/login").await;
    let page = browser.get(door.location()).await;

    assert_eq!(page.status, StatusCode::CONFLICT);
    assert!(page.body.contains("Not connected yet"), "{}", page.body);
    assert_eq!(
        browser.get("/saml/acme-demo/metadata").await.status,
        StatusCode::OK
    );
}

#[rstest]
#[case::absent("", "/")]
#[case::ours("?return_to=/reports", "/reports")]
#[case::nobodys("?return_to=https://evil.test/", "/")]
#[tokio::test]
async fn rule_24_without_a_return_address_that_is_allowed_people_land_on_the_start_page(
    #[case] query: &str,
    #[case] target: &str,
) {
    let test = TestApp::new().await;
    let mut browser = test.browser();
    let door = browser.get(&format!("/login{query}")).await;
    let request = browser.begin_at(door.location()).await;

    let answered = browser.deliver(&test.honest(&MAYA, &request).await).await;

    assert_eq!(
        (answered.status, answered.location()),
        (StatusCode::SEE_OTHER, target)
    );
}
