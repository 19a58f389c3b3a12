//! Rule 16: the login cookies, what they are bound to, and when they go.

use std::collections::BTreeMap;

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rstest::rstest;
use url::form_urlencoded;
use vestibule::account::AllowedReturn;
use vestibule::app::Consent;
use vestibule::login::tag;
use vestibule::practice::adfs::Adfs;
use vestibule::practice::persona::{MAYA, NOOR};
use vestibule::saml::check::Code;
use vestibule::time::Span;

use super::super::app::{Answered, Browser, IDP_KEYS, TestApp, document};
use super::apply;

const PREFIX: &str = "__Host-vestibule-login-";

/// Every cookie that an answer sets, attributes and all.
fn set(answered: &Answered) -> Vec<&str> {
    let all = answered.headers.get_all(header::SET_COOKIE);
    all.iter().map(|cookie| cookie.to_str().unwrap()).collect()
}

fn open<'b>(browser: &'b Browser<'_>) -> Vec<&'b str> {
    let names = browser.cookies.keys().map(String::as_str);
    names.filter(|name| name.starts_with(PREFIX)).collect()
}

fn allowed(text: &str) -> AllowedReturn {
    AllowedReturn::try_from(text.to_owned()).unwrap()
}

#[tokio::test]
async fn rule_16_the_login_cookie_has_a_name_of_its_own_and_every_attribute() {
    let test = TestApp::new().await;

    let answered = test.browser().get("/saml/acme-demo/login").await;

    let id = super::super::app::request_id(answered.location());
    let name = format!("{PREFIX}{}=", tag(&id));
    let cookies = set(&answered);
    let cookie = cookies
        .iter()
        .find_map(|cookie| cookie.strip_prefix(name.as_str()))
        .unwrap();
    let (value, attributes) = cookie.split_once("; ").unwrap();
    assert_eq!(
        attributes,
        "Path=/; Max-Age=600; HttpOnly; SameSite=None; Secure"
    );
    assert!(!value.contains(&id) && !value.contains("acme"));
}

#[tokio::test]
async fn rule_16_on_http_localhost_the_cookies_are_lax_without_the_prefix() {
    let test =
        TestApp::empty(|config| config.server.public_url = "http://localhost:8080".into()).await;
    test.apply(document("acme-demo")).await;
    let mut browser = test.browser();

    let begun = browser.get("/saml/acme-demo/login").await;
    let ended = browser.sign_in(&MAYA).await;

    let login = set(&begun)
        .into_iter()
        .find(|cookie| cookie.starts_with("vestibule-login-"));
    assert!(
        login
            .unwrap()
            .ends_with("; Path=/; Max-Age=600; HttpOnly; SameSite=Lax")
    );
    let session = set(&ended)
        .into_iter()
        .find(|cookie| cookie.starts_with("vestibule="))
        .unwrap();
    assert!(
        session.contains("SameSite=Lax") && !session.contains("Secure"),
        "{session}"
    );
}

#[tokio::test]
async fn rule_16_a_browser_holds_at_most_four_and_the_oldest_goes() {
    let test = TestApp::new().await;
    let mut browser = test.browser();
    let mut made = Vec::new();
    for _ in 0..4 {
        made.push(format!("{PREFIX}{}", tag(&browser.begin().await)));
    }
    // A browser sends its oldest cookie first.
    let carried: Vec<String> = made
        .iter()
        .map(|name| format!("{name}={}", browser.cookies[name]))
        .collect();
    let request = Request::get("/saml/acme-demo/login").header(header::COOKIE, carried.join("; "));

    let answered = test.browser().send(request, Body::empty()).await;

    let gone = format!(
        "{}=; Path=/; Max-Age=0; HttpOnly; SameSite=None; Secure",
        made[0]
    );
    let cookies = set(&answered);
    assert!(cookies.contains(&gone.as_str()), "{cookies:?}");
    assert_eq!(
        cookies
            .iter()
            .filter(|cookie| cookie.contains("Max-Age=0"))
            .count(),
        1
    );
    for _ in 0..3 {
        browser.begin().await;
    }
    assert_eq!(open(&browser).len(), 4);
}

#[rstest]
#[case::accepted(MAYA, StatusCode::SEE_OTHER)]
#[case::refused(NOOR, StatusCode::FORBIDDEN)]
#[tokio::test]
async fn rule_16_the_cookie_of_the_answered_request_is_cleared_at_the_acs(
    #[case] persona: vestibule::practice::persona::Persona,
    #[case] status: StatusCode,
) {
    let test = TestApp::new().await;
    let mut browser = test.browser();
    let other = format!("{PREFIX}{}", tag(&browser.begin().await));

    let answered = browser.sign_in(&persona).await;

    assert_eq!(answered.status, status);
    assert_eq!(open(&browser), [other]);
}

#[tokio::test]
async fn rule_16_the_cookie_is_bound_to_the_account() {
    let mut test = TestApp::new().await;
    test.apply(document("bravo-demo")).await;
    let mut browser = test.browser();
    let request = browser.begin().await;
    let cookies = browser.cookies.clone();

    test.slug = "bravo-demo";
    let answer = test.answer(&MAYA, Some(&request)).await;
    let xml = test.respond(&answer).await;
    let mut browser = test.browser();
    browser.cookies = cookies;
    let refused = browser.deliver(&xml).await;

    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert_eq!(refused_by(&test).await, Code::InResponseTo);
}

