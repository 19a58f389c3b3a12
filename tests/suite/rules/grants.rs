//! Rule 29 at work: grants and denials at the sign-in, at the gate, at the shell's door, and in the audit.

use axum::http::StatusCode;
use vestibule::account::{Account, RolesFrom};
use vestibule::app::Refused;
use vestibule::id::UserId;
use vestibule::practice::persona::{MAYA, Persona};
use vestibule::role::Role;
use vestibule::time::Span;

use super::super::app::{Browser, NOW, document};
use super::super::gate::desk::{Ask, Desk};
use super::audit;

const ACTOR: &str = "shell:test";

/// Where claims and administrators give roles, with somebody who has signed in.
struct Scene {
    desk: Desk,
    account: Account,
}

impl Scene {
    async fn new() -> Self {
        Self::from(RolesFrom::Both).await
    }

    async fn from(from: RolesFrom) -> Self {
        let desk = Desk::new().await;
        let mut document = document("acme-demo");
        document.users.roles_from = from;
        let account = desk.test.apply(document).await;
        Self { desk, account }
    }

    async fn id(&self, persona: &Persona) -> UserId {
        let app = &self.desk.test.app;
        let user = app.find_user(&self.account, persona.upn).await;
        user.unwrap().id
    }

    async fn grant(&self, persona: &Persona, role: Role) -> anyhow::Result<()> {
        self.grant_until(persona, role, None).await
    }

    async fn grant_until(
        &self,
        persona: &Persona,
        role: Role,
        lasts: Option<Span>,
    ) -> anyhow::Result<()> {
        let app = &self.desk.test.app;
        let until = lasts.map(|lasts| app.clock.now().plus(lasts));
        let id = self.id(persona).await;
        app.grant_role(&self.account, id, role, until, "cover", ACTOR)
            .await
            .map(drop)
    }

    async fn take(&self, persona: &Persona, role: Role, lasts: Option<Span>) -> anyhow::Result<()> {
        let app = &self.desk.test.app;
        let until = lasts.map(|lasts| app.clock.now().plus(lasts));
        let id = self.id(persona).await;
        app.take_role(&self.account, id, role, until, "on leave", ACTOR)
            .await
            .map(drop)
    }

    async fn lift(&self, persona: &Persona, role: Role) -> anyhow::Result<()> {
        let (app, id) = (&self.desk.test.app, self.id(persona).await);
        app.lift_denial(&self.account, id, role, ACTOR)
            .await
            .map(drop)
    }

    /// What the gate says about accepting a call, which is for makers.
    async fn accept(&self, browser: &Browser<'_>) -> String {
        let ask = Ask::new("nginx", "POST", "/v2/profiles/prf_1/call/accept")
            .header("sec-fetch-site", "same-origin");
        self.desk.ask(browser, ask).await.word()
    }

    /// What the gate says about looking at a profile, which is for auditors and checkers.
    async fn view(&self, browser: &Browser<'_>) -> String {
        let ask = Ask::new("nginx", "GET", "/v2/profiles");
        self.desk.ask(browser, ask).await.word()
    }
}

/// The sentence of a safety rule.
fn refused(outcome: anyhow::Result<()>) -> String {
    let error = outcome.unwrap_err();
    let refused = error.downcast_ref::<Refused>();
    refused.expect("a safety rule").to_string()
}

#[tokio::test]
async fn rule_29_a_grant_opens_and_a_taking_closes_at_once_for_a_live_session() {
    let scene = Scene::new().await;
    let mut browser = scene.desk.test.browser();
    browser.sign_in(&MAYA).await;
    assert_eq!(scene.view(&browser).await, "forbidden");

    scene.grant(&MAYA, Role::LinkCreator).await.unwrap();
    assert_ne!(scene.view(&browser).await, "forbidden");
    scene.take(&MAYA, Role::LinkCreator, None).await.unwrap();
    assert_eq!(scene.view(&browser).await, "forbidden");

    assert_eq!(scene.accept(&browser).await, "all");
    scene.take(&MAYA, Role::Maker, None).await.unwrap();
    assert_eq!(scene.accept(&browser).await, "forbidden");
    assert!(!browser.get("/session").await.body.contains("\"maker\""));
    scene.lift(&MAYA, Role::Maker).await.unwrap();
    assert_eq!(scene.accept(&browser).await, "all");
}

