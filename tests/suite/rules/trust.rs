//! Rules 1, 10 and 11: what a refreshed descriptor may change by itself, and what waits for a person.

use axum::http::StatusCode;
use vestibule::account::{Document, Saml, Source, Stage};
use vestibule::app::{Fetched, Known, Refreshed, Seen, Wished};
use vestibule::id::Entropy;
use vestibule::practice::adfs::Adfs;
use vestibule::practice::key::Key;
use vestibule::practice::persona::MAYA;
use vestibule::practice::sign::{Signing, sign};
use vestibule::saml::metadata::{Descriptor, Problem};
use vestibule::saml::trust::Reason;
use vestibule::time::{Span, Timestamp};

use super::super::app::{NOW, TestApp, document};
use super::audit;

const URL: &str = "https://adfs.acme.test/FederationMetadata/2007-06/FederationMetadata.xml";

/// An account whose metadata comes by address.
async fn followed(stage: Stage) -> TestApp {
    let mut test = TestApp::empty(|config| config.staff.account = "acme-staff".into()).await;
    test.slug = match stage {
        Stage::Demo => "acme-demo",
        Stage::Live => "acme-live",
        Stage::Staff => "acme-staff",
    };
    let mut document = Document {
        stage,
        saml: Some(Saml {
            idp_metadata_url: Some(URL.into()),
            ..Saml::default()
        }),
        ..document(test.slug)
    };
    if stage == Stage::Staff {
        document.roles.clear();
        document.users.provisioning = vestibule::account::Provisioning::Invited;
    }
    test.apply(document).await;
    test.app.tidy(NOW).await.unwrap();
    test
}

async fn source(test: &TestApp) -> Source {
    let account = test.account().await;
    let mut tx = test.app.store.read().await.unwrap();
    tx.of(account.id).source().await.unwrap().unwrap()
}

/// The address answers with that document.
async fn answers(test: &TestApp, xml: String) -> Refreshed {
    let (account, source) = (test.account().await, source(test).await);
    let fetched = Fetched::Document(xml.into_bytes(), Known::default());
    test.app
        .take_in(account.id, source, Ok(fetched))
        .await
        .unwrap()
}

async fn publishes(test: &TestApp, adfs: &Adfs) -> Refreshed {
    answers(test, adfs.metadata().unwrap()).await
}

fn new_key() -> Key {
    Key::ec("ADFS Signing - adfs.acme.test", NOW, 365, &Entropy::System).unwrap()
}

fn print(key: &Key) -> String {
    key.fingerprint().unwrap().replace(':', "")
}

/// The document without its signature, changed, and signed anew by `key` if one is given.
fn edited(adfs: &Adfs, key: Option<&Key>, edit: impl FnOnce(String) -> String) -> String {
    let xml = adfs.metadata().unwrap();
    let (start, end) = (
        xml.find("<ds:Signature").unwrap(),
        xml.find("</ds:Signature>").unwrap() + "</ds:Signature>".len(),
    );
    let xml = edit(format!("{}{}", &xml[..start], &xml[end..]));
    let id = xml
        .split("ID=\"")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap();
    match key {
        Some(key) => sign(&xml, id, key, &Signing::default()).unwrap(),
        None => xml.clone(),
    }
}

fn valid_until(xml: &str, span: Span) -> String {
    let until = NOW.plus(span);
    xml.replacen(
        "<EntityDescriptor ",
        &format!("<EntityDescriptor validUntil=\"{until}\" cacheDuration=\"PT6H\" "),
        1,
    )
}

#[tokio::test]
async fn rule_11_of_two_ends_the_earlier_counts_and_an_unreadable_one_is_refused() {
    let test = TestApp::new().await;
    let xml = test.adfs.metadata().unwrap();
    let stated = |root: &str, role: &str| {
        let root = format!("<EntityDescriptor validUntil=\"{root}\" ");
        let role = format!("<IDPSSODescriptor validUntil=\"{role}\" ");
        let xml =
            xml.replacen("<EntityDescriptor ", &root, 1)
                .replacen("<IDPSSODescriptor ", &role, 1);
        Descriptor::read(xml.as_bytes())
    };
    let (early, late) = ("2031-01-01T00:00:00Z", "2032-01-01T00:00:00Z");

    for (root, role) in [(early, late), (late, early)] {
        let until = stated(root, role).unwrap().valid_until;
        assert_eq!(until, Timestamp::parse(early));
    }
    for wrong in ["", "soon", "2031-01-01", "2031-01-01T00:00:00"] {
        let refused = stated(late, wrong).unwrap_err();
        assert_eq!(refused, Problem::NoTime(wrong.into()));
    }
}

