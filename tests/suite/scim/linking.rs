//! Rule 27: somebody without a subject is linked once, by the exact value of the account's one link key.

use axum::http::StatusCode;
use serde_json::{Value, json};
use vestibule::account::{Link, RolesFrom};
use vestibule::app::{Edit, Invitation, UserChange};
use vestibule::attempt::Outcome;
use vestibule::claims::Profile;
use vestibule::id::UserId;
use vestibule::practice::answer::Attribute;
use vestibule::practice::persona::{CHEN, MAYA, Persona};
use vestibule::role::Role;
use vestibule::user::{Refusal, State, User};

use super::super::app::Browser;
use super::{Desk, EMPLOYEE, USER};
use crate::rules::audit;

/// A sign-in that says which employee it is.
pub(super) async fn sign_in<'d>(
    desk: &'d Desk,
    persona: &Persona,
    number: Option<&str>,
) -> (Option<Refusal>, Browser<'d>) {
    let mut browser = desk.test.browser();
    let request = browser.begin().await;
    let mut answer = desk.test.answer(persona, Some(&request)).await;
    if let Some(number) = number {
        answer.attributes.push(Attribute {
            name: EMPLOYEE.into(),
            values: vec![number.to_owned()],
            ..Default::default()
        });
    }
    let answered = browser.deliver(&desk.test.respond(&answer).await).await;
    if answered.status == StatusCode::SEE_OTHER {
        return (None, browser);
    }
    match desk.test.attempt_of(answered.reference()).await.outcome {
        Outcome::Refused { refusal, .. } => (Some(refusal.unwrap()), browser),
        _ => panic!("{}", answered.body),
    }
}

async fn people(desk: &Desk) -> Vec<User> {
    let account = desk.test.account().await.id;
    let mut tx = desk.test.app.store.read().await.unwrap();
    tx.of(account)
        .users(None, 100, super::super::app::NOW)
        .await
        .unwrap()
}

#[tokio::test]
async fn rule_27_whom_the_directory_expects_comes_in_by_the_link_key_once() {
    let desk = Desk::new().await;
    let maya = desk.person("maya@directory.example", "17").await;

    let (refused, _) = sign_in(&desk, &MAYA, Some("17")).await;
    let (again, _) = sign_in(&desk, &MAYA, Some("17")).await;
    let (other_subject, _) = sign_in(&desk, &CHEN, Some("17")).await;

    assert_eq!((refused, again), (None, None));
    assert_eq!(other_subject, Some(Refusal::NotInvited));
    let people = people(&desk).await;
    assert_eq!(people.len(), 1);
    assert_eq!(people[0].id.to_string(), maya["id"].as_str().unwrap());
    assert_eq!(
        (people[0].source.as_str(), people[0].subject.as_str()),
        ("name_id", MAYA.upn)
    );
    assert_eq!(people[0].state, State::Active);
    let entries = audit(&desk.test).await;
    let linked: Vec<_> = entries
        .iter()
        .filter(|entry| entry.starts_with("user_linked"))
        .collect();
    assert_eq!(linked.len(), 1);
    assert!(linked[0].contains("\"by\":\"external_id\""), "{linked:?}");
}

#[tokio::test]
async fn rule_27_nobody_is_linked_by_a_twin_by_nothing_or_by_another_attribute() {
    for (expected, said, refusal) in [
        ("17", None, Refusal::NotInvited),
        ("17", Some("18"), Refusal::NotInvited),
        ("e-17", Some("E-17"), Refusal::Twin),
    ] {
        let desk = Desk::new().await;
        desk.person(MAYA.upn, expected).await;

        let (refused, _) = sign_in(&desk, &MAYA, said).await;

        assert_eq!(refused, Some(refusal), "{said:?}");
        assert_eq!(people(&desk).await[0].last_sign_in, None);
    }
}

#[tokio::test]
async fn rule_27_the_link_key_is_the_one_of_the_account() {
    for (link, matching) in [(Link::UserName, MAYA.upn), (Link::Email, MAYA.email)] {
        let desk = Desk::with(|document| document.users.link = Some(link)).await;
        let body = json!({
            "schemas": [USER], "userName": if link == Link::UserName { matching } else { "m" }, "externalId": "17",
            "emails": [{ "value": if link == Link::Email { matching } else { "m@x" }, "primary": true }],
        });
        let made = desk.ask("POST", "/Users", Some(body)).await;
        assert_eq!(made.status, 201, "{}", made.body);

        let chen = sign_in(&desk, &CHEN, None).await.0;
        let maya = sign_in(&desk, &MAYA, None).await.0;

        assert_eq!((chen, maya), (Some(Refusal::NotInvited), None), "{link:?}");
    }
}

