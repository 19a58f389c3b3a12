//! Rules 2 to 4 and 10: accounts, their drafts, their names, and trust in an identity provider.

use axum::http::StatusCode;
use vestibule::account::{Document, Saml, Stage, State};
use vestibule::app::{App, Applied, Consent};
use vestibule::config::AccountFile;
use vestibule::id::Entropy;
use vestibule::practice::adfs::Adfs;
use vestibule::practice::persona::MAYA;
use vestibule::role::Role;
use vestibule::time::{Clock, Span};

use super::super::app::{IDP_KEYS, NOW, PUBLIC_URL, TestApp, document};
use super::{apply, audit, change, texts};

fn live() -> Document {
    Document {
        stage: Stage::Live,
        ..document("acme-live")
    }
}

/// A live account that has had its first revision.
async fn with_live() -> TestApp {
    let mut test = TestApp::empty(|_| {}).await;
    test.slug = "acme-live";
    test.apply(live()).await;
    test
}

fn break_glass() -> Consent {
    Consent {
        break_glass: Some("the mapping locks everybody out".into()),
        ..Consent::default()
    }
}

/// The same farm with a signing key that nobody has seen.
fn rolled_over() -> Adfs {
    let [_, _, new] = IDP_KEYS.clone();
    Adfs::new("https://adfs.acme.test", vec![new.clone()], new)
}

#[tokio::test]
async fn rule_02_a_disabled_account_refuses_on_every_path() {
    let test = TestApp::new().await;
    let mut browser = test.browser();
    browser.sign_in_as_maya().await;
    let mut waiting = test.browser();
    let request = waiting.begin().await;
    let answer = test.answer(&MAYA, Some(&request)).await;
    let xml = test.respond(&answer).await;

    let disabled = test
        .app
        .set_account_state(test.slug, State::Disabled, "shell:test");
    assert!(disabled.await.unwrap());

    let begun = test.browser().get("/saml/acme-demo/login").await;
    assert_eq!(begun.status, StatusCode::CONFLICT);
    let metadata = test.browser().get("/saml/acme-demo/metadata").await;
    assert_eq!(metadata.status, StatusCode::NOT_FOUND);
    let refused = waiting.deliver(&xml).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    let ended = browser.get("/session").await;
    assert_eq!(ended.status, StatusCode::UNAUTHORIZED);
    let enabled = test
        .app
        .set_account_state(test.slug, State::Enabled, "shell:test");
    assert!(enabled.await.unwrap());
    let still = browser.get("/session").await;
    assert_eq!(still.status, StatusCode::UNAUTHORIZED);
    test.browser().sign_in_as_maya().await;
}

#[tokio::test]
async fn rule_02_a_deleted_account_is_gone_but_for_its_name_and_its_audit() {
    let test = TestApp::new().await;
    let app = &test.app;
    let mut browser = test.browser();
    browser.sign_in_as_maya().await;
    let id = test.account().await.id;
    let in_use = app.delete_account(test.slug, "shell:test").await;
    assert!(in_use.unwrap_err().to_string().contains("is in use"));
    let disabled = app.set_account_state(test.slug, State::Disabled, "shell:test");
    disabled.await.unwrap();

    app.delete_account(test.slug, "shell:test").await.unwrap();

    let begun = test.browser().get("/saml/acme-demo/login").await;
    let never = test.browser().get("/saml/acme-never/login").await;
    assert_eq!(begun.status, never.status);
    let session = browser.get("/session").await;
    assert_eq!(session.status, StatusCode::UNAUTHORIZED);
    for table in ["users", "sessions", "keys", "attempts", "audit_personal"] {
        let query = format!("SELECT account FROM {table} WHERE account = '{id}'");
        assert!(texts(&app.store, &query).await.is_empty(), "{table}");
    }
    let gone = app.find_account(test.slug).await.unwrap_err().to_string();
    assert!(gone.contains("was deleted"), "{gone}");
    let file = AccountFile {
        document: document(test.slug),
        metadata: None,
    };
    let again = app.apply(&file, "shell:test", &Consent::default()).await;
    let again = again.unwrap_err().to_string();
    assert!(again.contains("no other one gets it"), "{again}");
    app.seal_audit().await.unwrap();
    let entries = audit(&test).await;
    assert!(
        entries
            .iter()
            .any(|entry| entry.starts_with("account_deleted"))
    );
    let report = app.verify_audit(Some(id), &[]).await.unwrap();
    assert!(report.damage.is_empty(), "{report:?}");
}

