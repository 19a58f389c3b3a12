//! Roles that a client's directory gives only with a second person's yes.

use std::collections::BTreeSet;

use vestibule::account::{NoRole, Provisioning};
use vestibule::app::directory::Directory;
use vestibule::audit::Actor;
use vestibule::practice::persona::LINA;
use vestibule::proposal::{Proposal, State, Wish};
use vestibule::role::Role;
use vestibule::scim::NewGroup;
use vestibule::time::Span;

use super::{SHELL, World, refused};

/// An account whose directory has put Lina into these groups.
async fn kept(groups: &[&str]) -> World {
    let world = World::with(
        |_| {},
        |document| {
            document.users.provisioning = Provisioning::Scim;
            document.users.no_role = NoRole::Allow;
            let rule = "role = \"checker\"\ngroup = \"APP-Checkers\"";
            document.roles = vec![toml::from_str(rule).unwrap()];
        },
    )
    .await;
    let invitation = vestibule::app::Invitation {
        subject: Some(LINA.upn.to_owned()),
        external_id: None,
        profile: vestibule::claims::Profile::default(),
    };
    let (app, account) = (world.app(), &world.account);
    app.invite(account, invitation, SHELL).await.unwrap();
    for group in groups {
        change(&world, group, true).await;
    }
    world
}

/// The directory puts Lina into a group, or takes her out again.
async fn change(world: &World, group: &str, is_in: bool) {
    let (app, account) = (world.app(), &world.account);
    let document = app.document(account.id).await.unwrap().unwrap();
    let directory = Directory {
        app,
        account,
        document: &document,
        actor: &Actor::from("crd_directory"),
        base: "https://sso.test/scim/v2/acme-live",
        now: app.clock.now(),
    };
    let lina = world.id(&LINA).await;
    let new = NewGroup {
        name: group.to_owned(),
        external_id: None,
        members: is_in.then_some(lina).into_iter().collect::<BTreeSet<_>>(),
    };
    let mut tx = app.store.read().await.unwrap();
    let known = tx.of(account.id).group_named(group).await.unwrap();
    drop(tx);
    match known {
        Some(known) => {
            let id = known.id.to_string();
            directory.replace_group(&id, new, None).await.unwrap();
        }
        None => {
            directory.create_group(new).await.unwrap();
        }
    }
}

async fn open(world: &World) -> Vec<Proposal> {
    let mut tx = world.app().store.read().await.unwrap();
    let mut of = tx.of(world.account.id);
    of.proposals(Some(State::Open), false, None, 10)
        .await
        .unwrap()
}

#[tokio::test]
async fn rule_30_a_directory_asks_and_a_person_makes_somebody_a_checker_while_they_are_in_the_group()
 {
    let mut world = kept(&["APP-Checkers", "APP-Others"]).await;
    let operator = world.operator().await;
    let lina = world.id(&LINA).await;
    let [proposal] = open(&world).await.try_into().unwrap();
    let wish = Wish::DirectoryRole {
        user: lina,
        role: Role::Checker,
    };
    assert_eq!(
        (&proposal.wish, proposal.author.as_str()),
        (&wish, "crd_directory")
    );
    assert_eq!(world.roles(&LINA).await, Vec::<String>::new());

    world.approve(&proposal, &operator).await.unwrap();
    assert_eq!(world.roles(&LINA).await, ["checker"]);

    change(&world, "APP-Checkers", false).await;
    assert_eq!(world.roles(&LINA).await, Vec::<String>::new());
    world.app().clock.advance(Span::seconds(1));
    change(&world, "APP-Checkers", true).await;
    assert_eq!(world.roles(&LINA).await, Vec::<String>::new());
    assert_eq!(open(&world).await.len(), 1);
}

