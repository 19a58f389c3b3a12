//! Keys and tokens are made, shown once, listed and taken back.

use serde_json::json;

use super::{By, World};

const AT: &str = "/accounts/acme-demo/credentials";

#[tokio::test]
async fn an_operator_makes_a_token_and_takes_it_back() {
    let mut world = World::new().await;
    let operator = world.operator().await;
    let wish = json!({ "kind": "api", "name": "reports", "scopes": ["user:view"], "days": 7.0 });

    let made = world.post(&operator, AT, wish).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let (id, secret) = (made.json()["id"].clone(), made.json()["secret"].clone());
    let token = By::Token(secret.as_str().unwrap().to_owned());
    let used = world.get(&token, "/accounts/acme-demo/users").await;
    assert_eq!(used.status, 200, "{}", used.body);
    let listed = world.get(&operator, AT).await;
    assert_eq!(listed.items("state"), ["living"]);
    assert!(!listed.body.contains(secret.as_str().unwrap()));

    let path = format!("{AT}/{}", id.as_str().unwrap());
    let revoked = world.ask(&operator, "DELETE", &path, None, &[]).await;
    assert_eq!(revoked.status, 204);
    assert_eq!(world.get(&operator, AT).await.items("state"), ["revoked"]);
    let refused = world.get(&token, "/accounts/acme-demo/users").await;
    assert_eq!(refused.refusal(), (401, "unauthenticated".into()));
}

#[tokio::test]
async fn a_token_gives_no_more_than_it_has() {
    let world = World::new().await;
    let token = world.token("acme-demo", &["key:*", "user:view"]).await;
    let wish = |scope: &str| json!({ "kind": "api", "name": scope, "scopes": [scope] });

    let same = world.post(&token, AT, wish("user:view")).await;
    assert_eq!(same.status, 201, "{}", same.body);
    for more in ["user:*", "user:create", "scim", "audit:view"] {
        let refused = world.post(&token, AT, wish(more)).await;
        assert_eq!(refused.refusal(), (403, "forbidden".into()), "{more}");
    }
}

#[tokio::test]
async fn a_uam_admin_makes_no_keys() {
    let mut world = World::new().await;
    let uma = world.uma().await;

    let refused = world.get(&uma, AT).await;

    assert_eq!(refused.refusal(), (403, "forbidden".into()));
}

#[tokio::test]
async fn a_key_that_cannot_be_is_refused_with_its_place() {
    let mut world = World::new().await;
    let operator = world.operator().await;
    for (wish, pointers) in [
        (json!({ "kind": "x", "name": "" }), vec!["/name", "/kind"]),
        (json!({ "kind": "decision", "name": "x" }), vec!["/app"]),
        (
            json!({ "kind": "api", "name": "x", "networks": ["everywhere"], "days": 0 }),
            vec!["/networks", "/days"],
        ),
    ] {
        let refused = world.post(&operator, AT, wish).await;
        assert_eq!(refused.refusal(), (422, "invalid".into()));
        assert_eq!(refused.pointers(), pointers);
    }
    let odd = json!({ "kind": "api", "name": "x", "scopes": ["profile:view"] });
    let refused = world.post(&operator, AT, odd).await;
    assert_eq!(refused.refusal(), (409, "refused".into()));
}
