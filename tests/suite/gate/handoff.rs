//! Rule 41: how a session comes to the host of an app, and what nobody can do with it there.

use std::net::SocketAddr;

use axum::extract::ConnectInfo;
use axum::http::{Request, StatusCode};
use url::Url;
use vestibule::practice::persona::{CHEN, MAYA};
use vestibule::time::Span;

use super::desk::{Ask, Desk};
use crate::app::Answered;
use crate::browser::Browser;

const HOST: &str = "forward-app.test";
const OTHER: &str = "nginx-app.test";

/// What a browser keeps on the app's host.
#[derive(Default, Clone)]
struct There {
    nonce: String,
    gate: String,
}

impl There {
    fn cookies(&self) -> String {
        format!(
            "__Host-vestibule-nonce={}; __Host-vestibule-gate={}",
            self.nonce, self.gate
        )
    }

    fn keep(&mut self, said: &Answered) {
        for line in said.headers.get_all("set-cookie") {
            let line = line.to_str().unwrap();
            let (name, value) = line.split(';').next().unwrap().split_once('=').unwrap();
            match name {
                "__Host-vestibule-nonce" => self.nonce = value.to_owned(),
                "__Host-vestibule-gate" => self.gate = value.to_owned(),
                other => panic!("{other} was set"),
            }
            assert!(
                line.contains("; Path=/") && line.contains("; HttpOnly; SameSite=Lax; Secure"),
                "{line}"
            );
            assert!(!line.contains("Domain"), "{line}");
        }
    }
}

/// Asks for `/.vestibule/…` on a host, as its gateway passes it on.
async fn there(desk: &Desk, host: &str, path: &str, there: &mut There) -> Answered {
    let family = host.split('-').next().unwrap();
    let name = if family == "nginx" {
        "x-original-host"
    } else {
        "x-forwarded-host"
    };
    let peer = SocketAddr::from(([127, 0, 0, 1], 4711));
    let request = Request::get(format!("/handoff/{family}-app/{path}"))
        .header(name, host)
        .header("cookie", there.cookies());
    let said = Desk::internal(&desk.test.shared, request.extension(ConnectInfo(peer))).await;
    there.keep(&said);
    said
}

async fn begin(desk: &Desk, at: &mut There) -> String {
    let said = there(desk, HOST, "start?to=%2Fv2%2Fprofiles%3Fa%3Db", at).await;
    assert_eq!(said.status, StatusCode::SEE_OTHER);
    said.location()
        .strip_prefix("https://sso.test")
        .unwrap()
        .to_owned()
}

/// The path and query that our host sends the browser back to.
async fn code(browser: &mut Browser<'_>, path: &str) -> String {
    let said = browser.get(path).await;
    assert_eq!(said.status, StatusCode::SEE_OTHER, "{}", said.body);
    let url = Url::parse(said.location()).unwrap();
    assert_eq!(
        (url.scheme(), url.host_str(), url.path()),
        ("https", Some(HOST), "/.vestibule/finish")
    );
    format!("finish?{}", url.query().unwrap())
}

fn asked(at: &There, host: &str) -> (String, String) {
    (
        host.to_owned(),
        format!("__Host-vestibule-gate={}", at.gate),
    )
}

async fn word(desk: &Desk, at: &There, host: &str) -> String {
    let (host, cookie) = asked(at, host);
    let family = host.split('-').next().unwrap().to_owned();
    let name = if family == "nginx" {
        "x-original-host"
    } else {
        "x-forwarded-host"
    };
    let ask = Ask::new(&family, "GET", "/v2/profiles")
        .header(name, &host)
        .header("cookie", &cookie);
    desk.ask(&desk.test.browser(), ask).await.word()
}

#[tokio::test]
async fn rule_41_a_session_reaches_another_host_by_a_code_that_is_used_once() {
    let desk = Desk::new().await;
    let (mut browser, mut at) = (desk.test.browser(), There::default());
    browser.sign_in(&CHEN).await;
    assert_eq!(word(&desk, &at, HOST).await, "401");

    let order = begin(&desk, &mut at).await;
    let finish = code(&mut browser, &order).await;
    let done = there(&desk, HOST, &finish, &mut at).await;

    assert_eq!(
        (done.status, done.location()),
        (StatusCode::SEE_OTHER, "/v2/profiles?a=b")
    );
    assert_eq!(word(&desk, &at, HOST).await, "all");
    assert_eq!(
        word(&desk, &at, OTHER).await,
        "401",
        "the cookie is good on its own host alone"
    );
    let again = there(&desk, HOST, &finish, &mut at.clone()).await;
    assert_eq!(again.status, StatusCode::FORBIDDEN);
    browser.post("/logout", &[]).await;
    assert_eq!(
        word(&desk, &at, HOST).await,
        "401",
        "it dies with the session that it came from"
    );
}

