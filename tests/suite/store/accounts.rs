//! Accounts, their revisions and keys, the settings, and transactions themselves.

use std::time::Duration;

use vestibule::account::{Account, Document, State};
use vestibule::id::{AccountId, Entropy};
use vestibule::saml::rollover::{self, Purpose};
use vestibule::seal::Ring;
use vestibule::store::{Error, NewRevision, Store};
use vestibule::time::Span;

use super::super::app::{NOW, SP_KEYS, document, private_folder};
use super::{Desk, account, on_each};

fn revision(document: &Document) -> NewRevision<'_> {
    NewRevision {
        document,
        metadata: Some("<metadata/>"),
        author: "shell:test",
        at: NOW,
    }
}

#[tokio::test]
async fn migrations_run_twice() {
    on_each(async |desk: Desk| {
        let again = Store::open(&desk.url, 1).await.unwrap();

        let accounts = again.read().await.unwrap().accounts().await.unwrap();
        assert_eq!(accounts.len(), 2);
    })
    .await;
}

#[tokio::test]
async fn an_address_that_leads_nowhere_is_refused() {
    let folder = private_folder();
    std::fs::write(folder.path().join("file"), "").unwrap();
    let below = format!("sqlite://{}/file/vestibule.db", folder.path().display());

    assert!(matches!(
        Store::open("mysql://x", 1).await,
        Err(Error::Address)
    ));
    assert!(matches!(
        Store::open(&below, 1).await,
        Err(Error::Folder { .. })
    ));
}

#[tokio::test]
async fn a_write_that_is_dropped_leaves_nothing() {
    on_each(async |desk: Desk| {
        let mut tx = desk.write().await;
        tx.set("colour", "green").await.unwrap();
        tx.of(desk.account)
            .save_user(&desk.user("maya"))
            .await
            .unwrap();
        drop(tx);

        let mut tx = desk.read().await;
        assert_eq!(tx.setting("colour").await.unwrap(), None);
        assert_eq!(tx.of(desk.account).count_users().await.unwrap(), 0);
    })
    .await;
}

#[tokio::test]
async fn a_write_that_failed_leaves_nothing() {
    on_each(async |desk: Desk| {
        let mut tx = desk.write().await;
        tx.set("colour", "green").await.unwrap();
        let taken = tx
            .create_account(&account(desk.account, "other-demo"))
            .await;
        assert!(taken.unwrap_err().is_unique_violation());
        drop(tx);

        assert_eq!(desk.read().await.setting("colour").await.unwrap(), None);
    })
    .await;
}

