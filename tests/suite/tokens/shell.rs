//! `vestibule key …` and `vestibule keys …` as the person at the shell meets them.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

const ACCOUNT: &str = "account = \"acme-demo\"\nclient = \"Acme Bank\"\nstage = \"demo\"\n";

/// A folder with an account and an app.
fn installation() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write("demo.toml", ACCOUNT);
    std::fs::create_dir_all(folder.path().join("config/apps")).unwrap();
    let app = include_str!("../../../config/apps/profiles.toml");
    write(
        "config/apps/profiles.toml",
        &app.replace("\"live\"", "\"demo\""),
    );
    write("config/vestibule.toml", "");
    let (code, text) = run(folder.path(), "account apply demo.toml");
    assert_eq!(code, Some(0), "{text}");
    folder
}

fn run(folder: &Path, line: &str) -> (Option<i32>, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_vestibule"))
        .args(line.split(' '))
        .current_dir(folder)
        .env_clear()
        .output()
        .unwrap();
    let text = [output.stderr.as_slice(), &output.stdout].concat();
    (output.status.code(), String::from_utf8(text).unwrap())
}

const CREATE: &str = "key create --account acme-demo --name server";

#[test]
fn a_key_is_shown_once_as_the_last_line() {
    let folder = installation();

    let (code, made) = run(folder.path(), &format!("{CREATE} --scope profile:view"));
    let (_, listed) = run(folder.path(), "key list");

    assert_eq!(code, Some(0), "{made}");
    let secret = made.trim_end().lines().last().unwrap();
    assert!(
        secret.starts_with("vsk_demo_") && secret.len() == 81,
        "{made}"
    );
    assert!(
        listed.contains(&secret[..17]) && !listed.contains(secret),
        "{listed}"
    );
    assert!(
        listed.contains("living") && listed.contains("never used"),
        "{listed}"
    );
}

#[test]
fn a_third_key_of_a_name_is_refused_with_what_to_do() {
    let folder = installation();
    let create = format!("{CREATE} --scope profile:view --json");
    let (_, first) = run(folder.path(), &create);
    let first: Value = serde_json::from_str(&first).unwrap();
    let id = first["id"].as_str().unwrap();
    assert_eq!(run(folder.path(), &create).0, Some(0));

    let (code, third) = run(folder.path(), &format!("{CREATE} --scope profile:view"));
    assert_eq!(code, Some(3), "{third}");
    assert!(
        third.contains(&format!("vestibule key revoke {id}")),
        "{third}"
    );

    assert_eq!(run(folder.path(), &format!("key revoke {id}")).0, Some(0));
    assert_eq!(run(folder.path(), &create).0, Some(0));
}

#[test]
fn a_key_may_not_be_made_for_what_no_key_may() {
    let folder = installation();
    for (more, code, sentence) in [
        ("", 3, "at least one --scope"),
        (" --scope call:accept", 3, "gives `call:accept` to no key"),
        (" --decides-for nothing", 3, "there is no app `nothing`"),
        (
            " --decides-for profiles --trust user.roles",
            3,
            "nobody is believed in `user.roles`",
        ),
        (
            " --decides-for profiles --scope profile:view",
            2,
            "cannot be used with",
        ),
        (" --trust profile.call_state", 2, "required"),
        (
            " --scope profile:view --network everywhere",
            2,
            "everywhere",
        ),
        (" --scope profile:view --expires-days 0", 2, "0 is not in"),
    ] {
        let (said, text) = run(folder.path(), &format!("{CREATE}{more}"));
        assert_eq!(said, Some(code), "{more}: {text}");
        assert!(text.contains(sentence), "{more}: {text}");
    }
}

#[test]
fn a_key_that_asks_for_decisions_is_bound_to_an_app() {
    let folder = installation();
    let line = format!("{CREATE} --decides-for profiles --trust profile.call_state --json");

    let (code, made) = run(folder.path(), &line);

    assert_eq!(code, Some(0), "{made}");
    let made: Value = serde_json::from_str(&made).unwrap();
    assert_eq!(made["kind"], "decision");
    assert_eq!(made["app"], "profiles");
    assert_eq!(made["trusts"], serde_json::json!(["profile.call_state"]));
}

#[test]
fn the_keys_that_sign_tokens_are_changed_from_the_shell() {
    let folder = installation();
    assert!(
        run(folder.path(), "keys tokens")
            .1
            .contains("No token was asked for yet")
    );

    let (first, text) = run(folder.path(), "keys rotate-tokens --now");
    let (second, _) = run(folder.path(), "keys rotate-tokens");
    let (third, refused) = run(folder.path(), "keys rotate-tokens");

    assert_eq!(
        (first, second, third),
        (Some(0), Some(0), Some(3)),
        "{text}{refused}"
    );
    let (_, listed) = run(folder.path(), "keys tokens");
    assert!(
        listed.contains("signing") && listed.contains("next"),
        "{listed}"
    );
}

#[test]
fn a_token_of_operators_can_be_made_before_there_is_anything() {
    let folder = tempfile::tempdir().unwrap();

    let (code, made) = run(
        folder.path(),
        "token create --operator --scope user:* --scope key:view",
    );
    let (_, listed) = run(folder.path(), "token list");
    let (_, accounts) = run(folder.path(), "account list");

    assert_eq!(code, Some(0), "{made}");
    let secret = made.trim_end().lines().last().unwrap();
    assert!(secret.starts_with("vsk_staff_"), "{made}");
    assert!(listed.contains("key:view user:*"), "{listed}");
    assert!(accounts.contains("staff"), "{accounts}");
}

#[test]
fn a_token_is_made_for_what_there_is() {
    let folder = installation();
    for (line, code, sentence) in [
        ("--account acme-demo --scope scim", 0, "vsk_demo_"),
        ("--account acme-demo --scope profile:view", 3, "no scope"),
        ("--account acme-demo --scope user:nothing", 3, "no scope"),
        ("--operator --scope scim", 3, "no scope"),
        ("--account acme-demo", 2, "--scope"),
        ("--scope user:view", 2, "--account"),
        (
            "--operator --account acme-demo --scope user:view",
            2,
            "cannot be used with",
        ),
    ] {
        let (said, text) = run(folder.path(), &format!("token create {line}"));
        assert_eq!(said, Some(code), "{line}: {text}");
        assert!(text.contains(sentence), "{line}: {text}");
    }
}

#[test]
fn a_token_that_was_taken_back_is_listed_as_such_and_is_no_key() {
    let folder = installation();
    let (_, made) = run(
        folder.path(),
        "token create --account acme-demo --scope user:view --json",
    );
    let made: Value = serde_json::from_str(&made).unwrap();

    let (code, _) = run(
        folder.path(),
        &format!("token revoke {}", made["id"].as_str().unwrap()),
    );

    assert_eq!(code, Some(0));
    assert!(run(folder.path(), "token list").1.contains("revoked"));
    assert!(run(folder.path(), "key list").1.contains("no keys"));
}
