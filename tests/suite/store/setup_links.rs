//! Setup links, and what came by them.

use vestibule::account::SetupLink;
use vestibule::attempt::{Outcome, Tester};
use vestibule::id::SetupLinkId;
use vestibule::store::{Changes, NewRevision};
use vestibule::time::Span;

use super::super::app::{NOW, document};
use super::{Desk, on_each};

impl Desk {
    fn link(&self) -> SetupLink {
        SetupLink {
            id: SetupLinkId::new(NOW, &self.entropy),
            made_by: "shell:test".into(),
            made_at: NOW,
            expires_at: NOW.plus(Span::days(7)),
            opened: None,
            ended_at: None,
        }
    }
}

#[tokio::test]
async fn a_setup_link_is_opened_once_and_known_by_what_the_browser_got() {
    on_each(async |desk: Desk| {
        let link = desk.link();
        let mut tx = desk.write().await;
        let mut of = tx.of(desk.account);
        of.save_setup_link(&link, "code").await.unwrap();
        assert_eq!(
            of.setup_links(9).await.unwrap(),
            std::slice::from_ref(&link)
        );

        assert_eq!(tx.setup_link("cookie").await.unwrap(), None);
        let late = link.expires_at;
        let from = "203.0.113.7";
        let opened = tx.open_setup_link(("code", "cookie"), from, late).await;
        assert_eq!(opened.unwrap(), None);
        let opened = tx.open_setup_link(("code", "cookie"), from, NOW).await;
        let (account, opened) = opened.unwrap().unwrap();
        assert_eq!((account, opened.id), (desk.account, link.id));
        assert_eq!(opened.opened, Some((NOW, from.to_owned())));
        let again = tx.open_setup_link(("code", "other"), from, NOW).await;
        assert_eq!(again.unwrap(), None);

        let found = tx.setup_link("cookie").await.unwrap();
        assert_eq!(found, Some((desk.account, opened)));
    })
    .await;
}

#[tokio::test]
async fn ended_links_open_nothing() {
    on_each(async |desk: Desk| {
        let (first, second) = (desk.link(), desk.link());
        let mut tx = desk.write().await;
        let mut of = tx.of(desk.account);
        of.save_setup_link(&first, "first").await.unwrap();
        tx.open_setup_link(("first", "cookie"), "", NOW)
            .await
            .unwrap();
        let mut of = tx.of(desk.account);
        of.save_setup_link(&second, "second").await.unwrap();

        let ended = of.end_setup_links(NOW).await.unwrap();
        let mut ended: Vec<_> = ended.iter().map(|link| link.id).collect();
        ended.sort();
        let mut both = [first.id, second.id];
        both.sort();
        assert_eq!(ended, both);
        assert!(of.end_setup_links(NOW).await.unwrap().is_empty());

        assert_eq!(tx.setup_link("cookie").await.unwrap(), None);
        let opened = tx.open_setup_link(("second", "x"), "", NOW).await;
        assert_eq!(opened.unwrap(), None);
    })
    .await;
}

#[tokio::test]
async fn what_came_by_a_link_is_offered_until_something_later_is_in_force() {
    on_each(async |desk: Desk| {
        let author = desk.link().id.to_string();
        let mut tx = desk.write().await;
        let mut of = tx.of(desk.account);
        let document = document("acme-demo");
        let new = |author| NewRevision {
            document: &document,
            metadata: Some("<EntityDescriptor/>"),
            author,
            at: NOW,
        };
        of.add_revision(new("shell:test")).await.unwrap();
        assert_eq!(of.offered().await.unwrap(), None);
        let offered = of.add_revision(new(&author)).await.unwrap();
        assert_eq!(of.offered().await.unwrap(), Some(offered));
        assert_eq!(of.count_revisions_by(&author).await.unwrap(), 1);
        assert_eq!(tx.offers().await.unwrap().len(), 1);
        let glance = tx.of(desk.account).glance().await.unwrap();
        assert!(glance.is_offered, "{glance:?}");
        assert_eq!((glance.last_sign_in, glance.first_end), (None, None));

        let mut of = tx.of(desk.account);
        let later = of.add_revision(new("shell:test")).await.unwrap();
        of.activate(later).await.unwrap();
        assert_eq!(of.offered().await.unwrap(), None);
        let glance = of.glance().await.unwrap();
        assert!(!glance.is_offered && glance.is_connected, "{glance:?}");
        assert!(tx.offers().await.unwrap().is_empty());
    })
    .await;
}

#[tokio::test]
async fn an_account_is_in_use_once_somebody_was_there() {
    on_each(async |desk: Desk| {
        let mut tx = desk.write().await;
        let mut of = tx.of(desk.account);
        assert!(!of.was_ever_used().await.unwrap());
        of.bury("digest", NOW).await.unwrap();
        assert!(of.was_ever_used().await.unwrap());
        assert!(!tx.of(desk.other).was_ever_used().await.unwrap());
    })
    .await;
}

#[tokio::test]
async fn a_trial_ends_once_and_is_counted_nowhere_else() {
    on_each(async |desk: Desk| {
        let tester = Tester::SetupLink(desk.link().id);
        let mut trial = desk.attempt(NOW, Outcome::Started);
        trial.tester = Some(tester);
        let mut changes = Changes::new(desk.account);
        changes
            .save_attempt(&trial, &desk.ring, &desk.entropy)
            .unwrap();
        desk.store.commit(changes).await.unwrap();
        for outcome in [Outcome::Passed, Outcome::Started] {
            trial.outcome = outcome;
            let mut changes = Changes::new(desk.account);
            changes
                .finish_trial(&trial, &desk.ring, &desk.entropy)
                .unwrap();
            desk.store.commit(changes).await.unwrap();
        }
        trial.outcome = Outcome::Passed;

        let mut tx = desk.read().await;
        let mut of = tx.of(desk.account);
        let trials = of.trials(Some(tester), 9, &desk.ring).await.unwrap();
        assert_eq!(trials, [trial.clone()]);
        assert_eq!(of.trials(None, 9, &desk.ring).await.unwrap(), [trial]);
        assert_eq!(of.count_trials(tester).await.unwrap(), 1);
        let other = Tester::SetupLink(desk.link().id);
        assert_eq!(of.count_trials(other).await.unwrap(), 0);
        let none = of.trials(Some(other), 9, &desk.ring).await.unwrap();
        assert!(none.is_empty());
        assert!(
            of.tallies(NOW.minus(Span::days(1)))
                .await
                .unwrap()
                .is_empty()
        );
        for accepted in [true, false] {
            let found = of.attempts_before(None, Some(accepted), 9, &desk.ring);
            assert!(found.await.unwrap().is_empty());
        }
    })
    .await;
}
