//! Rule 51: files, the master key, and what it seals.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rstest::rstest;
use vestibule::app::App;
use vestibule::config::Config;
use vestibule::id::Entropy;
use vestibule::seal::Ring;
use vestibule::time::Clock;

use super::super::app::{NOW, SP_KEYS, TestApp, document};
use super::{change, everything, holds, texts};

/// So long a start waits for another one that is under way.
const UNDER_WAY: std::time::Duration = std::time::Duration::from_millis(300);

/// An installation in a folder that is not there yet, with nothing configured but that folder.
fn config(folder: &Path) -> Config {
    let mut config = Config::default();
    config.database.url = format!("sqlite://{}", folder.join("data/vestibule.db").display());
    config
}

async fn open(config: &Config) -> anyhow::Result<App> {
    App::open(config.clone(), Clock::manual(NOW), Entropy::System).await
}

async fn refused(config: &Config) -> String {
    open(config)
        .await
        .err()
        .map(|error| format!("{error:#}"))
        .expect("it opened")
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn set_mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

fn key(config: &Config) -> PathBuf {
    config.master_key_file().unwrap()
}

#[tokio::test]
async fn rule_51_everything_that_is_made_belongs_to_its_owner_alone() {
    let folder = tempfile::tempdir().unwrap();
    let config = config(folder.path());

    let app = open(&config).await.unwrap();
    std::fs::write(folder.path().join("later"), "").unwrap();

    assert_eq!(mode(&folder.path().join("data")), 0o700);
    assert_eq!(mode(&folder.path().join("data/vestibule.db")), 0o600);
    assert_eq!(mode(&key(&config)), 0o600);
    assert_eq!(mode(&folder.path().join("later")), 0o600, "umask 077");
    assert!(
        app.notes.iter().any(|note| note.contains("master key")),
        "{:?}",
        app.notes
    );
}

#[rstest]
#[case::group(0o640)]
#[case::others(0o604)]
#[tokio::test]
async fn rule_51_a_key_file_that_others_may_read_is_refused(#[case] wider: u32) {
    let folder = tempfile::tempdir().unwrap();
    let config = config(folder.path());
    open(&config).await.unwrap();
    set_mode(&key(&config), wider);

    let message = refused(&config).await;

    assert!(message.contains("chmod 600"), "{message}");
}

#[tokio::test]
async fn rule_51_a_folder_that_others_may_enter_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let config = config(folder.path());
    open(&config).await.unwrap();
    set_mode(&folder.path().join("data"), 0o750);

    let message = refused(&config).await;

    assert!(message.contains("chmod 700"), "{message}");
}

#[tokio::test]
async fn rule_51_a_master_key_is_made_for_an_empty_database_only() {
    let folder = tempfile::tempdir().unwrap();
    let config = config(folder.path());
    open(&config).await.unwrap();
    std::fs::remove_file(key(&config)).unwrap();

    let message = refused(&config).await;

    assert!(message.contains("put it back"), "{message}");
    assert!(!key(&config).exists());
}

#[tokio::test]
async fn rule_51_another_key_does_not_open_the_database() {
    let test = TestApp::new().await;
    let mut config = test.app.config.clone();
    let folder = tempfile::tempdir().unwrap();
    let other = folder.path().join("other.key");
    Ring::generate(&Entropy::System).write(&other).unwrap();
    config.secrets.master_key_file = other.display().to_string();

    let message = refused(&config).await;

    assert!(message.contains("does not open this database"), "{message}");
}

