//! Rule 27: a person is (account, source of the subject, exact value) and nothing else.

use std::collections::BTreeSet;

use axum::http::StatusCode;
use rstest::rstest;
use vestibule::account::{Document, Provisioning, SubjectSource};
use vestibule::app::{Applied, Consent, Invitation};
use vestibule::attempt::Outcome;
use vestibule::claims::Profile;
use vestibule::practice::answer::Answer;
use vestibule::practice::persona::{CHEN, MAYA, Persona};
use vestibule::saml::check::Code;
use vestibule::user::{Refusal, State, User};

use super::super::app::{Answered, Browser, NOW, TestApp, document};
use super::{apply, broken};

const EMPLOYEE: &str = "http://acme.example/claims/employee";

/// A sign-in whose answer was changed before it was signed.
async fn sign_in(test: &TestApp, persona: &Persona, change: impl FnOnce(&mut Answer)) -> Answered {
    let mut browser = test.browser();
    let request = browser.begin().await;
    let mut answer = test.answer(persona, Some(&request)).await;
    change(&mut answer);
    browser.deliver(&test.respond(&answer).await).await
}

/// A response about Maya that this browser only has to deliver.
async fn prepared(
    test: &TestApp,
    browser: &mut Browser<'_>,
    change: impl FnOnce(&mut Answer),
) -> String {
    let request = browser.begin().await;
    let mut answer = test.answer(&MAYA, Some(&request)).await;
    change(&mut answer);
    test.respond(&answer).await
}

fn named(subject: &str) -> impl FnOnce(&mut Answer) {
    move |answer| answer.name_id.as_mut().unwrap().value = subject.to_owned()
}

fn numbered(number: &str) -> impl FnOnce(&mut Answer) {
    move |answer| {
        answer
            .attributes
            .push(vestibule::practice::answer::Attribute {
                name: EMPLOYEE.into(),
                values: vec![number.to_owned()],
                ..Default::default()
            });
    }
}

async fn people(test: &TestApp) -> Vec<User> {
    let account = test.account().await.id;
    let mut tx = test.app.store.read().await.unwrap();
    tx.of(account).users(None, 100, NOW).await.unwrap()
}

async fn refusal(test: &TestApp, answered: &Answered) -> Option<Refusal> {
    match test.attempt_of(answered.reference()).await.outcome {
        Outcome::Refused { refusal, .. } => refusal,
        _ => None,
    }
}

async fn invite(test: &TestApp, subject: &str) -> anyhow::Result<User> {
    let invitation = Invitation {
        subject: Some(subject.into()),
        external_id: None,
        profile: Profile {
            email: Some(MAYA.email.into()),
            ..Profile::default()
        },
    };
    test.app
        .invite(&test.account().await, invitation, "shell:test")
        .await
}

#[tokio::test]
async fn rule_27_nobody_is_linked_by_their_e_mail_address_or_name() {
    let test = TestApp::new().await;
    sign_in(&test, &MAYA, |_| {}).await;

    let second = sign_in(&test, &MAYA, named("maya2@corp.acme.example")).await;

    assert_eq!(second.status, StatusCode::SEE_OTHER);
    let people = people(&test).await;
    assert_eq!(people.len(), 2);
    assert_eq!(people[0].profile, people[1].profile);
}

#[tokio::test]
async fn rule_27_an_invitation_waits_for_the_exact_subject() {
    let test = TestApp::with(|document| document.users.provisioning = Provisioning::Invited).await;
    let invited = invite(&test, MAYA.upn).await.unwrap();

    let chen = sign_in(&test, &CHEN, |answer| {
        answer
            .attributes
            .retain(|claim| claim.values != [CHEN.email]);
    })
    .await;
    let maya = sign_in(&test, &MAYA, |_| {}).await;

    assert_eq!(refusal(&test, &chen).await, Some(Refusal::NotInvited));
    assert_eq!(maya.status, StatusCode::SEE_OTHER);
    let people = people(&test).await;
    assert_eq!(
        (people.len(), people[0].id, people[0].state),
        (1, invited.id, State::Active)
    );
}

#[tokio::test]
async fn rule_27_people_of_two_accounts_are_two_people() {
    let mut test = TestApp::new().await;
    test.apply(document("bravo-demo")).await;
    sign_in(&test, &MAYA, |_| {}).await;
    let first = people(&test).await.remove(0);

    test.slug = "bravo-demo";
    sign_in(&test, &MAYA, |_| {}).await;

    let second = people(&test).await.remove(0);
    assert_ne!(first.id, second.id);
    assert_eq!(first.subject, second.subject);
}

#[tokio::test]
async fn rule_27_a_transient_name_is_no_subject() {
    let test = TestApp::new().await;

    let refused = sign_in(&test, &MAYA, |answer| {
        let format = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient";
        answer.name_id.as_mut().unwrap().format = Some(format.into());
    })
    .await;

    assert_eq!(
        broken(&test.attempt_of(refused.reference()).await),
        Code::Subject
    );
    assert!(people(&test).await.is_empty());
}