#[tokio::test]
async fn rule_29_ends_of_grants_and_denials_are_met_without_news() {
    let scene = Scene::new().await;
    let mut browser = scene.desk.test.browser();
    let clock = &scene.desk.test.app.clock;
    browser.sign_in(&MAYA).await;
    let lasts = Some(Span::minutes(10));
    scene
        .grant_until(&MAYA, Role::LinkCreator, lasts)
        .await
        .unwrap();
    scene.take(&MAYA, Role::Maker, lasts).await.unwrap();
    assert_ne!(scene.view(&browser).await, "forbidden");
    assert_eq!(scene.accept(&browser).await, "forbidden");

    clock.advance(Span::millis(10 * 60 * 1_000 - 1));
    assert_ne!(scene.view(&browser).await, "forbidden");
    assert_eq!(scene.accept(&browser).await, "forbidden");
    clock.advance(Span::millis(1));

    assert_eq!(scene.view(&browser).await, "forbidden");
    assert_eq!(scene.accept(&browser).await, "all");
}

#[tokio::test]
async fn rule_29_a_rule_ends_and_a_removed_rule_takes_its_role_at_once() {
    let scene = Scene::new().await;
    let test = &scene.desk.test;
    let mut browser = test.browser();
    let mut document = document("acme-demo");
    document.roles[0].until = Some(NOW.plus(Span::minutes(10)).into());
    test.apply(document.clone()).await;
    browser.sign_in(&MAYA).await;
    assert_eq!(scene.accept(&browser).await, "all");

    test.app.clock.advance(Span::minutes(10));
    assert_eq!(scene.accept(&browser).await, "forbidden");
    let again = test.browser().sign_in(&MAYA).await;
    assert_eq!(again.status, StatusCode::FORBIDDEN);
    let attempt = test.attempt().await;
    assert_eq!(attempt.rules[0].because, "the rule has ended");

    document.roles[0].until = None;
    test.apply(document.clone()).await;
    assert_eq!(scene.accept(&browser).await, "all");
    document.roles.remove(0);
    test.apply(document).await;
    assert_eq!(scene.accept(&browser).await, "forbidden");
}

#[tokio::test]
async fn rule_29_a_missing_claim_never_takes_a_grant_and_a_grant_lets_in() {
    let scene = Scene::new().await;
    let test = &scene.desk.test;
    test.browser().sign_in(&MAYA).await;
    let without = Persona { roles: &[], ..MAYA };
    let before = test.browser().sign_in(&without).await;
    assert_eq!(before.status, StatusCode::FORBIDDEN);

    scene.grant(&MAYA, Role::LinkCreator).await.unwrap();
    // Attempts are listed by time.
    test.app.clock.advance(Span::millis(1));
    let mut browser = test.browser();
    let after = browser.sign_in(&without).await;

    assert_eq!(after.status, StatusCode::SEE_OTHER);
    let roles = browser.get("/session").await.body;
    assert!(
        roles.contains("link_creator") && !roles.contains("\"maker\""),
        "{roles}"
    );
    let attempt = test.attempt().await;
    assert!(attempt.roles[&Role::LinkCreator].starts_with("granted by shell:test"));
}

