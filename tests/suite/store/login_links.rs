//! One-time links of operators.

use vestibule::time::Span;

use super::super::app::NOW;
use super::{Desk, on_each};

#[tokio::test]
async fn a_link_is_taken_once_in_time_and_the_next_one_ends_it() {
    on_each(async |desk: Desk| {
        let maya = desk.somebody("maya").await;
        let end = NOW.plus(Span::seconds(600));
        let mut tx = desk.write().await;
        let mut of = tx.of(desk.account);
        of.save_login_link(maya.id, "first", end).await.unwrap();
        of.save_login_link(maya.id, "second", end).await.unwrap();

        assert_eq!(tx.take_login_link("first", NOW).await.unwrap(), None);
        let whose = Some((desk.account, maya.id));
        assert_eq!(tx.take_login_link("second", NOW).await.unwrap(), whose);
        assert_eq!(tx.take_login_link("second", NOW).await.unwrap(), None);
        let mut of = tx.of(desk.account);
        of.save_login_link(maya.id, "late", end).await.unwrap();
        assert_eq!(tx.take_login_link("late", end).await.unwrap(), None);
        let mut of = tx.of(desk.account);
        of.save_login_link(maya.id, "left", end).await.unwrap();
        assert_eq!(tx.forget_login_links(end).await.unwrap(), 1);
        tx.commit().await.unwrap();
    })
    .await;
}
