//! Where a browser is sent afterwards, and what a page shows: never what a stranger chose.

use axum::http::{StatusCode, header};
use url::form_urlencoded::byte_serialize;
use vestibule::account::{AllowedReturn, State};
use vestibule::practice::answer::What;
use vestibule::practice::persona::MAYA;
use vestibule::saml::check::Code;

use super::super::app::{Browser, TestApp};
use super::{Scene, forged, refuse, refused, said, unverified, verified};

const HOSTILE: &[&str] = &[
    "https://evil.example/",
    "//evil.example/",
    "///evil.example/",
    "/\\evil.example/",
    "\\\\evil.example/",
    "/\t/evil.example/",
    "/\r\nLocation: https://evil.example/",
    "/\r\nSet-Cookie: __Host-vestibule=x",
    "https://app.acme.test@evil.example/",
    "https://app.acme.test.evil.example/",
    "https://app.acme.test:8443/",
    "http://app.acme.test/",
    "https:evil.example",
    "javascript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    " https://evil.example/",
    "/%0d%0a\u{0}",
    "/#https://evil.example",
    "evil.example",
    "",
];

fn encode(text: &str) -> String {
    byte_serialize(text.as_bytes()).collect()
}

async fn app() -> TestApp {
    TestApp::with(|document| {
        let allowed = AllowedReturn::try_from("https://app.acme.test/".to_owned());
        document.access.return_to = vec![allowed.unwrap()];
        document.saml.as_mut().unwrap().allow_idp_initiated = true;
    })
    .await
}

/// Where a sign-in ends that began with this wish.
async fn target(test: &TestApp, browser: &mut Browser<'_>, wish: &str) -> String {
    let path = format!("/saml/acme-demo/login?return_to={}", encode(wish));
    let request = browser.begin_at(&path).await;
    let answer = test.answer(&MAYA, Some(&request)).await;
    let xml = test.respond(&answer).await;
    // What comes back beside the response is not asked where a request is remembered.
    let token = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, xml);
    let form = [
        ("SAMLResponse", token.as_str()),
        ("RelayState", "/elsewhere"),
    ];
    let answered = browser.deliver_form(&form).await;
    assert_eq!(answered.status, StatusCode::SEE_OTHER, "{wish:?}");
    answered.location().to_owned()
}

#[tokio::test]
async fn a_sign_in_ends_at_a_place_that_the_account_allows_or_at_home() {
    let test = app().await;
    let mut browser = test.browser();

    for wish in HOSTILE {
        assert_eq!(target(&test, &mut browser, wish).await, "/", "{wish:?}");
    }
    let long = format!("/{}", "a".repeat(3_000));
    assert_eq!(target(&test, &mut browser, &long).await, "/");

    for wish in ["/", "/a?b=c", "https://app.acme.test/x"] {
        assert_eq!(target(&test, &mut browser, wish).await, *wish);
    }
}

#[tokio::test]
async fn what_nobody_asked_for_ends_at_a_place_that_the_account_allows_or_at_home() {
    let test = app().await;

    for (state, expected) in HOSTILE
        .iter()
        .map(|state| ((*state).to_owned(), "/"))
        .chain([
            ("/calls".to_owned(), "/calls"),
            (format!("/{}", "a".repeat(100_000)), "/"),
        ])
    {
        let mut browser = test.browser();
        let xml = test.respond(&test.answer(&MAYA, None).await).await;
        let token = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, xml);
        let form = [
            ("SAMLResponse", token.as_str()),
            ("RelayState", state.as_str()),
        ];
        let asked = browser.deliver_form(&form).await;
        assert_eq!(asked.status, StatusCode::OK, "{state:?}");
        assert!(!asked.body.contains("evil.example") && !asked.body.contains("<script>alert"));

        let ticket = asked.body.split("name=\"ticket\" value=\"").nth(1).unwrap();
        let ticket = ticket.split('"').next().unwrap().to_owned();
        let answered = browser
            .post("/session/continue", &[("ticket", &ticket)])
            .await;
        assert_eq!(
            (answered.status, answered.location()),
            (StatusCode::SEE_OTHER, expected),
            "{state:?}"
        );
    }
}

