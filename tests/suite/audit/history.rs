//! People are erased, old entries removed, files carried away: what is left is still proved.

use std::io::{BufRead, Cursor};
use std::sync::Arc;

use vestibule::app::{Format, Part, verify_export};
use vestibule::audit::{Filter, PublicKey, SigningKey};

use super::*;

async fn exported(app: &App, part: &Part, format: Format) -> String {
    let mut file = Vec::new();
    app.export_audit(part, format, &mut file).await.unwrap();
    String::from_utf8(file).unwrap()
}

fn offline(file: &str, key: PublicKey) -> anyhow::Result<Report> {
    let lines = || Ok(Box::new(Cursor::new(file.to_owned())) as Box<dyn BufRead>);
    verify_export(lines, key, &[])
}

async fn public(app: &App) -> PublicKey {
    app.audit_key().await.unwrap().public().unwrap()
}

#[tokio::test]
async fn rule_49_personal_fields_are_salted_hashes_and_erased_with_their_salt() {
    let test = TestApp::new().await;
    let account = test.account().await;
    let user = test.app.invite(
        &account,
        vestibule::app::Invitation {
            subject: Some("anna@acme.test".into()),
            external_id: None,
            profile: vestibule::claims::Profile::default(),
        },
        "shell:test",
    );
    let user = user.await.unwrap();
    let mut tx = test.app.store.write().await.unwrap();
    let event = Event::SignInConfirmed {
        user: user.id.to_string(),
        session: "ses_1".into(),
        replaced: None,
        address: "198.51.100.7".into(),
    };
    let mut of = tx.of(account.id);
    let entropy = &test.app.entropy;
    of.audit(&user.id.to_string(), event, NOW, entropy)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    vouch(&test.app, 0).await;
    let rows = texts(&test.app.store, "SELECT detail FROM audit").await;
    assert!(!rows.concat().contains("198.51.100.7"));

    test.app
        .delete_user(&account, user.id, "shell:test")
        .await
        .unwrap();
    vouch(&test.app, 0).await;

    let report = verify(&test.app).await;
    assert_eq!(report.damage, []);
    assert_eq!(report.erased, 1);
    let mut tx = test.app.store.read().await.unwrap();
    let page = tx
        .of(account.id)
        .audit_page(&Filter::default(), None, 9)
        .await;
    let page = page.unwrap();
    let entry = page.iter().find(|entry| entry.event == "sign_in_confirmed");
    assert_eq!(entry.unwrap().detail["address"], "erased");
    assert_eq!(entry.unwrap().detail["user"], user.id.to_string());
}

#[tokio::test]
async fn rule_06_the_beginning_of_the_audit_is_removed_and_the_rest_still_verifies() {
    let (test, account) = proved().await;
    let days = test.app.config.retention.audit_days;
    let later = NOW.plus(Span::days(days + 3));

    let dry = test.app.purge(later, 100, true).await.unwrap();
    let done = test.app.purge(later, 100, false).await.unwrap();
    vouch(&test.app, days + 3).await;

    assert_eq!(dry, done);
    assert!(done[0].audit >= 3, "{done:?}");
    let report = verify(&test.app).await;
    assert_eq!(report.damage, []);
    let again = test.app.purge(later, 100, false).await.unwrap();
    assert_eq!(again[0].audit, 0);
    let cut = format!(
        "DELETE FROM audit WHERE number = (SELECT MIN(number) FROM audit WHERE account = '{account}')"
    );
    change(&test.app.store, &cut).await;
    assert_ne!(verify(&test.app).await.damage, []);
}

#[tokio::test]
async fn an_export_is_verified_with_the_public_key_alone() {
    let (test, account) = proved().await;
    let whole = exported(&test.app, &Part::default(), Format::Jsonl).await;

    let report = offline(&whole, public(&test.app).await).unwrap();
    assert_eq!(report.damage, []);
    assert!(report.entries >= 7);

    let other = SigningKey::generate().unwrap().public().unwrap();
    assert_ne!(offline(&whole, other).unwrap().damage, []);
    let lines: Vec<&str> = whole.lines().collect();
    for at in 1..lines.len() {
        let mut without = lines.clone();
        without.remove(at);
        let report = offline(&without.join("\n"), public(&test.app).await).unwrap();
        // Without its first or its last, a chain of checkpoints is a shorter one that holds.
        let next = lines.get(at + 1).unwrap_or(&"");
        let is_an_end =
            lines[at].contains("\"checkpoint\"") && (at == 1 || !next.contains("\"checkpoint\""));
        assert!(is_an_end || !report.damage.is_empty(), "{}", lines[at]);
    }
    let changed = whole.replace("198.51.100.7", "198.51.100.8");
    assert_ne!(
        offline(&changed, public(&test.app).await).unwrap().damage,
        []
    );
    let part = Part {
        account: Some(account),
        since: Some(NOW.plus(Span::days(2))),
        until: Some(NOW.plus(Span::days(4))),
    };
    let part = exported(&test.app, &part, Format::Jsonl).await;
    let report = offline(&part, public(&test.app).await).unwrap();
    assert_eq!(report.damage, []);
    assert_eq!(report.entries, 2);
    assert!(report.unproved.len() >= 2, "{report:?}");
}

