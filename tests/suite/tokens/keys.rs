//! The keys that sign tokens: made at first need, changed on schedule, destroyed after a leak.

use std::sync::Arc;

use vestibule::app::App;
use vestibule::gate::{Standing, TokenKey};
use vestibule::id::Entropy;
use vestibule::time::Span;

use super::{PROFILES, integration, platform, post};
use crate::app::{NOW, TestApp};

async fn standings(test: &TestApp) -> Vec<Standing> {
    let keys = test.app.token_keys().await.unwrap();
    let all = TokenKey::standings(&keys, test.app.clock.now());
    all.into_iter().map(|(_, standing)| standing).collect()
}

/// The token of a key, made now.
async fn token(test: &TestApp, name: &str) -> String {
    let (_, secret) = test.made(name, integration(&["profile:view"])).await;
    let headers = [("account-id", "acme-demo"), ("api-key", secret.reveal())];
    let form = [super::KEY, ("resource", PROFILES)];
    let answered = post(&mut test.browser(), "/token", &headers, &form).await;
    answered.token()
}

async fn published(test: &TestApp) -> Vec<String> {
    let answered = test.browser().get("/.well-known/jwks.json").await;
    assert_eq!(answered.headers["cache-control"], "public, max-age=300");
    let keys = answered.json();
    for key in keys["keys"].as_array().unwrap() {
        let mut members: Vec<_> = key.as_object().unwrap().keys().cloned().collect();
        members.sort();
        assert_eq!(
            members,
            ["alg", "crv", "kid", "kty", "use", "x", "y"],
            "nothing private"
        );
    }
    let kids = keys["keys"].as_array().unwrap().iter();
    kids.map(|key| key["kid"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn the_first_need_makes_the_first_key_and_no_earlier() {
    let test = platform().await;
    test.shared.tidy().await.unwrap();
    assert!(standings(&test).await.is_empty());

    assert_eq!(published(&test).await.len(), 1);

    assert_eq!(standings(&test).await, [Standing::Signing]);
}

#[tokio::test]
async fn the_next_key_is_published_a_day_before_it_signs() {
    let test = platform().await;
    let first = published(&test).await;
    test.app.clock.advance(Span::days(28));
    test.shared.tidy().await.unwrap();
    assert_eq!(standings(&test).await, [Standing::Signing]);

    test.app.clock.advance(Span::days(1));
    test.shared.tidy().await.unwrap();
    assert_eq!(standings(&test).await, [Standing::Signing, Standing::Next]);
    assert_eq!(published(&test).await.len(), 2);
    let last_of_first = token(&test, "before").await;

    test.app.clock.advance(Span::hours(24));
    test.shared.tidy().await.unwrap();
    assert_eq!(standings(&test).await, [Standing::Old, Standing::Signing]);
    let first_of_second = token(&test, "after").await;
    test.verified(&first_of_second).await;
    assert_ne!(head(&last_of_first), head(&first_of_second));

    test.app.clock.advance(Span::hours(1));
    test.shared.tidy().await.unwrap();
    let left = published(&test).await;
    assert_eq!(left.len(), 1);
    assert_ne!(left, first);
    assert_eq!(test.app.token_keys().await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_token_outlives_the_change_of_the_key_that_signed_it() {
    let test = platform().await;
    published(&test).await;
    test.app.clock.advance(Span::days(29));
    test.shared.tidy().await.unwrap();
    test.app.clock.advance(Span::hours(23).plus_minutes(59));
    let token = token(&test, "server").await;

    test.app.clock.advance(Span::minutes(2));
    test.shared.tidy().await.unwrap();

    assert_eq!(standings(&test).await, [Standing::Old, Standing::Signing]);
    test.verified(&token).await;
}

trait Longer {
    fn plus_minutes(self, minutes: i64) -> Self;
}

impl Longer for Span {
    fn plus_minutes(self, minutes: i64) -> Self {
        Span::millis(self.as_millis() + Span::minutes(minutes).as_millis())
    }
}

#[tokio::test]
async fn a_leaked_key_ends_at_once_on_every_node() {
    let test = platform().await;
    let other = App::open(
        test.app.config.clone(),
        test.app.clock.clone(),
        Entropy::System,
    );
    let other = Arc::new(other.await.unwrap());
    let stolen = token(&test, "server").await;
    let stage = vestibule::account::Stage::Demo;
    let now = test.app.clock.now();
    let signer = other.signer(now).await.unwrap();
    assert!(signer.verify(&stolen, PROFILES, stage, now).is_ok());

    let keys = test.app.rotate_tokens(true, "shell:test").await.unwrap();

    assert_eq!(keys.len(), 1);
    assert_eq!(standings(&test).await, [Standing::Signing]);
    test.app.clock.advance(Span::seconds(1));
    let now = test.app.clock.now();
    for node in [&test.app, &other] {
        let signer = node.signer(now).await.unwrap();
        let read = signer.verify(&stolen, PROFILES, stage, now);
        assert_eq!(read.unwrap_err(), vestibule::gate::Refusal::Key);
    }
    test.verified(&token(&test, "again").await).await;
}

#[tokio::test]
async fn a_change_by_hand_publishes_once_and_says_when_it_signs() {
    let test = platform().await;
    published(&test).await;

    let keys = test.app.rotate_tokens(false, "shell:test").await.unwrap();
    let twice = test
        .app
        .rotate_tokens(false, "shell:test")
        .await
        .err()
        .unwrap();

    assert_eq!(keys.len(), 2);
    assert_eq!(keys[1].signs_from, NOW.plus(Span::days(1)));
    assert!(twice.downcast_ref::<vestibule::app::Refused>().is_some());
    assert!(twice.to_string().contains("--now"), "{twice}");
    test.app.clock.advance(Span::days(1));
    assert_eq!(standings(&test).await, [Standing::Old, Standing::Signing]);
}

#[tokio::test]
async fn two_nodes_that_need_the_first_key_at_once_have_the_same() {
    let test = platform().await;
    let other = App::open(
        test.app.config.clone(),
        test.app.clock.clone(),
        Entropy::System,
    );
    let other = other.await.unwrap();

    let (here, there) = tokio::join!(test.app.signer(NOW), other.signer(NOW));

    let (here, there) = (here.unwrap(), there.unwrap());
    assert_eq!(here.published(), there.published());
    assert_eq!(here.published().len(), 1);
}

#[tokio::test]
async fn the_metadata_of_each_stage_names_its_own_issuer() {
    let test = platform().await;

    for stage in ["demo", "live", "staff"] {
        let path = format!("/.well-known/oauth-authorization-server/{stage}");
        let said = test.browser().get(&path).await.json();
        assert_eq!(said["issuer"], format!("https://sso.test/{stage}"));
        assert_eq!(said["jwks_uri"], "https://sso.test/.well-known/jwks.json");
        assert_eq!(said["token_endpoint"], "https://sso.test/token");
    }
    let path = "/.well-known/oauth-authorization-server/prod";
    assert_eq!(test.browser().get(path).await.status.as_u16(), 404);
}

#[tokio::test]
async fn a_key_lies_sealed_in_the_database() {
    let test = platform().await;
    published(&test).await;
    let keys = test.app.token_keys().await.unwrap();

    let sealed = crate::rules::texts(&test.app.store, "SELECT sealed FROM token_keys").await;

    let sealed = base64::Engine::decode(&base64::engine::general_purpose::STANDARD, &sealed[0]);
    let sealed = sealed.unwrap();
    let private = keys[0].private();
    assert!(
        !sealed
            .windows(16)
            .any(|part| private.windows(16).any(|own| own == part))
    );
}

fn head(token: &str) -> String {
    token.split('.').next().unwrap().to_owned()
}
