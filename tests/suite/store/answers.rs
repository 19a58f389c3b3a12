//! Answers that are given again.

use vestibule::store::Given;
use vestibule::time::{Span, Timestamp};

use super::super::app::NOW;
use super::{Desk, on_each};

impl Desk {
    async fn begin(&self, digest: &str, body: &str, now: Timestamp) -> Given {
        let mut tx = self.write().await;
        let given = tx.of(self.account).begin_answer(digest, body, now).await;
        tx.commit().await.unwrap();
        given.unwrap()
    }

    async fn keep(&self, digest: &str) {
        let mut tx = self.write().await;
        let mut of = tx.of(self.account);
        of.keep_answer(digest, "sealed").await.unwrap();
        tx.commit().await.unwrap();
    }
}

#[tokio::test]
async fn a_request_is_begun_once_and_answered_as_before() {
    on_each(async |desk: Desk| {
        assert_eq!(desk.begin("d", "b", NOW).await, Given::New);
        assert_eq!(desk.begin("d", "b", NOW).await, Given::UnderWay);
        assert_eq!(desk.begin("d", "other", NOW).await, Given::Other);
        desk.keep("d").await;
        let answered = Given::Answered("sealed".into());
        assert_eq!(desk.begin("d", "b", NOW).await, answered);
        assert_eq!(desk.begin("d", "other", NOW).await, Given::Other);

        let mut tx = desk.write().await;
        let elsewhere = tx.of(desk.other).begin_answer("d", "b", NOW).await;
        assert_eq!(elsewhere.unwrap(), Given::New);
    })
    .await;
}

#[tokio::test]
async fn an_answer_is_forgotten_after_a_day_and_a_request_without_one_after_a_minute() {
    on_each(async |desk: Desk| {
        desk.begin("kept", "b", NOW).await;
        desk.keep("kept").await;
        desk.begin("stuck", "b", NOW).await;
        desk.begin("failed", "b", NOW).await;
        let mut tx = desk.write().await;
        tx.of(desk.account).forget_answer("failed").await.unwrap();
        tx.commit().await.unwrap();

        assert_eq!(desk.begin("failed", "b", NOW).await, Given::New);
        let soon = NOW.plus(Span::seconds(61));
        assert_eq!(desk.begin("stuck", "b", soon).await, Given::New);
        let answered = Given::Answered("sealed".into());
        assert_eq!(desk.begin("kept", "b", soon).await, answered);
        let late = NOW.plus(Span::hours(25));
        assert_eq!(desk.begin("kept", "b", late).await, Given::New);

        let mut tx = desk.write().await;
        let much_later = late.plus(Span::hours(25));
        assert_eq!(tx.forget_answers(much_later).await.unwrap(), 3);
    })
    .await;
}