#[tokio::test]
async fn rule_27_the_link_key_does_not_change_after_the_first_sign_in() {
    let desk = Desk::new().await;
    let maya = desk.person(MAYA.upn, "16").await;
    let set = |id: Value| json!([{ "op": "replace", "path": "externalId", "value": id }]);

    let before = desk.patch(&maya, set(json!("17"))).await;
    sign_in(&desk, &MAYA, Some("17")).await;
    let after = desk.patch(&maya, set(json!("18"))).await;
    let removed = desk
        .patch(&maya, json!([{ "op": "remove", "path": "externalId" }]))
        .await;
    let same = desk.patch(&maya, set(json!("17"))).await;
    let name = desk
        .patch(
            &maya,
            json!([{ "op": "replace", "path": "userName", "value": "maya2" }]),
        )
        .await;

    assert_eq!(before.status, 200, "{}", before.body);
    assert_eq!(after.wrong(), (400, "mutability".into()));
    assert_eq!(removed.wrong(), (400, "mutability".into()));
    assert_eq!((same.status.as_u16(), name.status.as_u16()), (200, 200));
}

#[tokio::test]
async fn rule_27_the_account_keeps_its_link_key_while_the_directory_has_people() {
    let desk = Desk::new().await;
    let maya = desk.person(MAYA.upn, "17").await;
    let account = desk.test.account().await;
    let mut document = desk.test.app.document(account.id).await.unwrap().unwrap();
    document.users.link = Some(Link::Email);
    let apply = async |document| {
        let file = vestibule::config::AccountFile {
            document,
            metadata: Some(desk.test.adfs.metadata().unwrap().into_bytes()),
        };
        desk.test
            .app
            .apply(&file, "shell:test", &vestibule::app::Consent::default())
            .await
    };

    let refused = apply(document.clone()).await.unwrap_err();
    sign_in(&desk, &MAYA, Some("17")).await;
    let also_refused = apply(document.clone()).await;
    desk.ask(
        "DELETE",
        &format!("/Users/{}", maya["id"].as_str().unwrap()),
        None,
    )
    .await;

    assert!(refused.is::<vestibule::app::Refused>(), "{refused}");
    assert!(refused.to_string().contains("users.link"), "{refused}");
    assert!(also_refused.is_err());
    apply(document).await.unwrap();
}

#[tokio::test]
async fn rule_27_of_two_people_for_one_sign_in_neither_is_chosen() {
    let desk = Desk::with(|document| {
        document.users.provisioning = vestibule::account::Provisioning::Jit;
    })
    .await;
    sign_in(&desk, &MAYA, None).await;
    let mut document = super::kept();
    document.users.provisioning = vestibule::account::Provisioning::Scim;
    desk.test.apply(document).await;
    desk.person("somebody", "17").await;

    let (refused, _) = sign_in(&desk, &MAYA, Some("17")).await;

    assert_eq!(refused, Some(Refusal::Ambiguous));
}

