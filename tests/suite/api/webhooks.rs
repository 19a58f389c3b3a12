//! Webhooks through the API.

use serde_json::json;

use super::World;

#[tokio::test]
async fn an_operator_makes_a_webhook_reads_how_it_goes_and_removes_it() {
    let mut world = World::new().await;
    let operator = world.operator().await;
    let all = "/accounts/acme-demo/webhooks";
    let wish = json!({ "name": "desk", "url": "https://93.184.215.14/hook", "types": ["user.*"] });
    let made = world.post(&operator, all, wish).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let secret = made.json()["secret"].as_str().unwrap().to_owned();
    assert!(secret.starts_with("whsec_"));
    let at = format!("{all}/{}", made.json()["id"].as_str().unwrap());

    let shown = world.get(&operator, &at).await;
    assert_eq!(shown.json()["types"], json!(["user.*"]));
    assert!(shown.json().get("secret").is_none());
    let rotated = world
        .post(&operator, &format!("{at}/rotate"), json!({}))
        .await;
    assert_ne!(rotated.json()["secret"], secret.as_str());
    let off = world
        .post(&operator, &format!("{at}/disable"), json!({}))
        .await;
    assert_eq!(off.json()["state"], "disabled");
    let none = world
        .get(&operator, &format!("{at}/messages?state=failed"))
        .await;
    assert_eq!(none.items("id"), [""; 0]);
    let again = world
        .post(&operator, &format!("{at}/replay"), json!({}))
        .await;
    assert_eq!(again.json()["messages"], 0);
    let gone = json!({ "message": "msg_0" });
    let unknown = world.post(&operator, &format!("{at}/replay"), gone).await;
    assert_eq!(unknown.status, 404);
    let deleted = world.ask(&operator, "DELETE", &at, None, &[]).await;
    assert_eq!(deleted.status, 204);
    assert_eq!(world.get(&operator, all).await.items("id"), [""; 0]);
}

#[tokio::test]
async fn every_mistake_about_a_webhook_is_told() {
    let mut world = World::new().await;
    let operator = world.operator().await;
    let all = "/accounts/acme-demo/webhooks";
    let wrong = json!({ "name": " ", "url": "", "types": ["user.eaten"] });
    let values = world.post(&operator, all, wrong).await;
    assert_eq!(values.pointers(), ["/name", "/url", "/types"]);

    let private = json!({ "name": "desk", "url": "https://10.0.0.1/", "types": ["*"] });
    let refused = world.post(&operator, all, private).await;
    assert_eq!(refused.refusal(), (409, "refused".into()));
}
