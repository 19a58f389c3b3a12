//! Many questions at once: section 3, and what the standard says of semantics.

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::{Scene, action, question, record, record_that_is, subject};

#[tokio::test]
async fn what_stands_at_the_top_is_for_all_3_2_1() {
    let scene = Scene::new().await;
    let said = scene
        .ask("evaluations", json!({
            "subject": subject("alice"),
            "action": action("read"),
            "evaluations": [{ "resource": record("record-1") }, { "resource": record("record-2") }],
        }))
        .await;

    assert_eq!(said.decisions(), [true, true]);
}

#[tokio::test]
async fn answers_stand_in_the_order_of_the_questions_3_2_2_and_3_3_1_to_3_3_4() {
    let scene = Scene::new().await;
    for (order, expected) in [
        (["read", "write"], [true, false]),
        (["write", "read"], [false, true]),
    ] {
        let items = order.map(|name| json!({ "action": action(name) }));
        let said = scene
            .ask("evaluations", json!({ "subject": subject("bob"), "resource": record("record-1"), "evaluations": items }))
            .await;

        assert_eq!(said.decisions(), expected);
    }
}

#[tokio::test]
async fn each_question_has_its_own_properties_3_2_3() {
    let scene = Scene::new().await;
    let items = [
        record_that_is("record-1", "active"),
        record_that_is("record-2", "archived"),
    ];
    let said = scene
        .ask(
            "evaluations",
            json!({
                "subject": subject("alice"),
                "action": action("write"),
                "evaluations": items.map(|resource| json!({ "resource": resource })),
            }),
        )
        .await;

    assert_eq!(said.decisions(), [true, false]);
}

#[tokio::test]
async fn each_question_has_its_own_subject_3_2_4() {
    let scene = Scene::new().await;
    let bob = json!({ "type": "user", "id": "bob", "properties": { "role": "admin" } });
    let said = scene
        .ask(
            "evaluations",
            json!({
                "action": action("write"),
                "resource": record_that_is("record-2", "archived"),
                "evaluations": [{ "subject": subject("alice") }, { "subject": bob }],
            }),
        )
        .await;

    assert_eq!(said.decisions(), [false, true]);
}

#[tokio::test]
async fn questions_may_say_everything_themselves_3_2_5() {
    let scene = Scene::new().await;
    let items = [
        question("alice", "read", "record-1"),
        question("bob", "write", "record-1"),
    ];

    let said = scene
        .ask("evaluations", json!({ "evaluations": items }))
        .await;

    assert_eq!(said.decisions(), [true, false]);
}

#[tokio::test]
async fn a_context_is_for_all_or_for_one_3_2_6() {
    let scene = Scene::new().await;
    let said = scene
        .ask("evaluations", json!({
            "subject": subject("alice"),
            "action": action("read"),
            "context": { "time": "09:00" },
            "evaluations": [
                { "resource": record("record-1") },
                { "resource": record("record-2"), "context": { "time": "10:00", "source": "one" } },
            ],
        }))
        .await;

    assert_eq!(said.decisions(), [true, true]);
}

#[tokio::test]
async fn an_own_object_replaces_the_one_at_the_top_and_borrows_only_its_name_3_2_7() {
    let scene = Scene::new().await;
    let said = scene
        .ask("evaluations", json!({
            "subject": subject("alice"),
            "action": action("write"),
            // These properties belong to the default as a whole; an item with its own object loses them.
            "resource": { "type": "record", "properties": { "status": "archived" } },
            "evaluations": [
                { "resource": { "id": "record-1", "properties": { "status": "active" } } },
                { "resource": { "id": "record-1" } },
                { "resource": { "type": "record", "id": "record-2", "properties": { "status": "archived" } } },
            ],
        }))
        .await;

    assert_eq!(said.decisions(), [true, true, false]);
}

#[tokio::test]
async fn a_question_that_cannot_be_read_is_a_no_among_the_others_3_4_1() {
    let scene = Scene::new().await;
    let good = json!({ "resource": record("record-1") });
    let bad = [
        json!({}),
        json!("x"),
        json!({ "resource": "x" }),
        json!({ "resource": { "type": "record", "id": 4 } }),
    ];
    let items: Vec<Value> = std::iter::once(good.clone())
        .chain(bad)
        .chain([good])
        .collect();

    let said = scene
        .ask(
            "evaluations",
            json!({ "subject": subject("alice"), "action": action("read"), "evaluations": items }),
        )
        .await;

    assert_eq!(said.decisions(), [true, false, false, false, false, true]);
    let context = &said.json["evaluations"][1]["context"];
    assert_eq!(context["code"], "bad_request");
    assert_eq!(context["reason_user"]["en"], "`resource` is missing");
}

#[tokio::test]
async fn without_evaluations_it_is_a_single_question_3_4_2_and_3_4_3() {
    let scene = Scene::new().await;
    let single = question("alice", "read", "record-1");
    let mut empty = single.clone();
    empty["evaluations"] = json!([]);

    for body in [single, empty] {
        let said = scene.ask("evaluations", body).await;
        assert_eq!(said.status, StatusCode::OK);
        assert!(said.decision());
        assert_eq!(said.json.get("evaluations"), None);
    }
    scene.refuses("evaluations", json!({})).await;
}

#[tokio::test]
async fn a_batch_that_cannot_be_read_is_a_bad_request_3_4_1() {
    let scene = Scene::new().await;
    let item = question("alice", "read", "record-1");

    for body in [
        json!({ "evaluations": "x" }),
        json!({ "evaluations": { "0": item } }),
        json!({ "subject": "alice", "evaluations": [item] }),
        json!({ "options": 1, "evaluations": [item] }),
        json!({ "options": { "evaluations_semantic": "sometimes" }, "evaluations": [item] }),
        json!({ "evaluations": vec![item.clone(); 251] }),
    ] {
        scene.refuses("evaluations", body).await;
    }
}

#[tokio::test]
async fn a_batch_ends_where_its_semantic_says() {
    let scene = Scene::new().await;
    let order = |names: &[&str]| -> Vec<Value> {
        names
            .iter()
            .map(|name| json!({ "action": action(name) }))
            .collect()
    };
    for (semantic, names, expected) in [
        (
            "execute_all",
            ["read", "write", "read"],
            vec![true, false, true],
        ),
        (
            "deny_on_first_deny",
            ["read", "write", "read"],
            vec![true, false],
        ),
        (
            "permit_on_first_permit",
            ["write", "read", "write"],
            vec![false, true],
        ),
        (
            "permit_on_first_permit",
            ["write", "write", "write"],
            vec![false; 3],
        ),
        (
            "deny_on_first_deny",
            ["read", "read", "read"],
            vec![true; 3],
        ),
    ] {
        let said = scene
            .ask(
                "evaluations",
                json!({
                    "subject": subject("bob"),
                    "resource": record("record-1"),
                    "options": { "evaluations_semantic": semantic },
                    "evaluations": order(&names),
                }),
            )
            .await;

        assert_eq!(said.decisions(), expected, "{semantic} {names:?}");
    }
}
