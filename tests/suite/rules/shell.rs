//! Rules 3, 4, 15 and 51 as the person at the shell meets them.

use std::path::Path;
use std::process::{Command, Output};

use rstest::rstest;
use vestibule::app::{App, PRACTICE};
use vestibule::config::Config;
use vestibule::id::Entropy;
use vestibule::seal::Ring;
use vestibule::store::Store;
use vestibule::time::Clock;

use super::super::app::schema;

const LIVE: &str = "account = \"acme-live\"\nclient = \"Acme Bank\"\nstage = \"live\"\n";

/// Runs a command on a database of its own in `folder`.
pub(super) fn run(folder: &Path, words: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_vestibule"))
        .args(words)
        .current_dir(folder)
        .env_clear()
        .output()
        .unwrap()
}

pub(super) fn said(output: &Output) -> (Option<i32>, String) {
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
        draft.1.contains("prp_") && draft.1.contains("--break-glass REASON"),
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
    std::fs::write(folder.path().join("live.toml"), LIVE).unwrap();
    run(folder.path(), &["account", "apply", "live.toml"]);
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
#[case::a_list(&["account", "list"])]
#[case::an_account(&["account", "show", "acme-demo"])]
#[case::a_switch(&["account", "disable", "acme-demo"])]
#[case::people(&["user", "list", "acme-demo"])]
#[case::somebody(&["user", "delete", "acme-demo", "maya"])]
#[case::an_attempt(&["explain", "att_01980000000070008000000000000000"])]
#[case::the_configuration(&["config", "check"])]
fn rule_51_a_command_that_only_looks_makes_no_database_and_says_which_one_it_looked_for(
    #[case] words: &[&str],
) {
    let folder = tempfile::tempdir().unwrap();

    let (exit, text) = said(&run(folder.path(), words));

    let file = folder.path().join("data/vestibule.db");
    assert_eq!(exit, Some(1), "{text}");
    let place = format!("there is no database at {}", file.display());
    assert!(text.contains(&place), "{text}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[rstest]
#[case::no_file("nowhere.toml", "No such file", 1)]
#[case::no_account("wrong.toml", "unknown key `acount`", 1)]
#[case::no_metadata("away.toml", "away.xml", 1)]
#[case::not_metadata("other.toml", "`saml.idp_metadata` is refused", 1)]
#[case::no_staff("staff.toml", "the staff account is the one", 3)]
fn rule_51_a_file_that_is_refused_leaves_nothing_behind(
    #[case] file: &str,
    #[case] because: &str,
    #[case] exit: i32,
) {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write("wrong.toml", "acount = \"acme-live\"\n");
    write(
        "away.toml",
        &format!("{LIVE}[saml]\nidp_metadata = \"away.xml\"\n"),
    );
    write(
        "other.toml",
        &format!("{LIVE}[saml]\nidp_metadata = \"wrong.toml\"\n"),
    );
    let staff = LIVE.replace("\"live\"", "\"staff\"");
    write(
        "staff.toml",
        &format!("{staff}[users]\nprovisioning = \"invited\"\n"),
    );

    let (code, text) = said(&run(folder.path(), &["account", "apply", file]));

    assert_eq!(code, Some(exit), "{text}");
    assert!(text.contains(because), "{text}");
    assert!(!folder.path().join("data").exists());
}

#[tokio::test]
async fn rule_51_a_database_server_without_our_tables_stays_without_them() {
    let Some(url) = schema().await else { return };
    let folder = tempfile::tempdir().unwrap();
    let mut config = Config::default();
    config.database.url = url.replace("://", "://somebody:secret@");
    assert!(!config.database_place().contains("secret"));
    config.database.url.clone_from(&url);
    config.secrets.master_key_file = folder.path().join("master.key").display().to_string();

    let looked = App::existing(config, Clock::System, Entropy::System).await;

    let message = format!("{:#}", looked.err().expect("it opened"));
    assert!(
        message.contains("there is no database at postgres"),
        "{message}"
    );
    assert!(!Store::is_made(&url).await.unwrap());
}

#[rstest]
#[case::vestibule("--listen")]
#[case::the_practice_adfs("--practice")]
#[case::the_practice_integration("--integration")]
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

    let mut words = vec!["demo", "--config", "own.toml"];
    for option in ["--listen", "--practice", "--integration"] {
        words.extend([option, "127.0.0.1:0"]);
    }
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

#[test]
fn keys_are_changed_at_the_shell_and_a_step_that_locks_people_out_exits_3() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("live.toml"), LIVE).unwrap();
    run(folder.path(), &["account", "apply", "live.toml"]);
    let keys = |words: &[&str]| said(&run(folder.path(), &[&["keys"], words].concat()));

    let before = keys(&["show", "acme-live"]);
    let waits = keys(&["rotate", "acme-live"]);
    let glass = |words: &[&str]| {
        let all = ["rotate", "acme-live", "--break-glass", "a test"];
        keys(&[&all, words].concat())
    };
    let published = glass(&[]);
    let refused = glass(&[]);
    let switched = glass(&["--switch", "--imported", "--json"]);
    let wrong = keys(&["rotate", "acme-live", "--switch", "--retire"]);

    assert!(before.1.contains("No change is under way"), "{}", before.1);
    assert_eq!(waits.0, Some(3), "{}", waits.1);
    assert!(waits.1.contains("a second person"), "{}", waits.1);
    assert_eq!(published.0, Some(0), "{}", published.1);
    assert!(
        published.1.contains("publish: metadata names"),
        "{}",
        published.1
    );
    assert!(
        published.1.contains("Next: the client imports"),
        "{}",
        published.1
    );
    assert_eq!(refused.0, Some(3), "{}", refused.1);
    assert!(
        refused.1.contains("nobody has signed in since"),
        "{}",
        refused.1
    );
    let answer: serde_json::Value = serde_json::from_str(&switched.1).unwrap();
    assert_eq!(
        (&answer["done"], &answer["next"]),
        (&"switch".into(), &"retire".into())
    );
    assert_eq!(answer["keys"].as_array().unwrap().len(), 4);
    assert_eq!(wrong.0, Some(2), "{}", wrong.1);
}
