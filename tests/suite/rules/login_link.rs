//! Rule 50: an operator comes in by a link when nothing else works.

use axum::http::StatusCode;
use rstest::rstest;
use serde_json::json;
use vestibule::account::State as AccountState;
use vestibule::app::{Invitation, Refused};
use vestibule::claims::Profile;
use vestibule::practice::persona::{MAYA, UMA};
use vestibule::time::Span;

use super::super::app::{Browser, TestApp, document};
use super::audit;

const SHELL: &str = "shell:test";

/// The staff account, with Uma, who has been here before.
async fn staff() -> TestApp {
    let mut test = TestApp::empty(|_| {}).await;
    test.slug = "staff";
    let mut document = document("staff");
    document.stage = vestibule::account::Stage::Staff;
    document.users.provisioning = vestibule::account::Provisioning::Invited;
    document
        .roles
        .retain(|rule| rule.role.as_str() == "uam_admin");
    for rule in &mut document.roles {
        rule.role = vestibule::role::Role::Operator;
    }
    let account = test.apply(document).await;
    for persona in [&UMA, &MAYA] {
        let invitation = Invitation {
            subject: Some(persona.upn.to_owned()),
            external_id: None,
            profile: Profile::default(),
        };
        test.app.invite(&account, invitation, SHELL).await.unwrap();
    }
    test.browser().sign_in(&UMA).await;
    test
}

async fn link(test: &TestApp) -> String {
    let (_, url) = test.app.make_login_link(UMA.upn, SHELL).await.unwrap();
    let (before, code) = url.split_once('#').unwrap();
    assert_eq!(before, "https://sso.test/link");
    code.to_owned()
}

async fn take(browser: &mut Browser<'_>, code: &str) -> StatusCode {
    browser.post("/link", &[("code", code)]).await.status
}

#[tokio::test]
async fn rule_50_a_link_lets_an_operator_in_once_for_half_an_hour_and_everybody_hears_of_it() {
    let test = staff().await;
    let code = link(&test).await;
    let mut browser = test.browser();

    // Whoever opens or previews it uses nothing up.
    assert_eq!(browser.get("/link").await.status, StatusCode::OK);
    assert_eq!(take(&mut browser, &code).await, StatusCode::SEE_OTHER);
    assert_eq!(browser.get("/session").await.json()["subject"], UMA.upn);
    assert_eq!(
        take(&mut test.browser(), &code).await,
        StatusCode::FORBIDDEN
    );

    test.app.clock.advance(Span::seconds(1_799));
    assert_eq!(browser.get("/session").await.status, StatusCode::OK);
    test.app.clock.advance(Span::seconds(1));
    assert_eq!(
        browser.get("/session").await.status,
        StatusCode::UNAUTHORIZED
    );
    let entries = audit(&test).await;
    for event in ["login_link_made shell:test", "login_link_used usr_"] {
        let said = entries.iter().any(|entry| entry.starts_with(event));
        assert!(said, "{event}: {entries:#?}");
        assert!(!entries.iter().any(|entry| entry.contains(&code)));
    }
}

#[tokio::test]
async fn rule_50_a_link_ends_after_ten_minutes_with_the_next_one_and_with_its_person() {
    let test = staff().await;
    let late = link(&test).await;
    test.app.clock.advance(Span::seconds(600));
    assert_eq!(
        take(&mut test.browser(), &late).await,
        StatusCode::FORBIDDEN
    );

    let first = link(&test).await;
    let second = link(&test).await;
    assert_eq!(
        take(&mut test.browser(), &first).await,
        StatusCode::FORBIDDEN
    );
    let account = test.account().await;
    let uma = test.app.find_user(&account, UMA.upn).await.unwrap();
    test.app.suspend(&account, uma.id, SHELL).await.unwrap();
    assert_eq!(
        take(&mut test.browser(), &second).await,
        StatusCode::FORBIDDEN
    );
}