#[tokio::test]
async fn other_formats_carry_every_entry() {
    let (test, _) = proved().await;

    let ocsf = exported(&test.app, &Part::default(), Format::Ocsf).await;
    let csv = exported(&test.app, &Part::default(), Format::Csv).await;

    let entries = usize::try_from(verify(&test.app).await.entries).unwrap();
    assert_eq!(ocsf.lines().count(), entries);
    assert_eq!(csv.lines().count(), entries + 1);
    let last: serde_json::Value = serde_json::from_str(ocsf.lines().last().unwrap()).unwrap();
    assert_eq!(last["class_uid"], 3002);
    assert_eq!(last["type_uid"], 300_201);
    assert_eq!(last["metadata"]["version"], "1.8.0");
    assert_eq!(last["src_endpoint"]["ip"], "203.0.113.9");
}

#[tokio::test]
async fn a_quiet_system_is_sealed_without_writing() {
    let (test, _) = proved().await;
    let before = crate::rules::counts(&test.app.store).await;

    assert_eq!(test.app.seal_audit().await.unwrap(), 0);
    let later = NOW.plus(Span::days(9));
    assert_eq!(test.app.checkpoint(later, false).await.unwrap(), None);

    assert_eq!(crate::rules::counts(&test.app.store).await, before);
}

#[tokio::test]
async fn a_checkpoint_waits_ten_seconds_for_the_next() {
    let (test, account) = proved().await;
    suspend(&test.app, account, 6).await;
    test.app.seal_audit().await.unwrap();
    let at = |seconds| NOW.plus(Span::days(6)).plus(Span::seconds(seconds));

    assert_eq!(test.app.checkpoint(at(9), false).await.unwrap(), None);
    assert!(test.app.checkpoint(at(10), false).await.unwrap().is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn two_sealers_beside_many_writers_make_one_chain_without_a_gap() {
    let test = TestApp::new().await;
    let account = test.account().await.id;
    let mut work = Vec::new();
    for _ in 0..4 {
        let app = Arc::clone(&test.app);
        work.push(tokio::spawn(async move {
            for day in 0..20 {
                suspend(&app, account, day).await;
            }
        }));
    }
    for _ in 0..2 {
        let app = Arc::clone(&test.app);
        work.push(tokio::spawn(async move {
            for day in 0..20 {
                app.seal_audit().await.unwrap();
                app.checkpoint(NOW.plus(Span::days(day)), true)
                    .await
                    .unwrap();
            }
        }));
    }
    for done in work {
        done.await.unwrap();
    }
    vouch(&test.app, 30).await;

    let report = verify(&test.app).await;

    assert_eq!(report.damage, []);
    assert!(report.entries >= 81, "{report:?}");
}

#[tokio::test]
async fn everything_that_is_held_about_a_person_is_exported_and_that_it_was_is_an_entry() {
    let test = TestApp::new().await;
    let account = test.account().await;
    test.browser().sign_in_as_maya().await;
    let users = test
        .app
        .store
        .read()
        .await
        .unwrap()
        .of(account.id)
        .users(None, 9, NOW)
        .await;
    let user = users.unwrap().pop().unwrap();

    let all = test
        .app
        .export_person(&account, user.id, "shell:test")
        .await
        .unwrap();

    assert_eq!(all["user"]["id"], user.id.to_string());
    assert_eq!(all["sessions"].as_array().unwrap().len(), 1);
    assert_eq!(all["attempts"].as_array().unwrap().len(), 1);
    assert_eq!(all["did"][0]["event"], "signed_in");
    let mut tx = test.app.store.read().await.unwrap();
    let page = tx
        .of(account.id)
        .audit_page(&Filter::default(), None, 9)
        .await;
    let page = page.unwrap();
    assert!(page.iter().any(|entry| entry.event == "person_exported"));
}
