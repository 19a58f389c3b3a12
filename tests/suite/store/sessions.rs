//! Sessions, from the sign-in to their end.

use vestibule::account;
use vestibule::saml::NameId;
use vestibule::session::Session;
use vestibule::store::Changes;
use vestibule::time::{Span, Timestamp};
use vestibule::user::{self, User};

use super::super::app::NOW;
use super::{Desk, on_each};

impl Desk {
    /// A session of that digest, which may wait for its confirmation.
    async fn signed_in(&self, user: &User, digest: &str, at: Timestamp, waits: bool) -> Session {
        let (session, mut changes) = (self.session(user.id, at), Changes::new(self.account));
        changes.create_session(&session, digest, waits).unwrap();
        self.store.commit(changes).await.unwrap();
        session
    }

    async fn is_there(&self, digest: &str) -> bool {
        self.read().await.session(digest).await.unwrap().is_some()
    }
}

#[tokio::test]
async fn a_session_is_found_by_its_digest_as_it_was_kept() {
    on_each(async |desk: Desk| {
        let maya = desk.somebody("maya").await;
        let mut session = desk.session(maya.id, NOW);
        session.session_index = Some("_index".into());
        session.name_id = Some(NameId {
            value: "Zoë \"O'Hara\"".into(),
            format: Some("urn:format".into()),
            name_qualifier: Some("urn:idp".into()),
            sp_name_qualifier: Some("urn:sp".into()),
        });
        let mut changes = Changes::new(desk.account);
        changes.create_session(&session, "digest", false).unwrap();
        desk.store.commit(changes).await.unwrap();

        let mut tx = desk.read().await;
        assert_eq!(tx.session("digest").await.unwrap(), Some(session));
        assert_eq!(tx.session("other").await.unwrap(), None);
    })
    .await;
}

