//! A response answers one request, which this browser started here a short while ago (login CSRF, fixation).

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use vestibule::login::tag;
use vestibule::practice::answer::{Answer, What};
use vestibule::practice::persona::CHEN;
use vestibule::saml::check::Code;
use vestibule::time::Span;

use super::super::app::{Browser, TestApp};
use super::{Case, Posted, Scene, forged, refuse, refused, said, unverified};

const LOGIN: &str = "__Host-vestibule-login-";

fn outside(name: &str, because: &'static str, change: impl Fn(&mut Answer) + 'static) -> Case {
    said(name, Code::InResponseTo, because, change).before_any_signature()
}

fn inside(name: &str, id: Option<&'static str>) -> Case {
    let because = "of the confirmation";
    said(name, Code::InResponseTo, because, move |answer| {
        answer.confirmations[0].in_response_to = id.map(str::to_owned);
    })
}

pub(super) fn answers() -> Vec<Case> {
    vec![
        outside("the response answers nothing", "absent", |answer| {
            answer.in_response_to = None;
        }),
        outside(
            "neither response nor confirmation answers anything",
            "absent",
            |answer| {
                answer.in_response_to = None;
                answer.confirmations[0].in_response_to = None;
            },
        ),
        outside(
            "the response answers a request that nobody made",
            "_nobody",
            |answer| {
                answer.in_response_to = Some("_nobody".into());
            },
        ),
        outside(
            "the response answers a request without a name",
            "InResponseTo of the response: ",
            |answer| {
                answer.in_response_to = Some(String::new());
            },
        ),
        outside(
            "the response answers the request in other letters",
            "_",
            |answer| {
                answer.in_response_to = answer.in_response_to.as_ref().map(|id| id.to_uppercase());
            },
        ),
        outside(
            "the response answers the request and one more",
            " _more",
            |answer| {
                answer.in_response_to = answer
                    .in_response_to
                    .as_ref()
                    .map(|id| format!("{id} _more"));
            },
        ),
        inside("the confirmation answers another request", Some("_nobody")),
        inside("the confirmation answers no request", None),
        forged(
            "a response that nobody asked for",
            Code::InResponseTo,
            "absent",
            |scene| {
                let mut answer = scene.answer();
                answer.in_response_to = None;
                answer.confirmations[0].in_response_to = None;
                answer.sign = What::Both;
                scene.respond(&answer)
            },
        ),
    ]
}

fn unknown() -> super::case::Expected {
    unverified(Code::InResponseTo, "InResponseTo of the response: _")
}

fn login_cookies(browser: &Browser<'_>) -> Vec<String> {
    let names = browser.cookies.keys();
    names
        .filter(|name| name.starts_with(LOGIN))
        .cloned()
        .collect()
}

#[tokio::test]
async fn a_response_to_another_request_is_refused() {
    let test = TestApp::new().await;

    refuse(&test, answers()).await;
}

#[tokio::test]
async fn nobody_is_signed_in_as_somebody_else_by_a_response_that_they_did_not_ask_for() {
    let test = TestApp::new().await;
    let (mut attacker, mut victim) = (test.browser(), test.browser());
    victim.begin().await;
    let scene = Scene::begin(&test, &mut attacker).await;
    let theirs = scene.respond(&scene.answer_about(&CHEN));

    refused(&test, &mut victim, theirs.clone(), unknown()).await;
    refused(&test, &mut test.browser(), theirs, unknown()).await;

    assert_eq!(
        victim.get("/session").await.status,
        StatusCode::UNAUTHORIZED
    );
    victim.sign_in_as_maya().await;
}

