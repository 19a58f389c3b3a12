//! The files that ship: the server's configuration, two accounts as examples, and their metadata.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use rstest::rstest;
use serde_json::Value;
use toml::Table;
use vestibule::account::{Document, SessionPolicy, Stage};
use vestibule::app::{App, Applied, Consent};
use vestibule::config::{Config, read_account};
use vestibule::id::Entropy;
use vestibule::saml::metadata::{Descriptor, OwnSignature};
use vestibule::time::Clock;

use super::app::{NOW, SP_KEYS, private_folder};

fn shipped(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn text(path: &str) -> String {
    std::fs::read_to_string(shipped(path)).unwrap()
}

/// An installation behind the address that the example metadata names.
async fn installation(folder: &Path) -> App {
    let mut config = Config::default();
    config.server.public_url = "https://sso.example.com".into();
    config.database.url = format!("sqlite://{}", folder.join("vestibule.db").display());
    let mut app = App::open(config, Clock::manual(NOW), Entropy::System)
        .await
        .unwrap();
    app.given_keys = Some(SP_KEYS.clone());
    app
}

#[test]
fn the_configuration_that_ships_is_the_default() {
    let config = Config::load(Some(&shipped("config/vestibule.toml")), std::iter::empty());

    let defaults = Config {
        folder: Some(shipped("config")),
        ..Config::default()
    };
    assert_eq!(config.unwrap(), defaults);
}

#[test]
fn the_configuration_that_ships_names_every_key() {
    let named: Table = text("config/vestibule.toml").parse().unwrap();

    assert_eq!(named, Table::try_from(Config::default()).unwrap());
}

#[test]
fn every_key_of_the_configuration_that_ships_has_its_line_of_meaning() {
    let text = text("config/vestibule.toml");
    let lines: Vec<&str> = text.lines().collect();

    for pair in lines
        .windows(2)
        .filter(|pair| pair[1].contains(" = ") && !pair[1].starts_with('#'))
    {
        assert!(
            pair[0].starts_with("# ") && pair[0].ends_with('.'),
            "{}",
            pair[1]
        );
    }
}

#[rstest]
#[case::demo("acme-demo", Stage::Demo)]
#[case::live("acme-live", Stage::Live)]
fn an_example_account_is_read_without_problems(#[case] slug: &str, #[case] stage: Stage) {
    let file = read_account(&shipped(&format!("config/accounts/{slug}.toml"))).unwrap();

    assert_eq!(
        (file.document.account.as_str(), file.document.stage),
        (slug, stage)
    );
    let roles: BTreeSet<&str> = file
        .document
        .roles
        .iter()
        .map(|rule| rule.role.as_str())
        .collect();
    assert_eq!(roles.len(), 5, "{roles:?}");
    let idp = Descriptor::read(&file.metadata.unwrap()).unwrap();
    assert_eq!(
        idp.entity_id,
        "http://adfs.acme.example/adfs/services/trust"
    );
    assert_eq!(idp.own_signature, OwnSignature::Verifies);
}

#[test]
fn the_example_of_a_demo_account_names_every_key() {
    let file = text("config/accounts/acme-demo.toml");
    let document: Document = toml::from_str(&file).unwrap();
    let named: BTreeSet<&str> = file
        .lines()
        .filter_map(|line| line.trim_start_matches("# ").split_once(" = "))
        .map(|(key, _)| key)
        .collect();

    let mut known =
        BTreeSet::from(["idp_metadata", "equals", "any_of", "matches"].map(str::to_owned));
    keys(&serde_json::to_value(&document).unwrap(), &mut known);
    let missing: Vec<&String> = known
        .iter()
        .filter(|key| !named.contains(key.as_str()))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}

/// The names of all values that are no table themselves.
fn keys(value: &Value, all: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                let is_table = field.is_object()
                    || field
                        .as_array()
                        .is_some_and(|items| items.iter().any(Value::is_object));
                if !is_table {
                    all.insert(name.clone());
                }
                keys(field, all);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| keys(item, all)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[test]
fn what_the_example_of_a_demo_account_calls_a_default_is_one() {
    let read: Document = toml::from_str(&text("config/accounts/acme-demo.toml")).unwrap();
    let bare: Document =
        toml::from_str("account = \"acme-demo\"\nclient = \"Acme Bank\"\nstage = \"demo\"\n[saml]")
            .unwrap();

    let without = |document: &Document| {
        let mut saml = document.saml.clone().unwrap();
        saml.idp_metadata = None;
        saml
    };
    assert_eq!(without(&read), without(&bare));
    assert_eq!((&read.claims, read.users), (&bare.claims, bare.users));
    assert_eq!(
        (read.session, SessionPolicy::default()),
        (bare.session, bare.session)
    );
    assert_eq!(read.access.networks, bare.access.networks);
    assert_eq!(read.retention, vestibule::account::RETENTION_DAYS);
}

#[tokio::test]
async fn both_example_accounts_can_be_made_and_are_connected() {
    let folder = private_folder();
    let app = installation(folder.path()).await;

    for slug in ["acme-demo", "acme-live"] {
        let file = read_account(&shipped(&format!("config/accounts/{slug}.toml"))).unwrap();
        let outcome = app
            .apply(&file, "shell:test", &Consent::default())
            .await
            .unwrap();

        assert!(matches!(outcome.applied, Applied::Created), "{slug}");
        assert!(app.login.connection(slug, NOW).await.is_ok(), "{slug}");
    }
}

#[tokio::test]
async fn our_descriptor_is_published_in_the_shape_that_ships() {
    let folder = private_folder();
    let app = installation(folder.path()).await;
    let file = read_account(&shipped("config/accounts/acme-demo.toml")).unwrap();
    app.apply(&file, "shell:test", &Consent::default())
        .await
        .unwrap();

    let published = app.descriptor("acme-demo").await.unwrap().unwrap();

    let shape = |xml: &str| {
        let mut parts = xml.split("X509Certificate>");
        let first = parts.next().unwrap().to_owned();
        parts.enumerate().fold(first, |shape, (index, part)| {
            // Every second part is a certificate and its end tag.
            let rest = if index % 2 == 0 {
                part.split_once('<').unwrap().1
            } else {
                part
            };
            format!("{shape}X509Certificate>{rest}")
        })
    };
    assert_eq!(
        shape(&published),
        shape(text("metadata/vestibule-acme-demo.xml").trim_end())
    );
}