#[tokio::test]
async fn rule_16_the_cookie_is_bound_to_the_host() {
    let test = TestApp::new().await;
    let mut browser = test.browser();
    let request = browser.begin().await;
    let answer = test.answer(&MAYA, Some(&request)).await;
    let xml = test.respond(&answer).await;
    let mut elsewhere = browser.clone();
    let form = form_urlencoded::Serializer::new(String::new())
        .append_pair("SAMLResponse", &STANDARD.encode(&xml))
        .finish();
    let post = Request::post("/saml/acme-demo/acs")
        .header(header::HOST, "other.test")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");

    let refused = elsewhere.send(post, Body::from(form)).await;

    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert_eq!(refused_by(&test).await, Code::InResponseTo);
    assert_eq!(browser.deliver(&xml).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn rule_16_the_cookie_is_sealed_against_every_change() {
    let test = TestApp::new().await;
    let mut browser = test.browser();
    let request = browser.begin().await;
    let name = format!("{PREFIX}{}", tag(&request));
    let value = browser.cookies[&name].clone();
    let (middle, last) = (value.len() / 2, value.len() - 1);
    let answer = test.answer(&MAYA, Some(&request)).await;
    let xml = test.respond(&answer).await;

    for at in [0, middle, last] {
        let mut bytes = value.clone().into_bytes();
        bytes[at] = if bytes[at] == b'A' { b'Z' } else { b'A' };
        let changed = BTreeMap::from([(name.clone(), String::from_utf8(bytes).unwrap())]);
        let mut thief = test.browser();
        thief.cookies = changed;
        assert_eq!(
            thief.deliver(&xml).await.status,
            StatusCode::FORBIDDEN,
            "byte {at}"
        );
    }

    assert_eq!(browser.deliver(&xml).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn rule_16_the_cookie_is_good_for_ten_minutes_across_midnight_too() {
    let test = TestApp::new().await;
    test.app.clock.advance(Span::minutes(14 * 60 + 55));
    let mut slow = test.browser();
    let request = slow.begin().await;

    test.app.clock.advance(Span::minutes(10));
    assert!(test.app.clock.now().to_string().contains("T00:05"));
    let mut late = slow.clone();
    let answer = test.answer(&MAYA, Some(&request)).await;
    let answered = slow.deliver(&test.respond(&answer).await).await;
    test.app.clock.advance(Span::seconds(1));
    let answer = test.answer(&MAYA, Some(&request)).await;
    let refused = late.deliver(&test.respond(&answer).await).await;

    assert_eq!(answered.status, StatusCode::SEE_OTHER, "{}", answered.body);
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert_eq!(refused_by(&test).await, Code::InResponseTo);
}

#[tokio::test]
async fn rule_16_the_connection_is_checked_as_of_now() {
    let mut test = TestApp::new().await;
    let mut browser = test.browser();
    let request = browser.begin().await;
    let cookies = browser.cookies.clone();
    let before = test.honest(&MAYA, &request).await;
    let [_, _, new] = IDP_KEYS.clone();
    test.adfs = Adfs::new("https://adfs.acme.test", vec![new.clone()], new);
    test.apply(document("acme-demo")).await;
    let after = test.honest(&MAYA, &request).await;
    let mut browser = test.browser();
    browser.cookies = cookies;

    let old = browser.clone().deliver(&before).await;
    let new = browser.deliver(&after).await;

    assert_eq!(old.status, StatusCode::FORBIDDEN);
    assert_eq!(new.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn rule_16_return_to_is_checked_again_as_of_now() {
    let test = TestApp::with(|document| {
        document.access.return_to =
            vec![allowed("https://a.example/"), allowed("https://b.example/")];
    })
    .await;
    let (mut kept, mut dropped) = (test.browser(), test.browser());
    let request_kept = kept
        .begin_at("/saml/acme-demo/login?return_to=https://a.example/x")
        .await;
    let request_dropped = dropped
        .begin_at("/saml/acme-demo/login?return_to=https://b.example/x")
        .await;
    let mut changed = document("acme-demo");
    changed.access.return_to = vec![allowed("https://a.example/")];
    apply(&test, changed, &test.adfs, &Consent::default())
        .await
        .unwrap();

    let kept = kept
        .deliver(
            &test
                .respond(&test.answer(&MAYA, Some(&request_kept)).await)
                .await,
        )
        .await;
    let dropped = dropped
        .deliver(
            &test
                .respond(&test.answer(&MAYA, Some(&request_dropped)).await)
                .await,
        )
        .await;

    assert_eq!(kept.location(), "https://a.example/x");
    assert_eq!(dropped.location(), "/");
}

#[tokio::test]
async fn rule_16_the_age_that_the_request_demanded_is_sealed_in() {
    let test = TestApp::with(|document| document.saml.as_mut().unwrap().force_authn = true).await;
    let mut browser = test.browser();
    let request = browser.begin().await;
    apply(
        &test,
        document("acme-demo"),
        &test.adfs,
        &Consent::default(),
    )
    .await
    .unwrap();
    let mut answer = test.answer(&MAYA, Some(&request)).await;
    answer.authn.as_mut().unwrap().instant = test.app.clock.now().minus(Span::hours(8));

    let refused = browser.deliver(&test.respond(&answer).await).await;

    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert_eq!(refused_by(&test).await, Code::AuthnStatement);
}

/// The rule that the latest attempt broke.
async fn refused_by(test: &TestApp) -> Code {
    super::broken(&test.attempt().await)
}
