//! The audit: what was written, sealed, vouched for, shown and erased.

use vestibule::audit::{Actor, Event, Filter, Outcome};
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
