//! Rules 14 and 22: a sign-in that is only tried out is judged like any other and lets nobody in.

use axum::http::StatusCode;
use vestibule::account::RolesFrom;
use vestibule::attempt::{Attempt, Outcome};
use vestibule::practice::persona::{MAYA, NOOR, Persona};
use vestibule::saml::check::Code;
use vestibule::time::Span;

use super::setup::{guest, send, unconnected};
use crate::app::{Answered, Browser, TestApp, document, request_id};
use crate::rules::{audit, counts};

/// What must not be there more often after a trial than before.
const UNTOUCHED: [&str; 4] = ["users", "sessions", "grants", "news"];

/// Starts a trial and returns the id of its request.
async fn start(guest: &mut Browser<'_>) -> String {
    let sent = guest.post("/setup/try", &[]).await;
    request_id(&sent.onward())
}

/// A whole trial, and what explains it.
async fn try_out(test: &TestApp, guest: &mut Browser<'_>, persona: &Persona) -> Answered {
    let request = start(guest).await;
    let tried = guest.deliver(&test.honest(persona, &request).await).await;
    assert!(
        tried.location().starts_with("/setup/attempts/att_"),
        "{}",
        tried.body
    );
    guest.get(tried.location()).await
}

async fn last(test: &TestApp) -> Attempt {
    test.attempt().await
}

#[tokio::test]
async fn rule_14_a_trial_by_a_revision_that_is_not_in_force_lets_nobody_in() {
    let (test, account) = unconnected().await;
    let mut guest = guest(&test, &account).await;
    send(&test, &mut guest).await;
    let before = counts(&test.app.store).await;

    let page = try_out(&test, &mut guest, &MAYA).await;

    assert!(
        page.body.contains("somebody like this would come in"),
        "{}",
        page.body
    );
    assert!(page.body.contains("gave it"), "{}", page.body);
    let attempt = last(&test).await;
    assert_eq!((attempt.outcome, attempt.revision), (Outcome::Passed, 2));
    let after = counts(&test.app.store).await;
    for table in UNTOUCHED {
        assert_eq!(after[table], before[table], "{table}");
    }
    assert_eq!(after["used"], before["used"] + 2);
    assert_eq!(after["attempts"], before["attempts"] + 1);
    assert_eq!(
        guest.get("/sessions").await.status,
        StatusCode::UNAUTHORIZED
    );
    let entries = audit(&test).await;
    assert!(
        entries
            .iter()
            .any(|entry| entry.starts_with("sign_in_tried lnk_"))
    );
    assert!(!entries.iter().any(|entry| entry.starts_with("signed_in")));
}

#[tokio::test]
async fn rule_14_a_trial_uses_its_ids_up_and_ends_once() {
    let (test, account) = unconnected().await;
    let mut guest = guest(&test, &account).await;
    send(&test, &mut guest).await;
    let request = start(&mut guest).await;
    let xml = test.honest(&MAYA, &request).await;
    let mut keeps = guest.clone();
    let first = guest.deliver(&xml).await.location().to_owned();

    let again = keeps.deliver(&xml).await;
    assert_eq!(again.location(), first);
    let reference = first.rsplit('/').next().unwrap();
    assert_eq!(test.attempt_of(reference).await.outcome, Outcome::Passed);
    let without = guest.deliver(&xml).await;
    assert_eq!(without.status, StatusCode::CONFLICT, "nobody is connected");
    test.apply(document("acme-demo")).await;
    let without = guest.deliver(&xml).await;
    assert_eq!(without.status, StatusCode::FORBIDDEN);
    let kept = test.attempt_of(without.reference()).await;
    let Outcome::Refused { code, .. } = kept.outcome else {
        panic!("it was not refused")
    };
    assert_eq!(code, Code::InResponseTo);
}

#[tokio::test]
async fn rule_14_what_a_trial_carries_never_passes_for_a_sign_in() {
    let test = TestApp::new().await;
    let account = test.account().await;
    let mut guest = guest(&test, &account).await;
    let request = start(&mut guest).await;
    let xml = test.honest(&MAYA, &request).await;
    let login = |(name, _): &(&String, &String)| name.contains("-login-");
    let found = guest.cookies.iter().find(login);
    let (name, value) = found
        .map(|(name, value)| (name.clone(), value.clone()))
        .unwrap();
    let bare = value.strip_prefix("trial.").unwrap().to_owned();
    guest.cookies.insert(name, bare);

    let refused = guest.deliver(&xml).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert!(!guest.cookies.contains_key("__Host-vestibule"));

    let mut person = test.browser();
    let request = person.begin().await;
    let xml = test.honest(&MAYA, &request).await;
    for (name, value) in &mut person.cookies {
        if name.contains("-login-") {
            *value = format!("trial.{value}");
        }
    }
    let refused = person.deliver(&xml).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert_eq!(test.written().await.0, 0);
}

