//! Rule 45: the cookie is carried by a library; the id, the expiry and the row are ours.

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use tower::ServiceExt;
use vestibule::http::{self, Shared};
use vestibule::practice::persona::MAYA;
use vestibule::time::Span;

use super::super::app::TestApp;
use super::{counts, texts};

const COOKIE: &str = "__Host-vestibule";

/// What another node of the same installation says to a cookie.
pub(crate) async fn at(node: &Shared, cookie: &str) -> StatusCode {
    let request = Request::get("/session")
        .header(header::COOKIE, format!("{COOKIE}={cookie}"))
        .body(Body::empty())
        .unwrap();
    http::public(node).oneshot(request).await.unwrap().status()
}

async fn seen(test: &TestApp) -> i64 {
    let seen = texts(
        &test.app.store,
        "SELECT CAST(seen_at AS TEXT) FROM sessions",
    )
    .await;
    seen[0].parse().unwrap()
}

#[tokio::test]
async fn rule_45_strangers_get_no_row_and_no_cookie() {
    let test = TestApp::new().await;
    let mut browser = test.browser();

    for path in [
        "/",
        "/login",
        "/session",
        "/sessions",
        "/healthz",
        "/nothing",
    ] {
        browser.get(path).await;
    }
    browser.post("/logout", &[]).await;

    assert_eq!(counts(&test.app.store).await["sessions"], 0);
    assert!(browser.cookies.is_empty(), "{:?}", browser.cookies);
}

#[tokio::test]
async fn rule_45_the_session_cookie_has_every_attribute() {
    let test = TestApp::new().await;

    let answered = test.browser().sign_in(&MAYA).await;

    let all = answered.headers.get_all(header::SET_COOKIE);
    let mut cookies = all.iter().map(|cookie| cookie.to_str().unwrap());
    let cookie = cookies
        .find(|cookie| cookie.starts_with("__Host-vestibule="))
        .unwrap();
    for attribute in ["HttpOnly", "SameSite=Lax", "Secure", "Path=/"] {
        assert!(cookie.contains(attribute), "{attribute} in {cookie}");
    }
    assert!(!cookie.contains("Domain"), "{cookie}");
}

#[tokio::test]
async fn rule_45_what_arrives_from_other_sites_says_which_session_there_is_and_opens_nothing() {
    let test = TestApp::new().await;
    let mut browser = test.browser();

    let answered = browser.sign_in(&MAYA).await;

    let all = answered.headers.get_all(header::SET_COOKIE);
    let mut cookies = all.iter().map(|cookie| cookie.to_str().unwrap());
    let cookie = cookies
        .find_map(|cookie| cookie.strip_prefix("__Host-vestibule-current="))
        .unwrap();
    let (value, attributes) = cookie.split_once("; ").unwrap();
    assert_eq!(attributes, "Path=/; HttpOnly; SameSite=None; Secure");
    assert_eq!(at(&test.shared, value).await, StatusCode::UNAUTHORIZED);
    browser.cookies.remove(COOKIE);
    assert_eq!(
        browser.get("/session").await.status,
        StatusCode::UNAUTHORIZED
    );
}

#[tokio::test]
async fn rule_45_a_sign_in_flushes_and_creates_and_never_carries_over() {
    let test = TestApp::new().await;
    let mut browser = test.browser();
    browser
        .cookies
        .insert(COOKIE.into(), "AAAAAAAAAAAAAAAAAAAAAA".into());

    browser.sign_in_as_maya().await;
    let first = browser.cookies[COOKIE].clone();
    browser.sign_in_as_maya().await;
    let second = browser.cookies[COOKIE].clone();

    assert_ne!(
        first, "AAAAAAAAAAAAAAAAAAAAAA",
        "a chosen id is not taken over"
    );
    assert_ne!(first, second);
    assert_eq!(at(&test.shared, &first).await, StatusCode::UNAUTHORIZED);
    assert_eq!(at(&test.shared, &second).await, StatusCode::OK);
    assert_eq!(counts(&test.app.store).await["sessions"], 1);
}

#[tokio::test]
async fn rule_45_the_row_holds_a_digest_of_the_secret() {
    let test = TestApp::new().await;
    let mut browser = test.browser();
    browser.sign_in_as_maya().await;

    let all = super::everything(&test).await;

    assert!(!super::holds(&all, &browser.cookies[COOKIE]));
}

#[tokio::test]
async fn rule_45_activity_is_kept_in_memory_and_written_in_one_batch() {
    let test = TestApp::new().await;
    let mut browser = test.browser();
    browser.sign_in_as_maya().await;
    let began = seen(&test).await;

    test.app.clock.advance(Span::seconds(50));
    browser.get("/session").await;
    let during = seen(&test).await;
    test.shared.tidy().await.unwrap();

    assert_eq!(during, began);
    assert_eq!(seen(&test).await, test.app.clock.now().millis());
}

#[tokio::test]
async fn rule_45_activity_is_monotonic_across_nodes() {
    let test = TestApp::new().await;
    let mut browser = test.browser();
    browser.sign_in_as_maya().await;
    let (early, late) = (Shared::new(test.app.clone()), Shared::new(test.app.clone()));
    let cookie = &browser.cookies[COOKIE];
    at(&early, cookie).await;
    test.app.clock.advance(Span::minutes(10));
    at(&late, cookie).await;

    late.tidy().await.unwrap();
    early.tidy().await.unwrap();

    assert_eq!(seen(&test).await, test.app.clock.now().millis());
}

#[tokio::test]
async fn rule_45_two_nodes_write_their_activity_at_the_same_time() {
    let test = TestApp::new().await;
    let mut cookies = Vec::new();
    for _ in 0..12 {
        let mut browser = test.browser();
        browser.sign_in_as_maya().await;
        cookies.push(browser.cookies[COOKIE].clone());
    }

    for _ in 0..5 {
        let (one, other) = (Shared::new(test.app.clone()), Shared::new(test.app.clone()));
        for (node, later) in [(&one, 1), (&other, 2)] {
            test.app.clock.advance(Span::seconds(later));
            for cookie in &cookies {
                assert_eq!(at(node, cookie).await, StatusCode::OK);
            }
        }
        let (one, other) = tokio::join!(one.tidy(), other.tidy());
        one.unwrap();
        other.unwrap();
    }

    assert_eq!(seen(&test).await, test.app.clock.now().millis());
}

#[tokio::test]
async fn rule_45_before_a_session_is_refused_as_idle_the_stored_value_is_read_again() {
    let test = TestApp::new().await;
    let mut browser = test.browser();
    browser.sign_in_as_maya().await;
    let (here, there) = (Shared::new(test.app.clone()), Shared::new(test.app.clone()));
    let cookie = &browser.cookies[COOKIE];
    assert_eq!(at(&here, cookie).await, StatusCode::OK);
    test.app.clock.advance(Span::minutes(29));
    assert_eq!(at(&there, cookie).await, StatusCode::OK);
    there.tidy().await.unwrap();

    test.app.clock.advance(Span::minutes(29));

    assert_eq!(at(&here, cookie).await, StatusCode::OK);
}

#[tokio::test]
async fn rule_45_activity_does_not_revive_what_has_ended() {
    let test = TestApp::new().await;
    let mut browser = test.browser();
    browser.sign_in_as_maya().await;
    let cookie = browser.cookies[COOKIE].clone();
    test.app.clock.advance(Span::minutes(31));

    let idle = at(&test.shared, &cookie).await;
    test.shared.tidy().await.unwrap();

    assert_eq!(idle, StatusCode::UNAUTHORIZED);
    assert_eq!(counts(&test.app.store).await["sessions"], 0);
}
