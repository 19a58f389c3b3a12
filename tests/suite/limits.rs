//! How often an address may ask.

use axum::http::{StatusCode, header};
use vestibule::practice::persona::MAYA;

use super::app::{TestApp, document};

/// A server that lets each address begin two sign-ins and refuses two answers plainly in a minute.
async fn strict() -> TestApp {
    let test = TestApp::empty(|config| {
        config.limits.starts_per_minute = 2;
        config.limits.refusals_per_minute = 2;
    })
    .await;
    test.apply(document("acme-demo")).await;
    test
}

#[tokio::test]
async fn an_address_begins_only_so_many_sign_ins_in_a_minute() {
    let test = strict().await;
    let mut browser = test.browser();
    let (mut neighbour, path) = (test.browser(), "/saml/acme-demo/login");
    neighbour.address = "203.0.113.8:4711".parse().unwrap();

    let statuses = [
        browser.get(path).await.status,
        browser.get(path).await.status,
    ];
    let third = browser.get(path).await;

    assert_eq!(statuses, [StatusCode::SEE_OTHER; 2]);
    assert_eq!(third.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(third.headers[header::RETRY_AFTER], "60");
    assert_eq!(neighbour.get(path).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn an_answer_that_verifies_is_never_limited() {
    let test = strict().await;
    let mut browser = test.browser();
    let request = browser.begin().await;
    let honest = test.honest(&MAYA, &request).await;

    let mut refused = Vec::new();
    for _ in 0..3 {
        refused.push(browser.deliver("<a/>").await.status);
    }

    assert_eq!(refused[..2], [StatusCode::FORBIDDEN; 2]);
    assert_eq!(refused[2], StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(browser.deliver(&honest).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn who_shows_one_wrong_credential_after_the_other_is_slowed_down_everywhere() {
    for path in [
        "/token",
        "/introspect",
        "/scim/v2/acme-demo/Users",
        "/api/v1/accounts/acme-demo/users",
    ] {
        let test = strict().await;
        let mut browser = test.browser();
        let ask = || {
            axum::http::Request::post(path)
                .header("authorization", "Bearer vsk_demo_0")
                .header("content-type", "application/x-www-form-urlencoded")
        };
        let mut statuses = Vec::new();
        for _ in 0..3 {
            let body = axum::body::Body::from("grant_type=client_credentials&token=x");
            statuses.push(browser.send(ask(), body).await.status.as_u16());
        }
        assert_eq!(statuses.last(), Some(&429), "{path}: {statuses:?}");
        assert!(
            statuses[..2].iter().all(|status| *status != 429),
            "{path}: {statuses:?}"
        );
    }
}
