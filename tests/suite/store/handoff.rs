//! Codes that hand a session on, and what they become.

use vestibule::store::{Changes, Handoff, Parent};
use vestibule::time::Span;

use super::super::app::NOW;
use super::{Desk, on_each};

#[tokio::test]
async fn a_code_is_taken_once_and_its_cookie_dies_with_the_session() {
    on_each(async |desk: Desk| {
        let maya = desk.somebody("maya").await;
        let (session, mut changes) = (desk.session(maya.id, NOW), Changes::new(desk.account));
        changes.create_session(&session, "session", false).unwrap();
        desk.store.commit(changes).await.unwrap();
        let handoff = Handoff {
            host: "app.test".into(),
            target: "/".into(),
            nonce: "n".into(),
        };
        let parent = Parent {
            account: desk.account,
            user: maya.id,
            session: session.id,
        };
        let mut tx = desk.write().await;
        for code in ["good", "late", "left"] {
            let mut of = tx.of(desk.account);
            of.save_handoff(&session, code, &handoff, NOW.plus(Span::minutes(1)))
                .await
                .unwrap();
        }

        assert_eq!(
            tx.take_handoff("good", NOW).await.unwrap(),
            Some((parent, handoff))
        );
        assert_eq!(tx.take_handoff("good", NOW).await.unwrap(), None);
        assert_eq!(
            tx.take_handoff("late", NOW.plus(Span::minutes(1)))
                .await
                .unwrap(),
            None
        );
        tx.delete_handoffs(NOW.plus(Span::minutes(1)))
            .await
            .unwrap();
        assert_eq!(tx.take_handoff("left", NOW).await.unwrap(), None);
        tx.of(desk.account)
            .save_gate_cookie(&parent, "gate", "app.test", NOW)
            .await
            .unwrap();
        assert_eq!(
            tx.gate_cookie("gate", "app.test").await.unwrap().as_deref(),
            Some("session")
        );
        assert_eq!(tx.gate_cookie("gate", "other.test").await.unwrap(), None);
        tx.of(desk.account)
            .end_session(maya.id, session.id)
            .await
            .unwrap();
        assert_eq!(tx.gate_cookie("gate", "app.test").await.unwrap(), None);
        tx.commit().await.unwrap();
    })
    .await;
}
