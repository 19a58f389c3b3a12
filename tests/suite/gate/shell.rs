//! The policy as somebody at the shell meets it.

use std::path::Path;
use std::process::Command;

use serde_json::Value;
use vestibule::account::RolesFrom;
use vestibule::app::{App, Consent, Invitation};
use vestibule::claims::Profile;
use vestibule::config::{AccountFile, Config};
use vestibule::id::Entropy;
use vestibule::role::Role;
use vestibule::time::Clock;
use vestibule::user::{State, User};

use crate::app::{SP_KEYS, document};

/// Runs a command in a folder: its exit code, and what it said.
fn run(folder: &Path, words: &[&str]) -> (Option<i32>, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_vestibule"))
        .args(words)
        .current_dir(folder)
        .env_clear()
        .output()
        .unwrap();
    let text = [output.stdout.as_slice(), &output.stderr].concat();
    (output.status.code(), String::from_utf8(text).unwrap())
}

/// An installation in which chen is a checker.
async fn installation(folder: &Path) -> User {
    let mut config = Config::default();
    config.database.url = format!("sqlite://{}", folder.join("data/vestibule.db").display());
    let mut app = App::open(config, Clock::System, Entropy::System)
        .await
        .unwrap();
    app.given_keys = Some(SP_KEYS.clone());
    let mut document = document("acme-demo");
    document.users.roles_from = RolesFrom::Both;
    let file = AccountFile {
        document,
        metadata: None,
    };
    let applied = app.apply(&file, "shell:test", &Consent::default()).await;
    let account = applied.unwrap().account;
    let invitation = Invitation {
        subject: Some("chen@acme.test".into()),
        external_id: None,
        profile: Profile::default(),
    };
    let mut user = app
        .invite(&account, invitation, "shell:test")
        .await
        .unwrap();
    user.state = State::Active;
    let mut tx = app.store.write().await.unwrap();
    tx.of(account.id).save_user(&user).await.unwrap();
    tx.commit().await.unwrap();
    let (role, reason) = (Role::Checker, "a test");
    app.grant_role(&account, user.id, role, None, reason, "shell:test")
        .await
        .unwrap();
    user
}

#[test]
fn the_policy_is_shown_without_a_database() {
    let folder = tempfile::tempdir().unwrap();

    let (code, text) = run(folder.path(), &["policy", "show"]);
    let (_, json) = run(folder.path(), &["policy", "show", "--json"]);

    assert_eq!(code, Some(0));
    assert!(text.contains("profile:review"), "{text}");
    assert!(text.contains("forbid  four-eyes"), "{text}");
    assert!(text.contains("shipped permits.cedar:4"), "{text}");
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["matrix"]["link:copy"]["link_creator"], "own");
    assert_eq!(json["policies"][2]["id"], "four-eyes");
    assert!(!folder.path().join("data").exists());
}

#[tokio::test]
async fn a_decision_is_explained_by_the_policies_that_decided_it() {
    let folder = tempfile::tempdir().unwrap();
    let chen = installation(folder.path()).await.id.to_string();
    let why = |facts: &[&str]| {
        let (code, text) = run(
            folder.path(),
            &[&["policy", "why", &chen, "profile:review"], facts].concat(),
        );
        assert_eq!(code, Some(0), "{text}");
        text
    };

    let yes = why(&["call_state=verified", "concluded_by="]);
    let own = why(&["call_state=verified", "concluded_by=me"]);
    let unsaid = why(&[]);

    assert!(
        yes.starts_with("Yes: profile:review by chen@acme.test of acme-demo (checker)"),
        "{yes}"
    );
    assert!(
        yes.contains("checker-reviews allows it: Checkers review"),
        "{yes}"
    );
    assert!(
        own.starts_with("No:") && own.contains("four-eyes forbids it: Nobody reviews"),
        "{own}"
    );
    assert!(
        unsaid.contains("depending on what is not said here: call_state=verified concluded_by=…"),
        "{unsaid}"
    );
    let words = [
        "policy",
        "why",
        "chen@acme.test",
        "--account",
        "acme-demo",
        "user:view",
        "--json",
    ];
    let json: Value = serde_json::from_str(&run(folder.path(), &words).1).unwrap();
    assert_eq!(json["allowed"], false);
    assert_eq!(json["reach"], "nothing");
}

#[tokio::test]
async fn a_question_that_makes_no_sense_is_answered_with_what_was_probably_meant() {
    let folder = tempfile::tempdir().unwrap();
    let chen = installation(folder.path()).await.id.to_string();

    for (words, expected) in [
        (
            vec![chen.as_str(), "profile:revew"],
            "did you mean `profile:review`?",
        ),
        (
            vec![&chen, "profile:view", "createdby=me"],
            "did you mean `created_by`?",
        ),
        (
            vec![&chen, "profile:view", "mine"],
            "is not a fact such as call_state=verified",
        ),
        (
            vec![&chen, "user:view", "created_by=me"],
            "leave the facts away",
        ),
        (vec!["chen", "profile:view"], "--account"),
        (
            vec!["usr_00000000000000000000000000000000", "profile:view"],
            "no account has a person",
        ),
    ] {
        let (code, text) = run(folder.path(), &[vec!["policy", "why"], words].concat());
        assert_eq!(code, Some(1), "{text}");
        assert!(text.contains(expected), "{text}");
    }
}

#[tokio::test]
async fn a_check_of_the_configuration_says_which_policy_is_in_force() {
    let folder = tempfile::tempdir().unwrap();
    installation(folder.path()).await;

    let (code, text) = run(folder.path(), &["config", "check"]);

    assert_eq!(code, Some(0), "{text}");
    assert!(
        text.contains("The policy is sound (as shipped): 13 policies; 0 apps"),
        "{text}"
    );
}
