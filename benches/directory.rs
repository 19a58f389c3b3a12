//! What a page of people and of accounts takes, as an administrator asks for it, and how that grows.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::indexing_slicing,
    reason = "a benchmark prints, and may stop at the first surprise"
)]

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode, header};
use tower::ServiceExt;
use vestibule::account::{Account, Document};
use vestibule::app::{App, Consent, NewCredential};
use vestibule::claims::{Claimed, Profile};
use vestibule::config::{AccountFile, Config};
use vestibule::gate::Kind;
use vestibule::http::{self, Shared};
use vestibule::id::{Entropy, UserId};
use vestibule::role::{Role, Roles};
use vestibule::store::{Changes, Store};
use vestibule::time::{Clock, Span};
use vestibule::user::{State, User};

const ACCOUNT: &str = include_str!("../src/demo/acme-demo.toml");
const SIZES: [usize; 2] = [1_000, 100_000];
const ACCOUNTS: usize = 2_000;
const ASKED: usize = 300;

#[tokio::main]
async fn main() {
    let folder = tempfile::tempdir().unwrap();
    for size in SIZES {
        let file = folder.path().join(format!("data-{size}/bench.db"));
        run(&format!("sqlite://{}", file.display()), "SQLite", size).await;
        if let Some(url) = schema(size).await {
            run(&url, "PostgreSQL", size).await;
        }
    }
}

/// A schema of its own where there is a server.
async fn schema(size: usize) -> Option<String> {
    let server = std::env::var("VESTIBULE_TEST_POSTGRES").ok()?;
    let pool = sqlx::PgPool::connect(&server).await.unwrap();
    let create = format!("CREATE SCHEMA bench_{size}");
    sqlx::raw_sql(sqlx::AssertSqlSafe(create))
        .execute(&pool)
        .await
        .unwrap();
    pool.close().await;
    let separator = if server.contains('?') { '&' } else { '?' };
    Some(format!(
        "{server}{separator}options=-c%20search_path%3Dbench_{size}"
    ))
}

struct Bench {
    shared: Shared,
    token: String,
}

async fn run(url: &str, name: &str, size: usize) {
    let folder = tempfile::tempdir().unwrap();
    let mut config = Config::default();
    config.database.url = url.to_owned();
    config.server.public_url = "http://127.0.0.1".into();
    let key = folder.path().join("master.key");
    vestibule::seal::Ring::generate(&Entropy::System)
        .write(&key)
        .unwrap();
    config.secrets.master_key_file = key.display().to_string();
    let app = App::open(config, Clock::System, Entropy::System)
        .await
        .unwrap();
    let file = AccountFile {
        document: toml::from_str(ACCOUNT).unwrap(),
        metadata: None,
    };
    let consent = Consent::default();
    let applied = app.apply(&file, "bench", &consent).await.unwrap();
    let account = applied.account;
    seed(&app, &account, size).await;
    accounts(&app, size).await;
    if let Store::Postgres { pool, .. } = &app.store {
        sqlx::query("ANALYZE").execute(pool).await.unwrap();
    }
    let staff = app.staff_account("bench").await.unwrap();
    let wish = NewCredential {
        name: "bench".into(),
        kind: Kind::Api {
            scopes: ["user:view".to_owned(), "account:view".to_owned()].into(),
        },
        networks: Vec::new(),
        lasts: Span::days(1),
    };
    let made = app.create_credential(&staff, wish, "bench").await.unwrap();
    let bench = Bench {
        token: made.1.reveal().to_owned(),
        shared: Shared::new(Arc::new(app)),
    };
    println!("{name}, {size} people, pages of 50:");
    let middle = bench.middle(size).await;
    let users = "/accounts/acme-demo/users";
    for (what, path) in [
        ("first page", users.to_owned()),
        ("page in the middle", format!("{users}?cursor={middle}")),
        ("search, one found", format!("{users}?q=person-000517")),
        ("search, many found", format!("{users}?q=person-0")),
        ("search by family name", format!("{users}?q=muster-7")),
        ("search, none found", format!("{users}?q=nobody")),
        ("of a rare state", format!("{users}?state=suspended")),
        ("of a rare role", format!("{users}?role=auditor")),
        ("of a common role", format!("{users}?role=maker")),
        (
            "search within a rare state",
            format!("{users}?q=person-0&state=suspended"),
        ),
        ("accounts, first page", "/accounts".to_owned()),
        ("accounts by name", "/accounts?q=client-19".to_owned()),
    ] {
        bench.measure(what, &path).await;
    }
}