#[rstest]
#[case::case("zoë@acme.example", "Zoë@acme.example")]
#[case::normal_form("zoë@acme.example", "zoe\u{308}@acme.example")]
#[case::compatibility("zoë@acme.example", "ｚoë@acme.example")]
#[tokio::test]
async fn rule_27_a_twin_in_any_state_keeps_a_newcomer_out(#[case] known: &str, #[case] twin: &str) {
    for state in [State::Invited, State::Active, State::Suspended] {
        let test = TestApp::new().await;
        let account = test.account().await;
        let user = invite(&test, known).await.unwrap();
        match state {
            State::Invited => {}
            State::Active => drop(sign_in(&test, &MAYA, named(known)).await),
            State::Suspended => drop(
                test.app
                    .suspend(&account, user.id, "shell:test")
                    .await
                    .unwrap(),
            ),
        }
        assert_eq!(people(&test).await[0].state, state);

        let refused = sign_in(&test, &MAYA, named(twin)).await;

        assert_eq!(
            refusal(&test, &refused).await,
            Some(Refusal::Twin),
            "{state:?}"
        );
        assert!(invite(&test, twin).await.is_err(), "{state:?}");
        assert_eq!(people(&test).await.len(), 1, "{state:?}");
    }
}

#[tokio::test]
async fn rule_27_of_two_twins_at_once_one_comes_in() {
    for _ in 0..5 {
        let test = TestApp::new().await;
        let (mut first, mut second) = (test.browser(), test.browser());
        let lower = named("zoë@acme.example");
        let upper = named("ZOË@acme.example");
        let lower = prepared(&test, &mut first, lower).await;
        let upper = prepared(&test, &mut second, upper).await;

        let (first, second) = tokio::join!(first.deliver(&lower), second.deliver(&upper));

        let mut statuses = [first.status, second.status];
        statuses.sort();
        assert_eq!(statuses, [StatusCode::SEE_OTHER, StatusCode::FORBIDDEN]);
    }
}

#[tokio::test]
async fn rule_27_two_first_sign_ins_at_once_make_one_person() {
    for _ in 0..5 {
        let test = TestApp::new().await;
        let (mut first, mut second) = (test.browser(), test.browser());
        let one = prepared(&test, &mut first, |_| {}).await;
        let other = prepared(&test, &mut second, |_| {}).await;

        let (first, second) = tokio::join!(first.deliver(&one), second.deliver(&other));

        assert_eq!([first.status, second.status], [StatusCode::SEE_OTHER; 2]);
        assert_eq!(people(&test).await.len(), 1);
    }
}

#[tokio::test]
async fn rule_27_a_suspension_is_not_undone_by_a_sign_in_at_the_same_time() {
    let test = TestApp::new().await;
    let account = test.account().await;
    sign_in(&test, &MAYA, |_| {}).await;
    let user = people(&test).await.remove(0).id;

    for round in 0..20 {
        test.app
            .restore(&account, user, "shell:test")
            .await
            .unwrap();
        let mut browser = test.browser();
        let xml = prepared(&test, &mut browser, |_| {}).await;

        let (_, suspended) = tokio::join!(
            browser.deliver(&xml),
            test.app.suspend(&account, user, "shell:test")
        );

        suspended.unwrap();
        assert_eq!(
            people(&test).await[0].state,
            State::Suspended,
            "round {round}"
        );
        let session = browser.get("/session").await;
        assert_eq!(session.status, StatusCode::UNAUTHORIZED, "round {round}");
    }
}

#[tokio::test]
async fn rule_27_the_same_subject_with_another_external_id_is_refused() {
    let test = TestApp::with(|document| document.claims.external_id = Some(EMPLOYEE.into())).await;
    sign_in(&test, &MAYA, numbered("17")).await;

    let same = sign_in(&test, &MAYA, numbered("17")).await;
    let silent = sign_in(&test, &MAYA, |_| {}).await;
    let other = sign_in(&test, &MAYA, numbered("18")).await;

    assert_eq!(same.status, StatusCode::SEE_OTHER);
    assert_eq!(silent.status, StatusCode::SEE_OTHER);
    assert_eq!(refusal(&test, &other).await, Some(Refusal::SubjectReused));
    assert_eq!(people(&test).await[0].external_id.as_deref(), Some("17"));
}

#[tokio::test]
async fn rule_27_another_subject_for_an_account_with_people_needs_to_be_seen_first() {
    let test = TestApp::new().await;
    let by_number = || Document {
        claims: vestibule::account::ClaimMap {
            subject: SubjectSource::Claim(EMPLOYEE.into()),
            ..Default::default()
        },
        ..document("acme-demo")
    };
    sign_in(&test, &MAYA, |_| {}).await;

    let refused = apply(&test, by_number(), &test.adfs, &Consent::default()).await;
    let consent = Consent {
        new_subject: true,
        ..Consent::default()
    };
    let confirmed = apply(&test, by_number(), &test.adfs, &consent)
        .await
        .unwrap();

    let refused = refused.unwrap_err();
    assert!(refused.is::<vestibule::app::Refused>(), "{refused}");
    assert!(
        refused
            .to_string()
            .contains("1 people are known by the old one"),
        "{refused}"
    );
    assert!(matches!(confirmed.applied, Applied::Activated));
    sign_in(&test, &MAYA, numbered("17")).await;
    let people = people(&test).await;
    let sources: BTreeSet<&str> = people.iter().map(|user| user.source.as_str()).collect();
    assert_eq!(sources, BTreeSet::from(["name_id", EMPLOYEE]));
}

#[tokio::test]
async fn rule_27_an_account_without_people_may_change_its_subject() {
    let test = TestApp::new().await;
    let mut changed = document("acme-demo");
    changed.claims.subject = SubjectSource::Claim(EMPLOYEE.into());

    let outcome = apply(&test, changed, &test.adfs, &Consent::default())
        .await
        .unwrap();

    assert!(matches!(outcome.applied, Applied::Activated));
}