#[tokio::test]
async fn who_has_left_the_group_meanwhile_is_not_made_a_checker() {
    let mut world = kept(&["APP-Checkers"]).await;
    let operator = world.operator().await;
    let [proposal] = open(&world).await.try_into().unwrap();
    change(&world, "APP-Checkers", false).await;

    let late = refused(world.approve(&proposal, &operator).await);

    assert!(late.contains("no group of the directory"), "{late}");
}

#[tokio::test]
async fn a_group_that_is_renamed_asks_for_everybody_in_it() {
    let world = kept(&["APP-Others"]).await;
    assert_eq!(open(&world).await.len(), 0);
    let (app, account) = (world.app(), &world.account);
    let document = app.document(account.id).await.unwrap().unwrap();
    let mut tx = app.store.read().await.unwrap();
    let group = tx.of(account.id).group_named("APP-Others").await.unwrap();
    drop(tx);
    let directory = Directory {
        app,
        account,
        document: &document,
        actor: &Actor::from("crd_directory"),
        base: "https://sso.test/scim/v2/acme-live",
        now: app.clock.now(),
    };
    let new = NewGroup {
        name: "APP-Checkers".into(),
        external_id: None,
        members: BTreeSet::from([world.id(&LINA).await]),
    };
    let id = group.unwrap().id.to_string();
    directory.replace_group(&id, new, None).await.unwrap();

    assert_eq!(open(&world).await.len(), 1);
}

#[tokio::test]
async fn a_rule_that_comes_into_force_asks_for_everybody_in_its_group() {
    let mut world = kept(&["APP-Leads"]).await;
    let operator = world.operator().await;
    let mut document = world.app().document(world.account.id).await;
    let mut document = document.as_mut().unwrap().take().unwrap();
    let rule = "role = \"checker\"\ngroup = \"APP-Leads\"";
    document.roles.push(toml::from_str(rule).unwrap());
    let file = vestibule::config::AccountFile {
        document,
        metadata: Some(world.test.adfs.metadata().unwrap().into_bytes()),
    };
    let consent = vestibule::app::Consent::default();
    let outcome = world.app().apply(&file, SHELL, &consent).await.unwrap();
    let draft = outcome.proposal.unwrap();

    world.approve(&draft, &operator).await.unwrap();

    let [proposal] = open(&world).await.try_into().unwrap();
    assert!(matches!(proposal.wish, Wish::DirectoryRole { .. }));
}

#[tokio::test]
async fn what_was_approved_is_not_revived_by_another_group() {
    let mut world = kept(&["APP-Others"]).await;
    world.app().clock.advance(Span::seconds(1));
    change(&world, "APP-Checkers", true).await;
    let operator = world.operator().await;
    let [proposal] = open(&world).await.try_into().unwrap();
    world.approve(&proposal, &operator).await.unwrap();
    assert_eq!(world.roles(&LINA).await, ["checker"]);

    change(&world, "APP-Checkers", false).await;
    rename(&world, "APP-Checkers", "APP-Gone").await;
    rename(&world, "APP-Others", "APP-Checkers").await;

    assert_eq!(world.roles(&LINA).await, Vec::<String>::new());
    assert_eq!(open(&world).await.len(), 1);
}

/// The directory gives a group another name.
async fn rename(world: &World, from: &str, to: &str) {
    let (app, account) = (world.app(), &world.account);
    let document = app.document(account.id).await.unwrap().unwrap();
    let mut tx = app.store.read().await.unwrap();
    let mut of = tx.of(account.id);
    let group = of.group_named(from).await.unwrap().unwrap();
    let members = of.members(group.id).await.unwrap();
    drop(tx);
    let directory = Directory {
        app,
        account,
        document: &document,
        actor: &Actor::from("crd_directory"),
        base: "https://sso.test/scim/v2/acme-live",
        now: app.clock.now(),
    };
    let new = NewGroup {
        name: to.to_owned(),
        external_id: None,
        members: members.into_iter().collect(),
    };
    let id = group.id.to_string();
    directory.replace_group(&id, new, None).await.unwrap();
}
