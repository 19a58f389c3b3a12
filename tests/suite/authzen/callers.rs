//! Who may ask, and what they are believed.

use axum::http::StatusCode;
use serde_json::json;
use vestibule::account::State;
use vestibule::http;

use super::{Scene, action, question, record_that_is, subject};

const JSON: (&str, &str) = ("content-type", "application/json");

#[tokio::test]
async fn a_stranger_is_told_which_credential_it_takes() {
    let scene = Scene::new().await;
    let body = question("alice", "read", "record-1").to_string();
    let basic = ("authorization", "Basic YTpi");
    let wrong = ("authorization", "Bearer nothing");

    for headers in [vec![JSON], vec![JSON, basic], vec![JSON, wrong]] {
        let said = scene
            .send("/access/v1/evaluation", &headers, body.clone())
            .await;
        assert_eq!(said.status, StatusCode::UNAUTHORIZED);
        assert!(
            said.headers["www-authenticate"]
                .to_str()
                .unwrap()
                .starts_with("Bearer")
        );
        assert_eq!(said.json["code"], "unauthenticated");
    }
}

#[tokio::test]
async fn two_credentials_in_one_request_are_refused_rule_33() {
    let scene = Scene::new().await;
    let bearer = scene.bearer.clone();
    let headers = [JSON, ("authorization", &bearer), ("api-key", "x")];

    let said = scene
        .send(
            "/access/v1/evaluation",
            &headers,
            question("alice", "read", "record-1").to_string(),
        )
        .await;

    assert_eq!(said.status, StatusCode::BAD_REQUEST);
    assert_eq!(said.json["code"], "ambiguous_credentials");
}

#[tokio::test]
async fn a_caller_of_an_account_that_is_disabled_is_a_stranger() {
    let scene = Scene::new().await;
    let body = question("alice", "read", "record-1");
    let mut tx = scene.test.app.store.write().await.unwrap();
    tx.of(scene.caller.account)
        .set_state(State::Disabled)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let disabled = scene.ask("evaluation", body).await;

    assert_eq!(disabled.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn what_a_caller_is_not_trusted_for_is_ignored_rule_43() {
    let scene = Scene::trusting(&["profile.call_state"]).await;
    let archived = json!({ "subject": subject("alice"), "action": action("write"), "resource": record_that_is("record-1", "archived") });
    let active = json!({ "subject": subject("alice"), "action": action("write"), "resource": record_that_is("record-2", "active") });

    assert!(
        scene.decide(archived).await,
        "record-1 is active, whatever the caller says"
    );
    assert!(
        !scene.decide(active).await,
        "record-2 is archived, whatever the caller says"
    );
}

#[tokio::test]
async fn roles_are_never_taken_from_a_caller_rule_43() {
    let scene = Scene::trusting(&["record.status"]).await;
    let alice = json!({ "type": "user", "id": "alice", "properties": { "role": "admin" } });
    let body = json!({ "subject": alice, "action": action("write"), "resource": record_that_is("record-2", "archived") });

    assert!(!scene.decide(body).await);
}

#[tokio::test]
async fn a_property_of_the_wrong_type_is_a_bad_request() {
    let scene = Scene::new().await;
    let mut body = question("alice", "read", "record-1");
    body["resource"]["properties"] = json!({ "status": 4 });
    scene.refuses("evaluation", body).await;
    for soft in [
        json!("yes"),
        json!(1),
        json!(0.5),
        json!(null),
        json!([true]),
    ] {
        let mut body = question("alice", "delete", "record-1");
        body["action"]["properties"] = json!({ "soft": soft });
        scene.refuses("evaluation", body).await;
    }
}

#[tokio::test]
async fn somebody_of_another_account_is_nobody() {
    let scene = Scene::new().await;

    let said = scene
        .ask("evaluation", question("mallory", "read", "record-1"))
        .await;

    assert!(!said.decision());
    assert_eq!(said.json["context"]["code"], "subject_unknown");
}

#[tokio::test]
async fn a_no_says_why_and_a_yes_by_which_policies() {
    let scene = Scene::new().await;
    let context = async |who: &str, what: &str, which: &str| {
        scene
            .ask("evaluation", question(who, what, which))
            .await
            .json["context"]
            .clone()
    };

    assert_eq!(
        context("alice", "read", "record-1").await,
        json!({ "code": "permitted", "policies": ["records-read"] })
    );
    for (who, what, which, code) in [
        ("bob", "write", "record-1", "not_permitted"),
        ("nobody", "read", "record-1", "subject_unknown"),
        ("alice", "fly", "record-1", "action_unknown"),
        ("alice", "read", "record-9", "resource_unknown"),
        ("alice", "profile:view", "record-1", "not_permitted"),
    ] {
        let context = context(who, what, which).await;
        assert_eq!(context["code"], code, "{who} {what} {which}");
        assert!(context["reason_user"]["en"].is_string());
    }
}

#[tokio::test]
async fn each_decision_is_counted_by_app() {
    use tower::ServiceExt;
    let scene = Scene::new().await;
    scene.decide(question("alice", "read", "record-1")).await;
    scene.decide(question("bob", "write", "record-1")).await;
    scene.decide(question("bob", "write", "record-1")).await;

    let request = axum::http::Request::get("/metrics")
        .body(axum::body::Body::empty())
        .unwrap();
    let answered = http::internal(&scene.test.shared)
        .oneshot(request)
        .await
        .unwrap();
    let text = axum::body::to_bytes(answered.into_body(), 1 << 20)
        .await
        .unwrap();
    let text = String::from_utf8(text.to_vec()).unwrap();

    for (decision, count) in [("permit", 1), ("deny", 2)] {
        let line =
            format!("vestibule_decisions_total{{app=\"records\",decision=\"{decision}\"}} {count}");
        assert!(text.contains(&line), "{text}");
    }
}
