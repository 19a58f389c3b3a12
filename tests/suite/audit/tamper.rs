//! What was changed, removed, put in, exchanged or cut off.

use proptest::prelude::*;
use vestibule::audit::{PublicKey, Signed, SigningKey};

use super::*;

/// What a value of each column becomes.
const COLUMNS: [(&str, &str); 13] = [
    ("id", "id || 'x'"),
    ("at", "at + 1"),
    ("actor", "actor || 'x'"),
    ("address", "COALESCE(address, '') || 'x'"),
    ("request", "COALESCE(request, '') || 'x'"),
    ("event", "event || 'x'"),
    ("outcome", "outcome || 'x'"),
    ("target", "COALESCE(target, '') || 'x'"),
    ("detail", "detail || ' '"),
    ("detail", "'{}'"),
    ("previous", "'00'"),
    ("hash", "'00'"),
    ("number", "number + 1000"),
];

#[tokio::test]
async fn what_nobody_touched_is_whole() {
    let (test, _) = proved().await;

    let report = verify(&test.app).await;

    assert_eq!(report.damage, []);
    assert!(report.entries >= 7 && report.checkpoints >= 4, "{report:?}");
}

#[tokio::test]
async fn every_changed_column_of_every_row_is_found() {
    let (test, account) = proved().await;
    let store = &test.app.store;
    let ids = texts(
        store,
        "SELECT id FROM audit WHERE number IS NOT NULL ORDER BY id",
    )
    .await;

    for id in &ids {
        for (column, value) in COLUMNS {
            let kept = format!("CREATE TABLE kept AS SELECT * FROM audit WHERE id = '{id}'");
            change(store, &kept).await;
            let tampered = format!("UPDATE audit SET {column} = {value} WHERE id = '{id}'");
            change(store, &tampered).await;

            let report = verify(&test.app).await;

            assert_ne!(report.damage, [], "{tampered}");
            let place = report.damage[0].account.clone();
            assert_eq!(place, Some(account.to_string()), "{tampered}");
            let back = format!(
                "DELETE FROM audit WHERE id IN ('{id}', '{id}x'); INSERT INTO audit SELECT * FROM kept; DROP TABLE kept"
            );
            change(store, &back).await;
        }
    }
    assert_eq!(verify(&test.app).await.damage, []);
}

#[tokio::test]
async fn what_is_kept_of_people_and_of_checkpoints_cannot_be_changed_either() {
    for tampered in [
        "UPDATE audit_personal SET content = REPLACE(content, '198.51.100.7', '198.51.100.8')",
        "UPDATE audit_personal SET content = content || ' '",
        "UPDATE audit_personal SET person = 'usr_018bcfe568007000800000000000000a' WHERE content LIKE '%198.51%'",
        "UPDATE audit_personal SET entry = (SELECT MIN(id) FROM audit)  WHERE entry = (SELECT MAX(entry) FROM audit_personal) AND content LIKE '%198.51%'",
        "DELETE FROM audit_personal WHERE content LIKE '%198.51%'",
        "UPDATE audit_checkpoints SET content = content || ' ' WHERE number = 2",
        "UPDATE audit_checkpoints SET content = REPLACE(content, '\"number\":2', '\"number\":3') WHERE number = 2",
        "UPDATE audit_checkpoints SET signature = (SELECT signature FROM audit_checkpoints WHERE number = 1) WHERE number = 2",
        "UPDATE audit_checkpoints SET number = 40 WHERE number = 2",
        "DELETE FROM audit_checkpoints WHERE number = 2",
        "UPDATE audit_heads SET number = number - 1",
        "UPDATE audit_heads SET number = number + 1",
        "UPDATE audit_heads SET hash = '00'",
        "DELETE FROM audit_heads",
        "DELETE FROM audit; DELETE FROM audit_heads",
    ] {
        let (test, _) = proved().await;
        change(&test.app.store, tampered).await;

        let report = verify(&test.app).await;

        assert_ne!(report.damage, [], "{tampered}");
    }
}

#[tokio::test]
async fn what_was_cut_off_with_its_checkpoints_is_found_against_one_that_left() {
    let (test, _) = proved().await;
    let kept = test.app.store.read().await.unwrap().last_checkpoint().await;
    let kept: Signed = kept.unwrap().unwrap();
    let cut = "DELETE FROM audit_checkpoints WHERE number = (SELECT MAX(number) FROM audit_checkpoints);
        DELETE FROM audit_personal WHERE entry = (SELECT id FROM audit WHERE number = (SELECT MAX(number) FROM audit));
        DELETE FROM audit WHERE number = (SELECT MAX(number) FROM audit);
        UPDATE audit_heads SET number = number - 1, vouched = number - 1, hash = (SELECT hash FROM audit ORDER BY number DESC LIMIT 1)";
    change(&test.app.store, cut).await;

    let alone = verify(&test.app).await;
    let against = test.app.verify_audit(None, &[kept]).await.unwrap();

    assert_eq!(alone.damage, []);
    assert!(alone.unproved.iter().any(|what| what.contains("--against")));
    assert_eq!(against.damage.len(), 2, "{against:?}");
}

