//! Rule 54: a creating request with a key of its own is done once.

use serde_json::{Value, json};

use super::{By, World, person, said};
use crate::app::Answered;

const USERS: &str = "/accounts/acme-demo/users";

async fn with_key(world: &World, by: &By, path: &str, body: Value, key: &str) -> Answered {
    world
        .ask(by, "POST", path, Some(body), &[("idempotency-key", key)])
        .await
}

#[tokio::test]
async fn rule_54_the_same_request_again_is_answered_again_and_not_done_again() {
    let mut world = World::new().await;
    let uma = world.uma().await;

    let first = with_key(&world, &uma, USERS, person("ida"), "k1").await;
    let second = with_key(&world, &uma, USERS, person("ida"), "k1").await;

    assert_eq!((first.status.as_u16(), second.status.as_u16()), (201, 201));
    assert_eq!(first.json(), second.json());
    for name in ["location", "etag", "content-type"] {
        assert_eq!(said(&first.headers, name), said(&second.headers, name));
    }
    assert_eq!(said(&first.headers, "idempotency-replayed"), "");
    assert_eq!(said(&second.headers, "idempotency-replayed"), "true");
}

#[tokio::test]
async fn rule_54_a_key_belongs_to_one_caller_account_route_and_body() {
    let mut world = World::new().await;
    let uma = world.uma().await;
    let token = world.token("staff", &["user:create"]).await;
    let other = "/accounts/other-demo/users";

    let first = with_key(&world, &uma, USERS, person("ida"), "k1").await;
    let another_body = with_key(&world, &uma, USERS, person("eve"), "k1").await;
    let another_caller = with_key(&world, &token, USERS, person("eve"), "k1").await;
    let another_account = with_key(&world, &token, other, person("eve"), "k1").await;
    let stranger = with_key(&world, &By::Nobody, USERS, person("ida"), "k1").await;

    assert_eq!(first.status, 201, "{}", first.body);
    let reused = (422, "idempotency_key_reused".to_owned());
    assert_eq!(another_body.refusal(), reused);
    assert_eq!(another_caller.status, 201, "{}", another_caller.body);
    assert_eq!(another_account.status, 201, "{}", another_account.body);
    assert_eq!(stranger.refusal(), (401, "unauthenticated".into()));
}

#[tokio::test]
async fn rule_54_a_secret_is_answered_once() {
    let mut world = World::new().await;
    let operator = world.operator().await;
    let path = "/accounts/acme-demo/credentials";
    let body = json!({ "kind": "api", "name": "reports", "scopes": ["user:view"] });

    let first = with_key(&world, &operator, path, body.clone(), "k1").await;
    let second = with_key(&world, &operator, path, body, "k1").await;

    assert!(
        first.json()["secret"]
            .as_str()
            .unwrap()
            .starts_with("vsk_demo_")
    );
    assert_eq!(first.json()["id"], second.json()["id"]);
    assert_eq!(second.json().get("secret"), None);
}

#[tokio::test]
async fn rule_54_what_came_to_nothing_may_be_tried_again() {
    let mut world = World::new().await;
    let uma = world.uma().await;

    let wrong = with_key(&world, &uma, USERS, json!({}), "k1").await;
    let right = with_key(&world, &uma, USERS, person("ida"), "k1").await;

    assert_eq!(wrong.status, 422);
    assert_eq!(right.status, 201, "{}", right.body);
}

#[tokio::test]
async fn rule_54_a_request_under_way_is_not_begun_twice_and_answers_are_kept_for_a_day() {
    let mut world = World::new().await;
    let uma = world.uma().await;
    let (one, two) = tokio::join!(
        with_key(&world, &uma, USERS, person("ida"), "k1"),
        with_key(&world, &uma, USERS, person("ida"), "k1"),
    );
    let mut statuses = [one.status.as_u16(), two.status.as_u16()];
    statuses.sort_unstable();
    assert!([[201, 201], [201, 409]].contains(&statuses), "{statuses:?}");
    let users = world.get(&uma, &format!("{USERS}?q=ida")).await;
    assert_eq!(users.items("subject"), ["ida"]);

    world
        .test
        .app
        .clock
        .advance(vestibule::time::Span::hours(25));
    world
        .test
        .app
        .tidy(world.test.app.clock.now())
        .await
        .unwrap();
    let uma = world.uma().await;
    let later = with_key(&world, &uma, USERS, person("ida"), "k1").await;
    assert_eq!(later.refusal(), (409, "refused".into()));
}

#[tokio::test]
async fn a_key_is_visible_ascii() {
    let mut world = World::new().await;
    let uma = world.uma().await;

    for key in ["", "a b", &"x".repeat(256)] {
        let refused = with_key(&world, &uma, USERS, person("ida"), key).await;
        assert_eq!(
            refused.refusal(),
            (400, "bad_idempotency_key".into()),
            "{key}"
        );
    }
}
