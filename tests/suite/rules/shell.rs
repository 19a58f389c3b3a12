//! Rules 3, 4, 15 and 51 as the person at the shell meets them.

use std::path::Path;
use std::process::{Command, Output};

use rstest::rstest;
use vestibule::app::{App, PRACTICE};
use vestibule::config::Config;
use vestibule::id::Entropy;
use vestibule::seal::Ring;
use vestibule::time::Clock;

const LIVE: &str = "account = \"acme-live\"\nclient = \"Acme Bank\"\nstage = \"live\"\n";

/// Runs a command on a database of its own in `folder`.
fn run(folder: &Path, words: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_vestibule"))
        .args(words)
        .current_dir(folder)
        .env_clear()
        .output()
        .unwrap()
}

fn said(output: &Output) -> (Option<i32>, String) {
    let text = [output.stdout.as_slice(), &output.stderr].concat();
    (output.status.code(), String::from_utf8(text).unwrap())
}

/// The installation that the command runs on.
async fn installation(folder: &Path) -> App {
    let mut config = Config::default();
    config.database.url = format!("sqlite://{}", folder.join("data/vestibule.db").display());
    App::open(config, Clock::System, Entropy::System)
        .await
        .unwrap()
}

#[test]
fn rule_03_a_draft_exits_3_with_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let apply = |text: &str, words: &[&str]| {
        std::fs::write(folder.path().join("live.toml"), text).unwrap();
        let words = [&["account", "apply", "live.toml"], words].concat();
        said(&run(folder.path(), &words))
    };
    let changed = format!("{LIVE}[session]\nidle_minutes = 5\n");

    let created = apply(LIVE, &[]);
    let unchanged = apply(LIVE, &[]);
    let draft = apply(&changed, &[]);
    let glass = apply(&changed, &["--break-glass", "nobody gets in"]);

    assert_eq!(
        (created.0, unchanged.0, glass.0),
        (Some(0), Some(0), Some(0))
    );
    assert_eq!(draft.0, Some(3), "{}", draft.1);
    assert!(
        draft.1.contains("Promote it") && draft.1.contains("--break-glass REASON"),
        "{}",
        draft.1
    );
}

#[tokio::test]
async fn rule_04_config_check_warns_of_a_public_url_that_has_drifted() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("live.toml"), LIVE).unwrap();
    run(folder.path(), &["account", "apply", "live.toml"]);
    std::fs::write(
        folder.path().join("other.toml"),
        "[server]\npublic_url = \"https://sso.test\"\n",
    )
    .unwrap();

    let same = said(&run(folder.path(), &["config", "check"]));
    let moved = said(&run(
        folder.path(),
        &["config", "check", "--config", "other.toml"],
    ));

    let warning = "the entity id of acme-live is http://127.0.0.1:8080/saml/acme-live/metadata";
    assert!(!same.1.contains(warning), "{}", same.1);
    assert!(moved.1.contains(warning), "{}", moved.1);
}

#[test]
fn rule_51_config_check_proves_that_the_master_key_opens_the_database() {
    let folder = tempfile::tempdir().unwrap();
    let right = said(&run(folder.path(), &["config", "check"]));
    let key = folder.path().join("data/master.key");
    std::fs::remove_file(&key).unwrap();
    Ring::generate(&Entropy::System).write(&key).unwrap();

    let wrong = said(&run(folder.path(), &["config", "check"]));

    assert_eq!(right.0, Some(0), "{}", right.1);
    assert_eq!(wrong.0, Some(1), "{}", wrong.1);
    assert!(
        wrong.1.contains("does not open this database"),
        "{}",
        wrong.1
    );
}

#[rstest]
#[case::vestibule("--listen")]
#[case::the_practice_adfs("--practice")]
fn rule_15_the_demonstration_refuses_any_address_that_is_not_loopback(#[case] option: &str) {
    let folder = tempfile::tempdir().unwrap();

    let refused = said(&run(folder.path(), &["demo", option, "0.0.0.0:0"]));

    assert_eq!(refused.0, Some(3), "{}", refused.1);
    assert!(refused.1.contains("loopback only"), "{}", refused.1);
}

#[test]
fn rule_15_the_demonstration_refuses_a_database_that_it_did_not_make() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("live.toml"), LIVE).unwrap();
    std::fs::write(
        folder.path().join("own.toml"),
        "[server]\ninternal_listen = \"127.0.0.1:0\"\n[database]\nurl = \"sqlite://own/vestibule.db\"\n",
    )
    .unwrap();
    run(
        folder.path(),
        &["account", "apply", "live.toml", "--config", "own.toml"],
    );

    let free = ["--listen", "127.0.0.1:0", "--practice", "127.0.0.1:0"];
    let words = [&["demo", "--config", "own.toml"], &free[..]].concat();
    let refused = said(&run(folder.path(), &words));

    assert_eq!(refused.0, Some(3), "{}", refused.1);
    assert!(
        refused.1.contains("not made by `vestibule demo`"),
        "{}",
        refused.1
    );
}

#[tokio::test]
async fn rule_15_serve_refuses_a_database_that_is_marked_practice() {
    let folder = tempfile::tempdir().unwrap();
    let app = installation(folder.path()).await;
    let mut tx = app.store.write().await.unwrap();
    tx.set(PRACTICE, "yes").await.unwrap();
    tx.commit().await.unwrap();

    let refused = said(&run(folder.path(), &["serve"]));

    assert_eq!(refused.0, Some(3), "{}", refused.1);
    assert!(
        refused.1.contains("belongs to `vestibule demo`"),
        "{}",
        refused.1
    );
}
