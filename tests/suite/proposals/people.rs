//! Roles that a second person gives.

use std::collections::BTreeSet;

use vestibule::account::NoRole;
use vestibule::app::NewCredential;
use vestibule::gate::Kind;
use vestibule::practice::persona::{CHEN, LINA, MAYA, UMA};
use vestibule::proposal::State;
use vestibule::role::Role;
use vestibule::time::Span;

use super::{SHELL, World, forbidden, refused, waits};
use crate::rules::audit;

#[tokio::test]
async fn rule_30_a_role_on_a_live_account_waits_for_a_second_person() {
    let mut world = World::new().await;
    let uma = world.present(&UMA).await;
    world.present(&LINA).await;
    let proposal = world.asks(SHELL, &LINA, Role::Auditor).await;
    assert_eq!(world.roles(&LINA).await, ["link_creator"]);

    let examined = world.app().proposal(&world.account, proposal.id).await;
    let effect = serde_json::to_value(examined.unwrap().unwrap()).unwrap();
    let approved = world.approve(&proposal, &uma).await.unwrap();

    assert_eq!(
        effect["effect"],
        serde_json::json!({ "of": "roles", "before": ["link_creator"], "after": ["auditor", "link_creator"] })
    );
    assert_eq!(approved.state, State::Approved);
    assert_eq!(world.roles(&LINA).await, ["auditor", "link_creator"]);
    let entries = audit(&world.test).await;
    for event in [
        "proposal_made shell:test",
        "role_granted usr_",
        "proposal_decided usr_",
    ] {
        let said = entries.iter().any(|entry| entry.starts_with(event));
        assert!(said, "{event}: {entries:#?}");
    }
}

#[tokio::test]
async fn rule_30_nobody_decides_about_what_they_asked_for_themselves_or_by_a_program_or_gain_by() {
    let mut world = World::new().await;
    let uma = world.present(&UMA).await;
    world.present(&LINA).await;
    let own = uma.subject.id();
    let wish = NewCredential {
        name: "robot".into(),
        kind: Kind::Api {
            scopes: BTreeSet::from(["role:grant".to_owned()]),
        },
        networks: Vec::new(),
        lasts: Span::days(1),
    };
    let robot = world
        .app()
        .create_credential(&world.account, wish, &own)
        .await;
    let robot = robot.unwrap().0.id.to_string();

    for (actor, whom) in [(own.as_str(), &LINA), (&robot, &CHEN), (SHELL, &UMA)] {
        world.present(whom).await;
        let proposal = world.asks(actor, whom, Role::Auditor).await;
        let said = forbidden(world.approve(&proposal, &uma).await);
        assert!(said.contains("a second person"), "{said}");
        let account = &world.account;
        let no = world
            .app()
            .refuse(account, proposal.id, &uma, "", &own)
            .await;
        forbidden(no);
    }
    assert_eq!(world.roles(&CHEN).await, ["checker"]);
}

#[tokio::test]
async fn rule_30_a_long_row_of_programs_hides_nobody_behind_it() {
    let mut world = World::new().await;
    let uma = world.present(&UMA).await;
    world.present(&LINA).await;
    let mut actor = uma.subject.id();
    for count in 0..15 {
        let wish = NewCredential {
            name: format!("robot-{count}"),
            kind: Kind::Api {
                scopes: BTreeSet::from(["role:grant".to_owned()]),
            },
            networks: Vec::new(),
            lasts: Span::days(1),
        };
        let made = world.app().create_credential(&world.account, wish, &actor);
        actor = made.await.unwrap().0.id.to_string();
    }

    let proposal = world.asks(&actor, &LINA, Role::Auditor).await;

    assert_eq!(proposal.behind, uma.subject.id());
    forbidden(world.approve(&proposal, &uma).await);
}

#[tokio::test]
async fn rule_30_only_people_with_the_permission_decide_and_only_in_their_own_account() {
    let mut world = World::new().await;
    let mut other = crate::app::document("other-live");
    other.stage = vestibule::account::Stage::Live;
    world.test.apply(other).await;
    let maya = world.present(&MAYA).await;
    let stranger = world.present_at("other-live", &UMA).await;
    let operator = world.operator().await;
    let proposal = world.asks(SHELL, &MAYA, Role::Auditor).await;
    let again = proposal.clone();

    // She gains by it, but that is not why.
    let lacks = forbidden(world.approve(&proposal, &maya).await);
    let foreign = forbidden(world.approve(&proposal, &stranger).await);
    assert!(lacks.contains("role:approve") && foreign.contains("role:approve"));

    world.approve(&proposal, &operator).await.unwrap();
    let late = refused(world.approve(&again, &operator).await);
    assert!(late.contains("it is approved"), "{late}");
}

#[tokio::test]
async fn of_two_people_who_decide_at_once_one_is_heard() {
    let mut world = World::new().await;
    let (uma, operator) = (world.present(&UMA).await, world.operator().await);
    world.present(&LINA).await;
    let proposal = world.asks(SHELL, &LINA, Role::Auditor).await;

    let (yes, no) = tokio::join!(
        world.approve(&proposal, &uma),
        world
            .app()
            .refuse(&world.account, proposal.id, &operator, "not now", SHELL),
    );

    assert_ne!(yes.is_ok(), no.is_ok());
    let holds = world.roles(&LINA).await.contains(&"auditor".to_owned());
    assert_eq!(holds, yes.is_ok());
}

