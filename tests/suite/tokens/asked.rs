//! `POST /token`: by a session, by a key, and by whoever should not.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use vestibule::account::State;
use vestibule::practice::persona::MAYA;
use vestibule::time::Span;

use super::{KEY, LIVE, PROFILES, SESSION, integration, platform, post};
use crate::rules::audit;

const OWN_PAGE: (&str, &str) = ("sec-fetch-site", "same-origin");
const TARGET: (&str, &str) = ("resource", PROFILES);

#[tokio::test]
async fn a_session_gets_a_token_with_what_its_person_may_do() {
    let test = platform().await;
    let mut maya = test.browser();
    maya.sign_in(&MAYA).await;

    let answered = post(&mut maya, "/token", &[OWN_PAGE], &[SESSION, TARGET]).await;

    assert_eq!(answered.headers["cache-control"], "no-store");
    let said = answered.json();
    assert_eq!(
        (said["token_type"].as_str(), said["expires_in"].as_i64()),
        (Some("Bearer"), Some(300))
    );
    assert_eq!(said["scope"], "call:accept call:conclude");
    let access = test.verified(&answered.token()).await;
    assert_eq!(access.iss, "https://sso.test/demo");
    assert!(access.sub.starts_with("usr_") && access.sid.is_some());
    assert_eq!(access.account, test.account().await.id);
    assert_eq!(access.exp - access.iat, 300);
}

#[tokio::test]
async fn rule_40_a_cookie_is_believed_from_our_own_pages_alone() {
    let test = platform().await;
    let mut maya = test.browser();
    maya.sign_in(&MAYA).await;

    for from in [
        ("sec-fetch-site", "same-site"),
        ("origin", "https://evil.test"),
        ("x-nothing", ""),
    ] {
        for path in ["/token", "/introspect", "/revoke"] {
            let form = [SESSION, TARGET, ("token", "a")];
            let answered = post(&mut maya, path, &[from], &form).await;
            assert_eq!(answered.status.as_u16(), 403, "{path} {from:?}");
            assert!(
                answered.body.contains("foreign_origin"),
                "{}",
                answered.body
            );
        }
    }
}

#[tokio::test]
async fn a_key_gets_a_token_in_each_of_the_three_ways() {
    let test = platform().await;
    let (key, secret) = test.integration().await;
    let secret = secret.reveal();
    let basic = format!("Basic {}", STANDARD.encode(format!("acme-demo:{secret}")));
    let client = [("client_id", "acme-demo"), ("client_secret", secret)];
    let ways = [
        (
            vec![("account-id", "acme-demo"), ("api-key", secret)],
            vec![],
        ),
        (vec![("authorization", basic.as_str())], vec![]),
        (vec![], client.to_vec()),
    ];

    for (headers, more) in ways {
        let form: Vec<_> = [KEY, TARGET].into_iter().chain(more).collect();
        let answered = post(&mut test.browser(), "/token", &headers, &form).await;

        let access = test.verified(&answered.token()).await;
        assert_eq!(
            (access.sub.clone(), access.client_id),
            (key.id.to_string(), key.id.to_string())
        );
        assert_eq!(access.scope, "profile:create profile:view");
        assert!(access.sid.is_none() && access.roles.is_empty());
    }
}

#[tokio::test]
async fn rule_40_a_request_is_of_the_method_of_its_first_line() {
    let test = platform().await;
    let mut maya = test.browser();
    maya.sign_in(&MAYA).await;

    for name in [
        "x-http-method-override",
        "x-http-method",
        "x-method-override",
    ] {
        for path in ["/token", "/session", "/logout"] {
            let headers = [OWN_PAGE, (name, "DELETE")];
            let answered = post(&mut maya, path, &headers, &[SESSION, TARGET]).await;
            assert_eq!(answered.status.as_u16(), 400, "{path} {name}");
            assert!(
                answered.body.contains("request_override"),
                "{}",
                answered.body
            );
        }
    }
    assert_eq!(maya.get("/session").await.status.as_u16(), 200);
}

