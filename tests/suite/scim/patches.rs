//! Changes to parts of a person, as the standard and the directories write them.

use rstest::rstest;
use serde_json::{Value, json};

use super::{Desk, PATCH, USER};

async fn barbara(desk: &Desk) -> Value {
    let body = json!({
        "schemas": [USER], "userName": "bjensen", "externalId": "17", "displayName": "Babs",
        "name": { "familyName": "Jensen", "givenName": "Barbara" },
        "emails": [
            { "value": "bjensen@example.com", "type": "work", "primary": true },
            { "value": "babs@jensen.org", "type": "home" },
        ],
        "active": true,
    });
    let made = desk.ask("POST", "/Users", Some(body)).await;
    assert_eq!(made.status, 201, "{}", made.body);
    made.json()
}

/// What becomes of some attributes of Barbara by these operations.
async fn becomes(operations: Value, attribute: &str) -> Value {
    let desk = Desk::new().await;
    let person = barbara(&desk).await;
    let changed = desk.patch(&person, operations.clone()).await;
    assert_eq!(changed.status, 200, "{operations}: {}", changed.body);
    assert_eq!(desk.read(&person).await, changed.json());
    changed.json()[attribute].clone()
}

#[rstest]
#[case::add_text(json!([{ "op": "add", "path": "displayName", "value": "B" }]), "displayName", json!("B"))]
#[case::capital_op(json!([{ "op": "Add", "path": "displayName", "value": "B" }]), "displayName", json!("B"))]
#[case::with_schema(
    json!([{ "op": "replace", "path": "urn:ietf:params:scim:schemas:core:2.0:User:displayName", "value": "B" }]), "displayName", json!("B"))]
#[case::part(json!([{ "op": "replace", "path": "name.givenName", "value": "B" }]), "name", json!({ "givenName": "B", "familyName": "Jensen" }))]
#[case::complex_keeps_the_rest(
    json!([{ "op": "replace", "path": "name", "value": { "givenName": "B" } }]), "name", json!({ "givenName": "B", "familyName": "Jensen" }))]
#[case::without_path(json!([{ "op": "Replace", "value": { "active": "False", "id": "x", "unknown": 1 } }]), "active", json!(false))]
#[case::without_path_but_paths_as_names(
    json!([{ "op": "Replace", "value": { "name.givenName": "B", "displayName": "X" } }]), "name", json!({ "givenName": "B", "familyName": "Jensen" }))]
#[case::flag_as_text(json!([{ "op": "Replace", "path": "active", "value": "False" }]), "active", json!(false))]
#[case::remove(json!([{ "op": "remove", "path": "displayName" }]), "displayName", Value::Null)]
#[case::replace_by_nothing(json!([{ "op": "replace", "path": "displayName", "value": null }]), "displayName", Value::Null)]
#[case::remove_part(json!([{ "op": "remove", "path": "name.givenName" }]), "name", json!({ "familyName": "Jensen" }))]
#[case::remove_all(json!([{ "op": "remove", "path": "emails" }]), "emails", Value::Null)]
#[case::remove_some(
    json!([{ "op": "remove", "path": "emails[type eq \"home\"]" }]), "emails",
    json!([{ "value": "bjensen@example.com", "type": "work", "primary": true }]))]
#[case::remove_by_value(
    json!([{ "op": "Remove", "path": "emails", "value": [{ "value": "babs@jensen.org" }] }]), "emails",
    json!([{ "value": "bjensen@example.com", "type": "work", "primary": true }]))]
#[case::change_some(
    json!([{ "op": "replace", "path": "emails[type eq \"work\"].value", "value": "b@x" }, { "op": "remove", "path": "emails[type eq \"home\"]" }]),
    "emails", json!([{ "value": "b@x", "type": "work", "primary": true }]))]
#[case::entra_adds_what_is_not_there(
    json!([{ "op": "remove", "path": "emails" }, { "op": "Add", "path": "emails[type eq \"work\"].value", "value": "b@x" }]),
    "emails", json!([{ "value": "b@x", "type": "work" }]))]
#[case::another_primary(
    json!([{ "op": "add", "path": "emails", "value": [{ "value": "new@x", "primary": true }] }]), "emails",
    json!([{ "value": "bjensen@example.com", "type": "work", "primary": false }, { "value": "babs@jensen.org", "type": "home" }, { "value": "new@x", "primary": true }]))]
#[case::primary_by_path(
    json!([{ "op": "add", "path": "emails[type eq \"home\"].primary", "value": true }]), "emails",
    json!([{ "value": "bjensen@example.com", "type": "work", "primary": false }, { "value": "babs@jensen.org", "type": "home", "primary": true }]))]
#[case::twice_is_once(
    json!([{ "op": "add", "path": "emails", "value": { "value": "babs@jensen.org", "type": "home" } }, { "op": "remove", "path": "emails[type eq \"work\"]" }]),
    "emails", json!([{ "value": "babs@jensen.org", "type": "home" }]))]
