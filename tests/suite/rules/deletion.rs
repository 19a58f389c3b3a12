//! Rule 28: nobody inherits what a deleted person had.

use axum::http::StatusCode;
use vestibule::app::Invitation;
use vestibule::attempt::Outcome;
use vestibule::claims::Profile;
use vestibule::practice::persona::{MAYA, Persona};
use vestibule::time::Span;
use vestibule::user::{Refusal, User};

use super::super::app::TestApp;
use super::{everything, holds, texts};

async fn maya(test: &TestApp) -> User {
    test.app
        .find_user(&test.account().await, MAYA.upn)
        .await
        .unwrap()
}

async fn invite(test: &TestApp) -> anyhow::Result<User> {
    let invitation = Invitation {
        subject: Some(MAYA.upn.into()),
        external_id: None,
        profile: Profile::default(),
    };
    test.app
        .invite(&test.account().await, invitation, "shell:test")
        .await
}

async fn refusal(test: &TestApp, persona: &Persona) -> Option<Refusal> {
    let refused = test.browser().sign_in(persona).await;
    match test.attempt_of(refused.reference()).await.outcome {
        Outcome::Refused { refusal, .. } => refusal,
        _ => None,
    }
}

#[tokio::test]
async fn rule_28_a_deleted_person_neither_comes_back_nor_is_invited_again() {
    let test = TestApp::new().await;
    let mut browser = test.browser();
    browser.sign_in_as_maya().await;
    let user = maya(&test).await;

    let ended = test
        .app
        .delete_user(&test.account().await, user.id, "shell:test")
        .await
        .unwrap();

    assert_eq!(ended, 1);
    assert_eq!(
        browser.get("/session").await.status,
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(refusal(&test, &MAYA).await, Some(Refusal::Deleted));
    assert!(
        invite(&test)
            .await
            .unwrap_err()
            .to_string()
            .contains("deleted")
    );
}

#[tokio::test]
async fn rule_28_a_deletion_is_not_undone_by_a_sign_in_at_the_same_time() {
    for round in 0..10 {
        let test = TestApp::new().await;
        test.browser().sign_in_as_maya().await;
        let (account, user) = (test.account().await, maya(&test).await.id);
        let mut browser = test.browser();
        let request = browser.begin().await;
        let xml = test.honest(&MAYA, &request).await;

        let (_, deleted) = tokio::join!(
            browser.deliver(&xml),
            test.app.delete_user(&account, user, "shell:test")
        );

        deleted.unwrap();
        assert_eq!(test.written().await.0, 0, "round {round}");
        let session = browser.get("/session").await;
        assert_eq!(session.status, StatusCode::UNAUTHORIZED, "round {round}");
    }
}

#[tokio::test]
async fn rule_28_another_spelling_of_a_deleted_person_does_not_come_back_either() {
    let test = TestApp::new().await;
    test.browser().sign_in_as_maya().await;
    let user = maya(&test).await;
    test.app
        .delete_user(&test.account().await, user.id, "shell:test")
        .await
        .unwrap();
    let shouting = Persona {
        upn: "MAYA@corp.acme.example",
        ..MAYA
    };

    assert_eq!(refusal(&test, &shouting).await, Some(Refusal::Deleted));
}

#[tokio::test]
async fn rule_28_purging_leaves_the_same_memory_for_as_long_as_the_account_lives() {
    let test = TestApp::new().await;
    test.browser().sign_in_as_maya().await;

    test.app.clock.advance(Span::days(731));
    test.shared.tidy().await.unwrap();
    test.app.clock.advance(Span::days(3_650));
    test.shared.tidy().await.unwrap();

    assert_eq!(test.written().await.0, 0);
    assert!(
        invite(&test)
            .await
            .unwrap_err()
            .to_string()
            .contains("deleted")
    );
}

#[tokio::test]
async fn rule_28_what_stays_is_a_keyed_hash_of_one_account() {
    let mut test = TestApp::new().await;
    test.apply(super::super::app::document("bravo-demo")).await;
    for slug in ["acme-demo", "bravo-demo"] {
        test.slug = slug;
        test.browser().sign_in_as_maya().await;
        let user = maya(&test).await;
        test.app
            .delete_user(&test.account().await, user.id, "shell:test")
            .await
            .unwrap();
    }

    let digests = texts(
        &test.app.store,
        "SELECT digest FROM tombstones ORDER BY account",
    )
    .await;

    assert_ne!(digests[0], digests[1], "an account says nothing of another");
    if test.app.config.database.url.starts_with("postgres") {
        assert!(!holds(&everything(&test).await, MAYA.upn));
    }
    for table in ["users", "audit", "sessions"] {
        let query = format!(
            "SELECT COUNT(*) || '' FROM {table} WHERE account <> '' AND {} LIKE '%maya%'",
            column(table)
        );
        assert_eq!(texts(&test.app.store, &query).await, ["0"], "{table}");
    }
}

fn column(table: &str) -> &'static str {
    match table {
        "users" => "subject",
        "audit" => "detail",
        _ => "name_id",
    }
}
