//! What is told of changes, and who hears it.

use std::time::Duration;

use vestibule::account;
use vestibule::claims::Profile;
use vestibule::role::{Role, Roles};
use vestibule::store::{Changes, Edition, News, Store};
use vestibule::user::User;

use super::super::app::NOW;
use super::{Desk, on_each};

impl Desk {
    pub(super) async fn edition(&self) -> Edition {
        self.read().await.edition().await.unwrap()
    }

    /// Of whom there was news since, of the first account.
    pub(super) async fn news_since(&self, seen: &Edition) -> Vec<Option<String>> {
        let news = self
            .read()
            .await
            .news(seen.revision)
            .await
            .unwrap()
            .unwrap();
        assert!(
            news.iter().all(|one| one.account == self.account),
            "{news:?}"
        );
        news.into_iter().map(|one| one.about).collect()
    }
}

#[tokio::test]
async fn every_change_that_takes_something_away_is_news() {
    on_each(async |desk: Desk| {
        let maya = desk.somebody("maya").await;
        let about_her = vec![Some(maya.id.to_string())];
        let mut seen = desk.edition().await;
        let mut session = desk.session(maya.id, NOW);
        for step in [
            "save",
            "end",
            "digest",
            "all of hers",
            "all",
            "off",
            "revision",
            "delete",
        ] {
            let mut changes = Changes::new(desk.account);
            session.id = desk.session(maya.id, NOW).id;
            changes.create_session(&session, step, false).unwrap();
            desk.store.commit(changes).await.unwrap();
            assert_eq!(desk.edition().await, seen, "a new session is no news");

            let mut tx = desk.write().await;
            let mut of = tx.of(desk.account);
            match step {
                "save" => of.save_user(&maya).await.unwrap(),
                "end" => assert!(of.end_session(maya.id, session.id).await.unwrap()),
                "digest" => assert!(tx.delete_session(step).await.unwrap()),
                "all of hers" => assert!(of.end_sessions(maya.id).await.unwrap() > 0),
                "all" => assert!(of.end_all_sessions().await.unwrap() > 0),
                "off" => assert!(of.set_state(account::State::Disabled).await.unwrap()),
                "revision" => of.activate(1).await.unwrap(),
                _ => of.delete_user(maya.id, "grave", NOW).await.unwrap(),
            }
            tx.commit().await.unwrap();

            let expected = if ["all", "off", "revision"].contains(&step) {
                vec![None]
            } else {
                about_her.clone()
            };
            assert_eq!(desk.news_since(&seen).await, expected, "{step}");
            seen = desk.edition().await;
        }
    })
    .await;
}

#[tokio::test]
async fn another_sign_in_is_news_only_where_something_of_the_person_changed() {
    on_each(async |desk: Desk| {
        let maya = desk.somebody("maya").await;
        let update = async |after: &User| {
            let seen = desk.edition().await;
            let mut changes = Changes::new(desk.account);
            changes.update_user(&maya, after).unwrap();
            desk.store.commit(changes).await.unwrap();
            desk.news_since(&seen).await.len()
        };

        let again = User {
            last_sign_in: Some(NOW.plus(vestibule::time::Span::days(1))),
            ..maya.clone()
        };
        assert_eq!(update(&again).await, 0);
        let other = User {
            roles: Roles::from([(Role::Maker, "a rule".into())]),
            ..maya.clone()
        };
        assert_eq!(update(&other).await, 1);
        let profile = Profile {
            email: Some("maya@acme.example".into()),
            ..Profile::default()
        };
        assert_eq!(
            update(&User {
                profile,
                ..maya.clone()
            })
            .await,
            1
        );
    })
    .await;
}

#[tokio::test]
async fn what_was_not_committed_is_no_news_and_old_news_is_not_kept_for_ever() {
    on_each(async |desk: Desk| {
        let before = desk.edition().await;
        let commits = desk.store.commits().count();
        let mut tx = desk.write().await;
        tx.of(desk.account).end_all_sessions().await.unwrap();
        drop(tx);
        assert_eq!(desk.edition().await, before);
        assert_eq!(desk.store.commits().count(), commits);

        for _ in 0..51 {
            let mut changes = Changes::new(desk.account);
            for _ in 0..200 {
                changes.announce(Some("usr_x"));
            }
            desk.store.commit(changes).await.unwrap();
        }
        let mut tx = desk.write().await;
        tx.forget_news().await.unwrap();
        tx.commit().await.unwrap();

        assert!(desk.store.commits().count() > commits);
        let mut tx = desk.read().await;
        assert_eq!(
            tx.news(before.revision).await.unwrap(),
            None,
            "some is missing"
        );
        let last = tx.news(before.revision + 10_199).await.unwrap().unwrap();
        let about = Some("usr_x".to_owned());
        assert_eq!(
            last,
            [News {
                account: desk.account,
                about
            }]
        );
    })
    .await;
}

#[tokio::test]
async fn another_epoch_is_another_history() {
    on_each(async |desk: Desk| {
        let before = desk.edition().await;
        let mut tx = desk.write().await;
        tx.begin_epoch("another").await.unwrap();
        tx.commit().await.unwrap();

        let after = desk.edition().await;
        assert_eq!(after.epoch, "another");
        assert!(after.revision > before.revision);
    })
    .await;
}

#[tokio::test]
async fn whoever_listens_hears_of_news_where_the_database_tells() {
    on_each(async |desk: Desk| {
        let other = Store::open(&desk.url, 4).await.unwrap();
        let mut ear = desk.store.listen("").await.unwrap();
        let mut changes = Changes::new(desk.account);
        changes.announce(None);
        other.commit(changes).await.unwrap();

        let heard = tokio::time::timeout(Duration::from_secs(5), ear.hear());
        match &desk.store {
            Store::Postgres { .. } => heard.await.unwrap().unwrap(),
            Store::Sqlite { .. } => drop(heard),
        }
        other.close().await;
    })
    .await;
}