#[tokio::test]
async fn an_older_checkpoint_still_vouches_and_a_foreign_one_does_not() {
    let (test, account) = proved().await;
    let first = test.app.store.read().await.unwrap().checkpoints(0, 1).await;
    let first = first.unwrap().pop().unwrap().1.unwrap();
    suspend(&test.app, account, 7).await;
    vouch(&test.app, 7).await;

    let old = test
        .app
        .verify_audit(None, std::slice::from_ref(&first))
        .await
        .unwrap();
    assert_eq!(old.damage, []);

    let key = SigningKey::generate().unwrap();
    let mut foreign = first;
    foreign.checkpoint.key = key.public().unwrap().id().to_owned();
    foreign.signature = key.sign(&foreign.checkpoint.text()).unwrap();
    let report = test.app.verify_audit(None, &[foreign]).await.unwrap();
    assert!(report.damage[0].what.contains("another key"), "{report:?}");
}

#[test]
fn a_key_is_read_from_what_was_printed_and_verifies_nothing_else() {
    let key = SigningKey::generate().unwrap();
    let public = PublicKey::read(&key.public().unwrap().pem().unwrap()).unwrap();
    let signature = key.sign("text").unwrap();

    assert_eq!(public.id(), key.public().unwrap().id());
    assert!(public.verifies("text", &signature));
    assert!(!public.verifies("other", &signature));
    let other = SigningKey::generate().unwrap().public().unwrap();
    assert!(!other.verifies("text", &signature));
}

/// Something done to the table, with the numbers that it is done to.
#[derive(Debug, Clone)]
enum Deed {
    Change(usize, usize),
    Delete(usize),
    Exchange(usize, usize),
    Insert(usize),
    Truncate(usize),
    Unseal(usize),
}

fn deeds() -> impl Strategy<Value = Deed> {
    let any = 0_usize..100;
    prop_oneof![
        (any.clone(), any.clone()).prop_map(|(row, column)| Deed::Change(row, column)),
        any.clone().prop_map(Deed::Delete),
        (any.clone(), any.clone()).prop_map(|(one, two)| Deed::Exchange(one, two)),
        any.clone().prop_map(Deed::Insert),
        any.clone().prop_map(Deed::Truncate),
        any.prop_map(Deed::Unseal),
    ]
}

impl Deed {
    fn statement(&self, ids: &[String]) -> Option<String> {
        let id = |at: &usize| &ids[at % ids.len()];
        Some(match self {
            Self::Change(row, column) => {
                let (column, value) = COLUMNS[column % COLUMNS.len()];
                format!("UPDATE audit SET {column} = {value} WHERE id = '{}'", id(row))
            }
            Self::Delete(row) => format!("DELETE FROM audit WHERE id = '{}'", id(row)),
            Self::Exchange(one, two) if id(one) == id(two) => return None,
            Self::Exchange(one, two) => {
                let (one, two) = (id(one), id(two));
                format!(
                    "UPDATE audit SET id = 'x' WHERE id = '{one}'; UPDATE audit SET id = '{one}' WHERE id = '{two}'; UPDATE audit SET id = '{two}' WHERE id = 'x'"
                )
            }
            Self::Insert(row) => format!(
                "INSERT INTO audit (account, id, at, actor, event, outcome, detail, number, previous, hash)
                 SELECT account, id || 'x', at, actor, event, outcome, '{{}}', (SELECT MAX(number) + 1 FROM audit), hash, hash FROM audit WHERE id = '{}'",
                id(row)
            ),
            Self::Truncate(row) => format!("DELETE FROM audit WHERE id >= '{}'", id(row)),
            Self::Unseal(row) => format!(
                "UPDATE audit SET number = NULL, previous = NULL, hash = NULL WHERE id = '{}'",
                id(row)
            ),
        })
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_done_to_a_random_history_is_found(lengths in prop::collection::vec(1_usize..6, 1..4), deed in deeds()) {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let test = TestApp::new().await;
            let account = test.account().await.id;
            for (length, day) in lengths.iter().zip(0..) {
                for _ in 0..*length {
                    suspend(&test.app, account, day).await;
                }
                vouch(&test.app, day).await;
            }
            assert_eq!(verify(&test.app).await.damage, []);
            let ids = texts(&test.app.store, "SELECT id FROM audit ORDER BY id").await;
            let Some(statement) = deed.statement(&ids) else { return };

            change(&test.app.store, &statement).await;

            assert_ne!(verify(&test.app).await.damage, [], "{statement}");
        });
    }
}
