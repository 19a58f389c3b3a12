//! What is fetched, from where, and what is not: against a server of the client's that does what it likes.

use std::collections::HashMap;
use std::fmt::Write;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use vestibule::account::Saml;
use vestibule::app::{Fetched, Known, Names, Outbound, Refreshed};
use vestibule::config::Config;
use vestibule::http::Shared;

use super::app::{NOW, TestApp, document};

/// A web server that answers every request alike, and remembers what it was asked.
struct Farm {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
    answer: Arc<Mutex<Vec<u8>>>,
}

impl Farm {
    async fn new(answer: Vec<u8>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let farm = Self {
            address: listener.local_addr().unwrap(),
            asked: Arc::default(),
            answer: Arc::new(Mutex::new(answer)),
        };
        let (asked, answer) = (Arc::clone(&farm.asked), Arc::clone(&farm.answer));
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut request = vec![0; 8_192];
                let read = stream.read(&mut request).await.unwrap_or_default();
                let request = String::from_utf8_lossy(&request[..read]).to_lowercase();
                asked.lock().unwrap().push(request);
                let answer = answer.lock().unwrap().clone();
                let _ = stream.write_all(&answer).await;
                if answer.ends_with(b"slow") {
                    tokio::time::sleep(Duration::from_secs(5)).await;
                }
            }
        });
        farm
    }

    fn url(&self) -> String {
        format!("http://{}/metadata.xml", self.address)
    }

    fn now_answers(&self, answer: Vec<u8>) {
        *self.answer.lock().unwrap() = answer;
    }

    fn last(&self) -> String {
        self.asked.lock().unwrap().last().cloned().unwrap()
    }
}

fn answer(status: &str, headers: &[(&str, &str)], body: &str) -> Vec<u8> {
    let mut text = format!(
        "HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {}\r\n",
        body.len()
    );
    for (name, value) in headers {
        write!(text, "{name}: {value}\r\n").unwrap();
    }
    format!("{text}\r\n{body}").into_bytes()
}

fn ok(body: &str) -> Vec<u8> {
    answer("200 OK", &[], body)
}

fn redirect(to: &str) -> Vec<u8> {
    answer("302 Found", &[("Location", to)], "")
}

/// A server on loopback, which may fetch from loopback by http.
fn loopback() -> Config {
    let mut config = Config::default();
    config.server.public_url = "http://localhost:8080".into();
    config
}

/// A server that browsers reach by https, whose configuration allows a client's network.
fn public() -> Config {
    let mut config = Config::default();
    config.server.public_url = "https://sso.test".into();
    config.server.host_names = vec!["sso.test".into()];
    config
}

fn names(known: &[(&str, &[&str])]) -> Names {
    let parse = |addresses: &[&str]| -> Vec<IpAddr> {
        addresses.iter().map(|text| text.parse().unwrap()).collect()
    };
    let known = known
        .iter()
        .map(|(name, addresses)| ((*name).to_owned(), parse(addresses)));
    Names::Fixed(Arc::new(known.collect::<HashMap<_, _>>()))
}

async fn refused(config: &Config, names: Names, url: &str) -> String {
    let mut outbound = Outbound::new(config, names);
    outbound.patience = Duration::from_secs(2);
    let refused = outbound.fetch(url, &Known::default()).await;
    format!("{:#}", refused.unwrap_err())
}

#[tokio::test]
async fn rule_52_a_document_is_fetched_and_asked_for_again_by_its_name() {
    let tags = [
        ("ETag", "\"a1\""),
        ("Last-Modified", "Thu, 15 Jan 2026 09:00:00 GMT"),
    ];
    let farm = Farm::new(answer("200 OK", &tags, "<x/>")).await;
    let outbound = Outbound::new(&loopback(), Names::System);

    let first = outbound.fetch(&farm.url(), &Known::default()).await;
    let Fetched::Document(bytes, known) = first.unwrap() else {
        panic!("no document")
    };
    farm.now_answers(answer("304 Not Modified", &[], ""));
    let second = outbound.fetch(&farm.url(), &known).await.unwrap();

    assert_eq!(bytes, b"<x/>");
    assert!(matches!(second, Fetched::Unchanged));
    let asked = farm.last();
    assert!(asked.contains("if-none-match: \"a1\""), "{asked}");
    assert!(asked.contains("if-modified-since: thu, 15 jan"), "{asked}");
    assert!(!asked.contains("accept-encoding"), "{asked}");
}

