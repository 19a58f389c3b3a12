//! How long after a directory begins to say that somebody is not active any more the gate refuses them: on SQLite with one node, and on
//! PostgreSQL at another node than the one that the directory speaks to.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::indexing_slicing,
    reason = "a benchmark prints, and may stop at the first surprise"
)]

mod people;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{Request, Response};
use tower::ServiceExt;
use vestibule::account::Provisioning;
use vestibule::app::{App, NewCredential};
use vestibule::config::Config;
use vestibule::gate::{Kind, SCIM};
use vestibule::http::{self, Shared};
use vestibule::id::{Entropy, UserId, hex};
use vestibule::seal::Ring;
use vestibule::time::{Clock, Span};

const CHANGES: usize = 500;

#[tokio::main(worker_threads = 2)]
async fn main() {
    let mut places = vec![("SQLite, one node", None)];
    if let Ok(server) = std::env::var("VESTIBULE_TEST_POSTGRES") {
        places.push(("PostgreSQL, other node", Some(server)));
    }
    for (name, server) in places {
        let mut took = measure(server.as_deref()).await;
        took.sort();
        let at = |part: usize| took[(took.len() - 1) * part / 100].as_secs_f64() * 1e3;
        println!(
            "{name:<24} {} people: p50 {:>7.2} ms   p99 {:>7.2} ms   most {:>7.2} ms (at most 1000)",
            took.len(),
            at(50),
            at(99),
            at(100)
        );
    }
}

/// From the first byte of each PATCH to the first refusal of the gate.
async fn measure(server: Option<&str>) -> Vec<Duration> {
    let folder = tempfile::tempdir().unwrap();
    let config = config(folder.path(), server).await;
    let node = async || {
        let app = App::open(config.clone(), Clock::System, Entropy::System).await;
        Arc::new(app.unwrap())
    };
    let here = node().await;
    let there = match server {
        Some(_) => node().await,
        None => Arc::clone(&here),
    };
    let account = people::account(&here, |document| {
        document.uam = true;
        document.users.provisioning = Provisioning::Scim;
    })
    .await;
    let wish = NewCredential {
        name: "directory".into(),
        kind: Kind::Api {
            scopes: [SCIM.to_owned()].into(),
        },
        networks: Vec::new(),
        lasts: Span::days(1),
    };
    let made = here
        .create_credential(&account, wish, "bench")
        .await
        .unwrap();
    let token = format!("Bearer {}", made.1.reveal());
    let people = people::signed_in(&here, &account, CHANGES).await;
    let following = Arc::clone(&there);
    let following =
        tokio::spawn(async move { following.access.live.follow("", &following.clock).await });
    let (directory, gate) = (Shared::new(here), Shared::new(there));
    for (_, cookie) in &people {
        assert_eq!(check(&gate, cookie).await, 200);
    }
    let mut took = Vec::new();
    for (user, cookie) in people {
        let begun = Instant::now();
        let patched = patch(&directory, account.slug.as_str(), &token, user).await;
        assert_eq!(patched.status(), 200);
        while check(&gate, &cookie).await == 200 {
            tokio::time::sleep(Duration::from_micros(200)).await;
        }
        took.push(begun.elapsed());
    }
    following.abort();
    took
}

async fn config(folder: &std::path::Path, server: Option<&str>) -> Config {
    let key = folder.join("master.key");
    Ring::generate(&Entropy::System).write(&key).unwrap();
    let mut config = Config::default();
    config.database.url = match server {
        None => {
            let data = folder.join("data");
            format!("sqlite://{}", data.join("vestibule.db").display())
        }
        Some(server) => {
            let schema = format!("bench_{}", hex(&Entropy::System.bytes::<8>()));
            let pool = sqlx::PgPool::connect(server).await.unwrap();
            let create = format!("CREATE SCHEMA {schema}");
            let created = sqlx::raw_sql(sqlx::AssertSqlSafe(create)).execute(&pool);
            created.await.unwrap();
            let separator = if server.contains('?') { '&' } else { '?' };
            format!("{server}{separator}options=-c%20search_path%3D{schema}")
        }
    };
    config.secrets.master_key_file = key.display().to_string();
    config.server.public_url = "http://127.0.0.1".into();
    config.gate.apps = people::apps(folder);
    config
}

async fn patch(node: &Shared, account: &str, token: &str, user: UserId) -> Response<Body> {
    let body = r#"{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"Replace","path":"active","value":"False"}]}"#;
    let request = Request::patch(format!("/scim/v2/{account}/Users/{user}"))
        .header("authorization", token)
        .header("content-type", "application/scim+json")
        .body(Body::from(body));
    http::public(node).oneshot(request.unwrap()).await.unwrap()
}

/// What the gate answers to a person with that cookie.
async fn check(gate: &Shared, cookie: &str) -> u16 {
    let request = Request::get("/gate/profiles/nginx")
        .header("x-original-method", "POST")
        .header("x-original-host", "127.0.0.1:9")
        .header("x-original-uri", "/v2/profiles/prf_1/call/accept")
        .header("sec-fetch-site", "same-origin")
        .header("cookie", format!("vestibule={cookie}"))
        .extension(ConnectInfo(SocketAddr::from(([127, 0, 0, 1], 4711))));
    let request = request.body(Body::empty()).unwrap();
    let answered = http::internal(gate).oneshot(request).await.unwrap();
    answered.status().as_u16()
}