async fn seed(app: &App, account: &Account, size: usize) {
    let now = app.clock.now();
    let mut changes = Changes::new(account.id);
    for number in 0..size {
        let id = UserId::new(now, &app.entropy);
        let user = User {
            id,
            source: "name_id".into(),
            subject: format!("person-{number:06}"),
            external_id: Some(format!("e{number:07}")),
            state: if number % 997 == 0 {
                State::Suspended
            } else {
                State::Active
            },
            profile: Profile {
                email: Some(format!("person-{number:06}@acme.example")),
                given_name: Some(format!("Given{}", number % 5_000)),
                surname: Some(format!("Muster-{}", number % 10_000)),
            },
            directory: None,
            roles: Roles::new(),
            created_at: now,
            last_sign_in: Some(now),
        };
        let role = if number % 1_009 == 0 {
            (Role::Auditor, "vkyc-auditor")
        } else {
            (Role::Maker, "vkyc-maker")
        };
        changes.save_user(&user).unwrap();
        let claimed = Claimed {
            role: role.0,
            claim: "http://schemas.microsoft.com/ws/2008/06/identity/claims/role".into(),
            value: role.1.into(),
            since: now,
        };
        changes.claim(id, &[claimed]).unwrap();
        if number % 200 == 199 {
            let full = std::mem::replace(&mut changes, Changes::new(account.id));
            app.store.commit(full).await.unwrap();
        }
    }
    app.store.commit(changes).await.unwrap();
}

/// Accounts with the keys of one, since keys are not what is measured.
async fn accounts(app: &App, size: usize) {
    // Once is enough: their number does not depend on that of people.
    if size != SIZES[1] {
        return;
    }
    let known = app.store.read().await.unwrap().accounts().await.unwrap();
    let mut tx = app.store.write().await.unwrap();
    for number in 0..ACCOUNTS {
        let slug = format!("client-{number}");
        let text = format!("account = \"{slug}\"\nclient = \"Client\"\nstage = \"demo\"\n");
        let document: Document = toml::from_str(&text).unwrap();
        let account = Account {
            id: vestibule::id::AccountId::new(app.clock.now(), &app.entropy),
            slug: document.account.clone(),
            entity_id: format!("https://sso.example/{slug}"),
            ..known[0].clone()
        };
        tx.create_account(&account).await.unwrap();
        let new = vestibule::store::NewRevision {
            document: &document,
            metadata: None,
            author: "bench",
            at: app.clock.now(),
        };
        tx.of(account.id).add_revision(new).await.unwrap();
    }
    tx.commit().await.unwrap();
}

impl Bench {
    async fn get(&self, path: &str) -> serde_json::Value {
        let request = Request::get(format!("/api/v1{path}"))
            .header(header::AUTHORIZATION, format!("Bearer {}", self.token))
            .body(Body::empty())
            .unwrap();
        let response = http::public(&self.shared).oneshot(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        serde_json::from_slice(&body).unwrap()
    }

    /// The cursor of a page about the middle.
    async fn middle(&self, size: usize) -> String {
        let mut cursor = String::new();
        for _ in 0..(size / 400).min(250) {
            let path = format!("/accounts/acme-demo/users?limit=200&cursor={cursor}");
            let path = path.trim_end_matches("&cursor=");
            let page = self.get(path).await;
            page["next"].as_str().unwrap().clone_into(&mut cursor);
        }
        cursor
    }

    async fn measure(&self, what: &str, path: &str) {
        let mut took: Vec<Duration> = Vec::new();
        let mut found = 0;
        for _ in 0..ASKED {
            let begun = Instant::now();
            let page = self.get(path).await;
            took.push(begun.elapsed());
            found = page["items"].as_array().unwrap().len();
        }
        took.sort();
        let millis = |at: usize| took[at].as_secs_f64() * 1e3;
        println!(
            "  {what:<28} {found:>3} found   p50 {:>6.2} ms   p99 {:>6.2} ms",
            millis(ASKED / 2),
            millis(ASKED * 99 / 100)
        );
    }
}
