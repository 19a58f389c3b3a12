//! Groups, and the roles that the account's rules make of them.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use vestibule::account::{RolesFrom, Stage};
use vestibule::practice::persona::MAYA;
use vestibule::role::Role;

use super::linking::sign_in;
use super::{Desk, GROUP, of_group};
use crate::rules::audit;

/// An account whose groups give roles, with Maya, who has signed in.
async fn with_maya(stage: Stage) -> (Desk, Value) {
    let desk = Desk::with(|document| {
        document.stage = stage;
        document.roles = vec![
            of_group("maker", "APP-Makers"),
            of_group("checker", "APP-Checkers"),
            of_group("link_creator", "APP-Links"),
        ];
        document.users.no_role = vestibule::account::NoRole::Allow;
    })
    .await;
    let maya = desk.person(MAYA.upn, "17").await;
    (desk, maya)
}

async fn roles(desk: &Desk, person: &Value) -> Vec<String> {
    let read = desk.read(person).await;
    let roles = read["roles"].as_array().cloned().unwrap_or_default();
    roles
        .iter()
        .map(|role| role["value"].as_str().unwrap().to_owned())
        .collect()
}

fn member(person: &Value) -> Value {
    json!([{ "value": person["id"] }])
}

#[tokio::test]
async fn a_group_is_made_read_changed_and_removed() {
    let (desk, maya) = with_maya(Stage::Demo).await;
    let bo = desk.person("bo", "18").await;
    let ids = |group: &Value| {
        let members = group["members"].as_array().cloned().unwrap_or_default();
        let ids = members.iter().map(|one| one["value"].to_string());
        ids.collect::<BTreeSet<_>>()
    };

    let group = desk.group("APP-Others", &[&maya]).await;
    assert_eq!(ids(&group), BTreeSet::from([maya["id"].to_string()]));
    assert_eq!(
        group["members"][0]["$ref"],
        format!(
            "https://sso.test/scim/v2/acme-demo/Users/{}",
            maya["id"].as_str().unwrap()
        )
    );

    for (operations, expected) in [
        (
            json!([{ "op": "Add", "path": "members", "value": member(&bo) }]),
            vec![&maya, &bo],
        ),
        (
            json!([{ "op": "add", "path": "members", "value": member(&bo) }]),
            vec![&maya, &bo],
        ),
        (
            json!([{ "op": "remove", "path": format!("members[value eq \"{}\"]", maya["id"].as_str().unwrap()) }]),
            vec![&bo],
        ),
        (
            json!([{ "op": "Remove", "path": "members", "value": member(&bo) }]),
            vec![],
        ),
        (
            json!([{ "op": "add", "value": { "members": member(&maya), "displayName": "APP-New" } }]),
            vec![&maya],
        ),
        (
            json!([{ "op": "replace", "path": "members", "value": member(&bo) }]),
            vec![&bo],
        ),
        (json!([{ "op": "remove", "path": "members" }]), vec![]),
    ] {
        let changed = desk.patch(&group, operations.clone()).await;
        assert_eq!(changed.status, 204, "{operations}: {}", changed.body);
        let expected = expected.iter().map(|person| person["id"].to_string());
        let expected: BTreeSet<String> = expected.collect();
        assert_eq!(ids(&desk.read(&group).await), expected, "{operations}");
    }
    assert_eq!(desk.read(&group).await["displayName"], "APP-New");

    let path = format!("/Groups/{}", group["id"].as_str().unwrap());
    let body = json!({ "schemas": [GROUP], "displayName": "APP-Put", "externalId": "e", "members": member(&maya) });
    let put = desk.ask("PUT", &path, Some(body)).await;
    assert_eq!(
        (put.status.as_u16(), ids(&put.json())),
        (200, BTreeSet::from([maya["id"].to_string()]))
    );
    let slim = desk
        .ask("GET", &format!("{path}?excludedAttributes=members"), None)
        .await
        .json();
    assert_eq!(slim.get("members"), None);
    assert_eq!(
        desk.found("Groups", "externalId eq \"e\"").await,
        [group["id"].as_str().unwrap()]
    );
    let id_and_member = format!(
        "id eq \"{}\" and members eq \"{}\"",
        group["id"].as_str().unwrap(),
        maya["id"].as_str().unwrap()
    );
    assert_eq!(desk.found("Groups", &id_and_member).await.len(), 1);
    let version = put.headers["etag"].to_str().unwrap();
    assert_ne!(group["meta"]["version"], version);
    assert_eq!(
        desk.ask_with("GET", &path, None, &[("if-none-match", version)])
            .await
            .status,
        304
    );
    assert_eq!(
        desk.ask_with("DELETE", &path, None, &[("if-match", "W/\"1\"")])
            .await
            .wrong()
            .0,
        412
    );
    assert_eq!(desk.ask("DELETE", &path, None).await.status, 204);
    assert_eq!(desk.ask("GET", &path, None).await.wrong().0, 404);
    assert_eq!(desk.read(&maya).await.get("groups"), None);
}

