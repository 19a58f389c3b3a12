//! An operator sets an account up with its client.

use std::collections::BTreeMap;

use axum::http::StatusCode;
use vestibule::app::Consent;
use vestibule::config::AccountFile;
use vestibule::practice::persona::UMA;

use super::super::app::document;
use super::super::proposals::World;
use super::page;

const DEMO: &str = "/portal/accounts/acme-demo";

/// A demo account that waits for its client, and what an operator's browser carries.
async fn operator(world: &mut World) -> BTreeMap<String, String> {
    let file = AccountFile {
        document: document("acme-demo"),
        metadata: None,
    };
    let consent = Consent::default();
    let app = &world.test.app;
    app.apply(&file, "shell:test", &consent).await.unwrap();
    world.cookies("staff", &UMA).await
}

#[tokio::test]
async fn an_operator_makes_a_link_and_finds_what_came_by_it() {
    let mut world = World::new().await;
    let cookies = operator(&mut world).await;
    let mut operator = world.browser(cookies);
    let before = page(&mut operator, &format!("{DEMO}/setup")).await;
    assert!(before.contains("Nobody can sign in yet"), "{before}");

    let made = [("do", "make"), ("days", "7")];
    let made = operator.post(&format!("{DEMO}/setup"), &made).await;
    let start = made.body.find("/setup/open#").unwrap() + "/setup/open#".len();
    let code = made.body[start..start + 32].to_owned();
    let mut guest = world.test.browser();
    guest.post("/setup/open", &[("code", &code)]).await;
    let metadata = world.test.adfs.metadata().unwrap();
    guest
        .post("/setup/metadata", &[("metadata", &metadata)])
        .await;
    guest.post("/setup/try", &[]).await;

    let accounts = page(&mut operator, "/portal/accounts").await;
    assert!(
        accounts.contains("its metadata waits for you"),
        "{accounts}"
    );
    assert!(accounts.contains("connected"), "{accounts}");
    let home = page(&mut operator, "/portal").await;
    assert!(home.contains("The client of acme-demo has sent its metadata"));
    let setup = page(&mut operator, &format!("{DEMO}/setup")).await;
    assert!(
        setup.contains("in use") && setup.contains("under way"),
        "{setup}"
    );
    assert!(setup.contains("2, by the client"), "{setup}");
    let edit = page(
        &mut operator,
        &format!("{DEMO}/configuration/edit?metadata=2"),
    )
    .await;
    assert!(edit.contains("EntityDescriptor"), "{edit}");
    let unknown = format!("{DEMO}/configuration/edit?metadata=9");
    assert_eq!(operator.get(&unknown).await.status, StatusCode::NOT_FOUND);

    let ended = operator
        .post(&format!("{DEMO}/setup"), &[("do", "end")])
        .await;
    let ended = page(&mut operator, ended.location()).await;
    assert!(ended.contains("opens nothing from now on"), "{ended}");
    assert_eq!(guest.get("/setup").await.location(), "/setup/open");
}

#[tokio::test]
async fn an_operator_tries_the_sign_in_by_any_revision() {
    let mut world = World::new().await;
    let cookies = operator(&mut world).await;
    let mut operator = world.browser(cookies);
    let wrong = [("revision", "1")];
    let wrong = operator.post(&format!("{DEMO}/try"), &wrong).await;
    assert_eq!(wrong.status, StatusCode::CONFLICT);
    assert!(wrong.body.contains("nobody to sign in at"));

    let live = "/portal/accounts/acme-live";
    let setup = page(&mut operator, &format!("{live}/setup")).await;
    assert!(!setup.contains("A link for the client"), "{setup}");
    let sent = operator
        .post(&format!("{live}/try"), &[("revision", "1")])
        .await;
    assert!(
        sent.onward().starts_with("https://adfs.acme.test/"),
        "{}",
        sent.body
    );
    let attempts = page(&mut operator, &format!("{live}/attempts")).await;
    assert!(
        attempts.contains("under way") && attempts.contains(">test<"),
        "{attempts}"
    );
    let link = [("do", "make"), ("days", "7")];
    let link = operator.post(&format!("{live}/setup"), &link).await;
    assert_eq!(link.status, StatusCode::CONFLICT);
}

#[tokio::test]
async fn an_administrator_of_a_client_sets_nothing_up() {
    let mut world = World::new().await;
    let cookies = world.cookies("acme-live", &UMA).await;
    let mut uma = world.browser(cookies);
    let live = "/portal/accounts/acme-live";

    assert_eq!(
        uma.get(&format!("{live}/setup")).await.status,
        StatusCode::FORBIDDEN
    );
    for (place, form) in [("/setup", ("do", "make")), ("/try", ("revision", "1"))] {
        let refused = uma.post(&format!("{live}{place}"), &[form]).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{place}");
    }
}