#[tokio::test]
async fn rule_02_a_sign_in_that_was_under_way_outlives_no_disabling() {
    let test = TestApp::new().await;
    let mut browser = test.browser();
    browser.sign_in_as_maya().await;
    // As if the session had begun in the moment after every session was ended.
    change(&test.app.store, "UPDATE accounts SET state = 'disabled'").await;

    let during = browser.get("/session").await;
    let enabled = test
        .app
        .set_account_state(test.slug, State::Enabled, "shell:test");
    assert!(enabled.await.unwrap());

    let after = browser.get("/session").await;
    assert_eq!(during.status, StatusCode::UNAUTHORIZED);
    assert_eq!(after.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn rule_02_what_another_process_disables_is_refused_within_a_second() {
    let test = TestApp::new().await;
    let beside = App::open(test.app.config.clone(), Clock::manual(NOW), Entropy::System)
        .await
        .unwrap();
    test.browser().sign_in_as_maya().await;

    let disabled = beside.set_account_state(test.slug, State::Disabled, "shell:test");
    assert!(disabled.await.unwrap());
    test.app.clock.advance(Span::seconds(1));

    let begun = test.browser().get("/saml/acme-demo/login").await;
    assert_eq!(begun.status, StatusCode::CONFLICT);
}

#[tokio::test]
async fn rule_02_what_lives_long_carries_the_immutable_id_of_the_account() {
    let test = TestApp::new().await;
    test.browser().sign_in_as_maya().await;
    let id = test.account().await.id.to_string();

    for table in ["audit", "keys", "sessions", "attempts", "users"] {
        let query = format!("SELECT DISTINCT account FROM {table}");
        let named = super::texts(&test.app.store, &query).await;
        assert_eq!(named, [id.as_str()], "{table}");
    }
}

#[tokio::test]
async fn rule_03_a_live_account_that_has_had_a_revision_stores_a_draft() {
    let test = with_live().await;
    let mut changed = live();
    changed.roles.retain(|rule| rule.role != Role::Maker);

    let outcome = apply(&test, changed.clone(), &test.adfs, &Consent::default())
        .await
        .unwrap();
    let again = apply(&test, changed, &test.adfs, &Consent::default())
        .await
        .unwrap();

    assert!(matches!(outcome.applied, Applied::Draft));
    assert!(matches!(again.applied, Applied::Draft));
    assert_eq!((outcome.revision, again.revision), (2, 2));
    assert_eq!(test.account().await.active, 1);
    test.browser().sign_in_as_maya().await;
}

#[tokio::test]
async fn rule_03_break_glass_activates_and_is_audited() {
    let test = with_live().await;
    let mut changed = live();
    changed.roles.retain(|rule| rule.role != Role::Maker);

    let outcome = apply(&test, changed, &test.adfs, &break_glass())
        .await
        .unwrap();

    assert!(matches!(outcome.applied, Applied::Activated));
    assert_eq!(test.account().await.active, 2);
    let refused = test.browser().sign_in(&MAYA).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    let entries = audit(&test).await;
    let entry = entries
        .iter()
        .find(|entry| entry.starts_with("break_glass shell:test"));
    assert!(
        entry.unwrap().contains("the mapping locks everybody out"),
        "{entries:#?}"
    );
}

#[tokio::test]
async fn rule_03_a_new_account_and_every_change_to_a_demo_account_activate_at_once() {
    let test = TestApp::empty(|_| {}).await;
    let mut changed = document("acme-demo");
    let created = apply(&test, changed.clone(), &test.adfs, &Consent::default())
        .await
        .unwrap();
    changed.session.idle_minutes = 5;

    let outcome = apply(&test, changed, &test.adfs, &Consent::default())
        .await
        .unwrap();

    assert!(matches!(created.applied, Applied::Created));
    assert!(matches!(outcome.applied, Applied::Activated));
    assert_eq!(test.account().await.active, 2);
}

#[tokio::test]
async fn rule_04_the_entity_id_is_kept_and_its_drift_is_noted() {
    let test = TestApp::new().await;
    let mut config = test.app.config.clone();
    // An address that begins like the old one is another address all the same.
    config.server.public_url = "https://sso.te".into();

    let moved = App::open(config, Clock::manual(NOW), test.app.entropy.clone())
        .await
        .unwrap();

    let entity_id = format!("{PUBLIC_URL}/saml/acme-demo/metadata");
    assert_eq!(test.account().await.entity_id, entity_id);
    assert!(test.app.notes.is_empty(), "{:?}", test.app.notes);
    assert!(
        moved.notes.iter().any(|note| note.contains(&entity_id)),
        "{:?}",
        moved.notes
    );
    let published = moved.descriptor("acme-demo").await.unwrap().unwrap();
    assert!(published.contains(&format!("entityID=\"{entity_id}\"")));
    assert!(published.contains("https://sso.te/saml/acme-demo/acs"));
}

#[tokio::test]
async fn rule_04_a_configured_entity_id_is_used_and_cannot_change() {
    let own = |entity_id: &str| Document {
        saml: Some(Saml {
            entity_id: Some(entity_id.into()),
            ..Saml::default()
        }),
        ..document("acme-demo")
    };
    let test = TestApp::empty(|_| {}).await;
    test.apply(own("urn:acme:vestibule")).await;

    let refused = apply(
        &test,
        own("urn:acme:other"),
        &test.adfs,
        &Consent::default(),
    )
    .await;

    assert_eq!(test.account().await.entity_id, "urn:acme:vestibule");
    assert!(
        refused
            .unwrap_err()
            .to_string()
            .contains("urn:acme:vestibule")
    );
    test.browser().sign_in_as_maya().await;
}

#[tokio::test]
async fn rule_04_no_two_accounts_have_the_same_entity_id() {
    let test = TestApp::new().await;
    let mut second = document("bravo-demo");
    second.saml = Some(Saml {
        entity_id: Some(test.account().await.entity_id),
        ..Saml::default()
    });

    let refused = apply(&test, second, &test.adfs, &Consent::default()).await;

    assert!(
        refused
            .unwrap_err()
            .to_string()
            .contains("belongs to another account")
    );
}

#[tokio::test]
async fn rule_10_new_keys_of_an_identity_provider_are_a_candidate_until_somebody_activates_them() {
    let mut test = with_live().await;
    let outcome = apply(&test, live(), &rolled_over(), &Consent::default())
        .await
        .unwrap();
    assert!(matches!(outcome.applied, Applied::Draft));
    assert!(
        outcome
            .changes
            .iter()
            .any(|change| change.key == "saml.idp_metadata")
    );

    let old = test.browser().sign_in(&MAYA).await;
    test.adfs = rolled_over();
    let new = test.browser().sign_in(&MAYA).await;
    let activated = apply(&test, live(), &test.adfs, &break_glass())
        .await
        .unwrap();
    let after = test.browser().sign_in(&MAYA).await;

    assert_eq!(old.status, StatusCode::SEE_OTHER);
    assert_eq!(new.status, StatusCode::FORBIDDEN);
    assert!(matches!(activated.applied, Applied::Activated));
    assert_eq!(after.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn rule_10_whoever_activates_is_shown_the_fingerprints_and_the_audit_keeps_them() {
    let test = TestApp::empty(|_| {}).await;

    let outcome = apply(
        &test,
        document("acme-demo"),
        &test.adfs,
        &Consent::default(),
    )
    .await
    .unwrap();

    let shown: Vec<String> = outcome
        .idp
        .unwrap()
        .signing
        .into_iter()
        .map(|key| key.certificate.fingerprint)
        .collect();
    let wanted: Vec<String> = test
        .adfs
        .signing
        .iter()
        .map(|key| key.fingerprint().unwrap().replace(':', ""))
        .collect();
    assert_eq!(shown, wanted);
    let entries = audit(&test).await;
    let entry = entries
        .iter()
        .find(|entry| entry.starts_with("revision_activated shell:test"))
        .unwrap();
    assert!(
        wanted.iter().all(|fingerprint| entry.contains(fingerprint)),
        "{entry}"
    );
}
