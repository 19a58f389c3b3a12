//! The installation itself, for the people who run it.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::response::Html;
use axum::routing::get;

use super::super::api::pass::AccountView;
use super::super::extract::Moment;
use super::super::{Error, Shared, page};
use super::frame::Frame;
use super::visit::Visit;
use crate::app;
use crate::store::Node;
use crate::time::Timestamp;

pub(super) fn router() -> Router<Shared> {
    Router::new().route("/portal/system", get(show))
}

#[derive(Template)]
#[template(path = "portal_system.html")]
struct Page {
    frame: Frame,
    facts: Vec<(&'static str, String)>,
    notes: Vec<String>,
    warnings: Vec<&'static str>,
    nodes: Vec<Server>,
    apps: Vec<App>,
    /// What the program is made of: the name, the version, the licence.
    parts: Vec<[&'static str; 3]>,
}

/// The crates that are linked, one in a line; `tests/suite/parts.rs` holds it against Cargo's own word.
const PARTS: &str = include_str!("parts.txt");

/// A server on this database.
struct Server {
    name: String,
    version: String,
    policy: String,
    since: String,
    seen: String,
}

impl Server {
    fn of(node: Node) -> Self {
        Self {
            since: Timestamp::from_millis(node.since).for_people(),
            seen: Timestamp::from_millis(node.seen_at).for_people(),
            name: node.name,
            version: node.version,
            policy: node.policy.chars().take(12).collect(),
        }
    }
}

/// An app behind the gate.
struct App {
    name: String,
    stage: &'static str,
    gateway: &'static str,
    hosts: String,
    accounts: String,
    routes: usize,
}

async fn show(
    State(shared): State<Shared>,
    Visit { pass, mut frame }: Visit<AccountView>,
    moment: Moment,
) -> Result<Html<String>, Error> {
    if !pass.caller.is_operator() {
        return Err(Error::not_found());
    }
    frame.account = None;
    let app = &shared.app;
    let (server, policy) = (&app.config.server, &app.access.policy);
    let mut tx = app.store.read().await?;
    tx.ping().await?;
    let accounts = tx.accounts().await?.len();
    let unsealed: i64 = tx.count_unsealed().await?.into_values().sum();
    let (messages, oldest) = tx.waiting_messages().await?;
    let nodes = tx.nodes().await?;
    drop(tx);
    let list = |all: &[String]| match all {
        [] => "not configured: the handback lacks them".to_owned(),
        some => some.join(", "),
    };
    let keys = app.token_keys().await?.len();
    let two = if app.config.staff.approvals {
        "two people, as the accounts say"
    } else {
        "one operator is enough"
    };
    let facts = vec![
        ("Version", env!("CARGO_PKG_VERSION").to_owned()),
        ("Now", moment.now.for_people()),
        ("Public address", server.public_url.clone()),
        ("Database", database(&app.config.database.url)),
        ("Accounts", accounts.to_string()),
        ("Staff account", app.config.staff.account.clone()),
        ("Approvals", two.to_owned()),
        ("Agents reach us at", list(&server.ingress_ips)),
        ("We fetch from", list(&server.egress_ips)),
        ("Signing keys of tokens", keys.to_string()),
        (
            "Policy",
            format!(
                "{} policies, revision {}",
                policy.sentences().len(),
                policy.revision()
            ),
        ),
        ("Audit entries not yet sealed", unsealed.to_string()),
        (
            "Webhook messages that wait",
            match oldest.map(Timestamp::for_people) {
                Some(oldest) => format!("{messages}, the oldest since {oldest}"),
                None => messages.to_string(),
            },
        ),
    ];
    let apps = app.access.apps().map(|app| App {
        name: app.app.to_string(),
        stage: app.stage.as_str(),
        gateway: app.gateway.as_str(),
        hosts: app.hosts.join(", "),
        accounts: match app.accounts.as_slice() {
            [] => "all of the stage".to_owned(),
            some => some
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
                .join(", "),
        },
        routes: app.routes.len(),
    });
    page::show(&Page {
        frame,
        facts,
        notes: app.notes.clone(),
        warnings: app::differences(&nodes),
        nodes: nodes.into_iter().map(Server::of).collect(),
        apps: apps.collect(),
        parts: PARTS.lines().filter_map(part).collect(),
    })
}

fn part(line: &'static str) -> Option<[&'static str; 3]> {
    let columns: Vec<&str> = line.split('\t').collect();
    columns.try_into().ok()
}

/// The kind of the database; its address may hold a password.
fn database(url: &str) -> String {
    let kind = url.split(':').next().unwrap_or_default();
    match kind {
        "sqlite" => "SQLite",
        _ => "PostgreSQL",
    }
    .to_owned()
}
