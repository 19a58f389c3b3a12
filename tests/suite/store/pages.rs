//! Pages of accounts, revisions, sessions and attempts.

use vestibule::attempt::Outcome;
use vestibule::id::{AttemptId, UserId};
use vestibule::saml::check::Code;
use vestibule::session::Session;
use vestibule::store::{Changes, NewRevision};
use vestibule::time::Span;

use super::super::app::{NOW, document};
use super::{Desk, on_each};

#[tokio::test]
async fn accounts_come_with_their_configuration_in_force_and_revisions_newest_first() {
    on_each(async |desk: Desk| {
        let mut tx = desk.write().await;
        for (account, slug) in [(desk.account, "acme-demo"), (desk.other, "bravo-demo")] {
            for _ in 0..3 {
                let document = document(slug);
                let new = NewRevision {
                    document: &document,
                    metadata: None,
                    author: "shell:test",
                    at: NOW,
                };
                tx.of(account).add_revision(new).await.unwrap();
            }
        }
        tx.commit().await.unwrap();

        let mut tx = desk.read().await;
        let all = tx.accounts_in_force("", None, 9).await.unwrap();
        assert_eq!(all.len(), 2);
        assert!(
            all.iter()
                .all(|(account, document)| account.slug == document.account)
        );
        let rest = tx
            .accounts_in_force("", Some(all[0].0.id), 9)
            .await
            .unwrap();
        assert_eq!(rest, all[1..]);
        assert_eq!(tx.accounts_in_force("", None, 1).await.unwrap(), all[..1]);
        let named = tx.accounts_in_force("br", None, 9).await.unwrap();
        assert_eq!(named[0].0.id, desk.other);
        assert_eq!(named.len(), 1);

        let mut of = tx.of(desk.account);
        let numbers = |all: Vec<(i64, String, _)>| -> Vec<i64> {
            all.into_iter().map(|(number, ..)| number).collect()
        };
        let first = of.revisions_before(None, 2).await.unwrap();
        assert_eq!(numbers(first), [3, 2]);
        let second = of.revisions_before(Some(2), 2).await.unwrap();
        assert_eq!(numbers(second), [1]);
    })
    .await;
}

#[tokio::test]
async fn sessions_come_newest_first_and_only_those_that_may_be_used() {
    on_each(async |desk: Desk| {
        let maya = desk.somebody("maya").await;
        let mut kept = Vec::new();
        for (digest, minutes, waits) in [
            ("a", 0, false),
            ("b", 40, false),
            ("c", 50, false),
            ("d", 55, true),
        ] {
            let at = NOW.plus(Span::minutes(minutes));
            let (session, mut changes) = (desk.session(maya.id, at), Changes::new(desk.account));
            changes.create_session(&session, digest, waits).unwrap();
            desk.store.commit(changes).await.unwrap();
            kept.push(session);
        }
        let (now, ids) = (NOW.plus(Span::minutes(60)), |all: Vec<Session>| -> Vec<_> {
            all.into_iter().map(|session| session.id).collect()
        });

        let mut tx = desk.read().await;
        let mut of = tx.of(desk.account);
        let all = of.sessions_before(None, now, 9).await.unwrap();
        assert_eq!(ids(all), [kept[2].id, kept[1].id]);
        let rest = of.sessions_before(Some(kept[2].id), now, 9).await.unwrap();
        assert_eq!(ids(rest), [kept[1].id]);
        let one = of.session_of(kept[0].id).await.unwrap();
        assert_eq!(one.unwrap(), kept[0]);
        assert_eq!(of.session_of(kept[3].id).await.unwrap(), None);
        assert_eq!(
            tx.of(desk.other).session_of(kept[0].id).await.unwrap(),
            None
        );
    })
    .await;
}

#[tokio::test]
async fn attempts_come_newest_first_and_by_how_they_ended() {
    on_each(async |desk: Desk| {
        let user = UserId::new(NOW, &desk.entropy);
        let refused = Outcome::Refused {
            code: Code::Destination,
            refusal: None,
        };
        let mut ids = Vec::new();
        for (second, outcome) in [(0, Outcome::Accepted { user }), (1, refused), (2, refused)] {
            let attempt = desk.attempt(NOW.plus(Span::seconds(second)), outcome);
            let mut changes = Changes::new(desk.account);
            changes
                .save_attempt(&attempt, &desk.ring, &desk.entropy)
                .unwrap();
            desk.store.commit(changes).await.unwrap();
            ids.push(attempt.id);
        }
        let find = async |before: Option<AttemptId>, accepted, limit| -> Vec<AttemptId> {
            let mut tx = desk.read().await;
            let mut of = tx.of(desk.account);
            let all = of
                .attempts_before(before, accepted, limit, &desk.ring)
                .await;
            all.unwrap().into_iter().map(|one| one.id).collect()
        };

        assert_eq!(find(None, None, 9).await, [ids[2], ids[1], ids[0]]);
        assert_eq!(find(Some(ids[2]), None, 1).await, [ids[1]]);
        assert_eq!(find(None, Some(true), 9).await, [ids[0]]);
        assert_eq!(find(None, Some(false), 9).await, [ids[2], ids[1]]);
    })
    .await;
}