#[tokio::test]
async fn what_only_looks_changes_nothing() {
    on_each(async |desk: Desk| {
        let mut tx = desk.read().await;
        assert!(tx.set("colour", "green").await.is_err());
        drop(tx);
        let (mut tx, user) = (desk.read().await, desk.user("maya"));
        assert!(tx.of(desk.account).save_user(&user).await.is_err());
        drop(tx);

        let mut tx = desk.read().await;
        assert_eq!(tx.setting("colour").await.unwrap(), None);
        assert_eq!(tx.of(desk.account).count_users().await.unwrap(), 0);
        tx.commit().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn who_changes_an_account_is_alone_with_it() {
    on_each(async |desk: Desk| {
        let mut first = desk.write().await;
        first.of(desk.account).alone().await.unwrap();
        let mut waiting = std::pin::pin!(async {
            let mut second = desk.write().await;
            second.of(desk.account).alone().await.unwrap();
            second.setting("colour").await.unwrap()
        });

        let early = tokio::time::timeout(Duration::from_millis(50), waiting.as_mut()).await;
        first.set("colour", "green").await.unwrap();
        first.commit().await.unwrap();

        assert!(early.is_err(), "it did not wait: {early:?}");
        assert_eq!(waiting.await.as_deref(), Some("green"));
    })
    .await;
}

#[tokio::test]
async fn a_closed_store_opens_nothing() {
    on_each(async |desk: Desk| {
        desk.store.close().await;

        assert!(desk.store.read().await.is_err());
        assert!(desk.store.write().await.is_err());
    })
    .await;
}

#[tokio::test]
async fn the_database_answers() {
    on_each(async |desk: Desk| desk.read().await.ping().await.unwrap()).await;
}

#[tokio::test]
async fn a_setting_is_what_was_set_last() {
    on_each(async |desk: Desk| {
        let mut tx = desk.write().await;
        assert_eq!(tx.setting("colour").await.unwrap(), None);
        for value in ["green", "blue"] {
            tx.set("colour", value).await.unwrap();
            assert_eq!(tx.setting("colour").await.unwrap().as_deref(), Some(value));
        }
    })
    .await;
}

#[tokio::test]
async fn an_account_is_found_by_its_name_and_by_its_id() {
    on_each(async |desk: Desk| {
        let mut tx = desk.read().await;
        let acme = account(desk.account, "acme-demo");

        assert_eq!(tx.account("acme-demo").await.unwrap().as_ref(), Some(&acme));
        assert_eq!(tx.account("ACME-demo").await.unwrap(), None);
        assert_eq!(
            tx.of(desk.account).account().await.unwrap().as_ref(),
            Some(&acme)
        );
        assert_eq!(tx.of(desk.account).id(), desk.account);
        let unknown = AccountId::new(NOW, &desk.entropy);
        assert_eq!(tx.of(unknown).account().await.unwrap(), None);
        let mut all = tx.accounts().await.unwrap();
        all.sort_by_key(|account| account.slug.to_string());
        assert_eq!(all, [acme, account(desk.other, "bravo-demo")]);
    })
    .await;
}

#[tokio::test]
async fn a_name_or_entity_id_that_is_taken_is_a_unique_violation() {
    on_each(async |desk: Desk| {
        let id = AccountId::new(NOW, &desk.entropy);
        let mut same_name = account(id, "acme-demo");
        same_name.entity_id = "urn:other".into();
        let mut same_entity = account(id, "other-demo");
        same_entity.entity_id = "https://sso.test/saml/acme-demo/metadata".into();

        for taken in [same_name, same_entity] {
            let error = desk.write().await.create_account(&taken).await.unwrap_err();
            assert!(error.is_unique_violation(), "{error}");
        }
        let mut tx = desk.write().await;
        let orphan = tx.of(id).save_user(&desk.user("maya")).await.unwrap_err();
        assert!(!orphan.is_unique_violation(), "{orphan}");
    })
    .await;
}

#[tokio::test]
async fn switching_an_account_says_whether_that_changed_anything() {
    on_each(async |desk: Desk| {
        let mut tx = desk.write().await;
        let mut of = tx.of(desk.account);

        assert!(!of.set_state(State::Enabled).await.unwrap());
        assert!(of.set_state(State::Disabled).await.unwrap());
        assert!(!of.set_state(State::Disabled).await.unwrap());
        assert_eq!(of.account().await.unwrap().unwrap().state, State::Disabled);
        let other = tx.of(desk.other).account().await.unwrap().unwrap();
        assert_eq!(other.state, State::Enabled);
    })
    .await;
}

#[tokio::test]
async fn revisions_count_from_one_in_each_account() {
    on_each(async |desk: Desk| {
        let (first, mut second) = (document("acme-demo"), document("acme-demo"));
        second.session.idle_minutes = 5;
        let mut tx = desk.write().await;
        let mut of = tx.of(desk.account);

        assert_eq!(of.add_revision(revision(&first)).await.unwrap(), 1);
        assert_eq!(of.add_revision(revision(&second)).await.unwrap(), 2);

        let kept = of.revision(2).await.unwrap().unwrap();
        assert_eq!((kept.number, &kept.document), (2, &second));
        assert_eq!(kept.metadata.as_deref(), Some("<metadata/>"));
        assert_eq!((kept.author.as_str(), kept.created_at), ("shell:test", NOW));
        assert_eq!(of.revision(3).await.unwrap(), None);
        let all = of.revisions().await.unwrap();
        assert_eq!(all.iter().map(|one| one.number).collect::<Vec<_>>(), [2, 1]);
        let mut other = tx.of(desk.other);
        assert_eq!(other.revisions().await.unwrap(), []);
        assert_eq!(other.add_revision(revision(&first)).await.unwrap(), 1);
    })
    .await;
}

#[tokio::test]
async fn two_revisions_at_once_get_different_numbers_or_one_fails() {
    on_each(async |desk: Desk| {
        let document = document("acme-demo");
        let add = async || {
            let mut tx = desk.store.write().await?;
            let number = tx
                .of(desk.account)
                .add_revision(revision(&document))
                .await?;
            tx.commit().await.map(|()| number)
        };

        let (first, second) = tokio::join!(add(), add());

        let kept = desk
            .read()
            .await
            .of(desk.account)
            .revisions()
            .await
            .unwrap();
        let made: Vec<i64> = [first, second].into_iter().flatten().collect();
        assert_eq!(kept.len(), made.len());
        assert!(
            made.iter()
                .all(|number| kept.iter().any(|one| one.number == *number))
        );
    })
    .await;
}

#[tokio::test]
async fn a_revision_is_put_in_force() {
    on_each(async |desk: Desk| {
        let mut tx = desk.write().await;

        tx.of(desk.account).activate(7).await.unwrap();

        assert_eq!(
            tx.of(desk.account).account().await.unwrap().unwrap().active,
            7
        );
        assert_eq!(
            tx.of(desk.other).account().await.unwrap().unwrap().active,
            1
        );
    })
    .await;
}

#[tokio::test]
async fn keys_come_back_newest_first_and_only_with_their_master_key() {
    on_each(async |desk: Desk| {
        let (mut older, newer) = (SP_KEYS.clone(), SP_KEYS.clone());
        older.signing.clone_from(&newer.encryption);
        older.encryption.clear();
        let mut tx = desk.write().await;
        let mut of = tx.of(desk.account);
        for (keys, at) in [(&older, NOW), (&newer, NOW.plus(Span::days(1)))] {
            of.create_keys(keys, rollover::State::Active, &desk.ring, at, &desk.entropy)
                .await
                .unwrap();
        }

        let kept = of.keys(&desk.ring).await.unwrap();

        let serial = |pair: &vestibule::saml::keys::KeyPair| pair.certificate_base64().unwrap();
        assert_eq!((kept.signing.len(), kept.encryption.len()), (2, 1));
        assert_eq!(serial(&kept.signing[0]), serial(&newer.signing[0]));
        assert_eq!(serial(&kept.signing[1]), serial(&older.signing[0]));
        assert!(kept.signing[0].private.public_eq(&newer.signing[0].private));
        let foreign = Ring::generate(&Entropy::System);
        assert!(matches!(of.keys(&foreign).await, Err(Error::Stored("key"))));
        let none = tx.of(desk.other).keys(&desk.ring).await.unwrap();
        assert!(none.signing.is_empty() && none.encryption.is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_setting_that_is_settled_stays_what_it_was_first() {
    on_each(async |desk: Desk| {
        let mut tx = desk.write().await;

        let first = tx.settle("proof", "one").await.unwrap();
        let second = tx.settle("proof", "two").await.unwrap();

        assert_eq!((first.as_str(), second.as_str()), ("one", "one"));
    })
    .await;
}

#[tokio::test]
async fn a_database_is_known_to_be_there_without_being_made() {
    on_each(async |desk: Desk| {
        let elsewhere = match desk.url.strip_prefix("sqlite://") {
            Some(file) => format!("sqlite://{file}.away"),
            None => desk.url.replace("search_path%3D", "search_path%3Daway_"),
        };

        assert!(Store::is_made(&desk.url).await.unwrap());
        assert!(!Store::is_made(&elsewhere).await.unwrap());
        assert!(!Store::is_made(&elsewhere).await.unwrap());
    })
    .await;
}

#[tokio::test]
async fn keys_move_from_state_to_state_and_the_old_ones_go() {
    on_each(async |desk: Desk| {
        let mut tx = desk.write().await;
        let mut of = tx.of(desk.account);
        for state in [rollover::State::Active, rollover::State::Next] {
            of.create_keys(&SP_KEYS, state, &desk.ring, NOW, &desk.entropy)
                .await
                .unwrap();
        }
        let before = of.key_states().await.unwrap();
        let (active, old) = (rollover::State::Active, rollover::State::Old);

        let moved = of.move_keys(Purpose::Signing, active, old).await.unwrap();

        assert_eq!((before.len(), moved), (4, 1));
        assert_ne!(of.key_states().await.unwrap(), before);
        let known = of.known_keys().await.unwrap();
        let in_state = |purpose, state| {
            let is = |key: &&rollover::Known| (key.purpose, key.state) == (purpose, state);
            known.iter().filter(is).count()
        };
        assert_eq!(in_state(Purpose::Signing, old), 1);
        assert_eq!(in_state(Purpose::Signing, rollover::State::Next), 1);
        assert_eq!(in_state(Purpose::Encryption, active), 2);
        assert_eq!(of.delete_old_keys().await.unwrap(), 1);
        assert_eq!(of.keys(&desk.ring).await.unwrap().signing.len(), 1);
        let mut other = tx.of(desk.other);
        assert_eq!(
            other
                .move_keys(Purpose::Signing, active, old)
                .await
                .unwrap(),
            0
        );
        assert_eq!(other.delete_old_keys().await.unwrap(), 0);
    })
    .await;
}

#[tokio::test]
async fn a_deleted_account_is_found_among_those_there_ever_were() {
    on_each(async |desk: Desk| {
        let mut tx = desk.write().await;
        tx.of(desk.account).delete_account().await.unwrap();

        let ids = |all: Vec<Account>| all.into_iter().map(|one| one.id).collect::<Vec<_>>();
        let now = ids(tx.accounts().await.unwrap());
        let ever = ids(tx.accounts_ever().await.unwrap());
        assert!(!now.contains(&desk.account) && now.contains(&desk.other));
        assert!(ever.contains(&desk.account));
        assert_eq!(tx.of(desk.account).account().await.unwrap(), None);
    })
    .await;
}
