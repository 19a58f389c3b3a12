//! Who comes in: one credential, of the right kind, from our own pages.

use vestibule::gate::Kind;
use vestibule::practice::persona::{MAYA, UMA};

use super::{By, World, person, said};

const USERS: &str = "/accounts/acme-demo/users";

#[tokio::test]
async fn rule_33_a_request_carries_one_credential() {
    let mut world = World::new().await;
    let uma = world.uma().await;
    let token = world.token("acme-demo", &["user:view"]).await.secret();
    let bearer = format!("Bearer {token}");

    let both = world
        .ask(&uma, "GET", USERS, None, &[("authorization", &bearer)])
        .await;
    let with_key = world
        .ask(
            &By::Token(token.clone()),
            "GET",
            USERS,
            None,
            &[("api-key", "x")],
        )
        .await;
    let twice = world
        .ask(
            &By::Token(token),
            "GET",
            USERS,
            None,
            &[("authorization", &bearer)],
        )
        .await;
    let key = world
        .ask(
            &By::Nobody,
            "GET",
            USERS,
            None,
            &[("api-key", "x"), ("account-id", "acme-demo")],
        )
        .await;

    for refused in [both, with_key, twice] {
        assert_eq!(refused.refusal(), (400, "ambiguous_credentials".into()));
    }
    assert_eq!(key.refusal(), (401, "unauthenticated".into()));
    assert_eq!(said(&key.headers, "www-authenticate"), "Bearer");
}

#[tokio::test]
async fn rule_39_what_opens_an_app_opens_no_administration() {
    let mut world = World::new().await;
    let key = Kind::Integration {
        scopes: ["profile:view".to_owned()].into(),
    };
    let key = world.credential("acme-demo", key).await;
    let uma = world.uma().await;
    let cookie = uma.secret();

    let jwt = "eyJhbGciOiJFUzI1NiIsInR5cCI6ImF0K2p3dCJ9.e30.AA";
    for token in [key, By::Token(jwt.into()), By::Token(cookie)] {
        let refused = world.get(&token, USERS).await;
        assert_eq!(refused.refusal(), (401, "unauthenticated".into()));
    }
    let basic = world
        .ask(
            &By::Nobody,
            "GET",
            USERS,
            None,
            &[("authorization", "Basic YTpi")],
        )
        .await;
    assert_eq!(basic.refusal(), (401, "unauthenticated".into()));
}

#[tokio::test]
async fn rule_40_a_cookie_changes_something_only_from_our_own_pages() {
    let mut world = World::new().await;
    let uma = world.uma().await;
    let token = world.token("acme-demo", &["user:create"]).await;
    let foreign = [("origin", "https://evil.test")];

    let refused = world
        .ask(&uma, "POST", USERS, Some(person("ida")), &foreign)
        .await;
    let program = world
        .ask(&token, "POST", USERS, Some(person("ida")), &foreign)
        .await;

    assert_eq!(refused.refusal(), (403, "foreign_origin".into()));
    assert_eq!(program.status, 201, "{}", program.body);
}

#[tokio::test]
async fn rule_43_a_token_does_what_its_scopes_say_in_its_account() {
    let world = World::new().await;
    let group = world.token("acme-demo", &["user:*"]).await;
    let narrow = world.token("acme-demo", &["user:view"]).await;

    assert_eq!(world.get(&group, USERS).await.status, 200);
    assert_eq!(world.post(&group, USERS, person("a")).await.status, 201);
    assert_eq!(world.get(&narrow, USERS).await.status, 200);
    let refused = world.post(&narrow, USERS, person("b")).await;
    assert_eq!(refused.refusal(), (403, "forbidden".into()));
    let elsewhere = world.get(&group, "/accounts/other-demo/users").await;
    assert_eq!(elsewhere.refusal(), (404, "not_found".into()));
    let nowhere = world.get(&group, "/accounts/no-such/users").await;
    assert_eq!(nowhere.refusal(), (404, "not_found".into()));
}

#[tokio::test]
async fn an_account_is_named_by_its_name_or_its_id() {
    let world = World::new().await;
    let token = world
        .token("acme-demo", &["user:view", "account:view"])
        .await;
    let id = world.account("acme-demo").await.id;
    let other = world.account("other-demo").await.id;

    let by_id = world.get(&token, &format!("/accounts/{id}")).await;
    let foreign = world.get(&token, &format!("/accounts/{other}")).await;

    assert_eq!(by_id.json()["account"], "acme-demo");
    assert_eq!(foreign.refusal(), (404, "not_found".into()));
    assert_eq!(
        world.get(&token, "/accounts").await.items("account"),
        ["acme-demo"]
    );
}