#[tokio::test]
async fn rule_52_what_is_too_big_slow_packed_or_failing_is_given_up() {
    let big = "x".repeat(2 * 1024 * 1024);
    let packed = answer("200 OK", &[("Content-Encoding", "gzip")], "bomb");
    let slow = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nslow".to_vec();
    for (answer, expected) in [
        (ok(&big), "more than 1048576 bytes"),
        (packed, "encoded as gzip"),
        (slow, "took more than"),
        (answer("500 Internal Server Error", &[], ""), "500"),
        (redirect("/metadata.xml"), "redirects more than 3 times"),
    ] {
        let farm = Farm::new(answer).await;

        let said = refused(&loopback(), Names::System, &farm.url()).await;

        assert!(said.contains(expected), "{said}");
    }
}

#[tokio::test]
async fn rule_52_only_public_addresses_of_others_are_asked_by_https() {
    let fixed = || {
        names(&[
            ("sso.test", &["203.0.114.9"]),
            ("mixed.test", &["93.184.216.34", "10.0.0.1"]),
            ("private.test", &["192.168.1.1"]),
            ("cloud.test", &["169.254.169.254"]),
            ("alias.test", &["203.0.114.9"]),
            ("mapped.test", &["::ffff:127.0.0.1"]),
        ])
    };
    for (url, expected) in [
        ("http://93.184.216.34/", "is not https"),
        ("ftp://93.184.216.34/", "is not https"),
        ("https://127.0.0.1/", "our own addresses"),
        ("https://[::1]/", "our own addresses"),
        ("https://0.0.0.0/", "our own addresses"),
        ("https://2130706433/", "our own addresses"),
        ("https://169.254.169.254/", "not a public address"),
        ("https://10.0.0.1/", "not a public address"),
        ("https://mixed.test/", "not a public address"),
        ("https://private.test/", "not a public address"),
        ("https://cloud.test/", "not a public address"),
        ("https://mapped.test/", "our own addresses"),
        ("https://alias.test/", "our own addresses"),
        ("https://sso.test/saml/acme/metadata", "our own names"),
        ("https://SSO.test./saml/acme/metadata", "our own names"),
        ("https://nobody.test/", "no such name"),
        ("nonsense", "is not an address"),
    ] {
        let said = refused(&public(), fixed(), url).await;

        assert!(said.contains(expected), "{url}: {said}");
    }
}

#[tokio::test]
async fn rule_52_our_own_ports_are_not_asked_even_where_our_machine_may_be() {
    let (farm, mut config) = (Farm::new(ok("<x/>")).await, loopback());
    config.server.internal_listen = farm.address;
    let said = refused(&config, Names::System, &farm.url()).await;
    assert!(said.contains("our own addresses"), "{said}");

    let said = refused(&config, Names::System, "http://localhost:8080/").await;
    assert!(said.contains("our own addresses"), "{said}");
}

#[tokio::test]
async fn rule_52_every_hop_of_a_redirect_is_checked() {
    let own = Farm::new(ok("<x/>")).await;
    let mut config = loopback();
    config.server.internal_listen = own.address;
    for (to, expected) in [
        (own.url(), "our own addresses"),
        (
            "http://169.254.169.254/latest".into(),
            "not a public address",
        ),
        ("https://10.0.0.1/".into(), "not a public address"),
        ("file:///etc/passwd".into(), "is not https"),
        ("//10.0.0.1/".into(), "not a public address"),
    ] {
        let farm = Farm::new(redirect(&to)).await;

        let said = refused(&config, Names::System, &farm.url()).await;

        assert!(said.contains(expected), "{to}: {said}");
    }
    assert!(own.asked.lock().unwrap().is_empty());
    let target = Farm::new(ok("<x/>")).await;
    let farm = Farm::new(redirect(&target.url())).await;
    let outbound = Outbound::new(&config, Names::System);
    let followed = outbound.fetch(&farm.url(), &Known::default()).await;
    assert!(matches!(followed.unwrap(), Fetched::Document(..)));
}

/// An account on a server on loopback, whose metadata comes from `farm`.
async fn followed(farm: &Farm) -> TestApp {
    let test = TestApp::empty(|config| config.server.public_url = "http://localhost:8080".into());
    let test = test.await;
    let mut document = document("acme-demo");
    document.saml = Some(Saml {
        idp_metadata_url: Some(farm.url()),
        ..Saml::default()
    });
    test.apply(document).await;
    test.app.tidy(NOW).await.unwrap();
    test
}