#[tokio::test]
async fn a_group_of_nobody_is_refused() {
    let (desk, maya) = with_maya(Stage::Demo).await;
    let group = desk.group("APP-Makers", &[]).await;
    let nobody = "usr_0198c0de000070008000000000000000";

    for (body, wrong) in [
        (
            json!({ "schemas": [GROUP] }),
            (400, "invalidValue".to_owned()),
        ),
        (
            json!({ "schemas": [GROUP], "displayName": "app-MAKERS" }),
            (409, "uniqueness".to_owned()),
        ),
        (
            json!({ "schemas": [GROUP], "displayName": "X", "members": [{ "value": nobody }] }),
            (400, "invalidValue".to_owned()),
        ),
        (
            json!({ "schemas": [GROUP], "displayName": "X", "members": [{ "value": group["id"] }] }),
            (400, "invalidValue".to_owned()),
        ),
    ] {
        let refused = desk.ask("POST", "/Groups", Some(body.clone())).await;
        assert_eq!(refused.wrong(), wrong, "{body}");
    }
    let half = json!([{ "op": "add", "path": "members", "value": [{ "value": maya["id"] }, { "value": nobody }] }]);
    assert_eq!(
        desk.patch(&group, half).await.wrong(),
        (400, "invalidValue".into())
    );
    assert_eq!(desk.read(&group).await.get("members"), None);
    let gone = json!([{ "op": "remove", "path": format!("members[value eq \"{nobody}\"]") }]);
    assert_eq!(desk.patch(&group, gone).await.status, 204);
}

#[tokio::test]
async fn rule_29_a_role_comes_and_goes_with_the_group_at_once() {
    let (desk, maya) = with_maya(Stage::Demo).await;
    let browser = sign_in(&desk, &MAYA, Some("17")).await.1;
    let shown = async || {
        let mut browser = browser.clone();
        let session = browser.get("/session").await;
        let session: Value = serde_json::from_str(&session.body).unwrap();
        session["roles"].clone()
    };
    assert_eq!(shown().await, json!([]));

    let group = desk.group("APP-Makers", &[&maya]).await;
    assert_eq!(shown().await, json!(["maker"]));
    assert_eq!(roles(&desk, &maya).await, ["maker"]);
    assert_eq!(
        desk.read(&maya).await["roles"][0]["display"],
        "member of \"APP-Makers\""
    );

    let renamed = json!([{ "op": "replace", "path": "displayName", "value": "APP-Links" }]);
    desk.patch(&group, renamed).await;
    assert_eq!(shown().await, json!(["link_creator"]));

    desk.patch(&group, json!([{ "op": "remove", "path": "members" }]))
        .await;
    assert_eq!(shown().await, json!([]));

    desk.patch(
        &group,
        json!([{ "op": "add", "path": "members", "value": member(&maya) }]),
    )
    .await;
    assert_eq!(shown().await, json!(["link_creator"]));
    desk.ask(
        "DELETE",
        &format!("/Groups/{}", group["id"].as_str().unwrap()),
        None,
    )
    .await;
    assert_eq!(shown().await, json!([]));
}

#[tokio::test]
async fn rule_29_another_rule_takes_and_gives_what_groups_give() {
    let (desk, maya) = with_maya(Stage::Demo).await;
    desk.group("APP-Makers", &[&maya]).await;
    let mut document = desk
        .test
        .app
        .document(desk.test.account().await.id)
        .await
        .unwrap()
        .unwrap();
    document.roles = vec![of_group("auditor", "APP-Makers")];
    desk.test.apply(document.clone()).await;
    assert_eq!(roles(&desk, &maya).await, ["auditor"]);

    document.users.roles_from = RolesFrom::Uam;
    desk.test.apply(document).await;

    assert!(roles(&desk, &maya).await.is_empty());
}

#[tokio::test]
async fn rule_29_a_role_of_a_group_is_there_from_the_first_sign_in_and_stays_with_claims() {
    let desk =
        Desk::with(|document| document.roles.push(of_group("link_creator", "APP-Links"))).await;
    let maya = desk.person(MAYA.upn, "17").await;
    let group = desk.group("APP-Links", &[&maya]).await;

    sign_in(&desk, &MAYA, Some("17")).await;
    assert_eq!(roles(&desk, &maya).await, ["maker", "link_creator"]);

    desk.patch(&group, json!([{ "op": "remove", "path": "members" }]))
        .await;
    assert_eq!(roles(&desk, &maya).await, ["maker"]);
}

#[tokio::test]
async fn rule_30_on_live_a_directory_makes_nobody_a_checker() {
    let (desk, maya) = with_maya(Stage::Live).await;
    desk.group("APP-Checkers", &[&maya]).await;
    desk.group("APP-Makers", &[&maya]).await;

    assert_eq!(roles(&desk, &maya).await, ["maker"]);
    sign_in(&desk, &MAYA, Some("17")).await;
    assert_eq!(roles(&desk, &maya).await, ["maker"]);
    let entries = audit(&desk.test).await;
    let waits = |entry: &&String| entry.contains("\"waiting\":[\"checker\"]");
    assert_eq!(entries.iter().filter(waits).count(), 1, "{entries:?}");
    let user = desk
        .test
        .app
        .find_user(&desk.test.account().await, MAYA.upn)
        .await
        .unwrap();
    let standing = desk
        .test
        .app
        .standing(&desk.test.account().await, user.id)
        .await
        .unwrap();
    assert_eq!(standing.waiting.len(), 1);
    assert_eq!(standing.waiting[0].role, Role::Checker);
}

#[tokio::test]
async fn rule_30_on_demo_a_directory_may() {
    let (desk, maya) = with_maya(Stage::Demo).await;

    desk.group("APP-Checkers", &[&maya]).await;

    assert_eq!(roles(&desk, &maya).await, ["checker"]);
}