/// The page is compared with that of every other refusal: nothing of these shows in it.
#[tokio::test]
async fn nothing_of_a_message_is_shown_as_markup() {
    const MARKUP: &str =
        "\"><script>alert(1)</script><img src=x onerror=alert(1)>\r\n\r\nSet-Cookie: a=b";
    let test = TestApp::new().await;

    refuse(
        &test,
        vec![
            said(
                "the issuer is a script",
                Code::Issuer,
                "<script>",
                |answer| answer.issuer = Some(MARKUP.into()),
            )
            .before_any_signature(),
            said(
                "the request is a script",
                Code::InResponseTo,
                "<script>",
                |answer| answer.in_response_to = Some(MARKUP.into()),
            )
            .before_any_signature(),
            said(
                "the destination is a script",
                Code::Destination,
                "<script>",
                |answer| answer.destination = Some(MARKUP.into()),
            )
            .before_any_signature(),
            said(
                "the audience is a script",
                Code::Audience,
                "<script>",
                |answer| {
                    answer.conditions.as_mut().unwrap().audiences = vec![MARKUP.into()];
                },
            ),
            said(
                "the name is a script",
                Code::Subject,
                "<script>",
                |answer| {
                    answer.name_id.as_mut().unwrap().value = MARKUP.into();
                },
            ),
            forged("the root is a script", Code::Root, "script of", |_| {
                "<script xmlns=\"http://www.w3.org/1999/xhtml\">alert(1)</script>".to_owned()
            }),
        ],
    )
    .await;
}

#[tokio::test]
async fn names_are_escaped_where_they_are_shown() {
    let test = TestApp::new().await;
    let mut browser = test.browser();
    let scene = Scene::begin(&test, &mut browser).await;
    let mut answer = scene.answer();
    for claim in &mut answer.attributes {
        if claim.name.ends_with("name") {
            claim.values = vec!["<script>alert(1)</script>\u{202e}".into()];
        }
    }

    let answered = browser.deliver(&scene.respond(&answer)).await;

    assert_eq!(answered.status, StatusCode::SEE_OTHER);
    let home = browser.get("/").await;
    assert_eq!(home.status, StatusCode::OK);
    assert!(!home.body.contains("<script>alert"), "{}", home.body);
    assert!(home.headers.contains_key(header::CONTENT_SECURITY_POLICY));
}

#[tokio::test]
async fn a_disabled_account_a_suspended_person_and_another_network_are_refused() {
    let test = TestApp::new().await;
    let mut browser = test.browser();
    browser.sign_in_as_maya().await;
    let account = test.account().await;

    let scene = Scene::begin(&test, &mut browser).await;
    test.app
        .set_account_state("acme-demo", State::Disabled, "test")
        .await
        .unwrap();
    let expected = unverified(Code::Disabled, "disabled");
    refused(&test, &mut browser, scene.honest(What::Assertion), expected).await;
    test.app
        .set_account_state("acme-demo", State::Enabled, "test")
        .await
        .unwrap();
    browser.sign_in_as_maya().await;

    let maya = test.app.find_user(&account, MAYA.upn).await.unwrap();
    test.app.suspend(&account, maya.id, "test").await.unwrap();
    let scene = Scene::begin(&test, &mut browser).await;
    let expected = verified(Code::Admit, "suspended");
    refused(&test, &mut browser, scene.honest(What::Assertion), expected).await;
    test.app.restore(&account, maya.id, "test").await.unwrap();
    browser.sign_in_as_maya().await;

    let near = TestApp::with(|document| {
        document.access.networks = vec!["203.0.113.0/24".parse().unwrap()];
    })
    .await;
    let mut browser = near.browser();
    browser.address = "198.51.100.9:4711".parse().unwrap();
    let scene = Scene::begin(&near, &mut browser).await;
    let expected = verified(Code::Network, "198.51.100.9");
    refused(&near, &mut browser, scene.honest(What::Assertion), expected).await;
    browser.address = "203.0.113.9:4711".parse().unwrap();
    browser.sign_in_as_maya().await;
}