#[tokio::test]
async fn rule_14_a_trial_touches_no_session() {
    let test = TestApp::new().await;
    let mut maya = test.browser();
    maya.sign_in_as_maya().await;
    let (account, user) = (test.account().await, last(&test).await.outcome);
    let Outcome::Accepted { user } = user else {
        panic!("{user:?}")
    };
    let tester = vestibule::attempt::Tester::Person(user);
    let from = ("sso.test".to_owned(), maya.address.ip());
    let trying = test.app.try_out(&account, 1, tester, from).await.unwrap();
    let vestibule::saml::sending::Sending::Redirect(to) = trying.sending else {
        panic!("no redirect")
    };
    let (tag, value) = trying.cookie;
    maya.cookies
        .insert(format!("__Host-vestibule-login-{tag}"), value);
    let before = test.written().await;

    let tried = maya
        .deliver(&test.honest(&NOOR, &request_id(&to)).await)
        .await;

    let shown = format!("/portal/accounts/acme-demo/attempts/{}", trying.attempt);
    assert_eq!(tried.location(), shown);
    let home = maya.get("/").await;
    assert!(home.body.contains("Maya"), "{}", home.body);
    let after = test.written().await;
    assert_eq!((after.0, after.1), (before.0, before.1));
    let refused = test.attempt_of(&trying.attempt.to_string()).await;
    assert!(matches!(
        refused.outcome,
        Outcome::Refused {
            code: Code::Roles,
            ..
        }
    ));
    assert!(refused.advice.is_some());
    let lately = test.app.overview(&account).await.unwrap();
    assert!(lately.last_refused.is_none());
    assert_eq!(lately.tallies.len(), 1);
}

#[tokio::test]
async fn rule_22_a_trial_that_never_returns_is_known_for_what_it_is() {
    let (test, account) = unconnected().await;
    let mut guest = guest(&test, &account).await;
    send(&test, &mut guest).await;
    let request = start(&mut guest).await;
    let place = format!("/setup/attempts/{}", last(&test).await.id);

    let page = guest.get(&place).await;
    assert!(page.body.contains("has not come back yet"), "{}", page.body);
    assert!(page.body.contains("MSIS7007"));
    test.app.clock.advance(Span::minutes(11));
    let page = guest.get(&place).await;
    assert!(page.body.contains("nothing has returned"), "{}", page.body);

    let late = guest.deliver(&test.honest(&MAYA, &request).await).await;
    let page = guest.get(late.location()).await;
    assert!(page.body.contains("in_response_to"), "{}", page.body);
}

#[tokio::test]
async fn a_trial_says_what_is_wrong_in_the_words_of_a_real_refusal() {
    let (test, account) = unconnected().await;
    let mut guest = guest(&test, &account).await;
    let none = guest.post("/setup/try", &[]).await;
    assert_eq!(none.status, StatusCode::CONFLICT);
    assert!(none.body.contains("nobody to sign in at"), "{}", none.body);
    send(&test, &mut guest).await;

    let page = try_out(&test, &mut guest, &NOOR).await;
    assert!(page.body.contains("For the client"), "{}", page.body);
    let request = start(&mut guest).await;
    let mut answer = test.answer(&MAYA, Some(&request)).await;
    answer.issuer = Some("https://other.test/adfs/services/trust".into());
    let tried = guest.deliver(&test.respond(&answer).await).await;
    let page = guest.get(tried.location()).await;
    assert!(page.body.contains("other.test"), "{}", page.body);
    let reference = tried.location().rsplit('/').next().unwrap();
    let attempt = test.attempt_of(reference).await;
    assert!(matches!(
        attempt.outcome,
        Outcome::Refused {
            code: Code::Issuer,
            ..
        }
    ));
}

