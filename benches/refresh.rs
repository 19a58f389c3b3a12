//! What a refresh of a thousand descriptors costs those who sign in meanwhile: the 99th percentile with and without it.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::indexing_slicing,
    reason = "a benchmark prints, and may stop at the first surprise"
)]

use std::io::Read;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{Request, Response, header};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tower::ServiceExt;
use url::{Url, form_urlencoded};
use vestibule::account::{Document, Saml};
use vestibule::app::{App, Consent};
use vestibule::config::{AccountFile, Config};
use vestibule::http::{self, Shared};
use vestibule::id::Entropy;
use vestibule::practice::adfs::Adfs;
use vestibule::practice::answer::Answer;
use vestibule::practice::key::Key;
use vestibule::practice::persona::MAYA;
use vestibule::practice::relying_party::RelyingParty;
use vestibule::saml::connection::Keys;
use vestibule::saml::keys::KeyPair;
use vestibule::time::{Clock, Span, Timestamp};

const ACCOUNT: &str = include_str!("../src/demo/acme-demo.toml");
const ACCOUNTS: usize = 1_000;
const ROUNDS: usize = 2;
const SIGN_INS: usize = 4_000;
const NOW: Timestamp = Timestamp::from_millis(1_768_467_600_000);

#[tokio::main(worker_threads = 2)]
async fn main() {
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::new(folder.path()).await;
    let (mut without, mut during) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        for _ in 0..SIGN_INS {
            without.push(bench.sign_in().await);
        }
        bench.app.clock.advance(Span::days(1));
        let (app, begun) = (Arc::clone(&bench.app), Instant::now());
        let refreshing = tokio::spawn(async move { app.refresh_due().await.unwrap() });
        let before = during.len();
        while !refreshing.is_finished() {
            during.push(bench.sign_in().await);
        }
        println!(
            "{} descriptors of {} bytes in {:.1} s, {} sign-ins meanwhile",
            bench.asked.swap(0, Ordering::SeqCst),
            bench.size,
            begun.elapsed().as_secs_f64(),
            during.len() - before
        );
    }
    let (without, during) = (figures(without), figures(during));
    for (name, [median, slow]) in [("without", without), ("during", during)] {
        println!("{name:<8} median {median:>7.2} ms   p99 {slow:>7.2} ms");
    }
    println!(
        "p99 during / without: {:.2} (at most 1.5)",
        during[1] / without[1]
    );
}

fn figures(mut all: Vec<Duration>) -> [f64; 2] {
    all.sort();
    [50, 99].map(|part| all[all.len() * part / 100].as_secs_f64() * 1e3)
}

struct Bench {
    app: Arc<App>,
    shared: Shared,
    adfs: Adfs,
    trust: RelyingParty,
    asked: Arc<AtomicUsize>,
    size: usize,
}

impl Bench {
    async fn new(folder: &std::path::Path) -> Self {
        let entropy = Entropy::System;
        let key =
            |name: &str| Key::rsa(name, 2048, NOW.minus(Span::days(1)), 365, &entropy).unwrap();
        let adfs = Adfs::new(
            "https://adfs.bench.example",
            vec![key("ADFS Signing")],
            key("ADFS Encryption"),
        );
        let metadata = adfs.metadata().unwrap();
        let asked = Arc::new(AtomicUsize::new(0));
        let url = farm(metadata.clone(), Arc::clone(&asked)).await;
        let mut config = Config::default();
        config.server.public_url = "http://localhost".into();
        config.database.url = format!("sqlite://{}", folder.join("data/bench.db").display());
        config.limits.starts_per_minute = 0;
        let mut app = App::open(config, Clock::manual(NOW), entropy.clone())
            .await
            .unwrap();
        let pair = |name: &str| KeyPair::generate(name, 2048, NOW, &entropy).unwrap();
        app.given_keys = Some(Keys {
            signing: vec![pair("signing")],
            encryption: vec![pair("encryption")],
        });
        let document: Document = toml::from_str(ACCOUNT).unwrap();
        let apply = async |document| {
            let file = AccountFile {
                document,
                metadata: Some(metadata.clone().into_bytes()),
            };
            let consent = Consent::default();
            app.apply(&file, "bench", &consent).await.unwrap();
        };
        apply(document.clone()).await;
        for index in 0..ACCOUNTS {
            let slug = vestibule::account::Slug::parse(&format!("acme-{index}"));
            apply(Document {
                account: slug.unwrap(),
                saml: Some(Saml {
                    idp_metadata_url: Some(url.clone()),
                    ..Saml::default()
                }),
                ..document.clone()
            })
            .await;
        }
        app.tidy(NOW).await.unwrap();
        let own = app.descriptor("acme-demo").await.unwrap().unwrap();
        let app = Arc::new(app);
        Self {
            shared: Shared::new(Arc::clone(&app)),
            app,
            adfs,
            trust: RelyingParty::from_metadata(&own).unwrap(),
            asked,
            size: metadata.len(),
        }
    }

    /// From the posted response to the redirect.
    async fn sign_in(&self) -> Duration {
        let login = Request::get("/saml/acme-demo/login").body(Body::empty());
        let begun = self.send(login.unwrap()).await;
        let text = |name| begun.headers()[name].to_str().unwrap();
        let cookie = text(header::SET_COOKIE).split(';').next().unwrap();
        let answer = Answer::honest(
            &self.adfs,
            &self.trust,
            &MAYA,
            Some(&request_id(text(header::LOCATION))),
            self.app.clock.now(),
            &self.app.entropy,
        );
        let xml = self
            .adfs
            .respond(&self.trust, &answer, &self.app.entropy)
            .unwrap();
        let form = form_urlencoded::Serializer::new(String::new())
            .append_pair("SAMLResponse", &STANDARD.encode(xml))
            .finish();
        let post = Request::post("/saml/acme-demo/acs")
            .header(header::COOKIE, cookie)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Body::from(form));
        let started = Instant::now();
        let answered = self.send(post.unwrap()).await;
        let took = started.elapsed();
        assert_eq!(answered.status(), 303);
        took
    }

    async fn send(&self, mut request: Request<Body>) -> Response<Body> {
        let address = std::net::SocketAddr::from(([127, 0, 0, 1], 4711));
        request.extensions_mut().insert(ConnectInfo(address));
        let host = header::HeaderValue::from_static("localhost");
        request.headers_mut().insert(header::HOST, host);
        http::public(&self.shared).oneshot(request).await.unwrap()
    }
}

fn request_id(location: &str) -> String {
    let url = Url::parse(location).unwrap();
    let (_, message) = url
        .query_pairs()
        .find(|(name, _)| name == "SAMLRequest")
        .unwrap();
    let mut xml = String::new();
    flate2::read::DeflateDecoder::new(STANDARD.decode(message.as_bytes()).unwrap().as_slice())
        .read_to_string(&mut xml)
        .unwrap();
    let after = xml.split(" ID=\"").nth(1).unwrap();
    after.split('"').next().unwrap().to_owned()
}

/// An ADFS that sends its whole document each time.
async fn farm(metadata: String, asked: Arc<AtomicUsize>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let answer = format!(
        "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{metadata}",
        metadata.len()
    );
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            asked.fetch_add(1, Ordering::SeqCst);
            let mut request = [0; 4_096];
            let _ = stream.read(&mut request).await;
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    });
    format!("http://{address}/FederationMetadata.xml")
}
