//! The page of an app: forgeries are tried at its gateway and nowhere else, and what came back is kept.

use std::io::ErrorKind;
use std::net::TcpListener;

use axum::http::StatusCode;
use vestibule::practice::persona::UMA;

use super::super::app::private_folder;
use super::super::proposals::World;
use super::page;

const PAGE: &str = "/portal/apps/profiles";

/// A world with an app on that host.
async fn with_app(host: &str) -> (World, tempfile::TempDir) {
    let folder = private_folder();
    let shipped = include_str!("../../../config/apps/profiles.toml");
    let text = shipped.replace("\"api.platform.example\"", &format!("\"{host}\""));
    assert_ne!(text, shipped);
    std::fs::write(folder.path().join("profiles.toml"), text).unwrap();
    let apps = folder.path().display().to_string();
    let world = World::with(|config| config.gate.apps = apps, |_| {}).await;
    (world, folder)
}

#[tokio::test]
async fn forgeries_go_to_the_apps_own_host_whatever_the_path_is() {
    let elsewhere = TcpListener::bind("127.0.0.1:0").unwrap();
    elsewhere.set_nonblocking(true).unwrap();
    let other = elsewhere.local_addr().unwrap();
    let (mut world, _folder) = with_app("127.0.0.1:1").await;
    let cookies = world.cookies("staff", &UMA).await;
    let mut operator = world.browser(cookies);

    for path in [
        format!("//{other}/v2"),
        format!("/\\{other}/v2"),
        format!("\\\\{other}/v2"),
        format!("/\t/{other}/v2"),
        format!("https://{other}/v2"),
        format!("@{other}/v2"),
        "/v2/profiles".to_owned(),
    ] {
        let answered = operator
            .post(&format!("{PAGE}/probe"), &[("path", &path)])
            .await;
        assert_eq!(answered.status, StatusCode::UNPROCESSABLE_ENTITY, "{path}");
        let says = "asking https://127.0.0.1:1/";
        assert!(answered.body.contains("<title>Error: profiles"), "{path}");
        assert!(answered.body.contains(says), "{path}: {}", answered.body);
    }
    let nobody = elsewhere.accept().unwrap_err();
    assert_eq!(nobody.kind(), ErrorKind::WouldBlock);
    assert!(
        page(&mut operator, PAGE)
            .await
            .contains("Nobody has tried yet")
    );
}

#[tokio::test]
async fn what_was_not_answered_safely_is_shown_with_what_helps() {
    let (mut world, _folder) = with_app("127.0.0.1:1").await;
    let kept = r#"{"at":1772355600000,"address":"https://127.0.0.1:1/","findings":[
        {"as":"nobody","sent":"x-real-ip: <b>","answer":"200","safe":false,"note":"Ask the gate."},
        {"as":"nobody","sent":"HEAD","answer":"401","safe":true,"note":null}]}"#;
    let mut tx = world.app().store.write().await.unwrap();
    tx.set("probed.profiles", kept).await.unwrap();
    tx.commit().await.unwrap();
    let cookies = world.cookies("staff", &UMA).await;
    let mut operator = world.browser(cookies);

    let body = page(&mut operator, PAGE).await;

    assert!(
        body.contains("1 of 2 forgeries were not answered safely"),
        "{body}"
    );
    assert!(body.contains("x-real-ip: &#60;b&#62;") && body.contains("Ask the gate."));
    assert!(!body.contains("<code>HEAD"));
}

#[tokio::test]
async fn nobody_else_tries_forgeries() {
    let (mut world, _folder) = with_app("127.0.0.1:1").await;
    let cookies = world.cookies("acme-live", &UMA).await;
    let mut uma = world.browser(cookies);

    let answered = uma.post(&format!("{PAGE}/probe"), &[("path", "/")]).await;

    assert_eq!(answered.status, StatusCode::NOT_FOUND);
}
