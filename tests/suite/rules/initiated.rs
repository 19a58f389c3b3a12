//! Rule 23 with SAML.md's last word on every path: what refuses a sign-in refuses one that the identity provider starts as well.

use axum::http::StatusCode;
use vestibule::account::State;
use vestibule::practice::adfs::Adfs;
use vestibule::practice::persona::{CHEN, MAYA, NOOR};
use vestibule::saml::check::Code;
use vestibule::user::Refusal;

use super::super::app::{TestApp, document};
use super::question::{allowing, proceed, unsolicited};
use super::{apply, broken, counts};

/// The rule that ends the unsolicited sign-in of Maya; a session that waits would be one too many as well.
async fn refused(test: &TestApp) -> Code {
    let xml = unsolicited(test, &MAYA).await;
    let before = counts(&test.app.store).await["sessions"];
    let answered = test.browser().deliver(&xml).await;
    assert_eq!(answered.status, StatusCode::FORBIDDEN);
    assert_eq!(counts(&test.app.store).await["sessions"], before);
    broken(&test.attempt_of(answered.reference()).await)
}

#[tokio::test]
async fn rule_23_a_disabled_account_refuses_what_nobody_asked_for_as_well() {
    let test = allowing().await;
    let xml = unsolicited(&test, &MAYA).await;
    let switch = async |state| {
        let done = test.app.set_account_state(test.slug, state, "shell:test");
        done.await.unwrap();
    };

    switch(State::Disabled).await;
    let answered = test.browser().deliver(&xml).await;
    switch(State::Enabled).await;

    assert_eq!(answered.status, StatusCode::FORBIDDEN);
    let attempt = test.attempt_of(answered.reference()).await;
    assert_eq!(broken(&attempt), Code::Disabled);
    assert_eq!(attempt.verified_by, None, "nothing was looked at");
}

#[tokio::test]
async fn rule_23_an_account_whose_connection_was_taken_away_takes_no_answer_at_all() {
    let test = allowing().await;
    let unsolicited = unsolicited(&test, &MAYA).await;
    let mut browser = test.browser();
    let request = browser.begin().await;
    let answer = test.answer(&MAYA, Some(&request)).await;
    let asked_for = test.respond(&answer).await;
    let mut document = document("acme-demo");
    document.saml = None;
    let file = vestibule::config::AccountFile {
        document,
        metadata: None,
    };
    let consent = vestibule::app::Consent::default();
    test.app.apply(&file, "shell:test", &consent).await.unwrap();

    let (first, second, start) = (
        test.browser().deliver(&unsolicited).await,
        browser.deliver(&asked_for).await,
        browser.get("/saml/acme-demo/login").await,
    );

    for answered in [first, second, start] {
        assert_eq!(answered.status, StatusCode::CONFLICT);
    }
    assert_eq!(counts(&test.app.store).await["sessions"], 0);
}

#[tokio::test]
async fn rule_23_a_suspended_person_is_refused_on_this_path_too() {
    let test = allowing().await;
    test.browser().sign_in_as_maya().await;
    let account = test.account().await;
    let maya = test.app.find_user(&account, MAYA.upn).await.unwrap().id;

    test.app
        .suspend(&account, maya, "shell:test")
        .await
        .unwrap();

    assert_eq!(refused(&test).await, Code::Admit);
}

#[tokio::test]
async fn rule_23_a_deleted_person_and_one_without_a_role_are_refused_on_this_path_too() {
    let test = allowing().await;
    test.browser().sign_in_as_maya().await;
    let account = test.account().await;
    let maya = test.app.find_user(&account, MAYA.upn).await.unwrap().id;
    test.app
        .delete_user(&account, maya, "shell:test")
        .await
        .unwrap();

    assert_eq!(refused(&test).await, Code::Admit);
    let xml = unsolicited(&test, &NOOR).await;
    let answered = test.browser().deliver(&xml).await;
    let attempt = test.attempt_of(answered.reference()).await;
    let vestibule::attempt::Outcome::Refused { refusal, .. } = attempt.outcome else {
        panic!("Noor came in");
    };
    assert_eq!(refusal, Some(Refusal::NoRole));
}

#[tokio::test]
async fn rule_23_who_is_suspended_or_shut_out_while_they_are_asked_does_not_get_in_by_their_answer()
{
    let test = allowing().await;
    let account = test.account().await;
    let (mut maya, mut chen) = (test.browser(), test.browser());
    let first = maya.deliver(&unsolicited(&test, &MAYA).await).await;
    let second = chen.deliver(&unsolicited(&test, &CHEN).await).await;

    let user = test.app.find_user(&account, MAYA.upn).await.unwrap().id;
    test.app
        .suspend(&account, user, "shell:test")
        .await
        .unwrap();
    let suspended = proceed(&mut maya, &first).await;
    for state in [State::Disabled, State::Enabled] {
        let done = test.app.set_account_state(test.slug, state, "shell:test");
        done.await.unwrap();
    }
    let shut_out = proceed(&mut chen, &second).await;

    assert_eq!(suspended.status, StatusCode::CONFLICT);
    assert_eq!(shut_out.status, StatusCode::CONFLICT);
    assert_eq!(counts(&test.app.store).await["sessions"], 0);
}

#[tokio::test]
async fn rule_23_another_identity_provider_and_a_browser_elsewhere_are_refused_on_this_path_too() {
    let test = TestApp::with(|document| {
        document.saml.as_mut().unwrap().allow_idp_initiated = true;
        document.access.networks = vec!["198.51.100.0/24".parse().unwrap()];
    })
    .await;
    assert_eq!(refused(&test).await, Code::Network);

    let test = allowing().await;
    let mut changed = document("acme-demo");
    changed.saml.as_mut().unwrap().allow_idp_initiated = true;
    let other = Adfs {
        signing: vec![super::super::app::IDP_KEYS[2].clone()],
        ..test.adfs.clone()
    };
    apply(&test, changed, &other, &vestibule::app::Consent::default())
        .await
        .unwrap();
    assert_eq!(refused(&test).await, Code::Signature);
}

#[tokio::test]
async fn rule_23_without_a_relay_state_such_a_sign_in_lands_on_the_first_page() {
    let test = allowing().await;
    let mut browser = test.browser();
    let asked = browser.deliver(&unsolicited(&test, &MAYA).await).await;

    let answered = proceed(&mut browser, &asked).await;

    assert_eq!(answered.location(), "/");
}