#[tokio::test]
async fn rule_29_where_roles_come_from_people_claims_give_none() {
    let scene = Scene::from(RolesFrom::Uam).await;
    let test = &scene.desk.test;
    let invitation = vestibule::app::Invitation {
        subject: Some(MAYA.upn.into()),
        external_id: None,
        profile: vestibule::claims::Profile::default(),
    };
    test.app
        .invite(&scene.account, invitation, ACTOR)
        .await
        .unwrap();
    let refused = test.browser().sign_in(&MAYA).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);

    scene.grant(&MAYA, Role::Auditor).await.unwrap();
    let mut browser = test.browser();
    browser.sign_in(&MAYA).await;

    assert_eq!(scene.view(&browser).await, "all");
    assert_eq!(scene.accept(&browser).await, "forbidden");
}

#[tokio::test]
async fn rule_29_somebody_whose_only_role_is_denied_is_turned_away_and_the_operator_reads_why() {
    let scene = Scene::new().await;
    let test = &scene.desk.test;
    test.browser().sign_in(&MAYA).await;
    scene.take(&MAYA, Role::Maker, None).await.unwrap();

    let turned = test.browser().sign_in(&MAYA).await;

    assert_eq!(turned.status, StatusCode::FORBIDDEN);
    let attempt = test.attempt_of(turned.reference()).await;
    let last = attempt.rows.iter().find(|row| row.what == "Roles").unwrap();
    assert_eq!(last.found, "maker is denied");
    assert!(attempt.advice.is_none());
}

#[tokio::test]
async fn rule_29_what_cannot_be_is_refused_with_a_clear_sentence() {
    let scene = Scene::new().await;
    scene.desk.test.browser().sign_in(&MAYA).await;
    let app = &scene.desk.test.app;
    let id = scene.id(&MAYA).await;

    let operator = refused(scene.grant(&MAYA, Role::Operator).await);
    assert!(operator.contains("staff account"), "{operator}");
    let past = refused(
        scene
            .grant_until(&MAYA, Role::Auditor, Some(Span::millis(0)))
            .await,
    );
    assert!(past.contains("in the past"), "{past}");
    scene.grant(&MAYA, Role::Auditor).await.unwrap();
    let twice = refused(scene.grant(&MAYA, Role::Auditor).await);
    assert!(twice.contains("holds auditor already"), "{twice}");
    let end = refused(scene.take(&MAYA, Role::Auditor, Some(Span::hours(1))).await);
    assert!(end.contains("by a grant alone"), "{end}");
    let nothing = refused(scene.take(&MAYA, Role::LinkCreator, None).await);
    assert!(nothing.contains("nothing gives"), "{nothing}");
    scene.take(&MAYA, Role::Maker, None).await.unwrap();
    let again = refused(scene.take(&MAYA, Role::Maker, None).await);
    assert!(again.contains("is denied by shell:test"), "{again}");
    let denied = refused(scene.grant(&MAYA, Role::Maker).await);
    assert!(denied.contains("lift that first"), "{denied}");
    let lift = refused(scene.lift(&MAYA, Role::Auditor).await);
    assert!(lift.contains("nothing to lift"), "{lift}");
    for reason in ["", "  ", "two\nlines", &"x".repeat(501)] {
        let role = Role::LinkCreator;
        let grant = app.grant_role(&scene.account, id, role, None, reason, ACTOR);
        assert!(
            refused(grant.await.map(drop)).contains("say why"),
            "{reason}"
        );
    }
    let nobody = UserId::new(NOW, &app.entropy);
    let (role, reason) = (Role::Maker, "cover");
    let grant = app.grant_role(&scene.account, nobody, role, None, reason, ACTOR);
    assert!(
        grant
            .await
            .unwrap_err()
            .to_string()
            .contains("nobody with the id")
    );
}

