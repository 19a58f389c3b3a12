//! Sessions are seen and ended: by administrators, and by their own people.

use super::World;

#[tokio::test]
async fn rule_48_agents_see_and_end_their_own_sessions() {
    let mut world = World::new().await;
    let (here, there) = (world.maya().await, world.maya().await);
    let uma = world.uma().await;

    let listed = world.get(&here, "/me/sessions").await;
    assert_eq!(listed.items("id").len(), 2);
    let items = listed.json()["items"].as_array().unwrap().clone();
    let other = items.iter().find(|item| item["current"] == false).unwrap();
    let path = format!("/me/sessions/{}", other["id"].as_str().unwrap());

    let foreign = world.ask(&uma, "DELETE", &path, None, &[]).await;
    let ended = world.ask(&here, "DELETE", &path, None, &[]).await;

    assert_eq!(foreign.refusal(), (404, "not_found".into()));
    assert_eq!(ended.status, 204);
    assert_eq!(world.get(&there, "/me").await.status, 401);
    assert_eq!(world.get(&here, "/me").await.status, 200);
    let refused = world.get(&here, "/accounts/acme-demo/sessions").await;
    assert_eq!(refused.refusal(), (403, "forbidden".into()));

    let all = world.ask(&here, "DELETE", "/me/sessions", None, &[]).await;
    assert_eq!(all.json()["sessions_ended"], 1);
    assert_eq!(world.get(&here, "/me").await.status, 401);
}

#[tokio::test]
async fn an_administrator_ends_one_session_those_of_a_person_and_all() {
    let mut world = World::new().await;
    let maya = world.maya().await;
    let uma = world.uma().await;
    let path = "/accounts/acme-demo/sessions";

    let listed = world.get(&uma, path).await;
    let items = listed.json()["items"].as_array().unwrap().clone();
    assert_eq!(items.len(), 2);
    let hers = items.iter().find(|item| item["current"] == false).unwrap();
    let (id, user) = (hers["id"].as_str().unwrap(), hers["user"].as_str().unwrap());
    let ended = world
        .ask(&uma, "DELETE", &format!("{path}/{id}"), None, &[])
        .await;
    let again = world
        .ask(&uma, "DELETE", &format!("{path}/{id}"), None, &[])
        .await;
    assert_eq!(ended.status, 204);
    assert_eq!(again.refusal(), (404, "not_found".into()));
    assert_eq!(world.get(&maya, "/me").await.status, 401);

    let maya = world.maya().await;
    let of = format!("/accounts/acme-demo/users/{user}/sessions");
    assert_eq!(world.get(&uma, &of).await.items("user"), [user]);
    let ended = world.ask(&uma, "DELETE", &of, None, &[]).await;
    assert_eq!(ended.json()["sessions_ended"], 1);
    assert_eq!(world.get(&maya, "/me").await.status, 401);

    let all = world.ask(&uma, "DELETE", path, None, &[]).await;
    assert_eq!(all.json()["sessions_ended"], 1);
    assert_eq!(world.get(&uma, "/me").await.status, 401);
    let said = world.audited("acme-demo").await;
    assert!(
        said.iter()
            .any(|line| line.starts_with("sessions_ended by usr_"))
    );
    assert!(said.iter().any(|line| line.starts_with("session_ended by")));
}

#[tokio::test]
async fn a_token_is_nobody_and_has_no_sessions() {
    let world = World::new().await;
    let token = world.token("acme-demo", &["session:*"]).await;

    let refused = world.get(&token, "/me/sessions").await;

    assert_eq!(refused.refusal(), (403, "only_people".into()));
    assert_eq!(world.get(&token, "/me").await.json()["kind"], "token");
}
