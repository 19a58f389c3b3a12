//! The audit: what was written, sealed, vouched for, shown and erased.

use vestibule::audit::{Actor, Checkpoint, Event, Filter, Head, Outcome, Signed};
use vestibule::store::Vouched;
use vestibule::time::{Span, Timestamp};

use super::*;

impl Desk {
    /// Somebody at an address suspends a user.
    async fn suspends(&self, user: UserId, at: Timestamp) {
        let mut tx = self.write().await;
        let actor = Actor::from("usr_018bcfe568007000800000000000000a")
            .at("203.0.113.9".parse().unwrap())
            .asking("req_1");
        let event = Event::UserSuspended {
            user: user.to_string(),
            sessions_ended: 2,
        };
        let mut of = tx.of(self.account);
        of.audit(actor, event, at, &self.entropy).await.unwrap();
        tx.commit().await.unwrap();
    }
}

#[tokio::test]
async fn an_entry_says_who_did_what_to_whom_from_where_and_how_it_ended() {
    on_each(async |desk: Desk| {
        let user = desk.somebody("anna").await;
        desk.suspends(user.id, NOW).await;

        let mut tx = desk.read().await;
        let mut of = tx.of(desk.account);
        let page = of.audit_page(&Filter::default(), None, 9).await.unwrap();

        let [entry] = page.try_into().unwrap();
        assert_eq!(entry.event, "user_suspended");
        assert_eq!(entry.target, Some(user.id.to_string()));
        assert_eq!(entry.address.as_deref(), Some("203.0.113.9"));
        assert_eq!(entry.request.as_deref(), Some("req_1"));
        assert_eq!(entry.outcome, Outcome::Done);
        assert_eq!(entry.detail["sessions_ended"], 2);
    })
    .await;
}

#[tokio::test]
async fn a_page_holds_what_is_asked_for_newest_first() {
    on_each(async |desk: Desk| {
        let mut tx = desk.write().await;
        let mut of = tx.of(desk.account);
        let events = [
            Event::AccountEnabled,
            Event::AccountDisabled,
            Event::AccountEnabled,
        ];
        for (event, day) in events.into_iter().zip(0..) {
            let at = NOW.plus(Span::days(day));
            of.audit("shell:test", event, at, &desk.entropy)
                .await
                .unwrap();
        }
        let of_event = |event: &str| Filter {
            event: Some(event.into()),
            ..Filter::default()
        };
        let names = |page: Vec<vestibule::audit::Entry>| -> Vec<String> {
            page.into_iter().map(|entry| entry.event).collect()
        };

        let first = of.audit_page(&Filter::default(), None, 2).await.unwrap();
        let after = Some(first[1].id);
        assert_eq!(names(first), ["account_enabled", "account_disabled"]);
        let second = of.audit_page(&Filter::default(), after, 2).await.unwrap();
        assert_eq!(names(second), ["account_enabled"]);
        let disabled = of.audit_page(&of_event("account_disabled"), None, 9).await;
        assert_eq!(names(disabled.unwrap()), ["account_disabled"]);
        for (filter, count) in [
            (
                Filter {
                    actor: Some("nobody".into()),
                    ..Filter::default()
                },
                0,
            ),
            (
                Filter {
                    since: Some(NOW.plus(Span::days(1))),
                    ..Filter::default()
                },
                2,
            ),
            (
                Filter {
                    until: Some(NOW.plus(Span::days(1))),
                    ..Filter::default()
                },
                1,
            ),
        ] {
            let page = of.audit_page(&filter, None, 9).await.unwrap();
            assert_eq!(page.len(), count, "{filter:?}");
        }
        let mut of = tx.of(desk.other);
        let other = of.audit_page(&Filter::default(), None, 9).await;
        assert_eq!(other.unwrap(), []);
    })
    .await;
}

#[tokio::test]
async fn what_names_a_person_is_erased_and_the_entry_says_so() {
    on_each(async |desk: Desk| {
        let actor = UserId::parse("usr_018bcfe568007000800000000000000a").unwrap();
        let user = desk.somebody("anna").await;
        desk.suspends(user.id, NOW).await;

        let mut tx = desk.write().await;
        let mut of = tx.of(desk.account);
        assert_eq!(of.erase_personal(user.id).await.unwrap(), 0);
        assert_eq!(of.erase_personal(actor).await.unwrap(), 1);

        let page = of.audit_page(&Filter::default(), None, 9).await.unwrap();
        assert_eq!(page[0].address.as_deref(), Some("erased"));
    })
    .await;
}

impl Desk {
    /// Entries in both accounts, at different times.
    async fn history(&self) {
        let mut tx = self.write().await;
        for (account, day) in [
            (self.account, 0),
            (self.other, 1),
            (self.account, 2),
            (self.account, 3),
        ] {
            let at = NOW.plus(Span::days(day));
            let mut of = tx.of(account);
            of.audit("shell:test", Event::AccountEnabled, at, &self.entropy)
                .await
                .unwrap();
        }
        tx.commit().await.unwrap();
    }