#[tokio::test]
async fn rule_33_two_credentials_in_one_request_are_ambiguous() {
    let test = platform().await;
    let (_, secret) = test.integration().await;
    let mut maya = test.browser();
    maya.sign_in(&MAYA).await;
    let headers = [
        OWN_PAGE,
        ("account-id", "acme-demo"),
        ("api-key", secret.reveal()),
    ];
    let client = [
        ("client_id", "acme-demo"),
        ("client_secret", secret.reveal()),
    ];

    let cookie = post(&mut maya, "/token", &headers, &[KEY, TARGET]).await;
    let form = [KEY, TARGET, client[0], client[1]];
    let twice = post(&mut test.browser(), "/token", &headers, &form).await;

    for answered in [cookie, twice] {
        assert_eq!(answered.said(), (400, "invalid_request".into()));
        assert_eq!(answered.json()["code"], "ambiguous_credentials");
    }
}

#[tokio::test]
async fn rule_33_a_key_serves_no_account_but_its_own() {
    let test = platform().await;
    test.apply(crate::app::document("bravo-demo")).await;
    let (_, secret) = test.integration().await;

    let foreign = [("account-id", "bravo-demo"), ("api-key", secret.reveal())];
    let answered = post(&mut test.browser(), "/token", &foreign, &[KEY, TARGET]).await;

    assert_eq!(answered.said(), (401, "invalid_client".into()));
}

#[tokio::test]
async fn rule_38_a_key_of_a_demo_account_never_opens_live() {
    let test = platform().await;
    let (_, secret) = test.integration().await;
    let headers = [("account-id", "acme-demo"), ("api-key", secret.reveal())];

    let form = [KEY, ("resource", LIVE)];
    let live = post(&mut test.browser(), "/token", &headers, &form).await;
    let form = [KEY, ("resource", "https://nowhere.test/")];
    let none = post(&mut test.browser(), "/token", &headers, &form).await;

    assert_eq!(live.said(), (400, "invalid_target".into()));
    assert_eq!(
        live.body, none.body,
        "what is not theirs reads like nothing"
    );
}

#[tokio::test]
async fn a_token_is_narrowed_and_never_widened() {
    let test = platform().await;
    let (_, secret) = test.integration().await;
    let headers = [("account-id", "acme-demo"), ("api-key", secret.reveal())];
    let ask = async |scope| {
        let form = [KEY, TARGET, ("scope", scope)];
        post(&mut test.browser(), "/token", &headers, &form).await
    };

    let narrowed = ask("profile:view").await;
    assert_eq!(test.verified(&narrowed.token()).await.scope, "profile:view");
    for wider in ["profile:view profile:list", "call:accept", " "] {
        assert_eq!(
            ask(wider).await.said(),
            (400, "invalid_scope".into()),
            "{wider}"
        );
    }
}

#[tokio::test]
async fn whatever_has_ended_gets_no_token() {
    let test = platform().await;
    let (key, secret) = test.integration().await;
    let headers = [("account-id", "acme-demo"), ("api-key", secret.reveal())];
    let ask = async || post(&mut test.browser(), "/token", &headers, &[KEY, TARGET]).await;
    assert_eq!(ask().await.status.as_u16(), 200);

    let switch = async |state| {
        let app = &test.app;
        app.set_account_state("acme-demo", state, "shell:test")
            .await
            .unwrap()
    };
    switch(State::Disabled).await;
    assert_eq!(ask().await.said(), (401, "invalid_client".into()));
    switch(State::Enabled).await;
    assert_eq!(ask().await.status.as_u16(), 200);

    assert!(
        test.app
            .revoke_credential(&key, "shell:test")
            .await
            .unwrap()
    );
    assert_eq!(ask().await.said(), (401, "invalid_client".into()));

    let (_, second) = test.integration().await;
    test.app.clock.advance(Span::days(30));
    let headers = [("account-id", "acme-demo"), ("api-key", second.reveal())];
    let expired = post(&mut test.browser(), "/token", &headers, &[KEY, TARGET]).await;
    assert_eq!(expired.said(), (401, "invalid_client".into()));
}

#[tokio::test]
async fn a_key_is_used_from_its_networks_alone() {
    let test = platform().await;
    let account = test.account().await;
    let wish = vestibule::app::NewCredential {
        name: "far".into(),
        kind: integration(&["profile:view"]),
        networks: vec!["198.51.100.0/24".parse().unwrap()],
        lasts: Span::days(1),
    };
    let made = test.app.create_credential(&account, wish, "shell:test");
    let (_, secret) = made.await.unwrap();
    let headers = [("account-id", "acme-demo"), ("api-key", secret.reveal())];
    let mut browser = test.browser();

    let near = post(&mut browser, "/token", &headers, &[KEY, TARGET]).await;
    browser.address = ([198, 51, 100, 9], 1).into();
    let far = post(&mut browser, "/token", &headers, &[KEY, TARGET]).await;

    assert_eq!(near.said(), (401, "invalid_client".into()));
    assert_eq!(far.status.as_u16(), 200);
}

