//! A test for each rule, named after it.

mod accounts;
mod answers;
mod attempts;
mod configuration;
mod cookies;
mod deletion;
mod doors;
mod duties;
mod effective;
mod files;
mod grants;
mod house;
mod initiated;
mod login_link;
mod people;
mod question;
mod replay;
mod sessions;
mod shell;
mod shell_roles;
mod trust;

pub(super) use house::sources;
pub(super) use sessions::at;

use std::collections::BTreeMap;

use sqlx::AssertSqlSafe;
use vestibule::account::Document;
use vestibule::app::{Consent, Outcome};
use vestibule::attempt::Attempt;
use vestibule::audit::{Entry, Filter};
use vestibule::config::AccountFile;
use vestibule::practice::adfs::Adfs;
use vestibule::saml::check::Code;
use vestibule::store::Store;

use super::app::TestApp;

const ROLE: &str = "http://schemas.microsoft.com/ws/2008/06/identity/claims/role";

/// Applies a configuration with the metadata of an identity provider, as a shell would.
async fn apply(
    test: &TestApp,
    document: Document,
    idp: &Adfs,
    consent: &Consent,
) -> anyhow::Result<Outcome> {
    let file = AccountFile {
        document,
        metadata: Some(idp.metadata()?.into_bytes()),
    };
    test.app.apply(&file, "shell:test", consent).await
}

/// What a query finds, behind the store's back.
pub(super) async fn texts(store: &Store, query: &str) -> Vec<String> {
    let query = AssertSqlSafe(query.to_owned());
    match store {
        Store::Sqlite { writer: pool, .. } => sqlx::query_scalar(query).fetch_all(pool).await,
        Store::Postgres { pool, .. } => sqlx::query_scalar(query).fetch_all(pool).await,
    }
    .unwrap()
}

/// Changes rows behind the store's back.
pub(super) async fn change(store: &Store, statement: &str) {
    let statement = AssertSqlSafe(statement.to_owned());
    match store {
        Store::Sqlite { writer: pool, .. } => {
            sqlx::raw_sql(statement).execute(pool).await.unwrap();
        }
        Store::Postgres { pool, .. } => {
            sqlx::raw_sql(statement).execute(pool).await.unwrap();
        }
    }
}

/// How many rows every table has.
pub(super) async fn counts(store: &Store) -> BTreeMap<String, i64> {
    let mut counts = BTreeMap::new();
    for table in tables() {
        let query = AssertSqlSafe(format!("SELECT COUNT(*) FROM {table}"));
        let count = match store {
            Store::Sqlite { writer: pool, .. } => sqlx::query_scalar(query).fetch_one(pool).await,
            Store::Postgres { pool, .. } => sqlx::query_scalar(query).fetch_one(pool).await,
        };
        counts.insert(table, count.unwrap());
    }
    counts
}

/// Everything that the database holds: the bytes of the files, or every row of every table.
pub(super) async fn everything(test: &TestApp) -> Vec<u8> {
    let url = &test.app.config.database.url;
    let mut all = Vec::new();
    if let Some(file) = url.strip_prefix("sqlite://") {
        for file in [file.to_owned(), format!("{file}-wal")] {
            all.extend(std::fs::read(file).unwrap());
        }
        return all;
    }
    for table in tables() {
        let query = format!("SELECT CAST(t AS TEXT) FROM {table} AS t");
        all.extend(texts(&test.app.store, &query).await.concat().into_bytes());
    }
    all
}

pub(super) fn holds(all: &[u8], text: &str) -> bool {
    all.windows(text.len()).any(|part| part == text.as_bytes())
}

/// The tables that the migrations make.
fn tables() -> Vec<String> {
    let mut tables = Vec::new();
    for file in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/migrations")).unwrap() {
        let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
        let named = text
            .lines()
            .filter_map(|line| line.strip_prefix("CREATE TABLE "));
        tables.extend(named.map(|rest| rest.trim_end_matches(" (").to_owned()));
    }
    tables
}

/// The event, the actor and the details of every audit entry, oldest first.
pub(super) async fn audit(test: &TestApp) -> Vec<String> {
    let mut tx = test.app.store.read().await.unwrap();
    let mut all = Vec::new();
    for account in tx.accounts_ever().await.unwrap() {
        let page = tx
            .of(account.id)
            .audit_page(&Filter::default(), None, 10_000)
            .await;
        all.extend(page.unwrap());
    }
    all.sort_by_key(|entry| entry.id);
    let line = |entry: Entry| format!("{} {} {}", entry.event, entry.actor, entry.detail);
    all.into_iter().map(line).collect()
}

/// The rule that ended an attempt.
pub(super) fn broken(attempt: &Attempt) -> Code {
    match attempt.outcome {
        vestibule::attempt::Outcome::Refused { code, .. } => code,
        other => panic!("{other:?}"),
    }
}
