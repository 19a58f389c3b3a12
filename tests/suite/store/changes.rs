//! Changes that are made together or not at all, what they expect, and what may come only once.

use vestibule::account::State;
use vestibule::attempt::Outcome;
use vestibule::audit::{Event, Filter};
use vestibule::id::AccountId;
use vestibule::store::{Changes, Error, OneTime};
use vestibule::time::Span;
use vestibule::user::{self, User};

use super::super::app::NOW;
use super::{Desk, on_each};

impl Desk {
    /// Makes changes of one account.
    async fn commit(
        &self,
        account: AccountId,
        fill: impl FnOnce(&mut Changes),
    ) -> Result<(), Error> {
        let mut changes = Changes::new(account);
        fill(&mut changes);
        self.store.commit(changes).await
    }

    /// Uses up an assertion and perhaps a request; false where one was used before.
    async fn uses(&self, assertion: &str, request: Option<&str>) -> bool {
        let ids = OneTime::new(assertion, request, NOW);
        match self
            .commit(self.account, |changes| changes.use_up(&ids))
            .await
        {
            Ok(()) => true,
            Err(error) if error.is_conflict() => false,
            Err(error) => panic!("{error}"),
        }
    }

    async fn was_used(&self, assertion: &str, request: Option<&str>) -> bool {
        let mut tx = self.read().await;
        let ids = OneTime::new(assertion, request, NOW);
        tx.of(self.account).was_used(&ids).await.unwrap()
    }

    async fn users(&self) -> Vec<User> {
        let mut tx = self.read().await;
        tx.of(self.account).users(None, 99, NOW).await.unwrap()
    }

    /// Whether changes that expect something of the account are made.
    async fn holds(&self, expect: impl FnOnce(&mut Changes)) -> bool {
        self.commit(self.account, |changes| {
            expect(changes);
            changes.audit("system", Event::AccountEnabled, NOW, &self.entropy);
        })
        .await
        .is_ok()
    }
}

#[tokio::test]
async fn several_changes_are_made_together() {
    on_each(async |desk: Desk| {
        let user = desk.user("maya");
        let session = desk.session(user.id, NOW);
        let attempt = desk.attempt(NOW, Outcome::Accepted { user: user.id });

        desk.commit(desk.account, |changes| {
            changes.save_user(&user).unwrap();
            changes.create_session(&session, "digest", false).unwrap();
            changes
                .save_attempt(&attempt, &desk.ring, &desk.entropy)
                .unwrap();
            changes.audit("system", Event::AccountEnabled, NOW, &desk.entropy);
        })
        .await
        .unwrap();

        let mut tx = desk.read().await;
        let mut of = tx.of(desk.account);
        assert_eq!(of.user(user.id, NOW).await.unwrap(), Some(user));
        assert_eq!(of.attempts(9, &desk.ring).await.unwrap(), [attempt]);
        assert_eq!(
            of.audit_page(&Filter::default(), None, 9)
                .await
                .unwrap()
                .len(),
            1
        );
        assert_eq!(tx.session("digest").await.unwrap(), Some(session));
    })
    .await;
}

#[tokio::test]
async fn of_several_changes_all_stay_or_none() {
    on_each(async |desk: Desk| {
        let maya = desk.somebody("maya").await;

        let taken = desk
            .commit(desk.account, |changes| {
                changes.audit("system", Event::AccountEnabled, NOW, &desk.entropy);
                changes.save_user(&desk.user("maya")).unwrap();
                changes.save_user(&desk.user("chen")).unwrap();
            })
            .await
            .unwrap_err();

        assert!(taken.is_conflict(), "{taken}");
        assert_eq!(desk.users().await, [maya]);
        let mut tx = desk.write().await;
        let mut of = tx.of(desk.account);
        assert_eq!(
            of.audit_page(&Filter::default(), None, 9).await.unwrap(),
            []
        );
    })
    .await;
}

#[tokio::test]
async fn callers_who_wait_at_once_share_a_commit_and_not_a_conflict() {
    on_each(async |desk: Desk| {
        let maya = desk.somebody("maya").await;
        let names: Vec<String> = (0..40).map(|n| format!("user {n}")).collect();
        let made = names.iter().map(|name| {
            desk.commit(desk.account, |changes| {
                changes.save_user(&desk.user(name)).unwrap();
            })
        });
        let taken = (0..4).map(|_| {
            desk.commit(desk.account, |changes| {
                changes.save_user(&desk.user("maya")).unwrap();
            })
        });

        let (made, taken) = tokio::join!(all(made), all(taken));

        assert!(made.iter().all(Result::is_ok), "{made:?}");
        assert!(
            taken
                .iter()
                .all(|taken| taken.as_ref().is_err_and(Error::is_conflict))
        );
        let users = desk.users().await;
        assert_eq!(users.len(), 41);
        assert!(users.contains(&maya));
    })
    .await;
}

async fn all<T>(each: impl Iterator<Item: Future<Output = T>>) -> Vec<T> {
    let mut waiting: Vec<_> = each.map(|one| (Box::pin(one), None)).collect();
    std::future::poll_fn(|context| {
        for (one, done) in waiting.iter_mut().filter(|(_, done)| done.is_none()) {
            if let std::task::Poll::Ready(value) = one.as_mut().poll(context) {
                *done = Some(value);
            }
        }
        if waiting.iter().all(|(_, done)| done.is_some()) {
            std::task::Poll::Ready(())
        } else {
            std::task::Poll::Pending
        }
    })
    .await;
    waiting.into_iter().filter_map(|(_, done)| done).collect()
}

