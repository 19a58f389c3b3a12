//! `POST /introspect` and `POST /revoke`: a token opens something only as long as whoever holds it does.

use vestibule::account::State;
use vestibule::practice::persona::{CHEN, MAYA};
use vestibule::time::Span;

use super::{KEY, PROFILES, SESSION, integration, platform, post};
use crate::app::{Browser, TestApp, document};

const OWN_PAGE: (&str, &str) = ("sec-fetch-site", "same-origin");
const TARGET: (&str, &str) = ("resource", PROFILES);

/// Maya, signed in, and a token of hers.
async fn maya(test: &TestApp) -> (Browser<'_>, String) {
    let mut maya = test.browser();
    maya.sign_in(&MAYA).await;
    let answered = post(&mut maya, "/token", &[OWN_PAGE], &[SESSION, TARGET]).await;
    let token = answered.token();
    (maya, token)
}

/// What a service is told about a token.
async fn told(test: &TestApp, secret: &str, token: &str) -> serde_json::Value {
    let bearer = format!("Bearer {secret}");
    let headers = [("authorization", bearer.as_str())];
    let answered = post(
        &mut test.browser(),
        "/introspect",
        &headers,
        &[("token", token)],
    )
    .await;
    assert_eq!(answered.status.as_u16(), 200, "{}", answered.body);
    assert_eq!(answered.headers["cache-control"], "no-store");
    answered.json()
}

async fn is_active(test: &TestApp, secret: &str, token: &str) -> bool {
    let said = told(test, secret, token).await;
    let is_active = said["active"].as_bool().unwrap();
    assert!(is_active || said.as_object().unwrap().len() == 1, "{said}");
    is_active
}

#[tokio::test]
async fn a_service_is_told_who_holds_a_token() {
    let test = platform().await;
    let (_, secret) = test.decision().await;
    let (_maya, token) = maya(&test).await;

    let said = told(&test, secret.reveal(), &token).await;

    assert_eq!(said["active"], true);
    assert_eq!(said["roles"], serde_json::json!(["maker"]));
    assert_eq!(said["scope"], "call:accept call:conclude");
    assert_eq!(said["aud"], PROFILES);
    assert_eq!(said["token_type"], "Bearer");
}

#[tokio::test]
async fn a_token_ends_with_its_session() {
    let test = platform().await;
    let (_, secret) = test.decision().await;
    let (mut maya, token) = maya(&test).await;
    assert!(is_active(&test, secret.reveal(), &token).await);

    maya.post("/logout", &[]).await;

    assert!(!is_active(&test, secret.reveal(), &token).await);
}

#[tokio::test]
async fn a_token_ends_with_its_person_account_and_time() {
    let test = platform().await;
    let (_, secret) = test.decision().await;
    let (_maya, token) = maya(&test).await;
    let account = test.account().await;
    let switch = async |state| {
        let app = &test.app;
        app.set_account_state("acme-demo", state, "shell:test")
            .await
            .unwrap()
    };

    test.app.clock.advance(Span::seconds(299));
    assert!(is_active(&test, secret.reveal(), &token).await);
    test.app.clock.advance(Span::seconds(1));
    assert!(!is_active(&test, secret.reveal(), &token).await);

    let (_again, token) = maya_again(&test).await;
    let access = test.verified(&token).await;
    let user = vestibule::id::UserId::parse(&access.sub).unwrap();
    test.app
        .suspend(&account, user, "shell:test")
        .await
        .unwrap();
    assert!(!is_active(&test, secret.reveal(), &token).await);
    test.app
        .restore(&account, user, "shell:test")
        .await
        .unwrap();

    let (_again, token) = maya_again(&test).await;
    switch(State::Disabled).await;
    let bearer = format!("Bearer {}", secret.reveal());
    let headers = [("authorization", bearer.as_str())];
    let asked = post(
        &mut test.browser(),
        "/introspect",
        &headers,
        &[("token", &token)],
    )
    .await;
    assert_eq!(asked.said(), (401, "invalid_client".into()));
}

async fn maya_again(test: &TestApp) -> (Browser<'_>, String) {
    maya(test).await
}

#[tokio::test]
async fn a_role_that_was_taken_away_is_gone_from_the_answer() {
    let test = platform().await;
    let (_, secret) = test.decision().await;
    let (_maya, token) = maya(&test).await;
    let change = "UPDATE users SET claimed = '[]'";

    crate::rules::change(&test.app.store, change).await;

    assert!(
        !is_active(&test, secret.reveal(), &token).await,
        "nothing of it is left"
    );
}

