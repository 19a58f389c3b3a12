//! `vestibule audit …` and `vestibule purge` as the person at the shell meets them.

use std::path::Path;
use std::process::Command;

const ACCOUNT: &str = "account = \"acme-demo\"\nclient = \"Acme Bank\"\nstage = \"demo\"\n";

fn installation() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("demo.toml"), ACCOUNT).unwrap();
    let (code, text) = run(folder.path(), "account apply demo.toml");
    assert_eq!(code, Some(0), "{text}");
    folder
}

fn run(folder: &Path, line: &str) -> (Option<i32>, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_vestibule"))
        .args(line.split(' '))
        .current_dir(folder)
        .env_clear()
        .env("USER", "olga")
        .output()
        .unwrap();
    let text = [output.stderr.as_slice(), &output.stdout].concat();
    (output.status.code(), String::from_utf8(text).unwrap())
}

#[test]
fn an_export_is_verified_without_the_database_and_what_was_changed_is_named() {
    let folder = installation();
    let (_, key) = run(folder.path(), "audit key");
    std::fs::write(folder.path().join("key.pem"), key).unwrap();

    let (code, text) = run(folder.path(), "audit export --out audit.jsonl");
    assert_eq!(code, Some(0), "{text}");
    let (code, text) = run(folder.path(), "audit verify");
    assert_eq!(code, Some(0), "{text}");
    std::fs::remove_dir_all(folder.path().join("data")).unwrap();
    let (code, text) = run(folder.path(), "audit verify audit.jsonl --key key.pem");
    assert_eq!(code, Some(0), "{text}");
    assert!(
        text.contains("whole") && text.contains("not proved"),
        "{text}"
    );

    let file = folder.path().join("audit.jsonl");
    let changed = std::fs::read_to_string(&file)
        .unwrap()
        .replace("shell:olga", "shell:otto");
    std::fs::write(file, changed).unwrap();
    let (code, text) = run(folder.path(), "audit verify audit.jsonl --key key.pem");
    assert_eq!(code, Some(1), "{text}");
    assert!(
        text.contains("DAMAGED") && text.contains("number 1"),
        "{text}"
    );
}

#[test]
fn reading_and_refusals_are_entries_themselves() {
    let folder = installation();
    run(folder.path(), "user create acme-demo --subject anna");
    let (_, text) = run(folder.path(), "user list acme-demo --json");
    let users: serde_json::Value = serde_json::from_str(&text).unwrap();
    let user = users[0]["id"].as_str().unwrap();
    let (code, _) = run(folder.path(), "user delete acme-demo anna");
    assert_eq!(code, Some(3));

    run(folder.path(), "audit list");
    let (code, text) = run(folder.path(), "audit list --account acme-demo");

    assert_eq!(code, Some(0), "{text}");
    assert!(
        text.contains("audit_read") && text.contains("command_refused"),
        "{text}"
    );
    assert!(
        text.contains("user delete") && text.contains("refused"),
        "{text}"
    );
    assert!(text.contains("deleting anna"), "{text}");

    let delete = format!("user delete acme-demo anna --confirm {user}");
    assert_eq!(run(folder.path(), &delete).0, Some(0));
    let (_, text) = run(folder.path(), "audit list");
    assert!(!text.contains("anna") && text.contains("erased"), "{text}");
    assert_eq!(run(folder.path(), "audit verify").0, Some(0));
}

#[test]
fn a_purge_says_what_it_would_remove() {
    let folder = installation();

    let (code, text) = run(folder.path(), "purge --dry-run");

    assert_eq!(code, Some(0), "{text}");
    assert!(
        text.contains("acme-demo") && text.contains("Nothing was removed"),
        "{text}"
    );
}

#[test]
fn checkpoints_are_added_to_a_file_of_its_owner_alone_and_are_verified_against() {
    use std::os::unix::fs::PermissionsExt;
    let folder = installation();
    std::fs::create_dir(folder.path().join("config")).unwrap();
    let config = "[audit]\ncheckpoints = \"checkpoints.jsonl\"\n";
    std::fs::write(folder.path().join("config/vestibule.toml"), config).unwrap();
    run(folder.path(), "audit export --out first.jsonl");
    run(folder.path(), "audit export --out second.jsonl");

    let kept = folder.path().join("checkpoints.jsonl");
    let lines = std::fs::read_to_string(&kept).unwrap();
    let mode = std::fs::metadata(&kept).unwrap().permissions().mode();
    let (code, text) = run(folder.path(), "audit verify --against checkpoints.jsonl");

    assert_eq!(lines.lines().count(), 2);
    assert_eq!(mode & 0o777, 0o600);
    assert_eq!(code, Some(0), "{text}");
    std::fs::write(kept, lines.replace("\"number\":1", "\"number\":2")).unwrap();
    let (code, text) = run(folder.path(), "audit verify --against checkpoints.jsonl");
    assert_eq!(code, Some(1), "{text}");
}