    /// All of the first account's in its chain.
    async fn sealed(&self) -> Head {
        let mut tx = self.write().await;
        let mut records = tx.unsealed(9).await.unwrap();
        records.retain(|record| record.account == self.account.to_string());
        let from = Head::none(&self.account.to_string());
        let head = tx.of(self.account).seal(&from, &records).await.unwrap();
        tx.commit().await.unwrap();
        head.unwrap()
    }
}

#[tokio::test]
async fn entries_are_sealed_in_a_chain_of_their_account() {
    on_each(async |desk: Desk| {
        desk.history().await;
        assert_eq!(desk.read().await.unsealed(2).await.unwrap().len(), 2);

        let head = desk.sealed().await;

        let mut tx = desk.write().await;
        assert_eq!(head.number, 3);
        assert_eq!(tx.unsealed(9).await.unwrap().len(), 1);
        let waiting = tx.count_unsealed().await.unwrap();
        assert_eq!(waiting, [(desk.other.to_string(), 1)].into());
        let ends = tx.audit_heads().await.unwrap();
        let [Vouched { head: end, through }] = ends.try_into().unwrap();
        assert_eq!((&end, through), (&head, 0));
        let mut of = tx.of(desk.account);
        let links = of.chain(0, 9).await.unwrap();
        assert_eq!(links[0].previous, vestibule::audit::NOTHING);
        assert_eq!(links[1].previous, links[0].hash);
        assert_eq!(links[2].hash, head.hash);
        assert_eq!(of.chain(1, 1).await.unwrap(), [links[1].clone()]);
    })
    .await;
}

#[tokio::test]
async fn a_second_sealer_finds_another_end_and_seals_nothing() {
    on_each(async |desk: Desk| {
        desk.history().await;
        let records = desk.read().await.unsealed(9).await.unwrap();
        desk.sealed().await;

        let mut tx = desk.write().await;
        let mut of = tx.of(desk.account);
        let from = Head::none(&desk.account.to_string());

        assert_eq!(of.seal(&from, &records).await.unwrap(), None);
        let moved = tx.audit_heads().await.unwrap().pop().unwrap().head;
        let mut of = tx.of(desk.account);
        assert_eq!(of.seal(&moved, &records).await.unwrap(), None);
    })
    .await;
}

#[tokio::test]
async fn the_beginning_of_a_chain_is_found_and_removed() {
    on_each(async |desk: Desk| {
        desk.history().await;
        desk.sealed().await;
        let day = |day| NOW.plus(Span::days(day));
        let mut tx = desk.write().await;
        let mut of = tx.of(desk.account);

        assert_eq!(
            of.chain_between(day(1), day(3)).await.unwrap(),
            Some((2, 2))
        );
        assert_eq!(of.chain_between(day(9), day(10)).await.unwrap(), None);
        assert_eq!(of.chain_before(day(0)).await.unwrap(), None);
        let number = |head: Option<Head>| head.map(|head| head.number);
        assert_eq!(number(of.chain_before(day(3)).await.unwrap()), Some(2));
        assert_eq!(number(of.chain_before(day(9)).await.unwrap()), Some(3));
        assert_eq!(of.delete_chain(2).await.unwrap(), 2);
        assert_eq!(of.chain(0, 9).await.unwrap().len(), 1);
    })
    .await;
}

#[tokio::test]
async fn checkpoints_are_kept_once_and_vouch_for_ends() {
    on_each(async |desk: Desk| {
        desk.history().await;
        let head = desk.sealed().await;
        let made = |number| Signed {
            checkpoint: Checkpoint {
                number,
                previous: vestibule::audit::NOTHING.into(),
                at: NOW.millis(),
                key: "key".into(),
                all: true,
                heads: vec![head.clone()],
            },
            signature: "signature".into(),
        };
        let mut tx = desk.write().await;

        assert_eq!(tx.last_checkpoint().await.unwrap(), None);
        assert!(tx.awaits_checkpoint().await.unwrap());
        assert!(tx.save_checkpoint(&made(1)).await.unwrap());
        assert!(!tx.save_checkpoint(&made(1)).await.unwrap());
        assert!(tx.save_checkpoint(&made(2)).await.unwrap());
        let ends = tx.audit_heads().await.unwrap();
        assert_eq!(ends[0].through, 3);
        assert!(!tx.awaits_checkpoint().await.unwrap());
        assert_eq!(tx.last_checkpoint().await.unwrap(), Some(made(2)));
        let page = tx.checkpoints(0, 1).await.unwrap();
        assert_eq!(page, [(1, Some(made(1)))]);
        assert_eq!(tx.delete_checkpoints_before(2).await.unwrap(), 1);
        assert_eq!(tx.checkpoints(0, 9).await.unwrap().len(), 1);
    })
    .await;
}
