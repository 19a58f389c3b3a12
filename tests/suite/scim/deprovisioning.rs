//! Whom the directory takes away, the gate refuses at once.

use axum::http::StatusCode;
use serde_json::json;
use vestibule::practice::persona::MAYA;

use super::Desk;
use super::linking::sign_in;

#[tokio::test]
async fn who_is_not_active_any_more_is_out_at_once_and_in_again_only_by_signing_in() {
    let desk = Desk::new().await;
    let maya = desk.person(MAYA.upn, "17").await;
    let (_, mut browser) = sign_in(&desk, &MAYA, Some("17")).await;
    assert_eq!(browser.get("/session").await.status, StatusCode::OK);

    let entra = json!([{ "op": "Replace", "path": "active", "value": "False" }]);
    assert_eq!(desk.patch(&maya, entra).await.status, 200);

    assert_eq!(
        browser.get("/session").await.status,
        StatusCode::UNAUTHORIZED
    );
    assert!(sign_in(&desk, &MAYA, Some("17")).await.0.is_some());
    let okta = json!([{ "op": "replace", "value": { "active": true } }]);
    assert_eq!(desk.patch(&maya, okta).await.json()["active"], true);
    assert_eq!(
        browser.get("/session").await.status,
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(sign_in(&desk, &MAYA, Some("17")).await.0, None);
}

#[tokio::test]
async fn who_is_made_inactive_cannot_come_at_all() {
    let desk = Desk::new().await;
    let body = json!({ "schemas": [super::USER], "userName": MAYA.upn, "externalId": "17", "active": false });
    let made = desk.ask("POST", "/Users", Some(body)).await.json();

    assert_eq!(
        sign_in(&desk, &MAYA, Some("17")).await.0,
        Some(vestibule::user::Refusal::Suspended)
    );

    let again = json!([{ "op": "replace", "path": "active", "value": true }]);
    desk.patch(&made, again).await;
    assert_eq!(sign_in(&desk, &MAYA, Some("17")).await.0, None);
}

#[tokio::test]
async fn who_is_deleted_is_out_at_once() {
    let desk = Desk::new().await;
    let maya = desk.person(MAYA.upn, "17").await;
    let (_, mut browser) = sign_in(&desk, &MAYA, Some("17")).await;

    desk.ask(
        "DELETE",
        &format!("/Users/{}", maya["id"].as_str().unwrap()),
        None,
    )
    .await;

    assert_eq!(
        browser.get("/session").await.status,
        StatusCode::UNAUTHORIZED
    );
}
