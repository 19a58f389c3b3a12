//! The servers at work on one database.

use vestibule::store::Node;
use vestibule::time::Span;

use super::super::app::NOW;
use super::{Desk, on_each};

fn node(id: &str, seen_at: i64) -> Node {
    Node {
        id: id.into(),
        name: "gate-1".into(),
        version: "1.0.0".into(),
        policy: "p1".into(),
        since: NOW.millis(),
        seen_at,
    }
}

#[tokio::test]
async fn a_server_is_kept_once_and_forgotten_when_it_ends_or_is_silent() {
    on_each(async |desk: Desk| {
        let (now, later) = (NOW.millis(), NOW.plus(Span::minutes(1)));
        let mut tx = desk.write().await;
        for one in [node("a", now), node("b", now), node("a", later.millis())] {
            tx.note_node(&one).await.unwrap();
        }
        let all = tx.nodes().await.unwrap();
        assert_eq!(all, [node("a", later.millis()), node("b", now)]);

        assert_eq!(tx.forget_nodes("", later).await.unwrap(), 1);
        assert_eq!(tx.forget_nodes("a", NOW).await.unwrap(), 1);
        assert!(tx.nodes().await.unwrap().is_empty());
    })
    .await;
}
