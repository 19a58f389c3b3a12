//! The policy: the whole of it as a table, and what holds whatever an installation says.

use std::collections::BTreeSet;
use std::fmt::Write;

use proptest::prelude::*;
use vestibule::account::Stage;
use vestibule::gate::{
    Call, Facts, Policy, Principal, Reach, Resource, Situation, Subject, Texts, Who,
};
use vestibule::id::{AccountId, CredentialId, Entropy, UserId};
use vestibule::role::Role;

use crate::app::NOW;

/// Somebody of a live account with these roles.
pub(super) fn person(roles: impl IntoIterator<Item = Role>) -> Subject {
    let entropy = Entropy::fixed();
    Subject {
        account: AccountId::new(NOW, &entropy),
        stage: Stage::Live,
        who: Who::Person(UserId::new(NOW, &entropy), roles.into_iter().collect()),
    }
}

fn key() -> Subject {
    let who = Who::Key(CredentialId::new(NOW, &Entropy::fixed()));
    Subject { who, ..person([]) }
}

fn shipped() -> Policy {
    Policy::read(&Texts::default()).unwrap()
}

/// Each role alone, two of the pairs that matter, a key and nobody.
fn columns() -> Vec<(&'static str, Subject)> {
    let alone = Role::ALL.map(|role| {
        let mut person = person([role]);
        if role == Role::Operator {
            person.stage = Stage::Staff;
        }
        (role.as_str(), person)
    });
    let others = [
        ("maker+checker", person([Role::Maker, Role::Checker])),
        ("checker+auditor", person([Role::Checker, Role::Auditor])),
        ("key", key()),
        ("nobody", person([])),
    ];
    alone.into_iter().chain(others).collect()
}

fn trimmed(table: &str) -> String {
    table
        .lines()
        .map(str::trim_end)
        .collect::<Vec<_>>()
        .join("\n")
}

#[test]
fn the_shipped_policy_is_this_table() {
    let policy = shipped();
    let mut columns = columns();
    columns.retain(|(name, _)| !name.contains('+'));
    let mut table = format!("{:16}", "");
    for (name, _) in &columns {
        write!(table, " {name:12}").unwrap();
    }
    for action in policy.actions() {
        write!(table, "\n{action:16}").unwrap();
        for (_, subject) in &columns {
            let reach = match policy.reach(subject, action).unwrap() {
                Reach::All => "all",
                Reach::Own => "own",
                Reach::Facts => "by facts",
                Reach::Nothing => "-",
            };
            write!(table, " {reach:12}").unwrap();
        }
    }

    insta::assert_snapshot!(trimmed(&table));
}

#[test]
fn every_role_action_and_situation_is_this_table() {
    let policy = shipped();
    let columns = columns();
    let mut table = format!("{:16} {:6} {:9} {:18}", "", "whose", "call", "concluded by");
    for (name, _) in &columns {
        write!(table, " {name:15}").unwrap();
    }
    for action in policy
        .actions()
        .filter(|action| policy.takes("user", action, "profile"))
    {
        for all in Situation::all() {
            let whose = if all.is_own { "own" } else { "others" };
            let concluded = if all.was_concluded_by_them {
                "them"
            } else {
                "somebody else"
            };
            write!(
                table,
                "\n{action:16} {whose:6} {:9} {concluded:18}",
                all.call.as_str()
            )
            .unwrap();
            for (_, subject) in &columns {
                let facts = all.facts(&subject.id());
                let decided = policy.takes(subject.kind(), action, "profile")
                    && policy
                        .profile(subject, action, "p", &facts)
                        .unwrap()
                        .is_allowed;
                write!(table, " {:15}", if decided { "yes" } else { "-" }).unwrap();
            }
        }
        table.push('\n');
    }

    insta::assert_snapshot!(trimmed(&table));
}

/// Every set of roles.
fn every_set_of_roles() -> impl Iterator<Item = BTreeSet<Role>> {
    (0_usize..1 << Role::ALL.len()).map(|bits| {
        let held = Role::ALL.into_iter().enumerate();
        held.filter(|(bit, _)| bits >> bit & 1 == 1)
            .map(|(_, role)| role)
            .collect()
    })
}

