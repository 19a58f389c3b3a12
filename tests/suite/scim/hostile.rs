//! What nobody means: the domain answers anything, soon, and what it accepts is sound.

use std::time::{Duration, Instant};

use proptest::prelude::*;
use serde_json::{Map, Value, json};
use vestibule::scim::{Filter, GROUP, List, NewGroup, Patch, Person, Selection, USER};

use super::{GROUP as GROUP_URN, PATCH, USER as USER_URN};

/// Words that filters and paths are made of, and what has no place in them.
const WORDS: [&str; 30] = [
    "userName",
    "emails",
    "name.givenName",
    "active",
    "meta.created",
    "groups",
    "id",
    "urn:ietf:params:scim:schemas:core:2.0:User:emails",
    "eq",
    "NE",
    "co",
    "sw",
    "gt",
    "pr",
    "and",
    "or",
    "not",
    "(",
    ")",
    "[",
    "]",
    "\"a\"",
    "\"\\u00e9\"",
    "true",
    "null",
    "-1e9",
    "\"",
    "\\",
    ".",
    "🦀",
];

fn phrase() -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(WORDS.to_vec()), 0..40)
        .prop_map(|words| words.join(" "))
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        "[a-zA-Z@\\.]{0,6}".prop_map(Value::from),
        Just(json!("True")),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        let names = prop::sample::select(vec![
            "userName",
            "USERNAME",
            "name",
            "givenName",
            "emails",
            "value",
            "type",
            "primary",
            "active",
            "externalId",
            "members",
            "x",
        ]);
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((names.prop_map(str::to_owned), inner), 0..5)
                .prop_map(|fields| Value::Object(fields.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

fn operation() -> impl Strategy<Value = Value> {
    let path = prop::sample::select(vec![
        "userName",
        "emails",
        "emails.value",
        "emails[type eq \"work\"]",
        "emails[type eq \"work\"].value",
        "emails[primary eq true].primary",
        "name",
        "name.givenName",
        "active",
        "displayName",
        "externalId",
        "members",
        "members[value eq \"x\"]",
        "emails[",
        "]",
        "",
    ]);
    let op = prop::sample::select(vec!["add", "Remove", "REPLACE"]);
    (op, prop::option::of(path), value()).prop_map(|(op, path, value)| {
        let mut operation = json!({ "op": op, "value": value });
        if let Some(path) = path {
            operation["path"] = json!(path);
        }
        operation
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn any_filter_is_read_or_refused(text in prop_oneof![phrase(), ".{0,80}"]) {
        let resource = json!({ "userName": "a", "emails": [{ "value": "a", "type": "work" }], "active": true });
        if let Ok(filter) = Filter::read(&text, &[&USER, &GROUP]) {
            filter.accepts(resource.as_object().unwrap());
            let _ = (filter.key(&USER), filter.key(&GROUP), filter.mentions("members"));
        }
    }

    #[test]
    fn a_filter_and_its_opposite_never_agree(text in phrase()) {
        let resource = json!({ "userName": "a", "emails": [{ "value": "a", "type": "work" }], "active": true });
        let resource = resource.as_object().unwrap();
        if let (Ok(one), Ok(other)) = (Filter::read(&text, &[&USER]), Filter::read(&format!("not ({text})"), &[&USER])) {
            prop_assert_ne!(one.accepts(resource), other.accepts(resource));
        }
    }

    #[test]
    fn what_any_changes_make_of_a_person_can_be_read_again(operations in prop::collection::vec(operation(), 1..6)) {
        let body = json!({ "schemas": [USER_URN], "userName": "a", "emails": [{ "value": "a", "type": "work", "primary": true }], "active": true });
        let person = Person::read(&body).unwrap();
        let patch = json!({ "schemas": [PATCH], "Operations": operations });
        if let Ok(after) = Patch::read(&patch, &USER).and_then(|patch| person.patched(&patch)) {
            prop_assert!(!after.directory.user_name.trim().is_empty());
            prop_assert!(after.directory.mails.len() <= 50);
            let primary = after.directory.mails.iter().filter(|mail| mail.is_primary == Some(true));
            prop_assert!(primary.count() <= 1);
            prop_assert!(after.is_active.is_some());
        }
        let _ = Patch::read(&patch, &GROUP);
    }

    #[test]
    fn any_body_is_read_or_refused(body in value()) {
        let mut body = body;
        let _ = (Person::read(&body), NewGroup::read(&body), List::search(&body, &[&USER, &GROUP]), Patch::read(&body, &USER));
        if let Some(fields) = body.as_object_mut() {
            fields.insert("schemas".into(), json!([USER_URN, GROUP_URN]));
        }
        let _ = (Person::read(&body), NewGroup::read(&body));
    }

    #[test]
    fn any_selection_keeps_the_id(names in prop::collection::vec("[a-zA-Z\\.:]{0,12}", 0..8), hides in any::<bool>()) {
        let resource = json!({ "schemas": [], "id": "usr_1", "userName": "a", "name": { "givenName": "b" } });
        let (only, not) = if hides { (Vec::new(), names) } else { (names, Vec::new()) };
        let shown = Selection::new(only, not).unwrap().apply(resource.as_object().unwrap().clone(), &USER);
        prop_assert_eq!(&shown["id"], "usr_1");
    }
}

#[test]
fn the_largest_of_everything_is_answered_soon() {
    let begun = Instant::now();

    let longest = vec!["emails[type eq \"w\"]"; 25].join(" or ");
    let many: Vec<Value> = (0..50)
        .map(|n| json!({ "value": format!("{n}"), "type": "w" }))
        .collect();
    let body = json!({ "schemas": [USER_URN], "userName": "a", "emails": many, "active": true });
    let person = Person::read(&body).unwrap();
    let add = json!({ "op": "add", "path": "emails[type eq \"w\" and value sw \"1\"].primary", "value": false });
    let patch = json!({ "schemas": [PATCH], "Operations": vec![add; 1_000] });
    Patch::read(&patch, &USER)
        .and_then(|patch| person.patched(&patch))
        .unwrap();
    let filter = Filter::read(&longest, &[&USER]).unwrap();
    for _ in 0..100 {
        filter.accepts(body.as_object().unwrap());
    }
    for wall in [
        "(".repeat(2_048),
        "[".repeat(2_048),
        "\"".repeat(2_048),
        "\\".repeat(2_048),
        "not (".repeat(400),
    ] {
        assert!(Filter::read(&wall, &[&USER]).is_err());
    }

    assert!(
        begun.elapsed() < Duration::from_secs(5),
        "{:?}",
        begun.elapsed()
    );
}
