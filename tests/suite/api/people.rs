//! People are invited, read, changed, kept out, let in again and removed.

use serde_json::json;

use super::{World, person, said};

const USERS: &str = "/accounts/acme-demo/users";

#[tokio::test]
async fn a_uam_admin_takes_somebody_through_their_whole_life() {
    let mut world = World::new().await;
    let uma = world.uma().await;

    let made = world.post(&uma, USERS, person("ida")).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let id = made.json()["id"].as_str().unwrap().to_owned();
    let at = format!("{USERS}/{id}");
    assert_eq!(said(&made.headers, "location"), format!("/api/v1{at}"));
    assert_eq!(made.json()["state"], "invited");

    let read = world.get(&uma, &at).await;
    let tag = said(&read.headers, "etag").to_owned();
    assert_eq!(tag, said(&made.headers, "etag"));

    let patch = json!({ "given_name": "Ida", "email": null, "whatever": 1 });
    let changed = world
        .ask(&uma, "PATCH", &at, Some(patch), &[("if-match", &tag)])
        .await;
    assert_eq!(changed.status, 200, "{}", changed.body);
    assert_eq!(changed.json()["given_name"], "Ida");
    assert_eq!(changed.json()["email"], json!(null));
    let newer = said(&changed.headers, "etag").to_owned();
    assert_ne!(tag, newer);

    let suspended = world.post(&uma, &format!("{at}/suspend"), json!({})).await;
    assert_eq!(suspended.json()["state"], "suspended", "{}", suspended.body);
    let restored = world.post(&uma, &format!("{at}/restore"), json!({})).await;
    assert_eq!(restored.json()["state"], "invited");

    let newest = said(&restored.headers, "etag").to_owned();
    let deleted = world
        .ask(&uma, "DELETE", &at, None, &[("if-match", &newest)])
        .await;
    assert_eq!(deleted.status, 204, "{}", deleted.body);
    assert_eq!(
        world.get(&uma, &at).await.refusal(),
        (404, "not_found".into())
    );

    let again = world.post(&uma, USERS, person("ida")).await;
    assert_eq!(again.refusal(), (409, "refused".into()));
    let said = world.audited("acme-demo").await;
    for event in [
        "user_invited",
        "user_changed",
        "user_suspended",
        "user_restored",
        "user_deleted",
    ] {
        let by = format!("{event} by usr_");
        assert!(
            said.iter().any(|line| line.starts_with(&by)),
            "{event}: {said:?}"
        );
    }
}

#[tokio::test]
async fn nobody_overwrites_what_they_have_not_seen() {
    let mut world = World::new().await;
    let uma = world.uma().await;
    let id = world.invited("acme-demo", "ida").await;
    let at = format!("{USERS}/{id}");
    let tag = said(&world.get(&uma, &at).await.headers, "etag").to_owned();
    let patch = |name: &str| Some(json!({ "given_name": name }));

    let blind = world.ask(&uma, "PATCH", &at, patch("A"), &[]).await;
    let first = world
        .ask(&uma, "PATCH", &at, patch("B"), &[("if-match", &tag)])
        .await;
    let second = world
        .ask(&uma, "PATCH", &at, patch("C"), &[("if-match", &tag)])
        .await;
    let late = world
        .ask(&uma, "DELETE", &at, None, &[("if-match", &tag)])
        .await;
    let weak = format!("W/{}", said(&first.headers, "etag"));
    let weak = world
        .ask(&uma, "PATCH", &at, patch("D"), &[("if-match", &weak)])
        .await;
    let any = world
        .ask(&uma, "PATCH", &at, patch("E"), &[("if-match", "*")])
        .await;

    assert_eq!(blind.refusal(), (428, "version_required".into()));
    assert_eq!(first.status, 200);
    assert_eq!(second.refusal(), (412, "changed".into()));
    assert_eq!(late.refusal(), (412, "changed".into()));
    assert_eq!(weak.refusal(), (412, "changed".into()));
    assert_eq!(any.json()["given_name"], "E");
}

#[tokio::test]
async fn every_mistake_of_a_body_is_told_with_its_place() {
    let mut world = World::new().await;
    let uma = world.uma().await;
    let json = ("content-type", "application/json");

    let body = json!({ "subject": " ", "email": "a\nb", "given_name": "x".repeat(101) });
    let wrong = world.post(&uma, USERS, body).await;
    let shape = world.post(&uma, USERS, json!({ "subject": 1 })).await;
    let missing = world.post(&uma, USERS, json!({})).await;
    let send = async |body: &str, kind| {
        world
            .send(&uma, "POST", USERS, body.to_owned(), &[kind])
            .await
            .refusal()
    };

    assert_eq!(wrong.refusal(), (422, "invalid".into()));
    assert_eq!(wrong.pointers(), ["/subject", "/email", "/given_name"]);
    assert_eq!(shape.refusal(), (422, "invalid".into()));
    assert_eq!(shape.pointers(), ["/subject"]);
    assert_eq!(missing.refusal(), (422, "invalid".into()));
    assert_eq!(send("{", json).await, (400, "malformed_json".into()));
    assert_eq!(send("", json).await, (400, "malformed_json".into()));
    let list = send(r#"["ida", null, null, null, null]"#, json).await;
    assert_eq!(list, (422, "invalid".into()));
    let form = ("content-type", "application/x-www-form-urlencoded");
    assert_eq!(send("a=b", form).await, (415, "not_json".into()));
    let large = format!("{{\"subject\":\"{}\"}}", "x".repeat(64 * 1024));
    assert_eq!(send(&large, json).await, (413, "too_large".into()));
}

#[tokio::test]
async fn an_answer_is_json_and_says_so() {
    let mut world = World::new().await;
    let uma = world.uma().await;
    let accept = async |value| {
        world
            .ask(&uma, "GET", USERS, None, &[("accept", value)])
            .await
    };

    for fine in ["application/json", "*/*", "text/html, */*;q=0.1"] {
        let answered = accept(fine).await;
        assert_eq!(answered.status, 200, "{fine}");
        assert_eq!(said(&answered.headers, "content-type"), "application/json");
        assert_eq!(said(&answered.headers, "cache-control"), "no-store");
    }
    let refused = accept("text/html").await;
    assert_eq!(refused.refusal(), (406, "not_acceptable".into()));
    let nowhere = world
        .ask(
            &uma,
            "GET",
            "/nothing",
            None,
            &[("accept", "text/html, */*")],
        )
        .await;
    assert_eq!(nowhere.refusal(), (404, "not_found".into()));
    let other = world.ask(&uma, "PUT", USERS, None, &[]).await;
    assert_eq!(other.refusal(), (405, "method_not_allowed".into()));
    assert_eq!(said(&other.headers, "allow"), "GET,HEAD,POST");
}
