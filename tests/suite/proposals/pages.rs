//! The pages on which somebody decides.

use std::collections::BTreeMap;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use vestibule::app::Consent;
use vestibule::config::AccountFile;
use vestibule::practice::adfs::Adfs;
use vestibule::practice::persona::{LINA, MAYA, Persona, UMA};
use vestibule::role::Role;

use super::{SHELL, World};
use crate::app::Browser;

pub(crate) type Cookies = BTreeMap<String, String>;

const LIST: &str = "/portal/proposals";

impl World {
    /// What a browser holds in which somebody has just signed in.
    pub(crate) async fn cookies(&mut self, slug: &'static str, persona: &Persona) -> Cookies {
        self.test.slug = slug;
        let mut browser = self.test.browser();
        browser.sign_in(persona).await;
        let cookies = browser.cookies.clone();
        self.test.slug = "acme-live";
        cookies
    }

    pub(crate) fn browser(&self, cookies: Cookies) -> Browser<'_> {
        let mut browser = self.test.browser();
        browser.cookies = cookies;
        browser
    }
}

#[tokio::test]
async fn an_administrator_finds_what_waits_looks_at_it_and_approves_it() {
    let mut world = World::new().await;
    world.present(&LINA).await;
    let proposal = world.asks(SHELL, &LINA, Role::Auditor).await;
    let cookies = world.cookies("acme-live", &UMA).await;
    let mut uma = world.browser(cookies);
    let at = format!("{LIST}/acme-live/{}", proposal.id);

    assert!(uma.get("/").await.body.contains("\"/portal\""));
    let list = uma.get(LIST).await;
    assert!(
        list.body.contains(&at) && list.body.contains("lina"),
        "{}",
        list.body
    );
    let page = uma.get(&at).await;
    for text in [
        "link_creator",
        "auditor, link_creator",
        "cover",
        SHELL,
        "Approve",
    ] {
        assert!(page.body.contains(text), "{text}: {}", page.body);
    }
    let form = [("decision", "approve"), ("comment", "agreed")];
    let approved = uma.post(&format!("{at}/decide"), &form).await;

    assert_eq!(
        (approved.status, approved.location()),
        (StatusCode::SEE_OTHER, LIST)
    );
    assert_eq!(world.roles(&LINA).await, ["auditor", "link_creator"]);
    assert!(uma.get(LIST).await.body.contains("Nothing waits"));
    let page = uma.get(&at).await;
    assert!(page.body.contains("approved") && !page.body.contains("/decide"));
    let again = uma.post(&format!("{at}/decide"), &form).await;
    assert_eq!(again.status, StatusCode::CONFLICT);
    assert!(again.body.contains("it is approved"), "{}", again.body);
}

#[tokio::test]
async fn who_may_not_decide_finds_nothing_and_a_stranger_is_led_to_the_sign_in() {
    let mut world = World::new().await;
    world.present(&LINA).await;
    let proposal = world.asks(SHELL, &LINA, Role::Auditor).await;
    let at = format!("{LIST}/acme-live/{}", proposal.id);

    let cookies = world.cookies("acme-live", &MAYA).await;
    let mut maya = world.browser(cookies);
    assert!(!maya.get("/").await.body.contains(LIST));
    assert!(maya.get(LIST).await.body.contains("Nothing waits"));
    assert_eq!(maya.get(&at).await.status, StatusCode::NOT_FOUND);
    let form = [("decision", "approve")];
    let refused = maya.post(&format!("{at}/decide"), &form).await;
    assert_eq!(refused.status, StatusCode::NOT_FOUND);

    let stranger = world.test.browser().get(&at).await;
    let back = "/login?return_to=%2Fportal%2Fproposals%2Facme-live%2Fprp_";
    assert!(
        stranger.location().starts_with(back),
        "{}",
        stranger.location()
    );
}

#[tokio::test]
async fn what_is_ones_own_is_shown_without_a_form_and_another_sites_form_does_nothing() {
    let mut world = World::new().await;
    world.present(&UMA).await;
    let own = world.asks(SHELL, &UMA, Role::Auditor).await;
    let cookies = world.cookies("acme-live", &UMA).await;
    let mut uma = world.browser(cookies);
    let at = format!("{LIST}/acme-live/{}", own.id);
    let page = uma.get(&at).await;
    assert!(page.body.contains("somebody else decides") && !page.body.contains("/decide"));
    let form = [("decision", "approve")];
    let posted = uma.post(&format!("{at}/decide"), &form).await;
    assert_eq!(posted.status, StatusCode::CONFLICT);

    world.present(&LINA).await;
    let proposal = world.asks(SHELL, &LINA, Role::Auditor).await;
    let cookies = world.cookies("acme-live", &UMA).await;
    let mut uma = world.browser(cookies);
    let request = Request::post(format!("{LIST}/acme-live/{}/decide", proposal.id))
        .header("origin", "https://evil.test")
        .header("sec-fetch-site", "cross-site")
        .header("content-type", "application/x-www-form-urlencoded");
    let forged = uma.send(request, Body::from("decision=approve")).await;
    assert_eq!(forged.status, StatusCode::FORBIDDEN);
    assert_eq!(world.roles(&LINA).await, ["link_creator"]);
}

#[tokio::test]
async fn an_operator_ticks_each_new_certificate_before_a_draft_comes_into_force() {
    let mut world = World::new().await;
    let rolled = Adfs {
        signing: vec![world.test.adfs.encryption.clone()],
        ..world.test.adfs.clone()
    };
    let mut now = world.app().document(world.account.id).await;
    let file = AccountFile {
        document: now.as_mut().unwrap().take().unwrap(),
        metadata: Some(rolled.metadata().unwrap().into_bytes()),
    };
    let outcome = world.app().apply(&file, SHELL, &Consent::default()).await;
    let proposal = outcome.unwrap().proposal.unwrap();
    let print = proposal.wish.fingerprints()[0].clone();
    let cookies = world.cookies("staff", &UMA).await;
    let mut operator = world.browser(cookies);
    let at = format!("{LIST}/acme-live/{}", proposal.id);
    let page = operator.get(&at).await;
    assert!(page.body.contains(&print), "{}", page.body);

    let decide = format!("{at}/decide");
    let blind = operator.post(&decide, &[("decision", "approve")]).await;
    assert_eq!(blind.status, StatusCode::CONFLICT);
    assert!(blind.body.contains("Nothing was changed"), "{}", blind.body);
    let form = [("decision", "approve"), ("seen", print.as_str())];
    let seen = operator.post(&decide, &form).await;

    assert_eq!(seen.status, StatusCode::SEE_OTHER, "{}", seen.body);
    let account = world.app().find_account("acme-live").await.unwrap();
    assert_eq!(account.active, 2);
}
