//! Questions with a gap: sections 1.5 (what is found) and 4.

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::{Scene, action, record, record_that_is, subject};

fn who_reads() -> Value {
    json!({ "subject": { "type": "user" }, "action": action("read"), "resource": record("record-1") })
}

fn with(mut body: Value, key: &str, value: Value) -> Value {
    body[key] = value;
    body
}

#[tokio::test]
async fn subjects_that_may_are_found_1_5_rule_1_and_4_2_1() {
    let scene = Scene::new().await;

    let said = scene.ask("search/subject", who_reads()).await;

    assert_eq!(said.status, StatusCode::OK);
    assert_eq!(
        said.json,
        json!({ "results": [subject("alice"), subject("bob")] })
    );
}

#[tokio::test]
async fn a_context_changes_no_search_4_2_2_and_4_4_2() {
    let scene = Scene::new().await;
    let context = json!({ "time": "09:00" });
    let what = json!({ "subject": subject("alice"), "resource": record("record-1") });

    let subjects = scene
        .find("subject", with(who_reads(), "context", context.clone()))
        .await;
    let actions = scene.find("action", with(what, "context", context)).await;

    assert_eq!(subjects, ["alice", "bob"]);
    assert_eq!(actions, ["read", "write"]);
}

#[tokio::test]
async fn what_stands_in_the_gap_is_ignored_4_2_3_and_4_3_2() {
    let scene = Scene::new().await;
    let resources = json!({ "subject": subject("alice"), "action": action("read"), "resource": record("record-9") });

    assert_eq!(
        scene
            .find("subject", with(who_reads(), "subject", subject("zoe")))
            .await,
        ["alice", "bob"]
    );
    assert_eq!(
        scene.find("resource", resources).await,
        ["record-1", "record-2"]
    );
}

#[tokio::test]
async fn subjects_are_found_by_the_properties_of_the_resource_1_5_rule_4_and_4_2_4() {
    let scene = Scene::new().await;
    let body = json!({ "subject": { "type": "user" }, "action": action("write"), "resource": record_that_is("record-2", "archived") });

    assert_eq!(scene.find("subject", body).await, ["bob"]);
}

#[tokio::test]
async fn resources_that_they_may_are_found_1_5_rules_2_and_5_and_4_3_1_and_4_3_3() {
    let scene = Scene::new().await;
    let search = |who: Value, what: &str| json!({ "subject": who, "action": action(what), "resource": { "type": "record" } });
    let bob = json!({ "type": "user", "id": "bob", "properties": { "role": "admin" } });

    let said = scene
        .ask("search/resource", search(subject("alice"), "read"))
        .await;

    assert_eq!(
        said.json,
        json!({ "results": [record("record-1"), record("record-2")] })
    );
    assert_eq!(
        scene.find("resource", search(bob, "write")).await,
        ["record-2"]
    );
}

#[tokio::test]
async fn actions_that_they_may_are_found_1_5_rules_3_and_6_and_4_4_1_and_4_4_3() {
    let scene = Scene::new().await;
    let alice = json!({ "subject": subject("alice"), "resource": record("record-1") });
    let bob = json!({
        "subject": { "type": "user", "id": "bob", "properties": { "role": "admin" } },
        "resource": record_that_is("record-2", "archived"),
    });

    let said = scene.ask("search/action", alice).await;

    assert_eq!(
        said.json,
        json!({ "results": [action("read"), action("write")] })
    );
    assert_eq!(scene.find("action", bob).await, ["read", "write"]);
}

#[tokio::test]
async fn pages_follow_one_another_to_the_end_4_5_1_to_4_5_3() {
    let scene = Scene::new().await;
    let first = scene
        .ask(
            "search/subject",
            with(who_reads(), "page", json!({ "limit": 1 })),
        )
        .await;
    assert_eq!(first.found(), ["alice"]);
    assert_eq!(first.json["page"]["count"], 1);
    let token = first.json["page"]["next_token"].as_str().unwrap();
    assert_ne!(token, "");

    let last = scene
        .ask(
            "search/subject",
            with(who_reads(), "page", json!({ "token": token })),
        )
        .await;

    assert_eq!(last.found(), ["bob"]);
    assert_eq!(last.json["page"]["next_token"], "");
}

