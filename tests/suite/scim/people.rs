//! People as a directory makes, reads, changes and removes them.

use serde_json::json;

use super::{Desk, USER};
use crate::rules::audit;

#[tokio::test]
async fn a_person_is_made_as_the_standard_says() {
    let desk = Desk::new().await;
    let body = json!({
        "schemas": [USER], "userName": "bjensen", "externalId": "17",
        "name": { "formatted": "Ms. Barbara J Jensen III", "familyName": "Jensen", "givenName": "Barbara" },
        "emails": [{ "value": "bjensen@example.com", "type": "work", "primary": true }],
        "active": true, "nickName": "Babs", "id": "usr_mine", "roles": [{ "value": "checker" }],
    });

    let made = desk.ask("POST", "/Users", Some(body)).await;

    assert_eq!(made.status, 201, "{}", made.body);
    let person = made.json();
    let (id, version) = (person["id"].as_str().unwrap(), &person["meta"]["version"]);
    assert_eq!(made.headers["content-type"], "application/scim+json");
    assert_eq!(made.headers["etag"], version.as_str().unwrap());
    assert_eq!(
        made.headers["location"],
        format!("https://sso.test/scim/v2/acme-demo/Users/{id}")
    );
    assert_eq!(
        person,
        json!({
            "schemas": [USER], "id": id, "userName": "bjensen", "externalId": "17",
            "name": { "familyName": "Jensen", "givenName": "Barbara" },
            "emails": [{ "value": "bjensen@example.com", "type": "work", "primary": true }],
            "active": true,
            "meta": {
                "resourceType": "User", "version": version, "location": made.headers["location"].to_str().unwrap(),
                "created": "2026-01-15T09:00:00.000Z", "lastModified": "2026-01-15T09:00:00.000Z",
            },
        })
    );
    assert_eq!(desk.read(&person).await, person);
}

#[tokio::test]
async fn names_of_attributes_are_read_in_any_case() {
    let desk = Desk::new().await;
    let body = json!({ "SCHEMAS": [USER], "schemas": [USER], "USERNAME": "b", "Name": { "GIVENNAME": "Barbara" }, "Active": "True" });

    let made = desk.ask("POST", "/Users", Some(body)).await.json();

    assert_eq!(made["userName"], "b");
    assert_eq!(made["name"]["givenName"], "Barbara");
    assert_eq!(made["active"], true);
}

#[tokio::test]
async fn what_does_not_fit_is_refused_with_a_sentence() {
    let desk = Desk::new().await;
    let long = "x".repeat(257);
    let folds_long = "\u{fdfa}".repeat(200);
    for (body, kind) in [
        (json!([]), "invalidSyntax"),
        (json!({ "userName": "b" }), "invalidSyntax"),
        (
            json!({ "schemas": ["urn:other"], "userName": "b" }),
            "invalidSyntax",
        ),
        (json!({ "schemas": [USER] }), "invalidValue"),
        (
            json!({ "schemas": [USER], "userName": "  " }),
            "invalidValue",
        ),
        (json!({ "schemas": [USER], "userName": 7 }), "invalidValue"),
        (
            json!({ "schemas": [USER], "userName": "b\u{0}" }),
            "invalidValue",
        ),
        (
            json!({ "schemas": [USER], "userName": long }),
            "invalidValue",
        ),
        (
            json!({ "schemas": [USER], "userName": folds_long }),
            "invalidValue",
        ),
        (
            json!({ "schemas": [USER], "userName": "b", "username": "c" }),
            "invalidSyntax",
        ),
        (
            json!({ "schemas": [USER], "userName": "b", "active": "maybe" }),
            "invalidValue",
        ),
        (
            json!({ "schemas": [USER], "userName": "b", "name": "Barbara" }),
            "invalidValue",
        ),
        (
            json!({ "schemas": [USER], "userName": "b", "emails": [{ "value": "a", "primary": true }, { "value": "b", "primary": true }] }),
            "invalidValue",
        ),
    ] {
        let refused = desk.ask("POST", "/Users", Some(body.clone())).await;

        assert_eq!(refused.wrong(), (400, kind.into()), "{body}");
    }
    assert!(desk.found("Users", "userName pr").await.is_empty());
}

#[tokio::test]
async fn nobody_shares_a_name_whatever_its_case() {
    let desk = Desk::new().await;
    let maya = desk.person("Zoë@acme.example", "17").await;
    let other = desk.person("bo@acme.example", "18").await;

    for (name, id) in [
        ("Zoë@acme.example", "19"),
        ("zoë@ACME.example", "19"),
        ("zoe\u{308}@acme.example", "19"),
        ("new@acme.example", "17"),
    ] {
        let body = json!({ "schemas": [USER], "userName": name, "externalId": id });
        let refused = desk.ask("POST", "/Users", Some(body)).await;
        assert_eq!(refused.wrong(), (409, "uniqueness".into()), "{name} {id}");
        assert!(
            refused.body.contains(maya["id"].as_str().unwrap()),
            "{}",
            refused.body
        );
    }
    let renamed = desk
        .patch(
            &other,
            json!([{ "op": "replace", "path": "userName", "value": "ZOË@acme.example" }]),
        )
        .await;

    assert_eq!(renamed.wrong(), (409, "uniqueness".into()));
    let own = desk
        .patch(
            &maya,
            json!([{ "op": "replace", "path": "userName", "value": "zoë@acme.example" }]),
        )
        .await;
    assert_eq!(own.status, 200, "{}", own.body);
}