#[tokio::test]
async fn rule_11_a_new_key_is_accepted_in_a_document_that_a_trusted_key_has_signed() {
    for stage in [Stage::Demo, Stage::Live] {
        let mut test = followed(stage).await;
        let new = new_key();
        test.adfs.signing.push(new.clone());

        let refreshed = publishes(&test, &test.adfs).await;

        assert_eq!(refreshed, Refreshed::Accepted(2));
        assert_eq!(test.account().await.active, 2);
        let entries = audit(&test).await;
        let entry = entries
            .iter()
            .find(|entry| entry.starts_with("metadata_accepted system"));
        assert!(entry.unwrap().contains(&print(&new)), "{entries:#?}");
        assert_eq!(
            publishes(&test, &test.adfs).await,
            Refreshed::Unchanged,
            "only once"
        );
        test.browser().sign_in_as_maya().await;
    }
}

#[tokio::test]
async fn rule_11_an_old_key_goes_by_itself_where_a_trusted_one_says_so() {
    let mut test = followed(Stage::Live).await;
    let gone = test.adfs.signing.pop().unwrap();

    let refreshed = publishes(&test, &test.adfs).await;
    test.browser().sign_in_as_maya().await;
    test.adfs.signing = vec![gone];
    let by_the_old = test.browser().sign_in(&MAYA).await;

    assert_eq!(refreshed, Refreshed::Accepted(2));
    assert_eq!(by_the_old.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn rule_11_a_key_that_nobody_vouches_for_is_held() {
    let test = followed(Stage::Demo).await;
    let stranger = test.adfs.encryption.clone();
    let mut wanted = test.adfs.clone();
    wanted.signing.push(new_key());
    let mut own = wanted.clone();
    own.signing.insert(0, stranger.clone());
    let unsigned = edited(&wanted, None, |xml| xml);
    let by_another = edited(&wanted, Some(&stranger), |xml| xml);
    let by_its_own_new_key = own.metadata().unwrap();
    // A genuine signature that stands over something else.
    let genuine = test.adfs.metadata().unwrap();
    let start = genuine.find("<ds:Signature").unwrap();
    let end = genuine.find("</ds:Signature>").unwrap() + "</ds:Signature>".len();
    let moved = unsigned.replacen('>', &format!(">{}", &genuine[start..end]), 1);

    for (document, what) in [
        (unsigned, "unsigned"),
        (by_another, "by another key"),
        (by_its_own_new_key, "by the new key itself"),
        (moved, "with a signature of something else"),
    ] {
        let refreshed = answers(&test, document).await;

        assert!(
            matches!(refreshed, Refreshed::Held(_)),
            "{what}: {refreshed:?}"
        );
        assert_eq!(test.account().await.active, 1, "{what}");
    }
    test.browser().sign_in_as_maya().await;
}

#[tokio::test]
async fn rule_11_a_genuine_document_that_is_wrapped_vouches_for_nothing() {
    let test = followed(Stage::Demo).await;
    let genuine = test.adfs.metadata().unwrap();
    let mut wanted = test.adfs.clone();
    wanted.signing = vec![new_key()];
    wanted.signing.insert(0, test.adfs.signing[0].clone());
    let forged = edited(&wanted, None, |xml| {
        // The genuine document hides within; the outer one has another id, and takes over its signature.
        xml.replacen("ID=\"", "ID=\"_outer", 1).replace(
            "</EntityDescriptor>",
            &format!("<Extensions xmlns=\"urn:oasis:names:tc:SAML:2.0:metadata\">{genuine}</Extensions></EntityDescriptor>"),
        )
    });
    let start = genuine.find("<ds:Signature").unwrap();
    let end = genuine.find("</ds:Signature>").unwrap() + "</ds:Signature>".len();
    let with_signature = forged.replacen('>', &format!(">{}", &genuine[start..end]), 1);
    let several = format!(
        "<EntitiesDescriptor xmlns=\"urn:oasis:names:tc:SAML:2.0:metadata\">{genuine}{genuine}</EntitiesDescriptor>"
    );

    for document in [forged, with_signature, several] {
        let refreshed = answers(&test, document).await;

        assert!(
            matches!(refreshed, Refreshed::Held(_) | Refreshed::Failed(_)),
            "{refreshed:?}"
        );
    }
    assert_eq!(test.account().await.active, 1);
}

#[tokio::test]
async fn rule_11_a_swap_without_overlap_a_new_name_and_a_new_address_are_held_whoever_signs() {
    let test = followed(Stage::Demo).await;
    let trusted = test.adfs.signing[0].clone();
    let swapped = Adfs {
        signing: vec![test.adfs.encryption.clone()],
        ..test.adfs.clone()
    };
    let swap = edited(&swapped, Some(&trusted), |xml| xml);
    let renamed = Adfs {
        entity_id: "http://adfs.evil.test/adfs/services/trust".into(),
        ..test.adfs.clone()
    };
    let elsewhere = Adfs {
        base_url: "https://adfs.evil.test".into(),
        ..test.adfs.clone()
    };

    for (document, reason) in [
        (swap, Reason::NoOverlap),
        (renamed.metadata().unwrap(), Reason::EntityId),
        (elsewhere.metadata().unwrap(), Reason::Address),
    ] {
        let refreshed = answers(&test, document).await;

        assert!(matches!(refreshed, Refreshed::Held(_)), "{refreshed:?}");
        let difference = test.app.held(test.slug).await.unwrap().difference;
        assert_eq!(difference.reasons, [reason]);
        assert!(difference.signed_by.is_some());
    }
    assert_eq!(test.account().await.active, 1);
    test.browser().sign_in_as_maya().await;
}

#[tokio::test]
async fn rule_10_a_held_change_is_approved_by_somebody_who_has_seen_it() {
    let mut test = followed(Stage::Demo).await;
    let new = test.adfs.encryption.clone();
    let rolled = Adfs {
        signing: vec![new.clone()],
        ..test.adfs.clone()
    };
    let Refreshed::Held(change) = publishes(&test, &rolled).await else {
        panic!("not held")
    };
    let approve = async |change: &str, prints: Vec<String>| {
        let seen = Seen {
            change: change.into(),
            fingerprints: prints,
            break_glass: None,
        };
        test.app
            .approve_metadata(test.slug, &seen, "shell:test")
            .await
    };

    for (change, prints) in [
        ("", vec![]),
        (change.as_str(), vec![]),
        (change.as_str(), vec!["00".into()]),
        ("0000000000000000", vec![print(&new)]),
    ] {
        let refused = approve(change, prints).await.unwrap_err().to_string();
        assert!(refused.contains("approve-metadata"), "{refused}");
    }
    // However the client has read it out.
    let spaced = new.fingerprint().unwrap().to_lowercase();
    let revision = approve(&change, vec![spaced]).await.unwrap().done();

    assert_eq!((revision, test.account().await.active), (Some(2), 2));
    assert_eq!(source(&test).await.held, None);
    test.adfs = rolled;
    test.browser().sign_in_as_maya().await;
    let entries = audit(&test).await;
    assert!(
        entries
            .iter()
            .any(|entry| entry.starts_with("metadata_approved shell:test")),
        "{entries:#?}"
    );
}

#[tokio::test]
async fn rule_30_the_shell_alone_approves_nothing_for_a_live_account() {
    let test = followed(Stage::Live).await;
    let rolled = Adfs {
        signing: vec![test.adfs.encryption.clone()],
        ..test.adfs.clone()
    };
    let Refreshed::Held(change) = publishes(&test, &rolled).await else {
        panic!("not held")
    };
    let mut seen = Seen {
        change,
        fingerprints: vec![print(&test.adfs.encryption)],
        break_glass: None,
    };

    let refused = test
        .app
        .approve_metadata(test.slug, &seen, "shell:test")
        .await;
    seen.break_glass = Some("the farm was rebuilt".into());
    let approved = test
        .app
        .approve_metadata(test.slug, &seen, "shell:test")
        .await;

    assert!(matches!(refused.unwrap(), Wished::Waits(_)));
    assert_eq!(approved.unwrap().done(), Some(2));
    let entries = audit(&test).await;
    assert!(
        entries
            .iter()
            .any(|entry| entry.contains("the farm was rebuilt")),
        "{entries:#?}"
    );
}

#[tokio::test]
async fn rule_01_a_refreshed_descriptor_of_the_staff_account_is_always_held() {
    let mut test = followed(Stage::Staff).await;
    test.adfs.signing.push(new_key());

    let refreshed = publishes(&test, &test.adfs).await;

    assert!(matches!(refreshed, Refreshed::Held(_)), "{refreshed:?}");
    assert_eq!(test.account().await.active, 1);
}

#[tokio::test]
async fn rule_11_a_refused_change_is_not_held_again_and_a_withdrawn_one_is_forgotten() {
    let test = followed(Stage::Demo).await;
    let renamed = Adfs {
        entity_id: "http://adfs.evil.test/adfs/services/trust".into(),
        ..test.adfs.clone()
    };
    publishes(&test, &renamed).await;
    publishes(&test, &renamed).await;
    let entries = audit(&test).await;
    let held = entries
        .iter()
        .filter(|entry| entry.starts_with("metadata_held"));
    assert_eq!(held.count(), 1, "told of once: {entries:#?}");

    let other = test
        .app
        .refuse_metadata(test.slug, Some("other"), "shell:test");
    assert!(
        other
            .await
            .unwrap_err()
            .to_string()
            .contains("another change")
    );
    test.app
        .refuse_metadata(test.slug, None, "shell:test")
        .await
        .unwrap();
    publishes(&test, &renamed).await;
    let again = source(&test).await.held;
    publishes(&test, &test.adfs).await;
    publishes(&test, &renamed).await;

    assert_eq!(again, None);
    assert!(
        source(&test).await.held.is_some(),
        "it was withdrawn before"
    );
}

#[tokio::test]
async fn rule_11_a_worse_document_never_replaces_the_last_good_one() {
    let test = followed(Stage::Live).await;
    let past = edited(&test.adfs, Some(&test.adfs.signing[0]), |xml| {
        valid_until(&xml, Span::days(-1))
    });

    for document in [
        "<html><body>Sign in</body></html>".to_owned(),
        String::new(),
        "<x/>".to_owned(),
        test.adfs.metadata().unwrap()[..5_000].to_owned(),
        past,
    ] {
        let refreshed = answers(&test, document).await;
        assert!(matches!(refreshed, Refreshed::Failed(_)), "{refreshed:?}");
    }

    assert_eq!(test.account().await.active, 1);
    test.browser().sign_in_as_maya().await;
    assert_eq!(source(&test).await.failures, 5);
    let entries = audit(&test).await;
    let failed = entries
        .iter()
        .filter(|entry| entry.starts_with("metadata_failed"));
    assert_eq!(failed.count(), 1, "told of once: {entries:#?}");
}

#[tokio::test]
async fn rule_11_past_its_validity_and_a_grace_nobody_new_comes_in() {
    let test = followed(Stage::Demo).await;
    let key = test.adfs.signing[0].clone();
    let dated = |days| {
        edited(&test.adfs, Some(&key), |xml| {
            valid_until(&xml, Span::days(days))
        })
    };
    assert_eq!(answers(&test, dated(2)).await, Refreshed::Unchanged);
    let asked = source(&test).await;
    assert!(asked.next_at.since(NOW) <= Span::hours(6), "as it says");

    test.app.clock.advance(Span::days(5));
    test.browser().sign_in_as_maya().await;
    test.app.clock.advance(Span::minutes(1));
    let refused = test.browser().sign_in(&MAYA).await;
    let attempt = test.attempt_of(refused.reference()).await;
    let renewed = answers(&test, dated(30)).await;
    test.browser().sign_in_as_maya().await;

    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    let advice = attempt.advice.unwrap().sentence();
    assert!(advice.contains("was valid until 2026-01-17"), "{advice}");
    assert_eq!(renewed, Refreshed::Unchanged);
}

#[tokio::test]
async fn rule_11_a_key_on_the_deny_list_comes_back_by_no_way() {
    let mut test = followed(Stage::Demo).await;
    let mut browser = test.browser();
    browser.sign_in_as_maya().await;
    let old = test.adfs.clone();
    let gone = print(&old.signing[0]);

    let distrusted = test
        .app
        .distrust(test.slug, &gone, "the key leaked", false, "shell:test")
        .await
        .unwrap();

    assert_eq!((distrusted.left, distrusted.sessions_ended), (1, 1));
    let ended = browser.get("/session").await;
    assert_eq!(ended.status, StatusCode::UNAUTHORIZED);
    let by_it = test.browser().sign_in(&MAYA).await;
    assert_eq!(by_it.status, StatusCode::FORBIDDEN);
    // Its word counts no more, and documents that hold it bring it not back.
    let mut more = old.clone();
    more.signing.push(new_key());
    assert!(matches!(publishes(&test, &more).await, Refreshed::Held(_)));
    assert_eq!(publishes(&test, &old).await, Refreshed::Unchanged);
    test.apply(document(test.slug)).await;
    let by_it = test.browser().sign_in(&MAYA).await;
    assert_eq!(by_it.status, StatusCode::FORBIDDEN);
    // Nor does another certificate for the same key.
    let again = Key::with_certificate(
        old.signing[0].private.clone(),
        "ADFS Signing - renewed",
        NOW,
        365,
        &Entropy::System,
    );
    test.adfs.signing[0] = again.unwrap();
    test.apply(document(test.slug)).await;
    let by_it = test.browser().sign_in(&MAYA).await;
    assert_eq!(by_it.status, StatusCode::FORBIDDEN);
    test.adfs.signing.remove(0);
    test.browser().sign_in_as_maya().await;
}

#[tokio::test]
async fn rule_11_the_last_key_is_distrusted_only_by_force() {
    let mut test = followed(Stage::Live).await;
    test.adfs.signing.pop();
    publishes(&test, &test.adfs).await;
    let print = print(&test.adfs.signing[0]);
    let distrust = async |force| {
        test.app
            .distrust(test.slug, &print, "it leaked", force, "shell:test")
            .await
    };

    let refused = distrust(false).await.unwrap_err().to_string();
    test.browser().sign_in_as_maya().await;
    let forced = distrust(true).await.unwrap();
    let begun = test.browser().get("/saml/acme-live/login").await;

    assert!(refused.contains("--force"), "{refused}");
    assert_eq!(forced.left, 0);
    assert_eq!(begun.status, StatusCode::CONFLICT);
}

#[tokio::test]
async fn rule_11_a_key_that_was_removed_comes_back_only_by_a_person() {
    let mut test = followed(Stage::Demo).await;
    let old = test.adfs.metadata().unwrap();
    test.adfs.signing.pop();
    assert_eq!(publishes(&test, &test.adfs).await, Refreshed::Accepted(2));

    let replayed = answers(&test, old).await;

    assert!(matches!(replayed, Refreshed::Held(_)), "{replayed:?}");
    assert_eq!(test.account().await.active, 2);
}

#[tokio::test]
async fn rule_11_an_unknown_key_of_the_same_name_is_a_suspected_rollover_and_never_trusted() {
    let mut test = followed(Stage::Live).await;
    let name = "ADFS Signing - adfs.acme.test";
    let new = Key::rsa(name, 2048, NOW, 365, &Entropy::System).unwrap();
    test.adfs.signing = vec![new.clone()];

    let refused = test.browser().sign_in(&MAYA).await;

    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    let advice = test.attempt_of(refused.reference()).await.advice.unwrap();
    let sentence = advice.sentence();
    assert!(sentence.starts_with("Rollover suspected"), "{sentence}");
    assert!(sentence.contains(&print(&new)), "{sentence}");
}

#[tokio::test]
async fn rule_08_certificates_that_run_out_are_announced_once_for_each_threshold() {
    let test = followed(Stage::Demo).await;
    let announced = async || {
        test.app.watch_certificates().await.unwrap();
        test.app.watch_certificates().await.unwrap();
        let entries = audit(&test).await;
        entries
            .iter()
            .filter(|entry| entry.starts_with("certificate_expires"))
            .count()
    };

    let at_first = announced().await;
    // The keys of the practice farm end 335 days from here.
    let mut counts = Vec::new();
    for days in [275, 1, 29, 16, 7, 6, 2] {
        test.app.clock.advance(Span::days(days));
        counts.push(announced().await);
    }

    assert_eq!(at_first, 0);
    assert_eq!(counts, [2, 2, 4, 6, 8, 10, 12], "two keys");
}