#[tokio::test]
async fn rule_41_a_code_is_good_for_one_browser_one_host_and_one_minute() {
    let desk = Desk::new().await;
    let mut browser = desk.test.browser();
    browser.sign_in(&CHEN).await;
    let fresh = async |browser: &mut Browser<'_>| {
        let mut at = There::default();
        let order = begin(&desk, &mut at).await;
        (code(browser, &order).await, at)
    };

    let (finish, at) = fresh(&mut browser).await;
    let mut victim = There::default();
    begin(&desk, &mut victim).await;
    let stolen = there(&desk, HOST, &finish, &mut victim).await;
    assert_eq!(
        stolen.status,
        StatusCode::FORBIDDEN,
        "another browser has another nonce"
    );
    let spent = there(&desk, HOST, &finish, &mut at.clone()).await;
    assert_eq!(
        spent.status,
        StatusCode::FORBIDDEN,
        "and the try has used it up"
    );

    let (finish, at) = fresh(&mut browser).await;
    let elsewhere = there(&desk, OTHER, &finish, &mut at.clone()).await;
    assert_eq!(elsewhere.status, StatusCode::FORBIDDEN, "another host");

    let (finish, at) = fresh(&mut browser).await;
    desk.test.app.clock.advance(Span::seconds(60));
    let late = there(&desk, HOST, &finish, &mut at.clone()).await;
    assert_eq!(late.status, StatusCode::FORBIDDEN, "too late");

    for finish in [
        "finish",
        "finish?code=",
        "finish?code=AAAAAAAAAAAAAAAAAAAAAA",
    ] {
        let said = there(&desk, HOST, finish, &mut There::default()).await;
        assert_eq!(said.status, StatusCode::FORBIDDEN, "{finish}");
    }
}

#[tokio::test]
async fn rule_41_nobody_is_handed_to_a_host_that_is_no_apps_or_not_for_them() {
    let desk = Desk::new().await;
    let mut browser = desk.test.browser();
    browser.sign_in(&MAYA).await;
    let order = begin(&desk, &mut There::default()).await;

    for host in [
        "evil.test",
        "forward-app.test.evil.test",
        "forward-app.test%40evil.test",
        "FORWARD-app.test",
    ] {
        let said = browser.get(&order.replace(HOST, host)).await;
        assert_eq!(said.status, StatusCode::FORBIDDEN, "{host}: {}", said.body);
    }
    let away = order.replace("to=%2Fv2", "to=%2F%2Fevil.test%2Fv2");
    assert_eq!(browser.get(&away).await.status, StatusCode::FORBIDDEN);
    let stranger = desk.test.browser().get(&order).await;
    assert!(
        stranger
            .location()
            .starts_with("/login?return_to=%2Fhandoff%3Fhost%3D"),
        "{}",
        stranger.location()
    );
}

#[tokio::test]
async fn rule_41_the_cookie_of_a_gate_opens_nothing_of_ours() {
    let desk = Desk::new().await;
    let (mut browser, mut at) = (desk.test.browser(), There::default());
    browser.sign_in(&CHEN).await;
    let order = begin(&desk, &mut at).await;
    let finish = code(&mut browser, &order).await;
    there(&desk, HOST, &finish, &mut at).await;

    for name in ["__Host-vestibule", "__Host-vestibule-gate"] {
        let mut thief = desk.test.browser();
        thief.cookies.insert(name.to_owned(), at.gate.clone());
        assert_eq!(
            thief.get("/session").await.status,
            StatusCode::UNAUTHORIZED,
            "{name}"
        );
    }
}

#[tokio::test]
async fn rule_24_the_hosts_of_apps_are_places_to_return_to() {
    let desk = Desk::new().await;
    let mut browser = desk.test.browser();
    for (wish, lands) in [
        (
            "https://forward-app.test/v2/profiles",
            "https://forward-app.test/v2/profiles",
        ),
        ("https://evil.test/v2/profiles", "/"),
        ("http://forward-app.test/", "/"),
    ] {
        let request = browser
            .begin_at(&format!("/saml/acme-demo/login?return_to={wish}"))
            .await;
        let xml = desk.test.honest(&CHEN, &request).await;
        assert_eq!(browser.deliver(&xml).await.location(), lands, "{wish}");
    }
}