#[tokio::test]
async fn whoever_came_before_the_directory_is_found_and_kept_by_it() {
    let desk = Desk::with(|document| {
        document.users.provisioning = vestibule::account::Provisioning::Jit;
    })
    .await;
    let (_, mut browser) = sign_in(&desk, &MAYA, Some("17")).await;
    desk.test.apply(super::kept()).await;

    let twice = json!({ "schemas": [USER], "userName": "maya", "externalId": "17" });
    let twice = desk.ask("POST", "/Users", Some(twice)).await;
    let by_id = desk.found("Users", "externalId eq \"17\"").await;
    let by_name = desk
        .found(
            "Users",
            &format!("userName eq \"{}\"", MAYA.upn.to_uppercase()),
        )
        .await;

    assert_eq!(twice.wrong(), (409, "uniqueness".into()));
    assert_eq!(by_id, by_name);
    let maya = json!({ "id": by_id[0], "meta": { "resourceType": "User" } });
    let suspended = desk
        .patch(
            &maya,
            json!([{ "op": "replace", "path": "active", "value": false }]),
        )
        .await;
    assert_eq!(suspended.status, 200, "{}", suspended.body);
    assert_eq!(
        browser.get("/session").await.status,
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(
        sign_in(&desk, &MAYA, Some("17")).await.0,
        Some(Refusal::Suspended)
    );
}

#[tokio::test]
async fn rule_27_an_invitation_without_a_subject_waits_for_the_link_key() {
    let desk = Desk::with(|document| {
        document.users.provisioning = vestibule::account::Provisioning::Invited;
    })
    .await;
    let invite = async |external_id: Option<&str>| {
        let invitation = Invitation {
            subject: None,
            external_id: external_id.map(str::to_owned),
            profile: Profile::default(),
        };
        desk.test
            .app
            .invite(&desk.test.account().await, invitation, "shell:test")
            .await
    };
    let invited = invite(Some("17")).await.unwrap();

    assert!(invite(Some("17")).await.is_err());
    assert!(
        invite(None)
            .await
            .unwrap_err()
            .to_string()
            .contains("external_id")
    );
    assert_eq!(
        sign_in(&desk, &CHEN, Some("16")).await.0,
        Some(Refusal::NotInvited)
    );
    assert_eq!(sign_in(&desk, &MAYA, Some("17")).await.0, None);
    assert_eq!(people(&desk).await[0].id, invited.id);
    assert!(invite(Some("17")).await.is_err());
}

#[tokio::test]
async fn rule_28_what_a_deleted_person_was_linked_by_opens_nothing_again() {
    let desk = Desk::new().await;
    let maya = desk.person(MAYA.upn, "17").await;
    sign_in(&desk, &MAYA, Some("17")).await;
    desk.ask(
        "DELETE",
        &format!("/Users/{}", maya["id"].as_str().unwrap()),
        None,
    )
    .await;

    let refused = sign_in(&desk, &MAYA, Some("17")).await.0;
    let by_another_subject = sign_in(&desk, &CHEN, Some("17")).await.0;
    let again = json!({ "schemas": [USER], "userName": "new", "externalId": "17" });
    let again = desk.ask("POST", "/Users", Some(again)).await;
    let twin = json!({ "schemas": [USER], "userName": "new", "externalId": "１7" });
    let twin = desk.ask("POST", "/Users", Some(twin)).await;
    let invitation = Invitation {
        subject: Some("somebody else".into()),
        external_id: Some("17".into()),
        profile: Profile::default(),
    };
    let invited = desk
        .test
        .app
        .invite(&desk.test.account().await, invitation, "shell:test")
        .await;

    assert_eq!(refused, Some(Refusal::Deleted));
    assert_eq!(by_another_subject, Some(Refusal::Deleted));
    assert_eq!(again.wrong(), (409, "uniqueness".into()));
    assert_eq!(twin.wrong(), (409, "uniqueness".into()));
    assert!(invited.is_err());
}

#[tokio::test]
async fn rule_28_somebody_deleted_before_they_came_stays_away() {
    let desk = Desk::new().await;
    let maya = desk.person(MAYA.upn, "17").await;
    desk.ask(
        "DELETE",
        &format!("/Users/{}", maya["id"].as_str().unwrap()),
        None,
    )
    .await;

    assert_eq!(
        sign_in(&desk, &MAYA, Some("17")).await.0,
        Some(Refusal::Deleted)
    );
}

#[tokio::test]
async fn rule_27_two_first_sign_ins_of_one_expected_person_make_one_link() {
    for _ in 0..5 {
        let desk = Desk::new().await;
        desk.person("m", "17").await;

        let (one, other) = tokio::join!(
            sign_in(&desk, &MAYA, Some("17")),
            sign_in(&desk, &CHEN, Some("17"))
        );

        let came: Vec<_> = [one.0, other.0]
            .into_iter()
            .filter(Option::is_none)
            .collect();
        assert_eq!(came.len(), 1, "{:?} {:?}", one.0, other.0);
        assert_eq!(people(&desk).await.len(), 1);
    }
}

#[tokio::test]
async fn rule_27_who_was_given_roles_stays_who_they_were_given_to() {
    let desk = Desk::with(|document| {
        document.users.roles_from = RolesFrom::Both;
        document.approvals = Some(false);
    })
    .await;
    let maya = desk.person("maya@directory.example", "17").await;
    let renumber = json!([{ "op": "replace", "path": "externalId", "value": "18" }]);
    let free = desk.patch(&maya, renumber.clone()).await;
    assert_eq!(free.status, 200, "{}", free.body);
    let back = json!([{ "op": "replace", "path": "externalId", "value": "17" }]);
    desk.patch(&maya, back).await;
    let account = desk.test.account().await;
    let id = UserId::parse(maya["id"].as_str().unwrap()).unwrap();
    let app = &desk.test.app;
    let granted = app.grant_role(
        &account,
        id,
        Role::LinkCreator,
        None,
        "a colleague",
        "shell:test",
    );
    granted.await.unwrap().done().unwrap();

    let renumbered = desk.patch(&maya, renumber).await;
    assert_eq!(renumbered.wrong(), (400, "mutability".into()));

    assert_eq!(sign_in(&desk, &MAYA, Some("17")).await.0, None);
    let forget = UserChange {
        external_id: Edit::Remove,
        ..UserChange::default()
    };
    let forgotten = app
        .change_user(&account, id, None, forget, "shell:test")
        .await;
    let sentence = forgotten.unwrap_err().to_string();
    assert!(sentence.contains("gave them roles"), "{sentence}");
    let reused = sign_in(&desk, &MAYA, Some("99")).await.0;
    assert_eq!(reused, Some(Refusal::SubjectReused));
}
