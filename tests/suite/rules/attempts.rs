//! Rules 8, 20 and 22: what sign-ins and refusals leave behind.

use axum::body::Body;
use axum::http::{Request, StatusCode};
use tower::ServiceExt;
use vestibule::http;
use vestibule::practice::answer::{Attribute, What};
use vestibule::practice::persona::{MAYA, NOOR};
use vestibule::time::Span;

use super::super::app::{TestApp, document};
use super::{audit, counts, texts};

#[tokio::test]
async fn rule_08_events_are_a_metric_from_the_start() {
    let test = TestApp::new().await;
    test.browser().sign_in(&MAYA).await;
    test.browser().sign_in(&NOOR).await;
    test.browser().deliver("<nothing/>").await;

    let request = Request::get("/metrics").body(Body::empty()).unwrap();
    let response = http::internal(&test.shared).oneshot(request).await.unwrap();

    let body = axum::body::to_bytes(response.into_body(), 1 << 20)
        .await
        .unwrap();
    let figures = String::from_utf8(body.to_vec()).unwrap();
    for line in [
        "vestibule_login_starts_total 2",
        "vestibule_logins_total{result=\"accepted\",reason=\"\"} 1",
        "vestibule_logins_total{result=\"refused\",reason=\"roles\"} 1",
        "vestibule_logins_total{result=\"refused\",reason=\"root\"} 1",
    ] {
        assert!(figures.contains(line), "{line} in {figures}");
    }
}

#[tokio::test]
async fn rule_20_a_verified_refusal_writes_a_full_attempt_and_an_audit_entry() {
    let test = TestApp::new().await;

    let refused = test.browser().sign_in(&NOOR).await;

    let attempt = test.attempt_of(refused.reference()).await;
    assert!(attempt.verified_by.is_some());
    let entries = audit(&test).await;
    let about = |entry: &&String| entry.contains(refused.reference());
    let entry = entries.iter().find(about).unwrap();
    assert!(entry.starts_with("sign_in_refused system"), "{entry}");
}

#[tokio::test]
async fn rule_20_a_flood_of_unverified_refusals_writes_thirty_attempts_a_minute_and_one_summary() {
    let test = TestApp::empty(|config| config.limits.refusals_per_minute = 0).await;
    test.apply(document("acme-demo")).await;
    test.apply(document("bravo-demo")).await;
    let before = test.written().await;

    for minute in 1..=2 {
        for _ in 0..100 {
            let refused = test.browser().deliver("<nothing/>").await;
            assert_eq!(refused.status, StatusCode::FORBIDDEN);
        }
        test.app.clock.advance(Span::minutes(1));
        let during = test.written().await;
        test.shared.tidy().await.unwrap();
        let after = test.written().await;
        assert_eq!(during.1, before.1 + 30 * minute, "attempts");
        assert_eq!(
            during.2,
            before.2 + minute - 1,
            "nothing is audited one by one"
        );
        assert_eq!(after.2, before.2 + minute, "one summary a minute");
    }

    test.shared.tidy().await.unwrap();
    let entries = audit(&test).await;
    let summaries: Vec<_> = entries
        .iter()
        .filter(|entry| entry.contains("unverified"))
        .collect();
    assert_eq!(summaries.len(), 2, "{entries:#?}");
    assert!(
        summaries
            .iter()
            .all(|entry| entry.contains("\"count\":100")),
        "{summaries:?}"
    );
    test.browser().sign_in_as_maya().await;
}

#[tokio::test]
async fn rule_20_what_a_stranger_sends_is_kept_in_small_pieces() {
    let test = TestApp::new().await;
    let fat = "x".repeat(40_000);
    let mut browser = test.browser();
    let request = browser.begin().await;
    let mut claims = test.answer(&MAYA, Some(&request)).await;
    claims.sign = What::Nothing;
    claims.attributes = (0..60)
        .map(|index| Attribute {
            name: format!("urn:{index}:{}", &fat[..1000]),
            values: vec![fat[..1000].into(); 2],
            ..Attribute::default()
        })
        .collect();
    let mut issuer = test.answer(&MAYA, Some(&request)).await;
    issuer.issuer = Some(fat.clone());
    let mut status = test.answer(&MAYA, Some(&request)).await;
    status.status = vestibule::practice::answer::Status::Refused {
        top: fat.clone(),
        second: None,
    };
    status.sign = What::Nothing;
    let mut algorithm = test.honest(&MAYA, &request).await;
    algorithm = algorithm.replace("http://www.w3.org/2001/04/xmldsig-more#rsa-sha256", &fat);

    let mut wide = test.answer(&MAYA, Some(&request)).await;
    (wide.issuer, wide.sign) = (Some("\u{10ffff}".repeat(9_000)), What::Nothing);
    let mut posts = vec![algorithm, test.respond(&wide).await];
    for answer in [claims, issuer, status] {
        posts.push(test.respond(&answer).await);
    }
    for xml in posts {
        assert_eq!(
            browser.clone().deliver(&xml).await.status,
            StatusCode::FORBIDDEN
        );
    }

    let sizes = texts(
        &test.app.store,
        "SELECT CAST(LENGTH(sealed) AS TEXT) FROM attempts",
    )
    .await;
    let sizes: Vec<usize> = sizes.iter().map(|size| size.parse().unwrap()).collect();
    assert_eq!(sizes.len(), 5);
    assert!(sizes.iter().all(|size| *size <= 4_096), "{sizes:?}");
}

#[tokio::test]
async fn rule_22_starting_a_sign_in_writes_nothing() {
    let test = TestApp::new().await;
    test.browser().sign_in_as_maya().await;
    let before = counts(&test.app.store).await;

    for _ in 0..5 {
        test.browser().begin().await;
    }

    assert_eq!(counts(&test.app.store).await, before);
}
