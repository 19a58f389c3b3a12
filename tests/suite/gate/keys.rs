//! Keys of clients' servers and access tokens at the gate.

use axum::http::StatusCode;
use serde_json::Value;
use vestibule::app::NewCredential;
use vestibule::gate::{Credential, Kind};
use vestibule::practice::persona::CHEN;
use vestibule::time::Span;

use super::desk::{Ask, Desk};

const ACTOR: &str = "shell:test";

impl Desk {
    /// A key of the account, for these actions from these networks.
    async fn key(&self, scopes: &[&str], networks: &[&str]) -> (Credential, String) {
        let wish = NewCredential {
            name: "server".into(),
            kind: Kind::Integration {
                scopes: scopes.iter().map(|scope| (*scope).to_owned()).collect(),
            },
            networks: networks
                .iter()
                .map(|network| network.parse().unwrap())
                .collect(),
            lasts: Span::days(30),
        };
        let account = self.test.account().await;
        let (key, secret) = self
            .test
            .app
            .create_credential(&account, wish, ACTOR)
            .await
            .unwrap();
        (key, secret.reveal().to_owned())
    }

    async fn said(&self, ask: Ask<'_>) -> String {
        self.ask(&self.test.browser(), ask).await.word()
    }
}

fn list<'a>(family: &'a str, key: &'a str) -> Ask<'a> {
    Ask::new(family, "GET", "/v2/profiles")
        .header("account-id", "acme-demo")
        .header("api-key", key)
}

#[tokio::test]
async fn a_key_opens_what_it_was_made_for_until_it_is_taken_back() {
    let desk = Desk::new().await;
    let (key, secret) = desk.key(&["profile:list", "profile:create"], &[]).await;

    for family in ["nginx", "forward", "envoy"] {
        let said = desk.ask(&desk.test.browser(), list(family, &secret)).await;
        assert_eq!(said.word(), "all", "{family}");
        assert_eq!(said.header("x-vestibule-user"), key.id.to_string());
        assert_eq!(said.header("account-id"), "acme-demo");
        let create = Ask {
            method: "POST",
            ..list(family, &secret)
        };
        assert_eq!(
            desk.said(create).await,
            "all",
            "{family}: no browser, no origin"
        );
        let view = Ask {
            uri: "/v2/profiles/prf_1",
            ..list(family, &secret)
        };
        assert_eq!(desk.said(view).await, "scope", "{family}");
        let accept = Ask {
            method: "POST",
            uri: "/v2/profiles/prf_1/call/accept",
            ..list(family, &secret)
        };
        assert_eq!(desk.said(accept).await, "scope", "{family}");
    }
    desk.test.app.revoke_credential(&key, ACTOR).await.unwrap();
    assert_eq!(
        desk.said(list("nginx", &secret)).await,
        "invalid_credentials"
    );
    let said = desk
        .ask(&desk.test.browser(), list("forward", &secret))
        .await;
    assert_eq!(
        (said.status, said.header("www-authenticate")),
        (StatusCode::UNAUTHORIZED, "Bearer")
    );
}

#[tokio::test]
async fn a_key_is_good_with_its_own_account_and_from_its_networks() {
    let desk = Desk::new().await;
    let (_, secret) = desk.key(&["profile:list"], &["203.0.113.0/24"]).await;
    let plain = || Ask::new("nginx", "GET", "/v2/profiles").header("api-key", &secret);

    assert_eq!(desk.said(plain()).await, "foreign_account", "it names none");
    let other = plain()
        .header("account-id", "other-demo")
        .header("x-original-address", "203.0.113.7");
    assert_eq!(desk.said(other).await, "foreign_account");
    assert_eq!(
        desk.said(list("nginx", &secret)).await,
        "network_not_allowed"
    );
    let from = list("nginx", &secret).header("x-original-address", "203.0.113.7");
    assert_eq!(desk.said(from).await, "all");
    for wrong in [
        "vsk_demo_00",
        "",
        "vsk_live_00",
        &secret[..secret.len() - 1],
    ] {
        let ask = list("nginx", wrong).header("x-original-address", "203.0.113.7");
        assert_ne!(desk.said(ask).await, "all", "{wrong}");
    }
}

#[tokio::test]
async fn rule_33_a_key_beside_a_session_or_a_token_is_ambiguous() {
    let desk = Desk::new().await;
    let (_, secret) = desk.key(&["profile:list"], &[]).await;
    let mut browser = desk.test.browser();
    browser.sign_in(&CHEN).await;

    let both = desk.ask(&browser, list("forward", &secret)).await;
    assert_eq!(both.status, StatusCode::BAD_REQUEST);
    let odd = list("forward", &secret).header("cookie", "__Host-vestibule=x");
    assert_eq!(desk.said(odd).await, "400");
    let bearer = list("forward", &secret).header("authorization", "Bearer x");
    assert_eq!(desk.said(bearer).await, "400");
}

#[tokio::test]
async fn an_access_token_opens_its_own_app_until_its_session_ends() {
    let desk = Desk::new().await;
    let mut browser = desk.test.browser();
    browser.sign_in(&CHEN).await;
    let form = [
        ("grant_type", "urn:vestibule:session"),
        ("resource", "https://forward-app.test/"),
    ];
    let said = browser.post("/token", &form).await;
    let said: Value = serde_json::from_str(&said.body).unwrap();
    let bearer = format!("Bearer {}", said["access_token"].as_str().unwrap());
    let ask = |family| Ask::new(family, "GET", "/v2/profiles").header("authorization", &bearer);

    assert_eq!(desk.said(ask("forward")).await, "all");
    assert_eq!(
        desk.said(ask("nginx")).await,
        "invalid_credentials",
        "another app's"
    );
    let from_anywhere = Ask {
        method: "POST",
        ..ask("forward")
    };
    assert_eq!(
        desk.said(from_anywhere).await,
        "all",
        "no cookie, no origin"
    );
    let twice = desk.ask(&desk.test.browser(), ask("forward")).await;
    let token = twice.header("x-vestibule-token").to_owned();
    assert_eq!(token.split('.').count(), 3, "{token}");
    let as_credential = format!("Bearer {token}");
    let app_token =
        Ask::new("forward", "GET", "/v2/profiles").header("authorization", &as_credential);
    assert_eq!(desk.said(app_token).await, "401", "rule 39");
    let as_key = list("nginx", bearer.trim_start_matches("Bearer "));
    assert_eq!(
        desk.said(as_key).await,
        "invalid_credentials",
        "what is remembered as a token is none as a key"
    );
    browser.post("/logout", &[]).await;
    assert_eq!(desk.said(ask("forward")).await, "401");
}