#[test]
fn nobody_reviews_what_they_concluded_whatever_they_hold() {
    let policy = shipped();

    for roles in every_set_of_roles() {
        let subject = person(roles.clone());
        for all in Situation::all().filter(|all| all.was_concluded_by_them) {
            let decided =
                policy.profile(&subject, "profile:review", "p", &all.facts(&subject.id()));
            assert!(!decided.unwrap().is_allowed, "{roles:?} {all:?}");
        }
        for state in Call::ALL {
            let facts = Facts {
                call_state: Some(state.as_str().into()),
                ..Facts::default()
            };
            let decided = policy.profile(&subject, "profile:review", "p", &facts);
            assert!(
                !decided.unwrap().is_allowed,
                "{roles:?}: not known who concluded it"
            );
        }
    }
}

#[test]
fn an_auditor_gets_views_alone_and_whoever_has_no_role_gets_nothing_rule_7() {
    let policy = shipped();
    let views = BTreeSet::from(["profile:list", "profile:view"]);

    for roles in every_set_of_roles().filter(|roles| roles.contains(&Role::Auditor)) {
        assert_eq!(policy.permissions(&person(roles)).unwrap(), views);
    }
    assert_eq!(policy.permissions(&person([])).unwrap(), BTreeSet::new());
    let operator = person([Role::Operator]);
    let elsewhere = policy.permissions(&operator).unwrap();
    assert_eq!(elsewhere, BTreeSet::new());
    let staff = Subject {
        stage: Stage::Staff,
        ..operator
    };
    let administrative = policy.administrative();
    let actions = administrative
        .iter()
        .map(String::as_str)
        .filter(|action| !action.ends_with('*'));
    assert_eq!(policy.permissions(&staff).unwrap(), actions.collect());
}

