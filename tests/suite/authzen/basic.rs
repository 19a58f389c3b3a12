//! One question: sections 1.4 (what is decided) and 2 (what is read, answered, refused).

use axum::http::StatusCode;
use serde_json::json;

use super::{Scene, action, question, record, record_that_is, subject};

#[tokio::test]
async fn identifiers_alone_decide_1_4_rules_1_to_4() {
    let scene = Scene::new().await;

    for (who, what, decision) in [
        ("alice", "read", true),
        ("alice", "write", true),
        ("bob", "read", true),
        ("bob", "write", false),
    ] {
        let decided = scene.decide(question(who, what, "record-1")).await;
        assert_eq!(decided, decision, "{who} {what}");
    }
}

#[tokio::test]
async fn what_is_archived_is_not_written_1_4_rule_5_and_2_2_4() {
    let scene = Scene::new().await;

    for id in ["record-1", "record-2"] {
        let archived = record_that_is(id, "archived");
        let body =
            json!({ "subject": subject("alice"), "action": action("write"), "resource": archived });
        assert!(!scene.decide(body).await, "{id}");
    }
}

#[tokio::test]
async fn an_administrator_writes_what_is_archived_1_4_rule_6_and_2_2_5() {
    let scene = Scene::new().await;
    let bob = json!({ "type": "user", "id": "bob", "properties": { "role": "admin" } });
    let archived = record_that_is("record-2", "archived");

    let decided = scene
        .decide(json!({ "subject": bob, "action": action("write"), "resource": archived }))
        .await;

    assert!(decided);
}

#[tokio::test]
async fn how_it_is_done_decides_1_4_rules_7_and_8_and_2_2_6_and_2_2_7() {
    let scene = Scene::new().await;

    for (properties, decision) in [
        (json!({ "soft": true }), true),
        (json!({ "soft": false }), false),
        (json!({}), false),
    ] {
        let delete = json!({ "name": "delete", "properties": properties });
        let body = json!({ "subject": subject("alice"), "action": delete, "resource": record("record-1") });
        assert_eq!(scene.decide(body).await, decision, "{delete}");
    }
}

#[tokio::test]
async fn a_yes_and_a_no_are_both_answers_2_2_1_and_2_2_2() {
    let scene = Scene::new().await;

    let yes = scene
        .ask("evaluation", question("alice", "read", "record-1"))
        .await;
    let no = scene
        .ask("evaluation", question("bob", "write", "record-1"))
        .await;

    assert_eq!((yes.status, yes.decision()), (StatusCode::OK, true));
    assert_eq!((no.status, no.decision()), (StatusCode::OK, false));
}

#[tokio::test]
async fn a_context_changes_nothing_2_2_3() {
    let scene = Scene::new().await;
    let mut body = question("alice", "read", "record-1");
    body["context"] = json!({ "time": "2026-01-15T09:00:00Z", "address": "203.0.113.9" });

    assert!(scene.decide(body).await);
}

#[tokio::test]
async fn more_properties_than_anybody_asks_for_change_nothing_2_2_8() {
    let scene = Scene::new().await;
    let body = json!({
        "subject": { "type": "user", "id": "alice", "properties": { "department": "Loans", "role": "clerk", "age": 4.5 } },
        "action": { "name": "read", "properties": { "method": "GET", "weight": 0.5, "note": null } },
        "resource": { "type": "record", "id": "record-1", "properties": { "status": "active", "owner": "bob" } },
    });

    assert!(scene.decide(body).await);
}

#[tokio::test]
async fn unknown_fields_are_ignored_2_2_9_and_5_rule_5() {
    let scene = Scene::new().await;
    let mut body = question("alice", "read", "record-1");
    body["later"] = json!({ "deep": [1, 2] });
    body["subject"]["later"] = json!(true);

    assert!(scene.decide(body).await);
}

#[tokio::test]
async fn an_answer_is_a_decision_with_a_context_2_3_1_and_2_3_2() {
    let scene = Scene::new().await;

    for body in [
        question("alice", "read", "record-1"),
        question("bob", "write", "record-1"),
    ] {
        let said = scene.ask("evaluation", body).await;
        assert!(said.json["decision"].is_boolean());
        assert!(said.json["context"].is_object());
    }
}

