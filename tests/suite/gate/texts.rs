//! What an installation may say of its policy, and what is wrong in it.

use std::collections::BTreeSet;
use std::path::Path;

use vestibule::config::Config;
use vestibule::gate::{Effect, Facts, Policy, SHIPPED_FORBIDS, Text, Texts};
use vestibule::role::Role;

use super::policy::person;

const SCHEMA: &str = include_str!("../../../config/policies/vestibule.cedarschema");
const PERMITS: &str = include_str!("../../../config/policies/permits.cedar");
const EVERYTHING: &str = "@id(\"everything\")\n@says(\"Everybody may do everything.\")\npermit (principal, action, resource);\n";

fn permits(text: &str) -> Texts {
    Texts {
        permits: Some(text.into()),
        ..Texts::default()
    }
}

fn schema(text: impl Into<String>) -> Texts {
    Texts {
        schema: Some(text.into()),
        ..Texts::default()
    }
}

fn wrong(texts: &Texts) -> String {
    Policy::read(texts).unwrap_err().to_string()
}

/// Asserts that an error begins at this place and says these things.
fn says(error: &str, place: &str, parts: &[&str]) {
    assert!(error.starts_with(place), "{error}");
    for part in parts {
        assert!(error.contains(part), "{part} in: {error}");
    }
}

#[test]
fn what_is_always_forbidden_wins_over_a_file_that_allows_everything_rule_31() {
    let policy = Policy::read(&permits(EVERYTHING)).unwrap();
    let maker = person([Role::Maker]);
    let own = Facts {
        concluded_by: Some(vec![maker.id()]),
        ..Facts::default()
    };

    assert!(
        policy
            .profile(&maker, "profile:view", "p", &Facts::default())
            .unwrap()
            .is_allowed
    );
    let review = policy.profile(&maker, "profile:review", "p", &own).unwrap();
    assert!(!review.is_allowed);
    assert_eq!(review.reasons[0].id, "four-eyes");
    let auditor = person([Role::Auditor, Role::UamAdmin]);
    let views = BTreeSet::from(["profile:list", "profile:view"]);
    assert_eq!(policy.permissions(&auditor).unwrap(), views);
    let forbids = policy
        .sentences()
        .iter()
        .filter(|sentence| sentence.effect == Effect::Forbid);
    assert_eq!(forbids.count(), 4);
}

#[test]
fn an_installation_may_forbid_more() {
    let more = "@id(\"no-links\")\n@says(\"Nobody copies links here.\")\nforbid (principal, action == Action::\"link:copy\", resource);\n";
    let policy = Policy::read(&permits(&format!("{PERMITS}{more}"))).unwrap();

    let permitted = policy.permissions(&person([Role::LinkCreator])).unwrap();
    assert_eq!(
        permitted,
        BTreeSet::from(["profile:create", "profile:list", "profile:view"])
    );
    let sentence = policy.sentences().last().unwrap();
    assert_eq!(
        (sentence.id.as_str(), sentence.text),
        ("no-links", Text::Permits)
    );
    assert_eq!(sentence.line, PERMITS.lines().count() + 1);
}

#[test]
fn a_policy_says_its_name_and_what_it_does() {
    let nameless = "// one\n@says(\"x\")\npermit (principal, action, resource);\n";
    let silent = format!("{PERMITS}\n@id(\"x\")\npermit (principal, action, resource);\n");
    let empty = "@id(\"x\")\n@says(\" \")\npermit (principal, action, resource);\n";

    says(&wrong(&permits(nameless)), "permits.cedar:2:", &["@id("]);
    says(
        &wrong(&permits(&silent)),
        &format!("permits.cedar:{}:", PERMITS.lines().count() + 2),
        &["@says("],
    );
    says(&wrong(&permits(empty)), "permits.cedar:1:", &["@says("]);
}

#[test]
fn two_policies_have_two_names() {
    let twice = format!("{EVERYTHING}\n{EVERYTHING}");
    let taken = EVERYTHING.replace("\"everything\"", "\"four-eyes\"");

    says(
        &wrong(&permits(&twice)),
        "permits.cedar:",
        &["`everything`"],
    );
    says(
        &wrong(&permits(&taken)),
        "permits.cedar:1:",
        &["forbids.cedar line", "`four-eyes`"],
    );
}

#[test]
fn a_mistake_is_told_with_its_line() {
    let typo = format!(
        "{PERMITS}\n@id(\"x\")\n@says(\"x\")\npermit (principal, action, resource)\nwhen {{ resource.creator == principal }};\n"
    );
    let broken = format!("{PERMITS}\n\npermit (principal action);\n");
    let lines = PERMITS.lines().count();

    says(
        &wrong(&permits(&typo)),
        &format!("permits.cedar:{}:", lines + 5),
        &["creator"],
    );
    says(
        &wrong(&permits(&broken)),
        &format!("permits.cedar:{}:", lines + 3),
        &["unexpected token"],
    );
    says(
        &wrong(&schema(format!("{SCHEMA}\nentity x = {{ a: Strin }};"))),
        "vestibule.cedarschema:",
        &["Strin"],
    );
    says(
        &wrong(&schema(format!("{SCHEMA}\nentity ;"))),
        &format!("vestibule.cedarschema:{}:", SCHEMA.lines().count() + 2),
        &[],
    );
}