#[test]
fn whoever_gains_a_role_loses_nothing_unless_they_become_an_auditor() {
    let policy = shipped();
    let allowed = |roles: &BTreeSet<Role>| -> Vec<(String, bool)> {
        let subject = person(roles.clone());
        let mut all = Vec::new();
        for action in policy.actions() {
            if policy.takes("user", action, "account") {
                all.push((
                    action.to_owned(),
                    policy.administration(&subject, action).unwrap().is_allowed,
                ));
                continue;
            }
            for situation in Situation::all() {
                let facts = situation.facts(&subject.id());
                let decided = policy
                    .profile(&subject, action, "p", &facts)
                    .unwrap()
                    .is_allowed;
                all.push((format!("{action} {situation:?}"), decided));
            }
        }
        all
    };

    for roles in every_set_of_roles() {
        let before = allowed(&roles);
        for gained in Role::ALL
            .into_iter()
            .filter(|role| *role != Role::Auditor && !roles.contains(role))
        {
            let mut more = roles.clone();
            more.insert(gained);
            for ((what, was), (_, is)) in before.iter().zip(allowed(&more)) {
                assert!(is || !was, "{roles:?} and {gained}: {what}");
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn facts_of_any_kind_never_open_what_no_situation_opens(
        bits in 0_usize..64,
        created_by in proptest::option::of("usr_[a-f0-9]{0,32}|me|"),
        call_state in proptest::option::of("open|verified|rejected|[a-z]{0,9}"),
        concluded_by in proptest::option::of(proptest::collection::vec("usr_[a-f0-9]{0,32}|", 0..3)),
    ) {
        let policy = shipped_once();
        let roles = Role::ALL.into_iter().enumerate();
        let subject = person(roles.filter(|(bit, _)| bits >> bit & 1 == 1).map(|(_, role)| role));
        let facts = Facts { created_by, call_state, concluded_by };
        for action in policy.actions().filter(|action| policy.takes("user", action, "profile")) {
            let decided = policy.profile(&subject, action, "p", &facts).unwrap();
            let reach = policy.reach(&subject, action).unwrap();
            prop_assert!(!decided.is_allowed || reach != Reach::Nothing, "{action}");
            prop_assert!(decided.is_allowed || reach != Reach::All, "{action}");
            prop_assert!(!decided.is_allowed || policy.missing(&subject, action, &facts).unwrap().is_empty());
        }
    }
}

/// The shipped policy, read once.
fn shipped_once() -> &'static Policy {
    static SHIPPED: std::sync::LazyLock<Policy> = std::sync::LazyLock::new(shipped);
    &SHIPPED
}

#[test]
fn what_is_missing_is_what_a_yes_needs() {
    let policy = shipped();
    let checker = person([Role::Checker]);
    let missing = |subject: &Subject, action: &str, facts: &Facts| {
        policy.missing(subject, action, facts).unwrap()
    };
    let verified = Facts {
        call_state: Some("verified".into()),
        ..Facts::default()
    };
    let open = Facts {
        call_state: Some("open".into()),
        ..Facts::default()
    };

    assert_eq!(
        missing(&checker, "profile:review", &Facts::default()),
        ["call_state", "concluded_by"]
    );
    assert_eq!(
        missing(&checker, "profile:review", &verified),
        ["concluded_by"]
    );
    assert!(missing(&checker, "profile:review", &open).is_empty());
    assert_eq!(
        missing(
            &person([Role::LinkCreator]),
            "profile:view",
            &Facts::default()
        ),
        ["created_by"]
    );
    assert!(missing(&person([Role::Maker]), "profile:view", &Facts::default()).is_empty());
}

#[test]
fn a_policy_that_names_somebody_makes_them_unlike_others() {
    let (named, other) = (person([]), person([]));
    let other = Subject {
        who: Who::Person(UserId::new(NOW, &Entropy::System), BTreeSet::new()),
        ..other
    };
    let text = format!(
        "@id(\"one\")\n@says(\"One person lists profiles.\")\npermit (principal == user::\"{}\", action == Action::\"profile:list\", resource);",
        named.id()
    );
    let texts = Texts {
        permits: Some(text),
        ..Texts::default()
    };
    let policy = Policy::read(&texts).unwrap();

    for _ in 0..2 {
        assert_eq!(policy.reach(&named, "profile:list").unwrap(), Reach::All);
        assert_eq!(
            policy.reach(&other, "profile:list").unwrap(),
            Reach::Nothing
        );
    }
}

#[test]
fn whoever_is_alike_reaches_alike_and_nobody_else() {
    let policy = shipped();

    for _ in 0..2 {
        for (roles, expected) in [
            (vec![Role::Checker], Reach::All),
            (vec![Role::LinkCreator], Reach::Own),
            (vec![], Reach::Nothing),
        ] {
            let reach = policy.reach(&person(roles), "profile:view").unwrap();
            assert_eq!(reach, expected);
        }
        assert_eq!(policy.reach(&key(), "profile:view").unwrap(), Reach::All);
    }
}

#[test]
fn nobody_reaches_into_another_account_whatever_they_hold_and_whatever_is_allowed() {
    let texts = Texts {
        permits: Some("@id(\"all\")\n@says(\"All.\")\npermit (principal, action, resource);".into()),
        entities: Some(r#"[{ "uid": { "type": "profile", "id": "theirs" }, "attrs": { "account": { "type": "account", "id": "acc_another" } }, "parents": [] }]"#.into()),
        ..Texts::default()
    };
    let policy = Policy::read(&texts).unwrap();
    let theirs = Resource::Known {
        kind: "profile".into(),
        id: "theirs".into(),
        instead: serde_json::Map::new(),
    };
    let own = Resource::Profile("theirs".into(), Facts::default());

    for roles in every_set_of_roles() {
        let subject = person(roles);
        let decide = |resource: &Resource| {
            let principal = Principal::Live(&subject);
            let decided =
                policy.decide(principal, "profile:view", &serde_json::Map::new(), resource);
            decided.unwrap()
        };
        let refused = decide(&theirs);
        assert!(!refused.is_allowed);
        assert_eq!(refused.reasons[0].id, "own-account");
        assert!(
            decide(&own).is_allowed,
            "a profile of the same id in the own account"
        );
        assert!(!policy.has(subject.account, "profile", "theirs"));
    }
}
