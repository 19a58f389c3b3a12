//! Configuration and keys that a second operator puts in force.

use vestibule::account::Link;
use vestibule::app::{App, Applied, Consent, Effect};
use vestibule::config::AccountFile;
use vestibule::id::{Entropy, UserId};
use vestibule::practice::adfs::Adfs;
use vestibule::practice::persona::UMA;
use vestibule::proposal::{Proposal, State};
use vestibule::saml::rollover::Step;
use vestibule::user::User;

use super::{SHELL, World, forbidden, refused, waits};
use crate::rules::audit;

/// What applying the configuration with other idle minutes leads to.
async fn apply(world: &World, minutes: i64, idp: &Adfs) -> (Applied, i64, Option<Proposal>) {
    let mut document = world.app().document(world.account.id).await;
    let document = document.as_mut().unwrap().take().unwrap();
    let mut document = document;
    document.session.idle_minutes = minutes;
    let file = AccountFile {
        document,
        metadata: Some(idp.metadata().unwrap().into_bytes()),
    };
    let outcome = world.app().apply(&file, SHELL, &Consent::default()).await;
    let outcome = outcome.unwrap();
    (outcome.applied, outcome.revision, outcome.proposal)
}

async fn active(world: &World) -> i64 {
    world.app().find_account("acme-live").await.unwrap().active
}

#[tokio::test]
async fn rule_03_a_draft_of_a_live_account_is_put_in_force_by_a_second_operator() {
    let mut world = World::new().await;
    let (uma, operator) = (world.present(&UMA).await, world.operator().await);
    let adfs = world.test.adfs.clone();
    let (applied, revision, proposal) = apply(&world, 20, &adfs).await;
    assert!(matches!(applied, Applied::Draft));
    let proposal = proposal.unwrap();
    let (_, same, again) = apply(&world, 20, &adfs).await;
    assert_eq!((same, again.unwrap().id), (revision, proposal.id));

    let lacks = forbidden(world.approve(&proposal, &uma).await);
    assert!(lacks.contains("revision:approve"), "{lacks}");
    assert_eq!(active(&world).await, 1);
    world.approve(&proposal, &operator).await.unwrap();

    assert_eq!(active(&world).await, revision);
    let document = world.app().document(world.account.id).await;
    assert_eq!(document.unwrap().unwrap().session.idle_minutes, 20);
}

#[tokio::test]
async fn a_draft_takes_the_place_of_the_one_before_and_ends_with_what_it_was_made_against() {
    let mut world = World::new().await;
    let operator = world.operator().await;
    let adfs = world.test.adfs.clone();
    let first = apply(&world, 20, &adfs).await.2.unwrap();
    let second = apply(&world, 25, &adfs).await.2.unwrap();
    let gone = refused(world.approve(&first, &operator).await);
    assert!(gone.contains("it is withdrawn"), "{gone}");

    let mut now = world.app().document(world.account.id).await;
    let mut document = now.as_mut().unwrap().take().unwrap();
    document.session.idle_minutes = 5;
    let file = AccountFile {
        document,
        metadata: Some(adfs.metadata().unwrap().into_bytes()),
    };
    let consent = Consent {
        break_glass: Some("an attack".into()),
        ..Consent::default()
    };
    world.app().apply(&file, SHELL, &consent).await.unwrap();

    let stale = refused(world.approve(&second, &operator).await);
    assert!(stale.contains("make it anew"), "{stale}");
    let examined = world.app().proposal(&world.account, second.id).await;
    assert!(examined.unwrap().unwrap().obstacle.is_some());
}

#[tokio::test]
async fn rule_10_who_puts_new_keys_of_an_identity_provider_in_force_has_compared_them() {
    let mut world = World::new().await;
    let operator = world.operator().await;
    let rolled = Adfs {
        signing: vec![world.test.adfs.encryption.clone()],
        ..world.test.adfs.clone()
    };
    let proposal = apply(&world, 30, &rolled).await.2.unwrap();
    let [print] = proposal.wish.fingerprints() else {
        panic!("{proposal:?}")
    };

    let examined = world.app().proposal(&world.account, proposal.id).await;
    let Some(Effect::Configuration {
        identity_provider: Some(differs),
        ..
    }) = examined.unwrap().unwrap().effect
    else {
        panic!("who decides sees whom the account would trust")
    };
    assert_eq!(differs.added[0].fingerprint, *print);
    assert_eq!(differs.removed.len(), world.test.adfs.signing.len());
    let blind = refused(world.approve(&proposal, &operator).await);
    assert!(blind.contains(print.as_str()), "{blind}");
    assert_eq!(active(&world).await, 1);
    let (app, account) = (world.app(), &world.account);
    let seen = [print.to_lowercase()];
    let approved = app
        .approve(
            account,
            proposal.id,
            &operator,
            &seen,
            "by telephone",
            SHELL,
        )
        .await;

    assert_eq!(approved.unwrap().state, State::Approved);
    assert_eq!(active(&world).await, 2);
}

