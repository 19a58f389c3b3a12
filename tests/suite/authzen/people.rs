//! Decisions about the people of an account, as the database knows them now.

use serde_json::{Value, json};
use vestibule::app::NewCredential;
use vestibule::gate::Kind;
use vestibule::practice::persona::{AVA, CHEN, LINA, Persona};
use vestibule::time::Span;

use super::Scene;

const ALL_FACTS: [&str; 3] = [
    "profile.created_by",
    "profile.call_state",
    "profile.concluded_by",
];

/// Signs somebody in and says their id.
async fn sign_in(scene: &Scene, persona: &Persona) -> String {
    let mut browser = scene.test.browser();
    browser.sign_in(persona).await;
    let session: Value = serde_json::from_str(&browser.get("/session").await.body).unwrap();
    session["user_id"].as_str().unwrap().to_owned()
}

fn about(user: &str, action: &str, facts: &Value) -> Value {
    json!({
        "subject": { "type": "user", "id": user },
        "action": { "name": action },
        "resource": { "type": "profile", "id": "p-1", "properties": facts },
    })
}

#[tokio::test]
async fn a_checker_reviews_what_somebody_else_concluded_rule_37() {
    let scene = Scene::trusting(&ALL_FACTS).await;
    let chen = sign_in(&scene, &CHEN).await;
    let review = async |facts: Value| {
        let said = scene
            .ask("evaluation", about(&chen, "profile:review", &facts))
            .await;
        (said.decision(), said.json["context"].clone())
    };

    let (yes, _) =
        review(json!({ "call_state": "verified", "concluded_by": ["usr_another"] })).await;
    let (own, why_own) = review(json!({ "call_state": "verified", "concluded_by": [chen] })).await;
    let (open, why_open) = review(json!({ "call_state": "open", "concluded_by": [] })).await;
    let (unsaid, why_unsaid) = review(json!({})).await;

    assert_eq!((yes, own, open, unsaid), (true, false, false, false));
    assert_eq!(
        (why_own["code"].as_str(), &why_own["policies"]),
        (Some("forbidden"), &json!(["four-eyes"]))
    );
    assert_eq!(why_open["code"], "not_permitted");
    assert_eq!(why_unsaid["code"], "facts_required");
    assert_eq!(why_unsaid["missing"], json!(["call_state", "concluded_by"]));
}

#[tokio::test]
async fn a_key_is_a_subject_for_what_it_was_made_for_until_it_is_taken_back() {
    let scene = Scene::new().await;
    let account = scene.test.account().await;
    let wish = NewCredential {
        name: "server".into(),
        kind: Kind::Integration {
            scopes: ["profile:create".to_owned()].into(),
        },
        networks: Vec::new(),
        lasts: Span::days(1),
    };
    let app = &scene.test.app;
    let (key, _) = app
        .create_credential(&account, wish, "shell:test")
        .await
        .unwrap();
    let may = async |action: &str| {
        let question = json!({
            "subject": { "type": "key", "id": key.id },
            "action": { "name": action },
            "resource": { "type": "profile", "id": "p-1" },
        });
        scene.decide(question).await
    };

    assert!(may("profile:create").await);
    assert!(
        !may("profile:list").await,
        "the policy gives it to keys, this key was not made for it"
    );
    assert!(!may("call:accept").await);
    app.revoke_credential(&key, "shell:test").await.unwrap();
    assert!(!may("profile:create").await);
}

#[tokio::test]
async fn facts_from_a_caller_that_is_not_trusted_for_them_are_missing_rule_43() {
    let scene = Scene::trusting(&["profile.call_state"]).await;
    let chen = sign_in(&scene, &CHEN).await;
    let facts = json!({ "call_state": "verified", "concluded_by": ["usr_another"] });

    let said = scene
        .ask("evaluation", about(&chen, "profile:review", &facts))
        .await;

    assert!(!said.decision());
    assert_eq!(said.json["context"]["missing"], json!(["concluded_by"]));
}

#[tokio::test]
async fn a_link_creator_sees_their_own_profiles_alone() {
    let scene = Scene::trusting(&ALL_FACTS).await;
    let lina = sign_in(&scene, &LINA).await;

    let own = scene
        .decide(about(&lina, "profile:view", &json!({ "created_by": lina })))
        .await;
    let other = scene
        .decide(about(
            &lina,
            "profile:view",
            &json!({ "created_by": "usr_another" }),
        ))
        .await;

    assert!(own && !other);
}

#[tokio::test]
async fn a_fact_of_the_wrong_type_is_a_bad_request() {
    let scene = Scene::trusting(&ALL_FACTS).await;
    let chen = sign_in(&scene, &CHEN).await;

    for facts in [
        json!({ "created_by": 4 }),
        json!({ "call_state": [] }),
        json!({ "concluded_by": "usr_one" }),
    ] {
        scene
            .refuses("evaluation", about(&chen, "profile:review", &facts))
            .await;
    }
}

#[tokio::test]
async fn what_is_taken_away_is_gone_from_the_next_decision_on() {
    let scene = Scene::new().await;
    let ava = sign_in(&scene, &AVA).await;
    let (app, account) = (&scene.test.app, scene.test.account().await);
    let user = app.find_user(&account, &ava).await.unwrap();
    let code = async || {
        let said = scene
            .ask("evaluation", about(&ava, "profile:view", &json!({})))
            .await;
        said.json["context"]["code"].as_str().unwrap().to_owned()
    };

    assert_eq!(code().await, "permitted");
    app.suspend(&account, user.id, "shell:test").await.unwrap();
    assert_eq!(code().await, "subject_suspended");
    app.restore(&account, user.id, "shell:test").await.unwrap();
    assert_eq!(code().await, "permitted");
    app.delete_user(&account, user.id, "shell:test")
        .await
        .unwrap();
    assert_eq!(code().await, "subject_unknown");
}

#[tokio::test]
async fn the_people_who_may_are_found_page_by_page() {
    let scene = Scene::new().await;
    let (ava, chen) = (sign_in(&scene, &AVA).await, sign_in(&scene, &CHEN).await);
    sign_in(&scene, &LINA).await;
    let (mut found, mut token) = (Vec::new(), String::new());
    loop {
        let body = json!({
            "subject": { "type": "user" },
            "action": { "name": "profile:view" },
            "resource": { "type": "profile", "id": "p-1" },
            "page": { "limit": 1, "token": token },
        });
        let said = scene.ask("search/subject", body).await;
        found.extend(said.found());
        token = said.json["page"]["next_token"].as_str().unwrap().to_owned();
        if token.is_empty() {
            break;
        }
    }

    // Within a millisecond ids have no order.
    found.sort();
    let mut expected = [ava, chen];
    expected.sort();
    assert_eq!(found, expected);
}

#[tokio::test]
async fn the_actions_of_a_person_are_found() {
    let scene = Scene::trusting(&ALL_FACTS).await;
    let lina = sign_in(&scene, &LINA).await;
    let search = |facts: Value| {
        json!({
            "subject": { "type": "user", "id": lina },
            "resource": { "type": "profile", "id": "p-1", "properties": facts },
        })
    };

    let own = scene
        .find("action", search(json!({ "created_by": lina })))
        .await;
    let unsaid = scene.find("action", search(json!({}))).await;

    assert_eq!(
        own,
        [
            "link:copy",
            "profile:create",
            "profile:list",
            "profile:view"
        ]
    );
    assert_eq!(unsaid, ["profile:create"]);
}