#[case::in_order(
    json!([{ "op": "replace", "path": "displayName", "value": "1" }, { "op": "replace", "path": "displayName", "value": "2" }]), "displayName", json!("2"))]
#[tokio::test]
async fn a_change_does_what_the_standard_and_directories_mean(
    #[case] operations: Value,
    #[case] attribute: &str,
    #[case] expected: Value,
) {
    assert_eq!(becomes(operations, attribute).await, expected);
}

#[rstest]
#[case::no_operations(json!([]), "invalidSyntax")]
#[case::no_list(json!("x"), "invalidSyntax")]
#[case::no_op(json!([{ "path": "displayName", "value": "x" }]), "invalidSyntax")]
#[case::unknown_op(json!([{ "op": "move", "path": "displayName", "value": "x" }]), "invalidSyntax")]
#[case::unknown_path(json!([{ "op": "add", "path": "nickName", "value": "x" }]), "invalidPath")]
#[case::unknown_part(json!([{ "op": "add", "path": "name.middle", "value": "x" }]), "invalidPath")]
#[case::path_of_one(json!([{ "op": "add", "path": "userName[type eq \"x\"]", "value": "x" }]), "invalidPath")]
#[case::open_path(json!([{ "op": "add", "path": "emails[type eq \"x\"", "value": "x" }]), "invalidPath")]
#[case::path_is_a_number(json!([{ "op": "add", "path": 7, "value": "x" }]), "invalidPath")]
#[case::bad_filter(json!([{ "op": "add", "path": "emails[type like \"x\"].value", "value": "x" }]), "invalidFilter")]
#[case::remove_nothing(json!([{ "op": "remove" }]), "noTarget")]
#[case::no_such_value(json!([{ "op": "replace", "path": "emails[type eq \"other\"].value", "value": "x" }]), "noTarget")]
#[case::nothing_to_make(json!([{ "op": "add", "path": "emails[type ne \"work\" and value eq \"q\"].value", "value": "x" }]), "noTarget")]
#[case::required(json!([{ "op": "remove", "path": "userName" }]), "mutability")]
#[case::required_flag(json!([{ "op": "remove", "path": "active" }]), "mutability")]
#[case::emptied(json!([{ "op": "replace", "path": "userName", "value": "" }]), "invalidValue")]
#[case::id(json!([{ "op": "replace", "path": "id", "value": "x" }]), "mutability")]
#[case::groups(json!([{ "op": "add", "path": "groups", "value": [{ "value": "grp_1" }] }]), "mutability")]
#[case::roles(json!([{ "op": "add", "path": "roles", "value": [{ "value": "checker" }] }]), "mutability")]
#[case::meta(json!([{ "op": "replace", "path": "meta.created", "value": "x" }]), "mutability")]
#[case::wrong_kind(json!([{ "op": "replace", "path": "active", "value": { "a": 1 } }]), "invalidValue")]
#[case::text_without_path(json!([{ "op": "replace", "value": "x" }]), "invalidValue")]
#[case::two_primaries(
    json!([{ "op": "add", "path": "emails", "value": [{ "value": "1", "primary": true }, { "value": "2", "primary": true }] }]), "invalidValue")]
#[tokio::test]
async fn a_change_that_makes_no_sense_changes_nothing(
    #[case] operations: Value,
    #[case] kind: &str,
) {
    let desk = Desk::new().await;
    let person = barbara(&desk).await;
    let mut all = vec![json!({ "op": "replace", "path": "displayName", "value": "changed" })];
    if let Some(operations) = operations.as_array().filter(|all| !all.is_empty()) {
        all.extend(operations.clone());
    }
    let body = if all.len() > 1 {
        json!(all)
    } else {
        operations
    };

    let refused = desk.patch(&person, body).await;

    assert_eq!(refused.wrong(), (400, kind.into()), "{}", refused.body);
    assert_eq!(desk.read(&person).await, person);
}

#[tokio::test]
async fn so_many_changes_at_once_and_no_more() {
    let desk = Desk::new().await;
    let person = barbara(&desk).await;
    let many = |count| vec![json!({ "op": "replace", "path": "displayName", "value": "x" }); count];

    let most = desk.patch(&person, json!(many(1_000))).await;
    let more = desk.patch(&person, json!(many(1_001))).await;
    let other = json!({ "schemas": [PATCH], "operations": [{ "OP": "replace", "Path": "displayName", "VALUE": "y" }] });
    let path = format!("/Users/{}", person["id"].as_str().unwrap());
    let in_other_case = desk.ask("PATCH", &path, Some(other)).await;

    assert_eq!(most.status, 200, "{}", most.body);
    assert_eq!(more.wrong(), (400, "invalidSyntax".into()));
    assert_eq!(in_other_case.json()["displayName"], "y");
}