#[tokio::test]
async fn rule_36_a_session_is_used_from_its_accounts_networks_alone() {
    let test = platform().await;
    let mut inside = crate::app::document("acme-demo");
    inside.access.networks = vec!["203.0.113.0/24".parse().unwrap()];
    test.apply(inside).await;
    let mut maya = test.browser();
    maya.sign_in(&MAYA).await;

    let near = post(&mut maya, "/token", &[OWN_PAGE], &[SESSION, TARGET]).await;
    maya.address = ([198, 51, 100, 9], 1).into();
    let far = post(&mut maya, "/token", &[OWN_PAGE], &[SESSION, TARGET]).await;

    assert_eq!(near.status.as_u16(), 200, "{}", near.body);
    assert_eq!(far.said(), (400, "unauthorized_client".into()));
}

#[tokio::test]
async fn a_request_that_is_not_quite_one_is_told_what_is_wrong() {
    let test = platform().await;
    let (_, secret) = test.integration().await;
    let (_, asks) = test.decision().await;
    let headers = [("account-id", "acme-demo"), ("api-key", secret.reveal())];
    let typo = secret.reveal().replace("vsk_demo", "vsk_live");
    for (headers, form, word, sentence) in [
        (&headers[..], vec![TARGET], "invalid_request", "grant_type"),
        (
            &headers,
            vec![SESSION, TARGET],
            "unsupported_grant_type",
            "client_credentials",
        ),
        (&headers, vec![KEY], "invalid_target", "resource"),
        (
            &headers,
            vec![KEY, TARGET, TARGET],
            "invalid_request",
            "twice",
        ),
        (
            &headers,
            vec![KEY, TARGET, ("audience", PROFILES)],
            "invalid_request",
            "not both",
        ),
        (
            &headers[..1],
            vec![KEY, TARGET],
            "invalid_client",
            "belong together",
        ),
        (&[], vec![KEY, TARGET], "invalid_client", "no credential"),
        (
            &[headers[0], ("api-key", &typo)],
            vec![KEY, TARGET],
            "invalid_client",
            "typing error",
        ),
        (
            &[headers[0], ("api-key", "AKIA1234")],
            vec![KEY, TARGET],
            "invalid_client",
            "no key of Vestibule",
        ),
        (
            &[headers[0], ("api-key", asks.reveal())],
            vec![KEY, TARGET],
            "invalid_client",
            "decisions",
        ),
        (
            &[("authorization", "Digest a")],
            vec![KEY, TARGET],
            "invalid_client",
            "Basic or Bearer",
        ),
    ] {
        let answered = post(&mut test.browser(), "/token", headers, &form).await;

        assert_eq!(answered.said().1, word, "{form:?}: {}", answered.body);
        assert!(
            answered.body.contains(sentence),
            "{sentence}: {}",
            answered.body
        );
    }
}

#[tokio::test]
async fn when_a_key_was_last_used_is_written_in_a_batch() {
    let test = platform().await;
    let (key, secret) = test.integration().await;
    let headers = [("account-id", "acme-demo"), ("api-key", secret.reveal())];
    post(&mut test.browser(), "/token", &headers, &[KEY, TARGET]).await;
    let used = async || {
        let (_, found) = test.app.find_credential(key.id).await.unwrap();
        found.last_used
    };

    assert_eq!(used().await, None);
    test.shared.tidy().await.unwrap();
    assert_eq!(used().await, Some(test.app.clock.now()));
}

#[tokio::test]
async fn the_audit_says_what_was_made_and_taken_back_and_never_the_secret() {
    let test = platform().await;
    let (key, secret) = test.integration().await;
    test.app
        .revoke_credential(&key, "shell:test")
        .await
        .unwrap();

    let audit = audit(&test).await.join("\n");

    assert!(audit.contains("credential_created shell:test"), "{audit}");
    assert!(audit.contains("credential_revoked shell:test"), "{audit}");
    assert!(!audit.contains(secret.reveal()));
}