#[tokio::test]
async fn a_proposal_ends_after_a_week_is_taken_back_and_is_not_asked_for_twice() {
    let mut world = World::new().await;
    let uma = world.present(&UMA).await;
    world.present(&LINA).await;
    let proposal = world.asks(SHELL, &LINA, Role::Auditor).await;
    let lina = world.id(&LINA).await;
    let again = world
        .app()
        .grant_role(&world.account, lina, Role::Auditor, None, "cover", SHELL);
    let twice = again.await.unwrap_err().to_string();
    assert!(twice.contains("already"), "{twice}");

    let withdrawn = world
        .app()
        .withdraw(&world.account, proposal.id, SHELL)
        .await;
    assert_eq!(withdrawn.unwrap().state, State::Withdrawn);
    refused(world.approve(&proposal, &uma).await);

    let second = world.asks(SHELL, &LINA, Role::Auditor).await;
    world.app().clock.advance(Span::days(7));
    let uma = world.present(&UMA).await;
    let late = refused(world.approve(&second, &uma).await);
    assert!(late.contains("it is expired"), "{late}");
    world.app().tidy(world.app().clock.now()).await.unwrap();
    let entries = audit(&world.test).await;
    let said =
        |entry: &String| entry.starts_with("proposal_decided system") && entry.contains("expired");
    assert!(entries.iter().any(said), "{entries:#?}");
    assert_eq!(world.roles(&LINA).await, ["link_creator"]);
}

#[tokio::test]
async fn what_stands_against_a_role_is_looked_at_when_it_is_asked_for_and_when_it_is_approved() {
    let mut world = World::with(|_| {}, |document| document.users.no_role = NoRole::Allow).await;
    let uma = world.present(&UMA).await;
    world.present(&MAYA).await;
    world.present(&LINA).await;
    let (maya, lina) = (world.id(&MAYA).await, world.id(&LINA).await);
    let grant = |user, role| {
        let (app, account) = (world.app(), &world.account);
        app.grant_role(account, user, role, None, "cover", SHELL)
    };
    let apart = grant(maya, Role::Checker).await.unwrap_err().to_string();
    assert!(apart.contains("duties.apart"), "{apart}");

    let maker = waits(grant(lina, Role::Maker).await.unwrap());
    let checker = waits(grant(lina, Role::Checker).await.unwrap());
    world.approve(&maker, &uma).await.unwrap();
    let late = refused(world.approve(&checker, &uma).await);

    assert!(late.contains("duties.apart"), "{late}");
    let examined = world.app().proposal(&world.account, checker.id).await;
    let obstacle = examined.unwrap().unwrap().obstacle.unwrap();
    assert!(obstacle.contains("duties.apart"), "{obstacle}");
}

#[tokio::test]
async fn taking_a_role_away_takes_one_person_and_giving_it_back_takes_two() {
    let mut world = World::new().await;
    let uma = world.present(&UMA).await;
    world.present(&CHEN).await;
    let chen = world.id(&CHEN).await;
    let (app, account) = (world.app(), &world.account);
    let taken = app.take_role(account, chen, Role::Checker, None, "on leave", SHELL);
    assert_eq!(taken.await.unwrap().names(), Vec::<String>::new());

    let lift = app.lift_denial(account, chen, Role::Checker, SHELL).await;
    let proposal = waits(lift.unwrap());
    assert_eq!(world.roles(&CHEN).await, Vec::<String>::new());

    world.approve(&proposal, &uma).await.unwrap();
    assert_eq!(world.roles(&CHEN).await, ["checker"]);
}

#[tokio::test]
async fn whoever_is_deleted_leaves_no_proposal_behind() {
    let mut world = World::new().await;
    world.present(&LINA).await;
    let proposal = world.asks(SHELL, &LINA, Role::Auditor).await;
    let lina = world.id(&LINA).await;

    let (app, account) = (world.app(), &world.account);
    app.delete_user(account, lina, SHELL).await.unwrap();

    let left = app.proposal(account, proposal.id).await.unwrap();
    assert!(left.is_none());
}

#[tokio::test]
async fn an_account_says_itself_whether_roles_take_two_people() {
    for (stage, said, takes_two) in [
        (vestibule::account::Stage::Live, Some(false), false),
        (vestibule::account::Stage::Demo, None, false),
        (vestibule::account::Stage::Demo, Some(true), true),
    ] {
        let mut world = World::with(
            |_| {},
            |document| (document.stage, document.approvals) = (stage, said),
        )
        .await;
        world.present(&LINA).await;
        let lina = world.id(&LINA).await;
        let (app, account) = (world.app(), &world.account);
        let granted = app.grant_role(account, lina, Role::Auditor, None, "cover", SHELL);
        assert_eq!(granted.await.unwrap().done().is_none(), takes_two);
    }
}