#[tokio::test]
async fn a_change_is_meant_for_a_version() {
    let desk = Desk::new().await;
    let person = desk.person("maya", "17").await;
    let path = format!("/Users/{}", person["id"].as_str().unwrap());
    let version = person["meta"]["version"].as_str().unwrap();
    let body =
        json!({ "schemas": [USER], "userName": "maya", "externalId": "17", "displayName": "Maya" });

    let unchanged = desk
        .ask_with("GET", &path, None, &[("if-none-match", version)])
        .await;
    let stale = desk
        .ask_with("PUT", &path, Some(body.clone()), &[("if-match", "W/\"0\"")])
        .await;
    let first = desk
        .ask_with("PUT", &path, Some(body.clone()), &[("if-match", version)])
        .await;
    let second = desk
        .ask_with("DELETE", &path, None, &[("if-match", version)])
        .await;

    assert_eq!(unchanged.status, 304);
    assert_eq!(stale.wrong(), (412, String::new()));
    assert_eq!(first.status, 200, "{}", first.body);
    assert_ne!(first.headers["etag"], version);
    assert_eq!(second.wrong(), (412, String::new()));
}

#[tokio::test]
async fn a_replacement_takes_away_what_it_does_not_name_but_nobodys_state() {
    let desk = Desk::new().await;
    let person = desk.person("maya", "17").await;
    let suspended =
        json!([{ "op": "replace", "value": { "active": false, "displayName": "Maya" } }]);
    desk.patch(&person, suspended).await;
    let path = format!("/Users/{}", person["id"].as_str().unwrap());

    let body = json!({ "schemas": [USER], "userName": "maya", "externalId": "17" });
    let replaced = desk.ask("PUT", &path, Some(body)).await.json();

    assert_eq!(replaced["active"], false);
    assert_eq!(replaced.get("displayName"), None);
}

#[tokio::test]
async fn a_directory_lets_in_again_only_whom_it_kept_out_itself() {
    let desk = Desk::new().await;
    let person = desk.person("maya", "17").await;
    let path = format!("/Users/{}", person["id"].as_str().unwrap());
    let account = desk.test.account().await;
    let id = vestibule::id::UserId::parse(person["id"].as_str().unwrap()).unwrap();
    let says = async |active: bool| {
        let body =
            json!({ "schemas": [USER], "userName": "maya", "externalId": "17", "active": active });
        let answered = desk.ask("PUT", &path, Some(body)).await.json();
        answered["active"].as_bool()
    };

    desk.test
        .app
        .suspend(&account, id, "shell:test")
        .await
        .unwrap();
    assert_eq!(
        says(true).await,
        Some(false),
        "an administrator said otherwise"
    );
    assert_eq!(says(false).await, Some(false));
    assert_eq!(says(true).await, Some(false), "it was not the directory");

    desk.test
        .app
        .restore(&account, id, "shell:test")
        .await
        .unwrap();
    assert_eq!(says(false).await, Some(false));
    assert_eq!(says(true).await, Some(true));

    says(false).await;
    desk.test
        .app
        .suspend(&account, id, "shell:test")
        .await
        .unwrap();
    assert_eq!(says(true).await, Some(false), "both said so");
}

#[tokio::test]
async fn what_is_deleted_does_not_come_back() {
    let desk = Desk::new().await;
    let person = desk.person("maya", "17").await;
    let path = format!("/Users/{}", person["id"].as_str().unwrap());

    let deleted = desk.ask("DELETE", &path, None).await;
    let again = json!({ "schemas": [USER], "userName": "maya", "externalId": "17" });
    let again = desk.ask("POST", "/Users", Some(again)).await;

    assert_eq!((deleted.status.as_u16(), deleted.body.as_str()), (204, ""));
    assert_eq!(desk.ask("GET", &path, None).await.wrong().0, 404);
    assert_eq!(desk.ask("DELETE", &path, None).await.wrong().0, 404);
    assert_eq!(again.wrong(), (409, "uniqueness".into()));
    assert!(
        again.body.contains("another `externalId`"),
        "{}",
        again.body
    );
}

#[tokio::test]
async fn a_change_says_in_the_audit_what_and_never_to_what() {
    let desk = Desk::new().await;
    let person = desk.person("maya@acme.example", "17").await;
    desk.patch(
        &person,
        json!([{ "op": "add", "path": "displayName", "value": "Maya Secret" }]),
    )
    .await;
    desk.patch(
        &person,
        json!([{ "op": "add", "path": "displayName", "value": "Maya Secret" }]),
    )
    .await;
    desk.patch(
        &person,
        json!([{ "op": "replace", "path": "active", "value": false }]),
    )
    .await;

    let entries = audit(&desk.test).await;

    for event in ["user_provisioned", "user_changed", "user_suspended"] {
        let count = entries
            .iter()
            .filter(|entry| entry.starts_with(event))
            .count();
        assert_eq!(count, 1, "{event}");
    }
    let all = entries.concat();
    assert!(
        all.contains("[\"displayName\"]") && all.contains("crd_"),
        "{all}"
    );
    assert!(!all.contains("Secret") && !all.contains("maya@"), "{all}");
}