#[tokio::test]
async fn what_is_missing_is_a_bad_request_2_4_1_and_2_4_2_and_5_rule_3() {
    let scene = Scene::new().await;
    let whole = question("alice", "read", "record-1");

    for key in ["subject", "action", "resource"] {
        let mut body = whole.clone();
        body.as_object_mut().unwrap().remove(key);
        scene.refuses("evaluation", body).await;
    }
    for (key, name) in [
        ("subject", "type"),
        ("subject", "id"),
        ("action", "name"),
        ("resource", "type"),
        ("resource", "id"),
    ] {
        let mut body = whole.clone();
        body[key].as_object_mut().unwrap().remove(name);
        let said = scene.ask("evaluation", body.clone()).await;
        scene.refuses("evaluation", body).await;
        let detail = said.json["detail"].as_str().unwrap();
        assert!(detail.contains(&format!("`{key}.{name}`")), "{detail}");
    }
}

#[tokio::test]
async fn what_is_no_json_is_a_bad_request_2_4_3_to_2_4_5_and_5_rule_1() {
    let scene = Scene::new().await;
    let (bearer, whole) = (
        scene.bearer.clone(),
        question("alice", "read", "record-1").to_string(),
    );
    let send = async |kind: Option<&str>, body: &str| {
        let mut headers = vec![("authorization", bearer.as_str())];
        headers.extend(kind.map(|kind| ("content-type", kind)));
        scene
            .send("/access/v1/evaluation", &headers, body.to_owned())
            .await
            .status
    };

    for kind in [
        None,
        Some("text/plain"),
        Some("application/x-www-form-urlencoded"),
        Some("application/jsonp"),
    ] {
        assert_eq!(
            send(kind, &whole).await,
            StatusCode::BAD_REQUEST,
            "{kind:?}"
        );
    }
    for body in ["", "{", "no", "{\"subject\": }", "\u{feff}{}"] {
        assert_eq!(
            send(Some("application/json"), body).await,
            StatusCode::BAD_REQUEST,
            "{body}"
        );
    }
    for kind in ["application/json", "Application/JSON; charset=utf-8"] {
        assert_eq!(send(Some(kind), &whole).await, StatusCode::OK, "{kind}");
    }
}

#[tokio::test]
async fn a_wrong_type_is_a_bad_request_2_4_6() {
    let scene = Scene::new().await;

    for (pointer, wrong) in [
        ("/subject", json!("alice")),
        ("/subject", json!(null)),
        ("/action", json!(["read"])),
        ("/resource", json!(7)),
        ("/action/name", json!(123)),
        ("/subject/id", json!({})),
        ("/subject/id", json!("")),
        ("/resource/type", json!(false)),
    ] {
        let mut body = question("alice", "read", "record-1");
        *body.pointer_mut(pointer).unwrap() = wrong;
        scene.refuses("evaluation", body).await;
    }
    for (key, wrong) in [("properties", json!("x")), ("properties", json!([]))] {
        let mut body = question("alice", "read", "record-1");
        body["subject"][key] = wrong;
        scene.refuses("evaluation", body).await;
    }
    let mut body = question("alice", "read", "record-1");
    body["context"] = json!("now");
    scene.refuses("evaluation", body).await;
    scene.refuses("evaluation", json!([])).await;
}

#[tokio::test]
async fn a_request_is_answered_by_the_id_it_came_with_2_5_1_and_2_5_2_and_5_rule_4() {
    let scene = Scene::new().await;
    let bearer = scene.bearer.clone();
    let named = [
        ("authorization", bearer.as_str()),
        ("content-type", "application/json"),
        ("x-request-id", "their-17"),
    ];
    let whole = question("alice", "read", "record-1").to_string();

    let good = scene
        .send("/access/v1/evaluation", &named, whole.clone())
        .await;
    let bad = scene.send("/access/v1/search/action", &named, "{").await;
    let stranger = scene
        .send("/access/v1/evaluation", &named[1..], whole.clone())
        .await;
    let nameless = scene
        .send("/access/v1/evaluation", &named[..2], whole)
        .await;

    for (said, status) in [(&good, 200), (&bad, 400), (&stranger, 401)] {
        assert_eq!(said.status.as_u16(), status);
        let ids: Vec<_> = said.headers.get_all("x-request-id").iter().collect();
        assert_eq!(ids, ["their-17"]);
    }
    assert_eq!(nameless.status, StatusCode::OK);
    assert!(
        nameless.headers["x-request-id"]
            .to_str()
            .unwrap()
            .starts_with("req_")
    );
}

#[tokio::test]
async fn the_same_question_has_the_same_answer_2_6() {
    let scene = Scene::new().await;

    for _ in 0..5 {
        assert!(scene.decide(question("alice", "read", "record-1")).await);
        assert!(!scene.decide(question("bob", "write", "record-1")).await);
    }
}