#[test]
fn a_policy_about_nothing_that_there_is_is_a_mistake() {
    let unknown = EVERYTHING.replace("action,", "action == Action::\"profile:revieww\",");
    let never = EVERYTHING.replace(';', "when { principal is account };");
    let template = EVERYTHING.replace("(principal,", "(principal == ?principal,");

    says(
        &wrong(&permits(&unknown)),
        "permits.cedar:",
        &["profile:revieww"],
    );
    says(&wrong(&permits(&never)), "permits.cedar:", &[]);
    says(&wrong(&permits(&template)), "permits.cedar:", &["template"]);
}

#[test]
fn a_schema_may_add_and_never_lacks_what_the_forbids_need() {
    let branch = SCHEMA.replace(
        "    call_state?: String,",
        "    call_state?: String,\n    branch?: String,",
    );
    let policy = Policy::read(&schema(branch + "\nentity record;\naction \"record:read\" appliesTo { principal: [user], resource: [record] };")).unwrap();
    assert!(policy.knows("record:read"));

    for (removed, instead) in [
        ("    concluded_by?: Set<user>,\n", ""),
        (
            "    concluded_by?: Set<user>,",
            "    concluded_by?: String,",
        ),
        ("entity role;\n", ""),
        ("entity user in [role]", "entity user"),
        ("action \"views\";\n", ""),
        ("in [\"views\"]\n", "\n"),
    ] {
        assert!(SCHEMA.contains(removed), "{removed}");
        says(
            &wrong(&schema(SCHEMA.replace(removed, instead))),
            "vestibule.cedarschema:",
            &[],
        );
    }
}

#[test]
fn no_schema_makes_a_review_a_view() {
    let actions = SCHEMA.replace(
        "action \"profile:review\", \"call:accept\", \"call:conclude\"\n",
        "action \"profile:review\", \"call:accept\", \"call:conclude\" in [\"views\"]\n",
    );
    assert_ne!(actions, SCHEMA);

    says(
        &wrong(&schema(actions)),
        "vestibule.cedarschema:1:",
        &["other groups", "forbids.cedar"],
    );
}

#[test]
fn a_schema_whose_people_need_more_than_we_know_is_refused() {
    for kind in ["user in [role]", "key", "profile", "account"] {
        let entity = format!("entity {kind} = {{\n");
        assert!(SCHEMA.contains(&entity));
        let demanding = SCHEMA.replace(&entity, &format!("{entity}    branch: String,\n"));
        says(
            &wrong(&schema(demanding)),
            "vestibule.cedarschema:1:",
            &["branch", "optional"],
        );
    }
}

#[test]
fn what_the_database_knows_stands_in_no_file() {
    let entities = |kind: &str, id: &str, attrs: &str| Texts {
        entities: Some(format!(
            "[\n{{ \"uid\": {{ \"type\": \"{kind}\", \"id\": \"{id}\" }}, \"attrs\": {attrs}, \"parents\": [] }}]"
        )),
        ..Texts::default()
    };
    let of = "{ \"account\": { \"type\": \"account\", \"id\": \"a\" } }";
    let usr = "usr_00000000000000000000000000000000";

    assert!(Policy::read(&entities("user", "robot", of)).is_ok());
    says(
        &wrong(&entities("user", usr, of)),
        "entities.json:2:",
        &[usr, "database"],
    );
    says(
        &wrong(&entities("account", "a", "{ \"stage\": \"live\" }")),
        "entities.json:2:",
        &["database"],
    );
    says(
        &wrong(&entities("user", "robot", "{}")),
        "entities.json:",
        &["account"],
    );
    says(
        &wrong(&entities("ship", "x", "{}")),
        "entities.json:",
        &["ship"],
    );
    says(
        &wrong(&Texts {
            entities: Some("[\n{".into()),
            ..Texts::default()
        }),
        "entities.json:2:",
        &[],
    );
}

fn installed(files: &[(&str, &str)]) -> Result<Policy, String> {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    let mut config = Config::default();
    config.gate.policies = folder.path().display().to_string();
    config.policy().map_err(|error| error.to_string())
}

#[test]
fn a_file_cannot_replace_what_is_always_forbidden_rule_31() {
    assert!(
        installed(&[("forbids.cedar", SHIPPED_FORBIDS)]).is_ok(),
        "a copy changes nothing"
    );

    let emptied = installed(&[("forbids.cedar", "")]).unwrap_err();
    assert!(
        emptied.contains("forbids.cedar") && emptied.contains("permits.cedar"),
        "{emptied}"
    );
    let strange = installed(&[("more.cedar", EVERYTHING)]).unwrap_err();
    assert!(
        strange.contains("more.cedar") && strange.contains("would not be read"),
        "{strange}"
    );
}

#[test]
fn a_mistake_is_told_with_its_file() {
    let error =
        installed(&[("permits.cedar", "permit (principal, action, resource);")]).unwrap_err();

    assert!(error.contains("/permits.cedar:1: "), "{error}");
}

#[test]
fn an_action_that_the_policy_does_not_know_opens_no_route() {
    let folder = tempfile::tempdir().unwrap();
    let app = std::fs::read_to_string(
        Path::new(env!("CARGO_MANIFEST_DIR")).join("config/apps/profiles.toml"),
    )
    .unwrap();
    let app = app.replace("\"profile:review\"", "\"profile:revue\"");
    std::fs::write(folder.path().join("profiles.toml"), app).unwrap();
    let mut config = Config::default();
    config.gate.apps = folder.path().display().to_string();

    let error = config
        .apps(&config.policy().unwrap())
        .unwrap_err()
        .to_string();

    assert!(
        error.contains("profiles.toml") && error.contains("`profile:revue`"),
        "{error}"
    );
    assert!(error.contains("did you mean `profile:review`?"), "{error}");
}