#[tokio::test]
async fn rule_05_without_the_option_nobody_grants_and_nobody_denies() {
    let scene = Scene::new().await;
    let test = &scene.desk.test;
    test.browser().sign_in(&MAYA).await;
    let mut document = document("acme-demo");
    document.uam = false;
    document.roles.retain(|rule| rule.role != Role::UamAdmin);
    test.apply(document).await;

    for outcome in [
        scene.grant(&MAYA, Role::Auditor).await,
        scene.take(&MAYA, Role::Maker, None).await,
        scene.lift(&MAYA, Role::Maker).await,
    ] {
        assert!(refused(outcome).contains("`uam = true`"));
    }
}

#[tokio::test]
async fn rule_29_where_claims_alone_give_roles_a_grant_is_refused_and_a_denial_is_not() {
    let scene = Scene::from(RolesFrom::Claims).await;
    let mut browser = scene.desk.test.browser();
    browser.sign_in(&MAYA).await;

    let grant = refused(scene.grant(&MAYA, Role::Auditor).await);
    scene.take(&MAYA, Role::Maker, None).await.unwrap();

    assert!(grant.contains("users.roles_from"), "{grant}");
    assert_eq!(scene.accept(&browser).await, "forbidden");
}

#[tokio::test]
async fn rule_49_each_change_of_roles_stands_in_the_audit_with_before_and_after() {
    let scene = Scene::new().await;
    scene.desk.test.browser().sign_in(&MAYA).await;
    let day = Some(Span::days(1));

    scene.grant_until(&MAYA, Role::Auditor, day).await.unwrap();
    scene.take(&MAYA, Role::Maker, None).await.unwrap();
    scene.lift(&MAYA, Role::Maker).await.unwrap();

    let all = audit(&scene.desk.test).await;
    let entry = |event: &str| all.iter().find(|entry| entry.starts_with(event)).unwrap();
    let (granted, taken) = (entry("role_granted"), entry("role_taken"));
    let lifted = entry("denial_lifted");
    let has = |entry: &str, parts: &[&str]| {
        for part in parts {
            assert!(entry.contains(part), "{part} in {entry}");
        }
    };
    let id = scene.id(&MAYA).await.to_string();
    has(
        granted,
        &[
            "role_granted shell:test",
            &id,
            "\"role\":\"auditor\"",
            "\"reason\":\"cover\"",
            "\"before\":[\"maker\"]",
            "\"after\":[\"maker\",\"auditor\"]",
        ],
    );
    has(
        taken,
        &["role_taken", "\"denied\":true", "\"after\":[\"auditor\"]"],
    );
    has(
        lifted,
        &[
            "denial_lifted",
            "\"before\":[\"auditor\"]",
            "\"after\":[\"maker\",\"auditor\"]",
        ],
    );
}

#[tokio::test]
async fn rule_29_what_a_claim_gives_is_given_since_it_first_came_without_a_gap() {
    let scene = Scene::new().await;
    let test = &scene.desk.test;
    let since = async || {
        let standing = test.app.standing(&scene.account, scene.id(&MAYA).await);
        standing.await.unwrap().given[0].since
    };
    test.browser().sign_in(&MAYA).await;
    scene.grant(&MAYA, Role::LinkCreator).await.unwrap();
    test.app.clock.advance(Span::minutes(1));
    test.browser().sign_in(&MAYA).await;
    assert_eq!(since().await, NOW);

    let without = Persona { roles: &[], ..MAYA };
    test.browser().sign_in(&without).await;
    test.browser().sign_in(&MAYA).await;

    assert_eq!(since().await, NOW.plus(Span::minutes(1)));
}

#[tokio::test]
async fn rule_29_nobody_of_another_account_is_granted_anything() {
    let scene = Scene::new().await;
    let test = &scene.desk.test;
    test.browser().sign_in(&MAYA).await;
    let maya = scene.id(&MAYA).await;
    let mut other = document("bravo-demo");
    other.users.roles_from = RolesFrom::Both;
    let other = test.apply(other).await;

    let (role, reason) = (Role::Auditor, "cover");
    let grant = test.app.grant_role(&other, maya, role, None, reason, ACTOR);

    assert!(grant.await.is_err());
}