#[tokio::test]
async fn cookies_that_were_swapped_or_changed_open_nothing() {
    let test = TestApp::new().await;
    let mut browser = test.browser();
    browser.begin().await;
    let scene = Scene::begin(&test, &mut browser).await;
    let names = login_cookies(&browser);
    let (first, second) = (&browser.cookies[&names[0]], &browser.cookies[&names[1]]);
    let cut = first[..first.len() - 4].to_owned();
    let swapped = [
        (names[0].clone(), second.clone()),
        (names[1].clone(), first.clone()),
    ];

    let mut other = browser.clone();
    other.cookies.extend(swapped);
    refused(&test, &mut other, scene.honest(What::Assertion), unknown()).await;
    for value in [cut.as_str(), "", "AAAA", "not base64"] {
        let mut other = browser.clone();
        for name in &names {
            other.cookies.insert(name.clone(), value.into());
        }
        refused(&test, &mut other, scene.honest(What::Assertion), unknown()).await;
    }

    browser.sign_in_as_maya().await;
}

#[tokio::test]
async fn a_request_that_is_too_old_is_answered_no_more() {
    let test = TestApp::new().await;
    let mut browser = test.browser();
    let scene = Scene::begin(&test, &mut browser).await;

    test.app.clock.advance(Span::minutes(10).twice());
    refused(
        &test,
        &mut browser.clone(),
        scene.honest(What::Assertion),
        unknown(),
    )
    .await;
    test.app.clock.advance(Span::days(2));
    refused(
        &test,
        &mut browser,
        scene.honest(What::Assertion),
        unknown(),
    )
    .await;

    browser.sign_in_as_maya().await;
}

#[tokio::test]
async fn a_browser_holds_four_requests_and_what_went_is_not_answered() {
    let test = TestApp::new().await;
    let mut browser = test.browser();
    let mut scenes = Vec::new();

    for _ in 0..5 {
        scenes.push(Scene::begin(&test, &mut browser).await);
    }

    let held = login_cookies(&browser);
    let gone = |scene: &Scene<'_>| !held.contains(&format!("{LOGIN}{}", tag(&scene.request)));
    scenes.retain(gone);
    assert_eq!((held.len(), scenes.len()), (4, 1));
    let xml = scenes[0].honest(What::Assertion);
    refused(&test, &mut browser, xml, unknown()).await;
    browser.sign_in_as_maya().await;
}

#[tokio::test]
async fn a_request_that_began_under_another_host_name_is_not_answered_here() {
    let test = TestApp::new().await;
    let mut browser = test.browser();
    let elsewhere = Request::get("/saml/acme-demo/login").header(header::HOST, "other.test");
    let begun = browser.send(elsewhere, Body::empty()).await;
    let scene = Scene {
        test: &test,
        rp: test.trust().await,
        request: super::super::app::request_id(begun.location()),
    };

    refused(
        &test,
        &mut browser,
        scene.honest(What::Assertion),
        unknown(),
    )
    .await;

    browser.sign_in_as_maya().await;
}

#[tokio::test]
async fn a_session_that_somebody_planted_is_not_the_one_that_begins() {
    const SESSION: &str = "__Host-vestibule";
    let test = TestApp::new().await;
    let mut attacker = test.browser();
    attacker.sign_in(&CHEN).await;
    let theirs = attacker.cookies[SESSION].clone();
    let mut victim = test.browser();
    victim
        .cookies
        .insert(SESSION.into(), "AAAAAAAAAAAAAAAAAAAAAA".into());

    victim.sign_in_as_maya().await;
    let first = victim.cookies[SESSION].clone();
    victim.sign_in_as_maya().await;
    let second = victim.cookies[SESSION].clone();

    assert!(first != second && first != "AAAAAAAAAAAAAAAAAAAAAA");
    let mut old = test.browser();
    old.cookies.insert(SESSION.into(), first);
    assert_eq!(old.get("/session").await.status, StatusCode::UNAUTHORIZED);

    // Where somebody else's session lives in the browser, the person is asked first.
    let mut planted = test.browser();
    planted.cookies.insert(SESSION.into(), theirs.clone());
    let scene = Scene::begin(&test, &mut planted).await;
    let answered = super::post(
        &mut planted,
        test.slug,
        Posted::from(scene.honest(What::Assertion)),
    )
    .await;
    assert_eq!(answered.status, StatusCode::OK);
    assert_eq!(planted.cookies[SESSION], theirs);
    assert!(answered.body.contains("Continue"), "{}", answered.body);
}
