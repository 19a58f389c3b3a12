//! What is remembered: attempts and the audit.

use vestibule::attempt::{Attempt, Outcome};
use vestibule::id::{AttemptId, Entropy, UserId};
use vestibule::role::Roles;
use vestibule::saml::Attribute;
use vestibule::saml::check::{self, Code};
use vestibule::seal::Ring;
use vestibule::store::{Changes, Error};
use vestibule::time::{Span, Timestamp};

use super::super::app::NOW;
use super::{Desk, on_each};

impl Desk {
    pub(super) fn attempt(&self, at: Timestamp, outcome: Outcome) -> Attempt {
        Attempt {
            id: AttemptId::new(at, &self.entropy),
            at,
            revision: 1,
            address: "203.0.113.7".into(),
            outcome,
            opened_by: None,
            rows: check::complete(Vec::new()),
            advice: None,
            verified_by: None,
            clock_difference: Some(Span::seconds(-2)),
            claims: vec![Attribute {
                name: "urn:name".into(),
                values: vec!["Zoë".into(), String::new()],
            }],
            rules: Vec::new(),
            roles: Roles::new(),
            outline: None,
            tester: None,
        }
    }

    /// One accepted and one refused attempt of the first account, and one of the other.
    async fn attempts(&self) -> [Attempt; 3] {
        let refused = Outcome::Refused {
            code: Code::Audience,
            refusal: None,
        };
        let user = UserId::new(NOW, &self.entropy);
        let all = [
            self.attempt(NOW, Outcome::Accepted { user }),
            self.attempt(NOW.plus(Span::days(1)), refused),
            self.attempt(NOW, refused),
        ];
        for (attempt, account) in all.iter().zip([self.account, self.account, self.other]) {
            let mut changes = Changes::new(account);
            changes
                .save_attempt(attempt, &self.ring, &self.entropy)
                .unwrap();
            self.store.commit(changes).await.unwrap();
        }
        all
    }
}

#[tokio::test]
async fn an_attempt_is_found_by_its_reference_as_it_was_kept() {
    on_each(async |desk: Desk| {
        let [accepted, refused, other] = desk.attempts().await;
        let mut tx = desk.read().await;

        for (attempt, account) in [
            (accepted, desk.account),
            (refused, desk.account),
            (other, desk.other),
        ] {
            let found = tx.attempt(attempt.id, &desk.ring).await.unwrap();
            assert_eq!(found, Some((account, attempt)));
        }
        let unknown = AttemptId::new(NOW, &desk.entropy);
        assert_eq!(tx.attempt(unknown, &desk.ring).await.unwrap(), None);
    })
    .await;
}

#[tokio::test]
async fn an_attempt_opens_only_with_its_master_key() {
    on_each(async |desk: Desk| {
        let [accepted, ..] = desk.attempts().await;
        let (mut tx, foreign) = (desk.read().await, Ring::generate(&Entropy::System));

        let one = tx.attempt(accepted.id, &foreign).await;
        let all = tx.of(desk.account).attempts(9, &foreign).await;

        assert!(matches!(one, Err(Error::Stored("attempt"))));
        assert!(matches!(all, Err(Error::Stored("attempt"))));
    })
    .await;
}

#[tokio::test]
async fn attempts_are_listed_newest_first() {
    on_each(async |desk: Desk| {
        let [accepted, refused, _] = desk.attempts().await;
        let mut tx = desk.read().await;
        let mut of = tx.of(desk.account);

        assert_eq!(
            of.attempts(9, &desk.ring).await.unwrap(),
            [refused.clone(), accepted]
        );
        assert_eq!(of.attempts(1, &desk.ring).await.unwrap(), [refused]);
    })
    .await;
}

#[tokio::test]
async fn arrivals_are_the_attempts_by_which_somebody_came_in() {
    on_each(async |desk: Desk| {
        let [accepted, ..] = desk.attempts().await;
        let (mut tx, later) = (desk.read().await, NOW.plus(Span::millis(1)));
        let mut of = tx.of(desk.account);

        assert_eq!(of.arrivals(NOW, 9, &desk.ring).await.unwrap(), [accepted]);
        assert_eq!(of.arrivals(later, 9, &desk.ring).await.unwrap(), []);
        assert_eq!(of.arrivals(NOW, 0, &desk.ring).await.unwrap(), []);
    })
    .await;
}

#[tokio::test]
async fn the_attempts_of_a_person_are_found_and_removed() {
    on_each(async |desk: Desk| {
        let [accepted, ..] = desk.attempts().await;
        let Outcome::Accepted { user } = accepted.outcome else {
            panic!("{accepted:?}")
        };
        let mut tx = desk.write().await;
        let mut of = tx.of(desk.account);

        assert_eq!(of.attempts_of(user, &desk.ring).await.unwrap(), [accepted]);
        assert_eq!(of.delete_attempts_of(user).await.unwrap(), 1);
        assert_eq!(of.attempts_of(user, &desk.ring).await.unwrap(), []);
        assert_eq!(of.attempts(9, &desk.ring).await.unwrap().len(), 1);
    })
    .await;
}

#[tokio::test]
async fn attempts_are_removed_when_their_time_is_over() {
    on_each(async |desk: Desk| {
        desk.attempts().await;
        let mut tx = desk.write().await;
        let later = NOW.plus(Span::millis(1));

        assert_eq!(tx.of(desk.account).delete_attempts(NOW).await.unwrap(), 0);
        assert_eq!(tx.of(desk.account).delete_attempts(later).await.unwrap(), 1);
        assert_eq!(tx.of(desk.other).delete_attempts(later).await.unwrap(), 1);
        assert_eq!(
            tx.of(desk.account)
                .attempts(9, &desk.ring)
                .await
                .unwrap()
                .len(),
            1
        );
    })
    .await;
}

#[tokio::test]
async fn attempts_are_counted_by_day_and_by_how_they_ended() {
    on_each(async |desk| {
        desk.attempts().await;
        let mut tx = desk.read().await;
        let mut of = tx.of(desk.account);

        let mut all = of.tallies(NOW).await.unwrap();
        all.sort_by_key(|one| one.day);
        let counted: Vec<_> = all
            .iter()
            .map(|one| (one.day - NOW.day(), one.outcome.as_str(), one.count))
            .collect();
        assert_eq!(counted, [(0, "accepted", 1), (1, "audience", 1)]);
        let later = of.tallies(NOW.plus(Span::hours(1))).await.unwrap();
        assert_eq!(later.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn what_was_refused_lately_is_counted_across_accounts() {
    on_each(async |desk| {
        desk.attempts().await;
        let mut tx = desk.read().await;

        let all = tx.refused(NOW).await.unwrap();
        assert_eq!(all.iter().map(|one| one.count).collect::<Vec<_>>(), [1, 1]);
        let later = tx.refused(NOW.plus(Span::hours(1))).await.unwrap();
        assert_eq!((later.len(), later[0].outcome.as_str()), (1, "audience"));
    })
    .await;
}