#[rstest]
#[case::nothing("")]
#[case::short("0123")]
#[case::letters("zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz")]
#[case::another("00000000000000000000000000000000")]
#[case::signed("+0000000000000000000000000000000")]
#[tokio::test]
async fn rule_50_what_is_no_code_lets_nobody_in(#[case] code: &str) {
    let test = staff().await;
    link(&test).await;

    assert_eq!(take(&mut test.browser(), code).await, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn rule_50_a_link_is_posted_from_our_own_page_alone() {
    let test = staff().await;
    let code = link(&test).await;
    let request = axum::http::Request::post("/link")
        .header("origin", "https://evil.test")
        .header("sec-fetch-site", "cross-site")
        .header("content-type", "application/x-www-form-urlencoded");
    let body = axum::body::Body::from(format!("code={code}"));

    let refused = test.browser().send(request, body).await;

    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert_eq!(
        take(&mut test.browser(), &code).await,
        StatusCode::SEE_OTHER
    );
}

#[tokio::test]
async fn rule_50_only_operators_who_are_there_already_get_a_link() {
    let test = staff().await;
    let account = test.account().await;
    let make = async |name: &str| {
        let made = test.app.make_login_link(name, SHELL).await;
        made.err()
    };

    let invited = make(MAYA.upn).await.unwrap();
    assert!(invited.is::<Refused>() && invited.to_string().contains("operators already"));
    assert!(make("nobody").await.is_some());
    let disable = test
        .app
        .set_account_state("staff", AccountState::Disabled, SHELL);
    disable.await.unwrap();
    assert!(make(UMA.upn).await.unwrap().is::<Refused>());
    assert_eq!(account.slug.as_str(), "staff");
}

#[tokio::test]
async fn rule_30_a_session_by_a_link_approves_nothing_and_is_shown_no_key() {
    let test = staff().await;
    let (code, mut browser) = (link(&test).await, test.browser());
    take(&mut browser, &code).await;
    let mut ask = async |path: &str, body: serde_json::Value| {
        let request = axum::http::Request::post(format!("/api/v1/accounts/staff/{path}"))
            .header("origin", "https://sso.test")
            .header("content-type", "application/json");
        let body = axum::body::Body::from(body.to_string());
        browser.send(request, body).await.refusal()
    };

    let key = json!({ "kind": "api", "name": "a", "scopes": ["user:view"] });
    assert_eq!(ask("credentials", key).await, (403, "not_by_link".into()));
    let hook = json!({ "name": "a", "url": "https://93.184.215.14/", "types": ["*"] });
    assert_eq!(ask("webhooks", hook).await, (403, "not_by_link".into()));

    let account = test.account().await;
    let wish = vestibule::proposal::Wish::RotateKeys {
        step: vestibule::saml::rollover::Step::Publish,
        imported: false,
    };
    let now = test.app.clock.now();
    let id = vestibule::id::ProposalId::new(now, &test.app.entropy);
    let waits = vestibule::proposal::Proposal::new(id, wish, "", SHELL, SHELL.into(), now);
    let mut tx = test.app.store.write().await.unwrap();
    tx.of(account.id).create_proposal(&waits).await.unwrap();
    tx.commit().await.unwrap();
    let approve = format!("proposals/{id}/approve");
    assert_eq!(ask(&approve, json!({})).await, (403, "forbidden".into()));
}

#[tokio::test]
async fn rule_50_who_came_by_a_link_makes_none_for_a_client() {
    let test = staff().await;
    let file = vestibule::config::AccountFile {
        document: crate::app::document("acme-demo"),
        metadata: None,
    };
    let consent = vestibule::app::Consent::default();
    test.app.apply(&file, SHELL, &consent).await.unwrap();
    let code = link(&test).await;
    let mut browser = test.browser();
    take(&mut browser, &code).await;

    let wish = [("do", "make"), ("days", "7")];
    let made = browser
        .post("/portal/accounts/acme-demo/setup", &wish)
        .await;

    assert_eq!(made.status, StatusCode::CONFLICT, "{}", made.body);
    assert!(made.body.contains("no secret that outlasts it"));
}