#[tokio::test]
async fn a_page_that_cannot_be_read_is_a_bad_request() {
    let scene = Scene::new().await;

    for page in [
        json!(1),
        json!({ "limit": 0 }),
        json!({ "limit": "1" }),
        json!({ "limit": -1 }),
        json!({ "token": 4 }),
        json!({ "token": "x" }),
    ] {
        scene
            .refuses("search/subject", with(who_reads(), "page", page))
            .await;
    }
}

#[tokio::test]
async fn a_search_without_pages_has_all_of_it_4_5_4() {
    let scene = Scene::new().await;

    let said = scene.ask("search/subject", who_reads()).await;

    assert_eq!(said.json.get("page"), None);
    assert_eq!(said.found().len(), 2);
}

#[tokio::test]
async fn what_is_not_known_finds_nothing_4_6_1_and_4_6_2() {
    let scene = Scene::new().await;
    let ship = json!({ "type": "spaceship" });

    for (what, body) in [
        (
            "action",
            json!({ "subject": subject("nobody"), "resource": record("record-1") }),
        ),
        (
            "action",
            json!({ "subject": subject("alice"), "resource": record("record-9") }),
        ),
        (
            "action",
            json!({ "subject": { "type": "a ship", "id": "x" }, "resource": { "type": "::", "id": "y" } }),
        ),
        ("subject", with(who_reads(), "subject", ship.clone())),
        ("subject", with(who_reads(), "action", action("fly"))),
        ("subject", with(who_reads(), "resource", record("record-9"))),
        (
            "resource",
            json!({ "subject": subject("nobody"), "action": action("read"), "resource": { "type": "record" } }),
        ),
        (
            "resource",
            json!({ "subject": subject("alice"), "action": action("read"), "resource": ship }),
        ),
    ] {
        let said = scene.ask(&format!("search/{what}"), body.clone()).await;
        assert_eq!(
            (said.status, &said.json),
            (StatusCode::OK, &json!({ "results": [] })),
            "{what} {body}"
        );
    }
}

#[tokio::test]
async fn what_is_missing_in_a_search_is_a_bad_request_4_7_1_and_4_7_2() {
    let scene = Scene::new().await;
    let (user, records) = (json!({ "type": "user" }), json!({ "type": "record" }));

    for (what, body) in [
        (
            "subject",
            json!({ "subject": user, "resource": record("record-1") }),
        ),
        (
            "subject",
            json!({ "subject": user, "action": action("read") }),
        ),
        (
            "subject",
            json!({ "action": action("read"), "resource": record("record-1") }),
        ),
        (
            "subject",
            json!({ "subject": {}, "action": action("read"), "resource": record("record-1") }),
        ),
        (
            "subject",
            json!({ "subject": user, "action": {}, "resource": record("record-1") }),
        ),
        (
            "subject",
            json!({ "subject": user, "action": action("read"), "resource": records }),
        ),
        (
            "resource",
            json!({ "action": action("read"), "resource": records }),
        ),
        (
            "resource",
            json!({ "subject": user, "action": action("read"), "resource": records }),
        ),
        (
            "resource",
            json!({ "subject": subject("alice"), "action": action("read"), "resource": {} }),
        ),
        ("action", json!({ "subject": subject("alice") })),
        ("action", json!({ "resource": record("record-1") })),
        (
            "action",
            json!({ "subject": user, "resource": record("record-1") }),
        ),
    ] {
        scene.refuses(&format!("search/{what}"), body).await;
    }
}

#[tokio::test]
async fn each_thing_that_a_search_finds_is_a_yes_when_it_is_asked_for() {
    let scene = Scene::new().await;

    for what in ["read", "write"] {
        for id in ["record-1", "record-2"] {
            let body = json!({ "subject": { "type": "user" }, "action": action(what), "resource": record(id) });
            let found = scene.find("subject", body).await;
            for who in ["alice", "bob", "mallory"] {
                let decided = scene.decide(super::question(who, what, id)).await;
                assert_eq!(
                    decided,
                    found.iter().any(|found| found == who),
                    "{who} {what} {id}"
                );
            }
        }
    }
}