#[tokio::test]
async fn trials_are_no_evidence_and_change_no_what_if() {
    let test = TestApp::new().await;
    let account = test.account().await;
    let mut guest = guest(&test, &account).await;
    try_out(&test, &mut guest, &MAYA).await;

    let document = document("acme-demo");
    let effects = test.app.what_if(&account, &document).await.unwrap();

    assert!(effects.unmapped.is_empty());
    let overview = test.app.overview(&account).await.unwrap();
    assert!(overview.last_by_role.values().all(Option::is_none));
    assert!(overview.last_accepted.is_none());
}

#[tokio::test]
async fn a_trial_is_judged_once_and_what_is_sent_again_leaves_nothing() {
    let (test, account) = unconnected().await;
    let mut guest = guest(&test, &account).await;
    send(&test, &mut guest).await;
    let request = start(&mut guest).await;
    let mut keeps = guest.clone();
    guest.deliver(&test.honest(&MAYA, &request).await).await;
    let before = counts(&test.app.store).await;

    for _ in 0..3 {
        let mut again = keeps.clone();
        let other = again.deliver(&test.honest(&NOOR, &request).await).await;
        assert!(
            other.location().starts_with("/setup/attempts/"),
            "{}",
            other.body
        );
    }
    assert_eq!(counts(&test.app.store).await, before);
    assert_eq!(last(&test).await.outcome, Outcome::Passed);
    keeps.cookies.clear();
}

#[tokio::test]
async fn a_trial_ends_with_the_link_that_began_it() {
    let (test, account) = unconnected().await;
    let mut guest = guest(&test, &account).await;
    send(&test, &mut guest).await;
    let request = start(&mut guest).await;
    test.app
        .end_setup_links(&account, "shell:test")
        .await
        .unwrap();
    let before = counts(&test.app.store).await;

    let late = guest.deliver(&test.honest(&MAYA, &request).await).await;

    assert_eq!(late.status, StatusCode::CONFLICT, "{}", late.body);
    assert_eq!(counts(&test.app.store).await, before);
}

#[tokio::test]
async fn the_message_is_shown_without_what_is_secret_or_names_somebody() {
    let (test, account) = unconnected().await;
    let mut guest = guest(&test, &account).await;
    send(&test, &mut guest).await;
    let request = start(&mut guest).await;
    let mut answer = test.answer(&MAYA, Some(&request)).await;
    answer.encryption = Some(vestibule::practice::encrypt::Encryption::default());
    let tried = guest.deliver(&test.respond(&answer).await).await;

    let outline = last(&test).await.outline.unwrap();
    for part in [
        "<saml:EncryptedAssertion> which holds:",
        "<saml:Audience>https://sso.test/saml/acme-demo/metadata</saml:Audience>",
        "<ds:SignatureValue>[",
        &format!("InResponseTo=\"{request}\""),
        "Name=\"http://schemas.microsoft.com/ws/2008/06/identity/claims/role\"",
    ] {
        assert!(outline.contains(part), "{part}: {outline}");
    }
    for secret in [MAYA.upn, MAYA.surname, MAYA.given_name, "vkyc-maker", "=="] {
        assert!(!outline.contains(secret), "{secret}: {outline}");
    }
    let page = guest.get(tried.location()).await;
    assert!(page.body.contains("which holds:"), "{}", page.body);
}

#[tokio::test]
async fn the_message_is_kept_of_what_failed_once_it_was_signed_and_of_nothing_else() {
    let test = TestApp::new().await;
    let refused = test.browser().sign_in(&NOOR).await;
    let kept = test.attempt_of(refused.reference()).await;
    assert!(kept.outline.unwrap().contains("samlp:Response"));
    test.app.clock.advance(Span::seconds(1));
    test.browser().sign_in_as_maya().await;
    assert_eq!(last(&test).await.outline, None);
    let mut stranger = test.browser();
    let request = stranger.begin().await;
    let xml = test.honest(&MAYA, &request).await;
    let changed = xml.replace("vkyc-maker", "vkyc-checker");
    let refused = stranger.deliver(&changed).await;
    assert_eq!(test.attempt_of(refused.reference()).await.outline, None);
}

#[tokio::test]
async fn a_trial_refuses_nobody_for_what_others_than_claims_may_give() {
    let test = TestApp::with(|document| document.users.roles_from = RolesFrom::Both).await;
    let account = test.account().await;
    let mut guest = guest(&test, &account).await;

    let page = try_out(&test, &mut guest, &NOOR).await;

    assert!(page.body.contains("none by claims"), "{}", page.body);
    assert_eq!(last(&test).await.outcome, Outcome::Passed);
}
