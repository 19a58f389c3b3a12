//! Taking away works: at once on the node that did it, within a second on every other.

use axum::http::StatusCode;
use vestibule::account::State;
use vestibule::app::App;
use vestibule::http::Shared;
use vestibule::id::Entropy;
use vestibule::practice::persona::{MAYA, Persona};
use vestibule::time::Span;

use super::desk::{Ask, Desk};
use crate::browser::Browser;

const ACTOR: &str = "shell:test";

fn accept() -> Ask<'static> {
    Ask::new("nginx", "POST", "/v2/profiles/prf_1/call/accept")
        .header("sec-fetch-site", "same-origin")
}

async fn said(desk: &Desk, browser: &Browser<'_>) -> String {
    desk.ask(browser, accept()).await.word()
}

/// Another node of the same installation, with a memory of its own.
async fn another(desk: &Desk) -> Shared {
    let app = &desk.test.app;
    let node = App::open(app.config.clone(), app.clock.clone(), Entropy::System)
        .await
        .unwrap();
    Shared::new(std::sync::Arc::new(node))
}

#[tokio::test]
async fn whatever_is_taken_away_is_gone_at_the_next_check() {
    let desk = Desk::new().await;
    let app = &desk.test.app;
    let account = desk.test.account().await;
    let mut browser = desk.test.browser();
    browser.sign_in(&MAYA).await;
    let user = app.find_user(&account, MAYA.email).await.unwrap();
    assert_eq!(said(&desk, &browser).await, "all");

    app.suspend(&account, user.id, ACTOR).await.unwrap();
    assert_eq!(said(&desk, &browser).await, "401");
    app.restore(&account, user.id, ACTOR).await.unwrap();
    assert_eq!(said(&desk, &browser).await, "401");

    browser.sign_in(&MAYA).await;
    assert_eq!(said(&desk, &browser).await, "all");
    app.set_account_state("acme-demo", State::Disabled, ACTOR)
        .await
        .unwrap();
    assert_eq!(said(&desk, &browser).await, "401");
    app.set_account_state("acme-demo", State::Enabled, ACTOR)
        .await
        .unwrap();

    browser.sign_in(&MAYA).await;
    assert_eq!(said(&desk, &browser).await, "all");
    let before = browser.clone();
    browser.post("/logout", &[]).await;
    assert_eq!(said(&desk, &before).await, "401");

    browser.sign_in(&MAYA).await;
    assert_eq!(said(&desk, &browser).await, "all");
    app.delete_user(&account, user.id, ACTOR).await.unwrap();
    assert_eq!(said(&desk, &browser).await, "401");
}

#[tokio::test]
async fn a_role_that_the_next_sign_in_does_not_give_is_gone_from_every_session() {
    let desk = Desk::new().await;
    let (mut first, mut second) = (desk.test.browser(), desk.test.browser());
    first.sign_in(&MAYA).await;
    assert_eq!(said(&desk, &first).await, "all");

    second
        .sign_in(&Persona {
            roles: &["vkyc-auditor"],
            ..MAYA
        })
        .await;

    assert_eq!(said(&desk, &first).await, "forbidden");
    assert_eq!(said(&desk, &second).await, "forbidden");
}

#[tokio::test]
async fn another_node_knows_it_within_a_second_and_believes_nothing_older() {
    let desk = Desk::new().await;
    let node = another(&desk).await;
    let account = desk.test.account().await;
    let mut browser = desk.test.browser();
    browser.sign_in(&MAYA).await;
    let user = desk.test.app.find_user(&account, MAYA.email).await.unwrap();
    let there = async |browser: &Browser<'_>| desk.ask_at(&node, browser, accept()).await.status;
    assert_eq!(there(&browser).await, StatusCode::OK);

    desk.test
        .app
        .suspend(&account, user.id, ACTOR)
        .await
        .unwrap();

    desk.test.app.clock.advance(Span::seconds(1));
    assert_eq!(there(&browser).await, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_session_that_lay_idle_is_over_unless_another_node_saw_it() {
    let desk = Desk::new().await;
    let node = another(&desk).await;
    let mut browser = desk.test.browser();
    browser.sign_in(&MAYA).await;
    let clock = &desk.test.app.clock;
    assert_eq!(said(&desk, &browser).await, "all");

    clock.advance(Span::minutes(20));
    assert_eq!(desk.ask_at(&node, &browser, accept()).await.word(), "all");
    node.tidy().await.unwrap();
    clock.advance(Span::minutes(20));

    assert_eq!(said(&desk, &browser).await, "all");
    clock.advance(Span::minutes(31));
    assert_eq!(said(&desk, &browser).await, "401");
}

#[tokio::test]
async fn a_restart_forgets_nothing() {
    let desk = Desk::new().await;
    let account = desk.test.account().await;
    let (mut stays, mut goes) = (desk.test.browser(), desk.test.browser());
    stays.sign_in(&MAYA).await;
    goes.sign_in(&MAYA).await;
    goes.post("/logout", &[]).await;

    let node = another(&desk).await;

    assert_eq!(desk.ask_at(&node, &stays, accept()).await.word(), "all");
    assert_eq!(desk.ask_at(&node, &goes, accept()).await.word(), "401");
    assert_eq!(
        desk.test.app.find_account("acme-demo").await.unwrap(),
        account
    );
}