#[tokio::test]
async fn rule_51_of_two_nodes_that_start_at_once_with_different_keys_one_is_refused() {
    let (first, second) = (TestApp::empty(|_| {}).await, TestApp::empty(|_| {}).await);
    let proof = "SELECT value FROM settings WHERE name = 'master_key_proof'";
    let proof = texts(&first.app.store, proof).await.remove(0);
    // The second database is as fresh as the first was, and its first node is just writing its proof.
    change(&second.app.store, "DELETE FROM settings").await;
    let mut tx = second.app.store.write().await.unwrap();
    tx.set("master_key_proof", &proof).await.unwrap();

    let mut opening = Box::pin(open(&second.app.config));
    let early = tokio::time::timeout(UNDER_WAY, &mut opening).await;
    tx.commit().await.unwrap();
    let opened = match early {
        Ok(opened) => opened,
        Err(_) => opening.await,
    };

    let message = format!("{:#}", opened.err().expect("it opened"));
    assert!(message.contains("does not open this database"), "{message}");
}

#[tokio::test]
async fn rule_51_the_key_file_is_a_ring_of_which_the_newest_seals_and_all_open() {
    let test = TestApp::new().await;
    let mut config = test.app.config.clone();
    let folder = tempfile::tempdir().unwrap();
    let (old, new) = (key(&config), folder.path().join("new.key"));
    Ring::generate(&Entropy::System).write(&new).unwrap();
    let ring = [&new, &old]
        .map(|path| std::fs::read_to_string(path).unwrap())
        .concat();
    std::fs::write(&old, ring).unwrap();
    let mut app = open(&config).await.unwrap();
    app.given_keys = Some(SP_KEYS.clone());
    let file = vestibule::config::AccountFile {
        document: document("bravo-demo"),
        metadata: None,
    };
    app.apply(&file, "shell:test", &vestibule::app::Consent::default())
        .await
        .unwrap();

    config.secrets.master_key_file = new.display().to_string();

    let mut tx = app.store.read().await.unwrap();
    let (first, second) = (
        tx.account("acme-demo").await.unwrap().unwrap(),
        tx.account("bravo-demo").await.unwrap().unwrap(),
    );
    let newest = Ring::read(&new).unwrap();
    assert!(tx.of(first.id).keys(&app.ring).await.is_ok());
    assert!(tx.of(first.id).keys(&newest).await.is_err());
    assert!(tx.of(second.id).keys(&newest).await.is_ok());
}

#[tokio::test]
async fn rule_51_private_keys_are_sealed() {
    let test = TestApp::new().await;

    let all = everything(&test).await;

    for pair in SP_KEYS.signing.iter().chain(&SP_KEYS.encryption) {
        let private = pair.private.private_key_to_der().unwrap();
        let middle = private.len() / 2;
        assert!(
            !all.windows(24)
                .any(|part| part == &private[middle..middle + 24])
        );
        assert!(!holds(
            &all,
            &STANDARD.encode(&private)[middle..middle + 40]
        ));
        assert!(
            holds(&all, &pair.certificate_base64().unwrap()[300..340]),
            "the certificate is there"
        );
    }
}

#[tokio::test]
async fn rule_51_what_is_sealed_opens_only_in_its_own_row_and_account() {
    let test = TestApp::new().await;
    test.apply(document("bravo-demo")).await;
    let (store, ring) = (&test.app.store, &test.app.ring);
    let account = test.account().await;
    let other = test.app.find_account("bravo-demo").await.unwrap();
    let sealed = texts(
        store,
        &format!(
            "SELECT sealed FROM keys WHERE account = '{}' AND purpose = 'signing'",
            account.id
        ),
    )
    .await
    .remove(0);
    let opens = async || {
        store
            .read()
            .await
            .unwrap()
            .of(account.id)
            .keys(ring)
            .await
            .is_ok()
    };

    for place in [
        format!("account = '{}' AND purpose = 'encryption'", account.id),
        format!("account = '{}'", other.id),
    ] {
        change(
            store,
            &format!("UPDATE keys SET sealed = '{sealed}' WHERE {place}"),
        )
        .await;
    }

    assert!(!opens().await, "in another row");
    assert!(
        store
            .read()
            .await
            .unwrap()
            .of(other.id)
            .keys(ring)
            .await
            .is_err(),
        "in another account"
    );
}
