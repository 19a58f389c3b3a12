//! How long after a change on one node another refuses at its gate: on PostgreSQL, with and without its connection for news.

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
use axum::http::Request;
use tower::ServiceExt;
use vestibule::app::App;
use vestibule::config::Config;
use vestibule::http::{self, Shared};
use vestibule::id::{Entropy, hex};
use vestibule::seal::Ring;
use vestibule::time::Clock;

const CHANGES: usize = 1_000;
/// Nobody listens there, so that only the regular look at the database is left.
const CUT: &str = "postgres://127.0.0.1:1/nowhere";

#[tokio::main(worker_threads = 2)]
async fn main() {
    let Ok(server) = std::env::var("VESTIBULE_TEST_POSTGRES") else {
        println!("VESTIBULE_TEST_POSTGRES names no server; run it by tools/with-postgres");
        return;
    };
    for (name, listen_url) in [("listening", ""), ("connection for news cut", CUT)] {
        let mut took = measure(&server, listen_url).await;
        took.sort();
        let at = |part: usize| took[(took.len() - 1) * part / 100].as_secs_f64() * 1e3;
        println!(
            "{name:<24} {} changes: p50 {:>7.2} ms   p99 {:>7.2} ms   most {:>7.2} ms (at most 1000)",
            took.len(),
            at(50),
            at(99),
            at(100)
        );
    }
}

/// From the commit of each change on one node to the first refusal of the other.
async fn measure(server: &str, listen_url: &str) -> Vec<Duration> {
    let folder = tempfile::tempdir().unwrap();
    let config = config(folder.path(), server).await;
    let node = async || {
        let app = App::open(config.clone(), Clock::System, Entropy::System).await;
        Arc::new(app.unwrap())
    };
    let (here, there) = (node().await, node().await);
    let account = people::account(&here, |_| {}).await;
    let people = people::signed_in(&here, &account, CHANGES).await;
    let (following, url) = (Arc::clone(&there), listen_url.to_owned());
    let following =
        tokio::spawn(async move { following.access.live.follow(&url, &following.clock).await });
    let gate = Shared::new(there);
    for (_, cookie) in &people {
        assert_eq!(check(&gate, cookie).await, 200);
    }
    let mut took = Vec::new();
    for (user, cookie) in people {
        here.suspend(&account, user, "bench").await.unwrap();
        let changed = Instant::now();
        while check(&gate, &cookie).await == 200 {
            tokio::time::sleep(Duration::from_micros(200)).await;
        }
        took.push(changed.elapsed());
    }
    following.abort();
    took
}

async fn config(folder: &std::path::Path, server: &str) -> Config {
    let key = folder.join("master.key");
    Ring::generate(&Entropy::System).write(&key).unwrap();
    let schema = format!("bench_{}", hex(&Entropy::System.bytes::<8>()));
    let pool = sqlx::PgPool::connect(server).await.unwrap();
    let create = format!("CREATE SCHEMA {schema}");
    let created = sqlx::raw_sql(sqlx::AssertSqlSafe(create)).execute(&pool);
    created.await.unwrap();
    let mut config = Config::default();
    let separator = if server.contains('?') { '&' } else { '?' };
    config.database.url = format!("{server}{separator}options=-c%20search_path%3D{schema}");
    config.secrets.master_key_file = key.display().to_string();
    config.server.public_url = "http://127.0.0.1".into();
    config.gate.apps = people::apps(folder);
    config
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
