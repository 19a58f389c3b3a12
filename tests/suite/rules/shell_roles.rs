//! Rules 5 and 29 as the person at the shell meets them: `vestibule user roles`, and what `account` and `config` say of duties.

use std::path::Path;

use rstest::rstest;
use serde_json::Value;

use super::shell::{run, said};

const ACCOUNT: &str = "account = \"acme-demo\"\nclient = \"Acme Bank\"\nstage = \"demo\"\n";
const BOTH: &str = "uam = true\n[users]\nroles_from = \"both\"\n";

fn apply(folder: &Path, rest: &str) -> (Option<i32>, String) {
    std::fs::write(folder.join("demo.toml"), format!("{ACCOUNT}{rest}")).unwrap();
    said(&run(folder, &["account", "apply", "demo.toml"]))
}

fn invite(folder: &Path) {
    let words = ["user", "create", "acme-demo", "--subject", "maya"];
    assert_eq!(said(&run(folder, &words)).0, Some(0));
}

fn roles(folder: &Path, words: &[&str]) -> (Option<i32>, String) {
    let named = ["user", "roles", "acme-demo", "maya"];
    said(&run(folder, &[&named, words].concat()))
}

#[test]
fn rule_29_roles_are_granted_shown_and_taken() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    apply(folder, BOTH);
    invite(folder);
    let nothing = roles(folder, &[]);

    let granted = roles(
        folder,
        &[
            "--grant",
            "auditor",
            "--until",
            "2999-12-31",
            "--reason",
            "yearly audit",
        ],
    );
    let shown = said(&run(folder, &["user", "show", "acme-demo", "maya"]));
    let json: Value = serde_json::from_str(&roles(folder, &["--json"]).1).unwrap();
    let taken = roles(folder, &["--take", "auditor", "--reason", "it is over"]);

    assert!(nothing.1.contains("No role"), "{}", nothing.1);
    for (code, text) in [&granted, &shown] {
        assert_eq!(*code, Some(0), "{text}");
        assert!(
            text.contains("auditor")
                && text.contains("until 2999-12-31")
                && text.contains("granted by shell:")
                && text.contains("yearly audit"),
            "{text}"
        );
    }
    let given = &json["standing"]["given"][0];
    assert_eq!(
        (&given["role"], &given["by"]),
        (&"auditor".into(), &"grant".into())
    );
    assert_eq!(given["reason"], "yearly audit");
    assert_eq!(taken.0, Some(0), "{}", taken.1);
    assert!(taken.1.contains("No role"), "{}", taken.1);
}

#[rstest]
#[case::reason(&["--grant", "auditor"], 2, "--reason")]
#[case::role(&["--grant", "auditr", "--reason", "x"], 2, "the roles are maker")]
#[case::two(&["--grant", "auditor", "--take", "maker", "--reason", "x"], 2, "cannot be used with")]
#[case::nothing(&["--until", "2999-12-31"], 2, "required")]
#[case::end(&["--grant", "auditor", "--until", "soon", "--reason", "x"], 2, "2026-12-31")]
#[case::past(&["--grant", "auditor", "--until", "2001-01-01", "--reason", "x"], 3, "in the past")]
#[case::operator(&["--grant", "operator", "--reason", "x"], 3, "staff account")]
#[case::lift(&["--lift", "maker"], 3, "nothing to lift")]
fn rule_29_a_wrong_wish_is_answered_with_what_is_wrong(
    #[case] words: &[&str],
    #[case] code: i32,
    #[case] sentence: &str,
) {
    let folder = tempfile::tempdir().unwrap();
    apply(folder.path(), BOTH);
    invite(folder.path());

    let (exit, text) = roles(folder.path(), words);

    assert_eq!(exit, Some(code), "{text}");
    assert!(text.contains(sentence), "{text}");
}

#[test]
fn rule_05_without_the_option_a_grant_exits_3_and_says_so() {
    let folder = tempfile::tempdir().unwrap();
    apply(folder.path(), "");
    invite(folder.path());

    let (code, text) = roles(folder.path(), &["--grant", "auditor", "--reason", "x"]);

    assert_eq!(code, Some(3), "{text}");
    assert!(text.contains("no user access management"), "{text}");
}

#[test]
fn rule_29_duties_are_a_difference_and_rules_that_break_them_a_warning() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let rules = "[[roles]]\nrole = \"maker\"\nclaim = \"urn:role\"\nmatches = \"vkyc-*\"\n[[roles]]\nrole = \"checker\"\nclaim = \"urn:role\"\nequals = \"vkyc-checker\"\nuntil = \"2999-12-31\"\n";

    let applied = apply(folder, rules);
    let checked = said(&run(folder, &["config", "check"]));
    let off = apply(folder, &format!("{rules}[duties]\napart = []\n"));
    let diff = said(&run(folder, &["account", "diff", "acme-demo", "1", "2"]));

    let warning = "one value gives both maker and checker";
    assert_eq!(applied.0, Some(0), "{}", applied.1);
    assert!(applied.1.contains(warning), "{}", applied.1);
    assert!(checked.1.contains(warning), "{}", checked.1);
    assert!(!off.1.contains(warning), "{}", off.1);
    assert!(
        diff.1
            .contains("duties.apart: [[\"maker\",\"checker\"]] -> []"),
        "{}",
        diff.1
    );
    assert!(
        applied.1.contains("roles.2.until = 2999-12-31"),
        "{}",
        applied.1
    );
}