#[tokio::test]
async fn what_is_due_is_asked_in_the_background_by_one_node() {
    let farm = Farm::new(ok("<html>")).await;
    let test = followed(&farm).await;
    test.app.refresh_due().await.unwrap();
    assert!(farm.asked.lock().unwrap().is_empty(), "not all at once");
    let mut more = test.adfs.clone();
    more.signing.push(more.encryption.clone());
    farm.now_answers(ok(&more.metadata().unwrap()));
    let beside = vestibule::app::App::open(
        test.app.config.clone(),
        test.app.clock.clone(),
        test.app.entropy.clone(),
    );
    let beside = beside.await.unwrap();

    test.app.clock.advance(vestibule::time::Span::minutes(30));
    let (here, there) = tokio::join!(test.app.refresh_due(), beside.refresh_due());

    here.and(there).unwrap();
    assert_eq!(farm.asked.lock().unwrap().len(), 1);
    assert_eq!(test.account().await.active, 2);
    test.app.clock.advance(vestibule::time::Span::hours(19));
    test.app.refresh_due().await.unwrap();
    assert_eq!(farm.asked.lock().unwrap().len(), 1, "daily");
    test.app.clock.advance(vestibule::time::Span::hours(5));
    test.app.refresh_due().await.unwrap();
    assert_eq!(farm.asked.lock().unwrap().len(), 2);
    assert_eq!(test.account().await.active, 2);
}

#[tokio::test]
async fn what_is_unchanged_for_the_server_is_asked_whole_once_the_account_has_changed() {
    let farm = Farm::new(Vec::new()).await;
    let test = followed(&farm).await;
    let metadata = test.adfs.metadata().unwrap();
    farm.now_answers(answer("200 OK", &[("ETag", "\"a1\"")], &metadata));
    let asked = async || {
        test.app.refresh("acme-demo").await.unwrap();
        farm.last().contains("if-none-match")
    };
    assert!(!asked().await);
    assert!(asked().await);

    let print = test.adfs.signing[0].fingerprint().unwrap();
    let distrusted = test
        .app
        .distrust("acme-demo", &print, "it leaked", false, "shell:test");
    distrusted.await.unwrap();

    assert!(!asked().await);
    assert!(asked().await);
}

#[tokio::test]
async fn an_address_that_fails_leaves_what_is_trusted_and_shows_in_the_figures() {
    let farm = Farm::new(answer("404 Not Found", &[], "")).await;
    let test = followed(&farm).await;

    let refreshed = test.app.refresh("acme-demo").await.unwrap();
    test.app.watch_certificates().await.unwrap();

    assert!(matches!(refreshed, Refreshed::Failed(_)), "{refreshed:?}");
    assert_eq!(test.account().await.active, 1);
    let request = axum::http::Request::get("/metrics");
    let response = tower::ServiceExt::oneshot(
        vestibule::http::internal(&Shared::new(Arc::clone(&test.app))),
        request.body(axum::body::Body::empty()).unwrap(),
    );
    let body = response.await.unwrap().into_body();
    let body = axum::body::to_bytes(body, 1 << 20).await.unwrap();
    let figures = String::from_utf8_lossy(&body);
    assert!(
        figures.contains("vestibule_metadata_failures{account=\"acme-demo\"} 1"),
        "{figures}"
    );
    assert!(
        figures.contains("vestibule_certificate_days_left{account=\"acme-demo\",owner=\"idp\"")
    );
}

#[tokio::test]
async fn an_account_that_is_off_or_has_no_address_any_more_is_not_asked_for() {
    let farm = Farm::new(ok("<html>")).await;
    let test = followed(&farm).await;
    let off = vestibule::account::State::Disabled;
    test.app
        .set_account_state("acme-demo", off, "shell:test")
        .await
        .unwrap();

    let dropped = test.app.refresh("acme-demo").await.unwrap();
    test.apply(document("acme-demo")).await;
    test.app.tidy(NOW).await.unwrap();
    let none = test.app.refresh("acme-demo").await;

    assert_eq!(dropped, Refreshed::Dropped);
    assert!(none.unwrap_err().to_string().contains("idp_metadata_url"));
    assert!(farm.asked.lock().unwrap().is_empty());
}