#[tokio::test]
async fn sessions_are_found_by_the_value_of_their_name_at_any_length() {
    on_each(async |desk: Desk| {
        let maya = desk.somebody("maya").await;
        let long = "x".repeat(20_000);
        let mut kept = Vec::new();
        for (digest, value, waits) in [("a", "Zoë", false), ("b", "Zoë", true), ("c", &long, false)]
        {
            let mut session = desk.session(maya.id, NOW);
            session.name_id = Some(NameId {
                value: value.into(),
                format: None,
                name_qualifier: None,
                sp_name_qualifier: None,
            });
            let mut changes = Changes::new(desk.account);
            changes.create_session(&session, digest, waits).unwrap();
            desk.store.commit(changes).await.unwrap();
            kept.push(session);
        }
        desk.signed_in(&maya, "nameless", NOW, false).await;

        let mut tx = desk.read().await;
        let mut zoe = tx.of(desk.account).sessions_named("Zoë").await.unwrap();
        zoe.sort_by_key(|session| session.id.to_string());
        let mut both = kept[..2].to_vec();
        both.sort_by_key(|session| session.id.to_string());
        assert_eq!(zoe, both);
        let named = tx.of(desk.account).sessions_named(&long).await.unwrap();
        assert_eq!(named, kept[2..]);
        let mut other = tx.of(desk.other);
        assert!(other.sessions_named("Zoë").await.unwrap().is_empty());
        let mut of = tx.of(desk.account);
        assert!(of.sessions_named("zoë").await.unwrap().is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_logout_request_is_used_up_once_in_each_account() {
    on_each(async |desk: Desk| {
        let mut tx = desk.write().await;
        let until = NOW.plus(Span::days(1));

        let mut of = tx.of(desk.account);
        assert!(of.use_up_logout("_id", until).await.unwrap());
        assert!(!of.use_up_logout("_id", until).await.unwrap());
        assert!(tx.of(desk.other).use_up_logout("_id", until).await.unwrap());
    })
    .await;
}

#[tokio::test]
async fn a_digest_is_one_session() {
    on_each(async |desk: Desk| {
        let maya = desk.somebody("maya").await;
        desk.signed_in(&maya, "digest", NOW, false).await;
        let (again, mut changes) = (desk.session(maya.id, NOW), Changes::new(desk.account));
        changes.create_session(&again, "digest", false).unwrap();

        let taken = desk.store.commit(changes).await;

        assert!(taken.unwrap_err().is_conflict());
    })
    .await;
}

#[tokio::test]
async fn a_session_opens_nothing_while_its_person_or_account_may_not_come_in() {
    on_each(async |desk: Desk| {
        let mut maya = desk.somebody("maya").await;
        desk.signed_in(&maya, "digest", NOW, false).await;
        assert!(desk.is_there("digest").await);

        for state in [
            user::State::Suspended,
            user::State::Invited,
            user::State::Active,
        ] {
            maya.state = state;
            let mut tx = desk.write().await;
            tx.of(desk.account).save_user(&maya).await.unwrap();
            tx.commit().await.unwrap();
            assert_eq!(desk.is_there("digest").await, state == user::State::Active);
        }
        let mut tx = desk.write().await;
        let mut of = tx.of(desk.account);
        of.set_state(account::State::Disabled).await.unwrap();
        assert_eq!(tx.session("digest").await.unwrap(), None);
        tx.of(desk.account)
            .set_state(account::State::Enabled)
            .await
            .unwrap();
        tx.of(desk.account)
            .delete_user(maya.id, "tombstone", NOW)
            .await
            .unwrap();
        assert_eq!(tx.session("digest").await.unwrap(), None);
    })
    .await;
}

#[tokio::test]
async fn a_session_that_waits_begins_once_and_in_time() {
    on_each(async |desk: Desk| {
        let maya = desk.somebody("maya").await;
        let session = desk.signed_in(&maya, "digest", NOW, true).await;
        assert!(!desk.is_there("digest").await);
        let mut tx = desk.write().await;

        let late = tx.confirm_session("digest", NOW).await.unwrap();
        let in_time = tx
            .confirm_session("digest", NOW.minus(Span::millis(1)))
            .await
            .unwrap();
        let again = tx
            .confirm_session("digest", NOW.minus(Span::millis(1)))
            .await
            .unwrap();

        assert_eq!((late, in_time, again), (None, Some(session.clone()), None));
        assert_eq!(tx.session("digest").await.unwrap(), Some(session));
    })
    .await;
}

#[tokio::test]
async fn of_two_confirmations_at_once_one_wins() {
    on_each(async |desk: Desk| {
        let maya = desk.somebody("maya").await;
        desk.signed_in(&maya, "digest", NOW, true).await;
        let confirm = async || {
            let mut tx = desk.write().await;
            let session = tx
                .confirm_session("digest", NOW.minus(Span::minutes(5)))
                .await
                .unwrap();
            tx.commit().await.unwrap();
            session.is_some()
        };

        let (first, second) = tokio::join!(confirm(), confirm());

        assert!(first ^ second);
    })
    .await;
}

#[tokio::test]
async fn a_session_is_removed_by_its_digest() {
    on_each(async |desk: Desk| {
        let maya = desk.somebody("maya").await;
        desk.signed_in(&maya, "digest", NOW, false).await;
        let mut tx = desk.write().await;

        assert!(!tx.delete_session("other").await.unwrap());
        assert!(tx.delete_session("digest").await.unwrap());
        assert!(!tx.delete_session("digest").await.unwrap());
    })
    .await;
}

#[tokio::test]
async fn activity_moves_forward_only() {
    on_each(async |desk: Desk| {
        let maya = desk.somebody("maya").await;
        desk.signed_in(&maya, "digest", NOW, false).await;
        desk.signed_in(&maya, "other", NOW, false).await;
        let mut tx = desk.write().await;

        for (at, seen) in [(5, 5), (3, 5), (7, 7)] {
            tx.touch_session("digest", NOW.plus(Span::minutes(at)))
                .await
                .unwrap();
            let session = tx.session("digest").await.unwrap().unwrap();
            assert_eq!(session.seen_at, NOW.plus(Span::minutes(seen)));
        }

        assert_eq!(tx.session("other").await.unwrap().unwrap().seen_at, NOW);
    })
    .await;
}

#[tokio::test]
async fn sessions_that_are_over_are_removed() {
    on_each(async |desk: Desk| {
        let maya = desk.somebody("maya").await;
        desk.signed_in(&maya, "idle", NOW, false).await;
        desk.signed_in(&maya, "busy", NOW, false).await;
        let mut tx = desk.write().await;
        tx.touch_session("busy", NOW.plus(Span::hours(10)))
            .await
            .unwrap();
        let mut ended = async |span| tx.delete_ended_sessions(NOW.plus(span)).await.unwrap();

        assert_eq!(ended(Span::minutes(30)).await, 0);
        assert_eq!(ended(Span::millis(30 * 60_000 + 1)).await, 1, "idle");
        assert_eq!(ended(Span::hours(10)).await, 0);
        assert_eq!(ended(Span::millis(10 * 3_600_000 + 1)).await, 1, "expired");
    })
    .await;
}

#[tokio::test]
async fn the_sessions_of_a_person_are_listed_newest_first() {
    on_each(async |desk: Desk| {
        let (maya, chen) = (desk.somebody("maya").await, desk.somebody("chen").await);
        let first = desk.signed_in(&maya, "first", NOW, false).await;
        let second = desk
            .signed_in(&maya, "second", NOW.plus(Span::minutes(1)), false)
            .await;
        desk.signed_in(&maya, "waits", NOW, true).await;
        desk.signed_in(&chen, "chen", NOW, false).await;
        let mut tx = desk.read().await;

        let listed = tx.of(desk.account).sessions(maya.id).await.unwrap();

        assert_eq!(listed, [second, first]);
        assert_eq!(tx.of(desk.other).sessions(maya.id).await.unwrap(), []);
    })
    .await;
}

#[tokio::test]
async fn a_person_ends_only_their_own_sessions() {
    on_each(async |desk: Desk| {
        let (maya, chen) = (desk.somebody("maya").await, desk.somebody("chen").await);
        let own = desk.signed_in(&maya, "own", NOW, false).await.id;
        let mut tx = desk.write().await;

        assert!(!tx.of(desk.account).end_session(chen.id, own).await.unwrap());
        assert!(!tx.of(desk.other).end_session(maya.id, own).await.unwrap());
        assert!(tx.of(desk.account).end_session(maya.id, own).await.unwrap());
        assert!(!tx.of(desk.account).end_session(maya.id, own).await.unwrap());
    })
    .await;
}

#[tokio::test]
async fn all_sessions_of_a_person_or_an_account_end_and_are_counted() {
    on_each(async |desk: Desk| {
        let (maya, chen) = (desk.somebody("maya").await, desk.somebody("chen").await);
        for (user, digest) in [
            (&maya, "a"),
            (&maya, "b"),
            (&chen, "c"),
            (&chen, "d"),
            (&chen, "e"),
        ] {
            desk.signed_in(user, digest, NOW, digest == "b").await;
        }
        let mut tx = desk.write().await;

        assert_eq!(tx.of(desk.other).end_sessions(maya.id).await.unwrap(), 0);
        assert_eq!(tx.of(desk.account).end_sessions(maya.id).await.unwrap(), 2);
        assert_eq!(tx.of(desk.other).end_all_sessions().await.unwrap(), 0);
        assert_eq!(tx.of(desk.account).end_all_sessions().await.unwrap(), 3);
    })
    .await;
}
