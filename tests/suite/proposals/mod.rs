//! What takes two people: one asks, a second one decides.

mod configuration;
mod directory;
pub(crate) mod pages;
mod people;

use std::sync::Arc;

use tower_sessions::session::Id;
use vestibule::access::{Present, Shown};
use vestibule::account::{Account, Document, Provisioning, RolesFrom, Stage};
use vestibule::app::{App, Forbidden, Invitation, Refused, Wished};
use vestibule::claims::Profile;
use vestibule::config::Config;
use vestibule::id::{Token, UserId};
use vestibule::practice::persona::{Persona, UMA};
use vestibule::proposal::Proposal;
use vestibule::role::Role;

use super::app::{TestApp, document};

pub(crate) const SHELL: &str = "shell:test";

/// A live account whose roles come from claims and from people, and the staff's.
pub(crate) struct World {
    pub(crate) test: TestApp,
    pub(crate) account: Account,
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(|_| {}, |_| {}).await
    }

    pub(crate) async fn with(
        server: impl FnOnce(&mut Config),
        change: impl FnOnce(&mut Document),
    ) -> Self {
        let mut test = TestApp::empty(server).await;
        let mut live = document("acme-live");
        live.stage = Stage::Live;
        live.users.roles_from = RolesFrom::Both;
        change(&mut live);
        let account = test.apply(live).await;
        let mut staff = document("staff");
        staff.stage = Stage::Staff;
        staff.users.provisioning = Provisioning::Invited;
        staff.roles.retain(|rule| rule.role == Role::UamAdmin);
        for rule in &mut staff.roles {
            rule.role = Role::Operator;
        }
        let staff = test.apply(staff).await;
        let invitation = Invitation {
            subject: Some(UMA.upn.to_owned()),
            external_id: None,
            profile: Profile::default(),
        };
        test.app.invite(&staff, invitation, SHELL).await.unwrap();
        test.slug = "acme-live";
        Self { test, account }
    }

    pub(crate) fn app(&self) -> &App {
        &self.test.app
    }

    /// Somebody who has just signed in to the live account.
    pub(crate) async fn present(&mut self, persona: &Persona) -> Arc<Present> {
        self.present_at("acme-live", persona).await
    }

    /// Somebody of the people who run Vestibule.
    async fn operator(&mut self) -> Arc<Present> {
        self.present_at("staff", &UMA).await
    }

    async fn present_at(&mut self, slug: &'static str, persona: &Persona) -> Arc<Present> {
        self.test.slug = slug;
        let mut browser = self.test.browser();
        browser.sign_in(persona).await;
        let id: Id = browser.cookies["__Host-vestibule"].parse().unwrap();
        self.test.slug = "acme-live";
        let token = Token::from_bytes(id.0.to_le_bytes());
        let (live, now) = (&self.app().access.live, self.app().clock.now());
        let found = live.find(&Shown::Session(&token), now).await;
        found.unwrap().unwrap()
    }

    pub(crate) async fn id(&self, persona: &Persona) -> UserId {
        let user = self.app().find_user(&self.account, persona.upn).await;
        user.unwrap().id
    }

    /// What somebody asks for about a role of somebody else.
    async fn asks(&self, actor: &str, persona: &Persona, role: Role) -> Proposal {
        let user = self.id(persona).await;
        let wished = self
            .app()
            .grant_role(&self.account, user, role, None, "cover", actor)
            .await;
        waits(wished.unwrap())
    }

    /// The roles that somebody holds.
    pub(crate) async fn roles(&self, persona: &Persona) -> Vec<String> {
        let user = self.id(persona).await;
        let standing = self.app().standing(&self.account, user).await;
        standing.unwrap().names()
    }

    async fn approve(&self, proposal: &Proposal, by: &Present) -> anyhow::Result<Proposal> {
        self.app()
            .approve(&self.account, proposal.id, by, &[], "seen", by.subject.id())
            .await
    }
}

fn waits<T>(wished: Wished<T>) -> Proposal {
    match wished {
        Wished::Waits(proposal) => *proposal,
        Wished::Done(_) => panic!("it happened at once"),
    }
}

/// The sentence with which a person was kept from deciding.
fn forbidden(decided: anyhow::Result<Proposal>) -> String {
    let error = decided.unwrap_err();
    assert!(error.is::<Forbidden>(), "{error:#}");
    error.to_string()
}

/// The sentence of what could not happen.
fn refused(decided: anyhow::Result<Proposal>) -> String {
    let error = decided.unwrap_err();
    assert!(error.is::<Refused>(), "{error:#}");
    error.to_string()
}