#[tokio::test]
async fn a_token_of_a_key_ends_with_the_key() {
    let test = platform().await;
    let (_, asks) = test.decision().await;
    let (key, secret) = test.integration().await;
    let headers = [("account-id", "acme-demo"), ("api-key", secret.reveal())];
    let token = post(&mut test.browser(), "/token", &headers, &[KEY, TARGET])
        .await
        .token();
    assert!(is_active(&test, asks.reveal(), &token).await);

    test.app
        .revoke_credential(&key, "shell:test")
        .await
        .unwrap();

    assert!(!is_active(&test, asks.reveal(), &token).await);
}

#[tokio::test]
async fn rule_43_a_service_asks_about_its_own_app_and_account_alone() {
    let test = platform().await;
    test.apply(document("bravo-demo")).await;
    let bravo = test.app.find_account("bravo-demo").await.unwrap();
    let wish = vestibule::app::NewCredential {
        name: "gateway".into(),
        kind: super::decision(),
        networks: Vec::new(),
        lasts: Span::days(1),
    };
    let made = test.app.create_credential(&bravo, wish, "shell:test");
    let (_, foreign) = made.await.unwrap();
    let (_maya, token) = maya(&test).await;

    assert!(!is_active(&test, foreign.reveal(), &token).await);
    for nonsense in ["", "a.b.c", &token[1..], &format!("{token}A")] {
        let (_, own) = (0, foreign.reveal());
        if !nonsense.is_empty() {
            assert!(!is_active(&test, own, nonsense).await);
        }
    }
}

#[tokio::test]
async fn rule_43_an_integration_key_is_no_decision_caller() {
    let test = platform().await;
    let (_, secret) = test.integration().await;
    let (mut maya, token) = maya(&test).await;
    let bearer = format!("Bearer {}", secret.reveal());
    let own = format!("Bearer {token}");

    for headers in [
        vec![("authorization", bearer.as_str())],
        vec![("authorization", own.as_str())],
        vec![("account-id", "acme-demo"), ("api-key", secret.reveal())],
        vec![],
    ] {
        let asked = post(
            &mut test.browser(),
            "/introspect",
            &headers,
            &[("token", &token)],
        )
        .await;
        assert_eq!(asked.said(), (401, "invalid_client".into()), "{headers:?}");
        assert!(asked.headers.contains_key("www-authenticate"));
    }
    let cookie = post(&mut maya, "/introspect", &[OWN_PAGE], &[("token", &token)]).await;
    assert_eq!(cookie.said(), (401, "invalid_client".into()));
}

#[tokio::test]
async fn whoever_got_a_token_takes_it_back() {
    let test = platform().await;
    let (_, asks) = test.decision().await;
    let (mut maya, token) = maya(&test).await;
    let (_, secret) = test.made("server", integration(&["profile:view"])).await;
    let headers = [("account-id", "acme-demo"), ("api-key", secret.reveal())];
    let keys = post(&mut test.browser(), "/token", &headers, &[KEY, TARGET])
        .await
        .token();

    let foreign = post(
        &mut test.browser(),
        "/revoke",
        &headers,
        &[("token", &token)],
    )
    .await;
    assert_eq!(foreign.said(), (400, "unauthorized_client".into()));
    assert!(is_active(&test, asks.reveal(), &token).await);

    let own = post(&mut maya, "/revoke", &[OWN_PAGE], &[("token", &token)]).await;
    let keys_own = post(
        &mut test.browser(),
        "/revoke",
        &headers,
        &[("token", &keys)],
    )
    .await;
    let again = post(&mut maya, "/revoke", &[OWN_PAGE], &[("token", &token)]).await;
    let nonsense = post(&mut maya, "/revoke", &[OWN_PAGE], &[("token", "nonsense")]).await;
    for answered in [own, keys_own, again, nonsense] {
        assert_eq!(answered.status.as_u16(), 200, "{}", answered.body);
    }

    assert!(!is_active(&test, asks.reveal(), &token).await);
    assert!(!is_active(&test, asks.reveal(), &keys).await);
    let audit = crate::rules::audit(&test).await;
    let revoked = audit
        .iter()
        .filter(|line| line.starts_with("token_revoked"));
    assert_eq!(revoked.count(), 2);
}

#[tokio::test]
async fn nobody_gets_a_token_for_an_app_in_which_they_may_do_nothing() {
    let test = platform().await;
    let mut chen = test.browser();
    chen.sign_in(&CHEN).await;
    crate::rules::change(&test.app.store, "UPDATE users SET claimed = '[]'").await;

    let answered = post(&mut chen, "/token", &[OWN_PAGE], &[SESSION, TARGET]).await;

    assert_eq!(answered.said(), (400, "invalid_target".into()));
}
