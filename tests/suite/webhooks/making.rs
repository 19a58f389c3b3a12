//! Webhooks are made, refused, changed and removed.

use rstest::rstest;
use vestibule::account::{Account, State as AccountState};
use vestibule::app::Refused;
use vestibule::webhook::{Delivery, State};

use super::receiver::Receiver;
use super::{SHELL, World};
use crate::app::{TestApp, document};
use crate::rules::{audit, texts};

async fn refused(test: &TestApp, account: &Account, url: &str, kind: &str) -> String {
    let made = test
        .app
        .create_webhook(account, "test", url, vec![kind.to_owned()], SHELL);
    let error = made.await.err().unwrap_or_else(|| panic!("{url} {kind}"));
    assert!(error.is::<Refused>(), "{error:#}");
    error.to_string()
}

#[rstest]
#[case::clear("http://93.184.215.14/", "not https")]
#[case::loopback("https://127.0.0.1/", "our own")]
#[case::private("https://10.0.0.1/", "not a public address")]
#[case::metadata_service("https://169.254.169.254/latest", "not a public address")]
#[case::ourselves("https://sso.test/hook", "our own")]
#[case::names_somebody("https://a:b@93.184.215.14/", "more than an address")]
#[case::fragment("https://93.184.215.14/#a", "more than an address")]
#[case::none("hook", "not an address")]
#[case::long(&"x".repeat(501), "characters")]
#[tokio::test]
async fn rule_52_only_public_addresses_are_told(#[case] url: &str, #[case] why: &str) {
    let test = TestApp::new().await;
    let account = test.account().await;

    let said = refused(&test, &account, url, "user.*").await;

    assert!(said.contains(why), "{said}");
}

#[tokio::test]
async fn what_nobody_is_told_of_is_refused_and_says_what_there_is() {
    let test = TestApp::new().await;
    let account = test.account().await;

    let said = refused(&test, &account, "https://93.184.215.14/", "user.eaten").await;

    assert!(said.contains("`user.eaten`") && said.contains("user.suspended"));
}

#[tokio::test]
async fn a_secret_is_sealed_and_every_change_is_in_the_audit() {
    let world = World::new().await;
    let receiver = Receiver::new(200).await;
    let (webhook, secret) = world.told(&receiver, &["*"]).await;
    let (app, id) = (world.app(), world.account.id);
    let kept = texts(&app.store, "SELECT secret FROM webhooks").await;
    assert!(!kept[0].contains(&vestibule::id::hex(secret.as_bytes())));
    assert_eq!(format!("{secret:?}"), "Secret");

    app.rotate_webhook(id, webhook.id, SHELL).await.unwrap();
    for state in [State::Disabled, State::Enabled] {
        let switched = app.switch_webhook(id, webhook.id, state, SHELL).await;
        assert!(switched.unwrap());
        let again = app.switch_webhook(id, webhook.id, state, SHELL).await;
        assert!(!again.unwrap());
    }
    app.delete_webhook(id, webhook.id, SHELL).await.unwrap();

    assert!(app.find_webhook(webhook.id).await.is_err());
    let entries = audit(&world.test).await;
    for event in ["created", "rotated", "disabled", "enabled", "deleted"] {
        let begins = format!("webhook_{event} shell:test");
        let said = entries.iter().any(|entry| entry.starts_with(&begins));
        assert!(said, "{event}: {entries:#?}");
    }
}

#[tokio::test]
async fn who_is_switched_on_again_hears_what_happened_meanwhile() {
    let world = World::new().await;
    let receiver = Receiver::new(200).await;
    let (webhook, _) = world.told(&receiver, &["account.*"]).await;
    let (app, id) = (world.app(), world.account.id);
    let switch = |state| app.switch_webhook(id, webhook.id, state, SHELL);
    switch(State::Disabled).await.unwrap();
    world.happens().await;
    assert_eq!(world.round().await, 0);

    switch(State::Enabled).await.unwrap();

    assert_eq!(world.round().await, 2);
    assert_eq!(receiver.kinds(), ["account.disabled", "account.enabled"]);
}

#[tokio::test]
async fn an_account_that_is_disabled_tells_nothing_until_it_is_enabled() {
    let world = World::new().await;
    let receiver = Receiver::new(200).await;
    let (webhook, _) = world.told(&receiver, &["account.*"]).await;
    let (app, slug) = (world.app(), "acme-demo");
    let disable = app.set_account_state(slug, AccountState::Disabled, SHELL);
    disable.await.unwrap();

    assert_eq!(world.round().await, 0);
    let waits = world.messages(&webhook).await;
    assert_eq!((waits.len(), waits[0].state), (1, Delivery::Waiting));

    let enable = app.set_account_state(slug, AccountState::Enabled, SHELL);
    enable.await.unwrap();
    assert_eq!(world.round().await, 2);
}

#[tokio::test]
async fn an_account_has_at_most_twenty() {
    let world = World::new().await;
    let receiver = Receiver::new(200).await;
    for _ in 0..20 {
        world.told(&receiver, &["*"]).await;
    }

    let said = refused(&world.test, &world.account, &receiver.url(), "*").await;

    assert!(said.contains("20 webhooks"), "{said}");
    let other = world.test.apply(document("other-demo")).await;
    let (app, url) = (world.app(), receiver.url());
    let made = app.create_webhook(&other, "test", &url, vec!["*".into()], SHELL);
    assert!(made.await.is_ok());
}