#[tokio::test]
async fn without_the_option_an_account_says_that_it_has_no_user_access_management() {
    let mut world = World::new().await;
    let maya = world.sign_in("plain-demo", &MAYA).await;
    let token = world.token("plain-demo", &["user:view"]).await;
    let operators = world.token("staff", &["user:view"]).await;

    for by in [&maya, &token] {
        let refused = world.get(by, "/accounts/plain-demo/users").await;
        assert_eq!(refused.refusal(), (403, "uam_off".into()));
    }
    assert_eq!(world.get(&maya, "/me").await.status, 200);
    let seen = world.get(&operators, "/accounts/plain-demo/users").await;
    assert_eq!(seen.items("subject"), [MAYA.upn]);
}

#[tokio::test]
async fn operators_work_on_every_account() {
    let mut world = World::new().await;
    let person_ = world.operator().await;
    let token = world.token("staff", &["user:*", "account:view"]).await;

    for by in [&person_, &token] {
        let accounts = world.get(by, "/accounts").await;
        let mut names = accounts.items("account");
        names.sort();
        assert_eq!(names, ["acme-demo", "other-demo", "plain-demo", "staff"]);
        for slug in names {
            let users = world.get(by, &format!("/accounts/{slug}/users")).await;
            assert_eq!(users.status, 200, "{slug}: {}", users.body);
        }
    }
}

#[tokio::test]
async fn rule_01_one_operator_alone_makes_no_other() {
    let mut world = World::new().await;
    let operator = world.operator().await;
    let token = world.token("staff", &["user:*", "key:*"]).await;
    let users = "/accounts/staff/users";

    for by in [&operator, &token] {
        let refused = world.post(by, users, person("eve")).await;
        assert_eq!(refused.refusal(), (403, "needs_two".into()));
        let key = serde_json::json!({ "kind": "api", "name": "x", "scopes": ["user:*"] });
        let refused = world.post(by, "/accounts/staff/credentials", key).await;
        assert_eq!(refused.refusal(), (403, "needs_two".into()));
    }

    let mut alone = World::with(|config| config.staff.approvals = false).await;
    let operator = alone.operator().await;
    assert_eq!(
        alone.post(&operator, users, person("eve")).await.status,
        201
    );
}

#[tokio::test]
async fn rule_07_whoever_is_also_an_auditor_manages_nobody() {
    let mut world = World::new().await;
    let mut both = UMA;
    both.roles = &["vkyc-uam-admin", "vkyc-auditor"];
    let both = world.sign_in("acme-demo", &both).await;

    let refused = world.get(&both, USERS).await;

    assert_eq!(refused.refusal(), (403, "forbidden".into()));
}

#[tokio::test]
async fn a_right_that_was_taken_away_opens_nothing_from_then_on() {
    let mut world = World::new().await;
    let uma = world.uma().await;
    let token = world.token("acme-demo", &["user:view"]).await;
    assert_eq!(world.get(&uma, USERS).await.status, 200);
    assert_eq!(world.get(&token, USERS).await.status, 200);

    let account = world.account("acme-demo").await;
    let app = &world.test.app;
    let user = app.find_user(&account, UMA.upn).await.unwrap();
    app.suspend(&account, user.id, "shell:test").await.unwrap();
    for (_, credential) in app.credentials(Some(&account)).await.unwrap() {
        app.revoke_credential(&credential, "shell:test")
            .await
            .unwrap();
    }

    assert_eq!(world.get(&uma, USERS).await.status, 401);
    assert_eq!(world.get(&token, USERS).await.status, 401);
}

#[tokio::test]
async fn who_tries_tokens_is_slowed_down() {
    let world = World::with(|config| config.limits.refusals_per_minute = 5).await;
    let wrong = By::Token("vsk_demo_0".into());

    for _ in 0..5 {
        assert_eq!(world.get(&wrong, "/me").await.status, 401);
    }

    let slowed = world.get(&wrong, "/me").await;
    assert_eq!(slowed.refusal(), (429, "too_many_requests".into()));
    assert_eq!(said(&slowed.headers, "retry-after"), "60");
    assert_eq!(world.get(&By::Nobody, "/me").await.status, 401);
    let right = world.token("acme-demo", &["user:view"]).await;
    assert_eq!(world.get(&right, "/me").await.status, 200);
}

#[tokio::test]
async fn a_person_is_refused_from_a_network_that_is_not_the_accounts() {
    let mut world = World::new().await;
    let uma = world.uma().await;
    let mut document = super::document("acme-demo");
    document.access.networks = vec!["198.51.100.0/24".parse().unwrap()];
    world.test.apply(document).await;

    let refused = world.get(&uma, USERS).await;

    assert_eq!(refused.refusal(), (403, "network".into()));
}
