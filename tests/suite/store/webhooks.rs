//! Who is told, what waits to be told, and who tells it.

use vestibule::account::State as AccountState;
use vestibule::id::{Entropy, MessageId, WebhookId};
use vestibule::store::{Hold, Tried};
use vestibule::time::{Span, Timestamp};
use vestibule::webhook::{Delivery, Message, State, Webhook};

use super::super::app::NOW;
use super::{Desk, on_each};

fn webhook() -> Webhook {
    Webhook {
        id: WebhookId::new(NOW, &Entropy::System),
        name: "desk".into(),
        url: "https://client.test/hook".into(),
        kinds: vec!["user.*".into()],
        state: State::Enabled,
        created_at: NOW,
        created_by: "shell:test".into(),
        failures: 0,
        failing_since: None,
        last_at: None,
        last_status: None,
    }
}

fn message(due_at: Timestamp) -> Message {
    Message {
        id: MessageId::new(due_at, &Entropy::System),
        kind: "user.created".into(),
        body: "{\"type\":\"user.created\"}".into(),
        created_at: NOW,
        state: Delivery::Waiting,
        attempts: 0,
        due_at,
        last_at: None,
        last_status: None,
    }
}

#[tokio::test]
async fn a_webhook_is_kept_changed_and_removed_in_its_own_account() {
    on_each(async |desk: Desk| {
        let made = webhook();
        let mut tx = desk.write().await;
        let mut of = tx.of(desk.account);
        of.create_webhook(&made, "sealed").await.unwrap();

        assert_eq!(of.webhooks().await.unwrap(), std::slice::from_ref(&made));
        assert_eq!(of.webhook(made.id).await.unwrap(), Some(made.clone()));
        let until = NOW.plus(Span::days(1));
        of.rotate_webhook(made.id, "other", until).await.unwrap();
        let secrets = of.webhook_secrets(made.id).await.unwrap().unwrap();
        assert_eq!(secrets.current, "other");
        assert_eq!(secrets.former, Some(("sealed".into(), until)));
        assert!(of.switch_webhook(made.id, State::Disabled).await.unwrap());
        assert!(!of.switch_webhook(made.id, State::Disabled).await.unwrap());
        let mut other = tx.of(desk.other);
        assert_eq!(other.webhook(made.id).await.unwrap(), None);
        assert!(!other.delete_webhook(made.id).await.unwrap());
        assert!(tx.of(desk.account).delete_webhook(made.id).await.unwrap());
        tx.commit().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn messages_are_made_once_of_what_the_chain_holds() {
    on_each(async |desk: Desk| {
        let made = webhook();
        let mut tx = desk.write().await;
        let mut of = tx.of(desk.account);
        of.create_webhook(&made, "sealed").await.unwrap();
        tx.commit().await.unwrap();
        let mut tx = desk.write().await;
        assert_eq!(tx.webhooks_behind().await.unwrap(), []);
        let mut of = tx.of(desk.account);
        assert_eq!(of.told_through(made.id).await.unwrap(), Some(0));
        let event = vestibule::audit::Event::AccountEnabled;
        of.audit("shell:test", event, NOW, &Entropy::System)
            .await
            .unwrap();
        let records = tx.unsealed(10).await.unwrap();
        let from = vestibule::audit::Head::none(&desk.account.to_string());
        let sealed = tx.of(desk.account).seal(&from, &records).await.unwrap();
        assert!(sealed.is_some());

        let hold = Hold {
            account: desk.account,
            webhook: made.id,
        };
        assert_eq!(tx.webhooks_behind().await.unwrap(), [hold]);
        let mut of = tx.of(desk.account);
        assert!(of.tell_through(made.id, 0, 1).await.unwrap());
        assert!(!of.tell_through(made.id, 0, 1).await.unwrap());
        assert_eq!(tx.webhooks_behind().await.unwrap(), []);
        tx.commit().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_message_is_due_held_by_one_tried_and_sent_again() {
    on_each(async |desk: Desk| {
        let (made, later) = (webhook(), NOW.plus(Span::seconds(5)));
        let mut sent = message(NOW);
        let mut tx = desk.write().await;
        let mut of = tx.of(desk.account);
        of.create_webhook(&made, "sealed").await.unwrap();
        of.create_message(made.id, &sent, 1).await.unwrap();
        let due = tx.webhooks_due(NOW, 10).await.unwrap();
        assert_eq!(due.len(), 1);
        assert_eq!(
            tx.webhooks_due(NOW.minus(Span::millis(1)), 10)
                .await
                .unwrap(),
            []
        );
        let (waiting, oldest) = tx.waiting_messages().await.unwrap();
        assert_eq!((waiting, oldest), (1, Some(NOW)));

        let mut of = tx.of(desk.account);
        let lasts = Span::seconds(30);
        assert!(of.hold_webhook(made.id, NOW, lasts).await.unwrap());
        assert!(!of.hold_webhook(made.id, NOW, lasts).await.unwrap());
        let found = of.due_message(made.id, NOW).await.unwrap();
        assert_eq!(found, Some(sent.clone()));
        assert_eq!(tx.webhooks_due(NOW, 10).await.unwrap(), []);

        (sent.attempts, sent.due_at) = (1, later);
        let tried = Tried {
            at: NOW,
            status: Some(500),
            failures: 1,
            failing_since: Some(NOW),
            free_at: later,
        };
        let mut of = tx.of(desk.account);
        of.tried(made.id, &sent, tried).await.unwrap();
        let known = of.webhook(made.id).await.unwrap().unwrap();
        assert_eq!((known.failures, known.last_status), (1, Some(500)));
        assert_eq!(of.due_message(made.id, NOW).await.unwrap(), None);
        let kept = of.messages(made.id, None, None, 10).await.unwrap();
        assert_eq!((kept[0].attempts, kept[0].last_status), (1, Some(500)));
        let none = of.messages(made.id, Some(Delivery::Failed), None, 10).await;
        assert_eq!(none.unwrap(), []);
        assert_eq!(of.replay(made.id, None, NOW).await.unwrap(), 0);
        assert_eq!(of.replay(made.id, Some(sent.id), NOW).await.unwrap(), 1);
        assert_eq!(tx.webhooks_due(NOW, 10).await.unwrap(), []);
        assert_eq!(tx.webhooks_due(later, 10).await.unwrap().len(), 1);
        tx.of(desk.account)
            .set_state(AccountState::Disabled)
            .await
            .unwrap();
        assert_eq!(tx.webhooks_due(later, 10).await.unwrap(), []);
        assert_eq!(tx.forget_messages(NOW).await.unwrap(), 0);
        assert_eq!(tx.forget_messages(later).await.unwrap(), 1);
        tx.commit().await.unwrap();
    })
    .await;
}