#[tokio::test]
async fn the_keys_of_a_live_account_change_by_two_people_or_by_breaking_the_glass() {
    let mut world = World::new().await;
    let operator = world.operator().await;
    let (app, account) = (world.app(), &world.account);
    let wished = app.rotate(account, Step::Publish, false, None, SHELL).await;
    let proposal = waits(wished.unwrap());
    assert_eq!(app.rollover(account).await.unwrap().next, Step::Publish);

    world.approve(&proposal, &operator).await.unwrap();
    assert_eq!(app.rollover(account).await.unwrap().next, Step::Switch);

    let glass = Some("the key has leaked");
    let done = app.rotate(account, Step::Switch, true, glass, SHELL).await;
    assert_eq!(done.unwrap().done().unwrap().next, Step::Retire);
    let entries = audit(&world.test).await;
    let said = |entry: &String| entry.starts_with("break_glass shell:test");
    assert!(entries.iter().any(said), "{entries:#?}");
}

#[tokio::test]
async fn rule_30_a_site_with_one_operator_says_so_in_the_server_configuration_and_the_audit_knows()
{
    let world = World::with(|config| config.staff.approvals = false, |_| {}).await;
    let (config, clock) = (world.app().config.clone(), world.app().clock.clone());
    let mut again = App::open(config.clone(), clock.clone(), Entropy::System)
        .await
        .unwrap();
    again.given_keys = world.app().given_keys.clone();
    let wished = again
        .rotate(&world.account, Step::Publish, false, None, SHELL)
        .await;
    assert!(wished.unwrap().done().is_some());
    let mut two = config;
    two.staff.approvals = true;
    App::open(two, clock, Entropy::System).await.unwrap();

    let staff = again.find_account("staff").await.unwrap();
    let mut tx = again.store.read().await.unwrap();
    let filter = vestibule::audit::Filter {
        event: Some("staff_approvals".into()),
        ..Default::default()
    };
    let entries = tx.of(staff.id).audit_page(&filter, None, 10).await.unwrap();
    let mut said: Vec<String> = entries
        .iter()
        .map(|entry| entry.detail.to_string())
        .collect();
    said.sort();
    assert_eq!(said, [r#"{"on":false}"#, r#"{"on":true}"#]);
}

#[tokio::test]
async fn what_links_people_does_not_change_when_somebody_is_expected_by_it_meanwhile() {
    let mut world = World::new().await;
    let operator = world.operator().await;
    let mut now = world.app().document(world.account.id).await;
    let mut document = now.as_mut().unwrap().take().unwrap();
    document.users.link = Some(Link::Email);
    let file = AccountFile {
        document,
        metadata: Some(world.test.adfs.metadata().unwrap().into_bytes()),
    };
    let outcome = world.app().apply(&file, SHELL, &Consent::default()).await;
    let proposal = outcome.unwrap().proposal.unwrap();
    let mut tx = world.app().store.write().await.unwrap();
    let mut expected = user(&world, "link:user_name", "ida");
    expected.state = vestibule::user::State::Invited;
    let mut of = tx.of(world.account.id);
    of.save_user(&expected).await.unwrap();
    tx.commit().await.unwrap();

    let late = refused(world.approve(&proposal, &operator).await);

    assert!(late.contains("users.link"), "{late}");
    assert_eq!(active(&world).await, 1);
}

fn user(world: &World, source: &str, subject: &str) -> User {
    let now = world.app().clock.now();
    User {
        id: UserId::new(now, &Entropy::System),
        source: source.into(),
        subject: subject.into(),
        external_id: None,
        state: vestibule::user::State::Active,
        profile: vestibule::claims::Profile::default(),
        directory: None,
        roles: vestibule::role::Roles::new(),
        created_at: now,
        last_sign_in: None,
    }
}
