//! The roles of a person are explained, granted, taken away and let back.

use serde_json::json;
use vestibule::practice::persona::MAYA;

use super::{World, said};

#[tokio::test]
async fn a_role_is_granted_taken_and_let_back_and_says_why() {
    let mut world = World::new().await;
    world.maya().await;
    let uma = world.uma().await;
    let account = world.account("acme-demo").await;
    let maya = world
        .test
        .app
        .find_user(&account, MAYA.upn)
        .await
        .unwrap()
        .id;
    let at = format!("/accounts/acme-demo/users/{maya}/roles");
    let read = world.get(&uma, &at).await;
    assert_eq!(read.json()["held"], json!(["maker"]));
    assert_eq!(read.json()["given"][0]["by"], "rule");
    let tag = said(&read.headers, "etag").to_owned();
    let ask = async |verb: &str, body, tag: &str| {
        let path = format!("{at}/{verb}");
        world
            .ask(&uma, "POST", &path, Some(body), &[("if-match", tag)])
            .await
    };

    let until = "2026-12-31";
    let wish = json!({ "role": "link_creator", "reason": "covers for Lina", "until": until });
    let granted = ask("grant", wish.clone(), &tag).await;
    assert_eq!(granted.status, 200, "{}", granted.body);
    assert_eq!(granted.json()["held"], json!(["maker", "link_creator"]));
    let late = ask("grant", wish, &tag).await;
    assert_eq!(late.refusal(), (412, "changed".into()));

    let tag = said(&granted.headers, "etag").to_owned();
    let take = json!({ "role": "maker", "reason": "moved" });
    let taken = ask("take", take, &tag).await;
    assert_eq!(
        taken.json()["held"],
        json!(["link_creator"]),
        "{}",
        taken.body
    );
    assert_eq!(taken.json()["denied"][0]["role"], "maker");

    let lifted = ask("lift", json!({ "role": "maker" }), "*").await;
    assert_eq!(lifted.json()["held"], json!(["maker", "link_creator"]));

    let apart = ask("grant", json!({ "role": "checker", "reason": "x" }), "*").await;
    assert_eq!(apart.refusal(), (409, "refused".into()));
    let blind = world.post(&uma, &format!("{at}/grant"), json!({})).await;
    assert_eq!(blind.refusal(), (428, "version_required".into()));
    let wrong = ask(
        "grant",
        json!({ "role": "king", "reason": " ", "until": "x" }),
        "*",
    )
    .await;
    assert_eq!(wrong.refusal(), (422, "invalid".into()));
    assert_eq!(wrong.pointers(), ["/reason", "/role", "/until"]);
}