#[tokio::test]
async fn a_commit_that_failed_leaves_the_way_free_for_the_next() {
    on_each(async |desk: Desk| {
        assert!(desk.uses("_1", None).await);
        assert!(!desk.uses("_1", None).await);

        let mut tx = desk.write().await;
        tx.set("colour", "green").await.unwrap();
        tx.commit().await.unwrap();

        assert!(desk.uses("_2", None).await);
    })
    .await;
}

#[tokio::test]
async fn changes_expect_the_account_as_it_was() {
    on_each(async |desk: Desk| {
        assert!(desk.holds(|changes| changes.expect_active(1)).await);
        assert!(!desk.holds(|changes| changes.expect_active(2)).await);

        let mut tx = desk.write().await;
        tx.of(desk.account)
            .set_state(State::Disabled)
            .await
            .unwrap();
        tx.commit().await.unwrap();

        assert!(!desk.holds(|changes| changes.expect_active(1)).await);
    })
    .await;
}

#[tokio::test]
async fn changes_expect_a_person_as_they_were() {
    on_each(async |desk: Desk| {
        let maya = desk.somebody("maya").await;
        let mut suspended = maya.clone();
        suspended.state = user::State::Suspended;
        let mut linked = maya.clone();
        linked.external_id = Some("e1".into());

        assert!(desk.holds(|changes| changes.expect_user(&maya)).await);
        assert!(!desk.holds(|changes| changes.expect_user(&linked)).await);
        assert!(
            !desk
                .holds(|changes| changes.expect_user(&desk.user("chen")))
                .await
        );
        for changed in [suspended, linked] {
            desk.commit(desk.account, |changes| changes.save_user(&changed).unwrap())
                .await
                .unwrap();
            assert!(!desk.holds(|changes| changes.expect_user(&maya)).await);
            assert!(desk.holds(|changes| changes.expect_user(&changed)).await);
        }
    })
    .await;
}

#[tokio::test]
async fn changes_expect_nobody_where_nobody_was() {
    on_each(async |desk: Desk| {
        let expect = |subject: &'static str| {
            move |changes: &mut Changes| changes.expect_nobody("name_id", subject, "digest")
        };
        assert!(desk.holds(expect("maya")).await);

        let maya = desk.somebody("maya").await;
        assert!(!desk.holds(expect("maya")).await);
        assert!(!desk.holds(expect("MAYA")).await, "a twin");
        assert!(desk.holds(expect("chen")).await);

        let mut tx = desk.write().await;
        tx.of(desk.account)
            .delete_user(maya.id, "digest", NOW)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        assert!(!desk.holds(expect("maya")).await, "somebody was deleted");
    })
    .await;
}

#[tokio::test]
async fn what_was_used_once_is_used_up_in_its_account() {
    on_each(async |desk: Desk| {
        assert!(!desk.was_used("_1", None).await);
        assert!(desk.uses("_1", None).await);

        assert!(desk.was_used("_1", None).await);
        assert!(desk.was_used("_1", Some("_r1")).await);
        assert!(!desk.uses("_1", None).await);
        assert!(
            desk.uses("_3", Some("_3")).await,
            "an assertion is no request"
        );

        let ids = OneTime::new("_1", None, NOW);
        desk.commit(desk.other, |changes| changes.use_up(&ids))
            .await
            .unwrap();
    })
    .await;
}

#[tokio::test]
async fn what_is_left_of_something_used_in_part_is_used_up_too() {
    on_each(async |desk: Desk| {
        desk.uses("_1", None).await;
        assert!(!desk.uses("_1", Some("_r1")).await);
        assert!(
            !desk.was_used("_2", Some("_r1")).await,
            "a conflict leaves nothing"
        );

        let ids = OneTime::new("_1", Some("_r1"), NOW);
        desk.commit(desk.account, |changes| changes.use_up_rest(&ids))
            .await
            .unwrap();

        assert!(desk.was_used("_2", Some("_r1")).await);
        assert!(!desk.uses("_2", Some("_r1")).await);
    })
    .await;
}

#[tokio::test]
async fn of_two_uses_at_once_exactly_one_wins() {
    on_each(async |desk: Desk| {
        for round in 0..20 {
            let (id, request) = (format!("_{round}"), format!("_r{round}"));

            let (first, second) = tokio::join!(
                desk.uses(&id, Some(&request)),
                desk.uses(&id, Some(&request))
            );

            assert!(first ^ second, "round {round}");
        }
    })
    .await;
}

#[tokio::test]
async fn what_could_not_come_again_is_forgotten() {
    on_each(async |desk: Desk| {
        desk.uses("_1", Some("_r1")).await;
        let mut tx = desk.write().await;

        assert_eq!(tx.forget_used(NOW).await.unwrap(), 0);
        assert_eq!(tx.forget_used(NOW.plus(Span::millis(1))).await.unwrap(), 2);
        tx.commit().await.unwrap();
        assert!(desk.uses("_1", Some("_r1")).await);
    })
    .await;
}
