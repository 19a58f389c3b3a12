//! What receivers get, and what becomes of those that take nothing.

use std::time::{Duration, Instant};

use vestibule::app::App;
use vestibule::id::Entropy;
use vestibule::practice::persona::MAYA;
use vestibule::time::{Span, Timestamp};
use vestibule::webhook::{Delivery, State};

use super::receiver::{Answers, Receiver};
use super::{SHELL, World, round_of};
use crate::rules::audit;

#[tokio::test]
async fn a_receiver_is_told_once_what_it_asked_for_and_only_of_what_came_after() {
    let world = World::new().await;
    world.happens().await;
    let receiver = Receiver::new(204).await;
    let (webhook, secret) = world.told(&receiver, &["account.disabled"]).await;
    assert_eq!(world.round().await, 0);
    world.happens().await;

    assert_eq!(world.round().await, 1);
    assert_eq!(world.round().await, 0);

    let [got] = receiver.got().try_into().unwrap();
    let message = &world.messages(&webhook).await[0];
    assert_eq!(
        (message.state, message.last_status),
        (Delivery::Delivered, Some(204))
    );
    assert_eq!(got.headers["webhook-id"], message.id.to_string());
    let seconds: i64 = got.headers["webhook-timestamp"].parse().unwrap();
    let at = Timestamp::from_millis(seconds * 1_000);
    let signed = secret.sign(message.id, at, &got.body).unwrap();
    assert_eq!(got.headers["webhook-signature"], signed);
    assert_eq!(got.headers["content-type"], "application/json");
    let body: serde_json::Value = serde_json::from_str(&got.body).unwrap();
    assert_eq!(body["type"], "account.disabled");
    assert_eq!(body["data"]["account"], world.account.id.to_string());
}

#[tokio::test]
async fn what_names_a_person_stays_here() {
    let world = World::new().await;
    let receiver = Receiver::new(200).await;
    world.told(&receiver, &["*"]).await;
    let app = world.app();
    let invitation = vestibule::app::Invitation {
        subject: Some(MAYA.upn.to_owned()),
        external_id: Some("E-17".into()),
        profile: vestibule::claims::Profile {
            email: Some("maya@acme.test".into()),
            given_name: Some("Maya".into()),
            surname: Some("Maker".into()),
        },
    };
    let user = app.invite(&world.account, invitation, SHELL).await.unwrap();
    app.clock.advance(Span::millis(1));
    app.suspend(&world.account, user.id, SHELL).await.unwrap();

    world.round().await;

    assert_eq!(receiver.kinds(), ["user.created", "user.suspended"]);
    for got in receiver.got() {
        assert!(got.body.contains(&user.id.to_string()));
        for personal in [MAYA.upn, "maya", "Maya", "Maker", "E-17", "shell"] {
            assert!(!got.body.contains(personal), "{personal}: {}", got.body);
        }
    }
}

#[tokio::test]
async fn what_was_not_taken_is_sent_again_later_and_later_under_the_same_id() {
    let world = World::new().await;
    let receiver = Receiver::new(500).await;
    let (webhook, _) = world.told(&receiver, &["account.disabled"]).await;
    world.happens().await;
    let clock = &world.app().clock;

    assert_eq!(world.round().await, 1);
    assert_eq!(world.round().await, 0);
    clock.advance(Span::seconds(7));
    assert_eq!(world.round().await, 1);
    clock.advance(Span::seconds(7));
    assert_eq!(world.round().await, 0);
    clock.advance(Span::seconds(80));
    receiver.now_says(200);
    assert_eq!(world.round().await, 1);

    let ids: Vec<String> = receiver
        .got()
        .iter()
        .map(|got| got.headers["webhook-id"].clone())
        .collect();
    assert_eq!(ids.len(), 3);
    assert!(ids.iter().all(|id| *id == ids[0]));
    let webhook = world.webhook(&webhook).await;
    assert_eq!((webhook.failures, webhook.failing_since), (0, None));
}

#[tokio::test]
async fn a_message_fails_after_ten_tries_and_is_sent_again_when_somebody_says_so() {
    let world = World::new().await;
    let receiver = Receiver::new(500).await;
    let (webhook, _) = world.told(&receiver, &["account.disabled"]).await;
    world.happens().await;
    for _ in 0..10 {
        assert_eq!(world.round().await, 1);
        world.app().clock.advance(Span::hours(25));
        // Each time somebody looks after it, so that it is not given up.
        let reset = "UPDATE webhooks SET failing_since = NULL";
        crate::rules::change(&world.app().store, reset).await;
    }
    assert_eq!(world.round().await, 0);
    let failed = world.messages(&webhook).await;
    assert_eq!(
        (failed[0].state, failed[0].attempts),
        (Delivery::Failed, 10)
    );

    receiver.now_says(200);
    let (app, id) = (world.app(), world.account.id);
    assert_eq!(app.replay(id, webhook.id, None, SHELL).await.unwrap(), 1);
    assert_eq!(world.round().await, 1);
    assert_eq!(world.messages(&webhook).await[0].state, Delivery::Delivered);
    let one = Some(failed[0].id);
    assert_eq!(app.replay(id, webhook.id, one, SHELL).await.unwrap(), 1);
    assert_eq!(world.round().await, 1);
    assert_eq!(receiver.got().len(), 12);
}

#[tokio::test]
async fn who_takes_nothing_for_five_days_or_is_gone_is_told_nothing_more_and_the_audit_says_why() {
    let world = World::new().await;
    let (broken, gone) = (Receiver::new(500).await, Receiver::new(410).await);
    let (first, _) = world.told(&broken, &["account.disabled"]).await;
    let (second, _) = world.told(&gone, &["account.disabled"]).await;
    world.happens().await;
    assert_eq!(world.round().await, 2);
    assert_eq!(world.webhook(&first).await.state, State::Enabled);
    assert_eq!(world.webhook(&second).await.state, State::Disabled);

    world.app().clock.advance(Span::days(5));
    assert_eq!(world.round().await, 1);

    assert_eq!(world.webhook(&first).await.state, State::Disabled);
    let entries = audit(&world.test).await;
    for why in ["410 Gone", "five days"] {
        let said =
            |entry: &String| entry.starts_with("webhook_disabled system") && entry.contains(why);
        assert!(entries.iter().any(said), "{why}: {entries:#?}");
    }
}

#[tokio::test]
async fn rule_52_no_redirect_is_followed() {
    let world = World::new().await;
    let (elsewhere, receiver) = (Receiver::new(200).await, Receiver::new(302).await);
    let line = Box::leak(format!("Location: {}\r\n", elsewhere.url()).into_boxed_str());
    receiver.now_answers(Answers {
        status: 302,
        line,
        after: Duration::ZERO,
    });
    let (webhook, _) = world.told(&receiver, &["account.disabled"]).await;
    world.happens().await;

    assert_eq!(world.round().await, 1);

    assert_eq!(elsewhere.got().len(), 0);
    let message = &world.messages(&webhook).await[0];
    assert_eq!(
        (message.state, message.last_status),
        (Delivery::Waiting, Some(302))
    );
}

#[tokio::test]
async fn a_receiver_that_asks_for_time_gets_it() {
    let world = World::new().await;
    let receiver = Receiver::new(503).await;
    receiver.now_answers(Answers {
        status: 503,
        line: "Retry-After: 600\r\n",
        after: Duration::ZERO,
    });
    world.told(&receiver, &["account.disabled"]).await;
    world.happens().await;
    assert_eq!(world.round().await, 1);

    world.app().clock.advance(Span::seconds(590));
    assert_eq!(world.round().await, 0);
    world.app().clock.advance(Span::seconds(20));
    assert_eq!(world.round().await, 1);
}

#[tokio::test]
async fn one_that_hangs_keeps_nobody_waiting_and_one_is_sent_one_thing_at_a_time() {
    let world = World::new().await;
    let (hangs, well) = (Receiver::new(200).await, Receiver::new(200).await);
    hangs.now_answers(Answers {
        status: 200,
        line: "",
        after: Duration::from_secs(3),
    });
    world.told(&hangs, &["account.*"]).await;
    world.told(&well, &["account.*"]).await;
    world.happens().await;
    let app = world.app();
    app.seal_audit().await.unwrap();

    let began = Instant::now();
    let mut tasks = app.deliver(&world.slots).await.unwrap();
    while well.got().len() < 2 {
        assert!(began.elapsed() < Duration::from_secs(2), "kept waiting");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    // Another node, or the next round, leaves alone who is being told.
    assert_eq!(round_of(app, &world.slots).await, 0);
    assert_eq!(hangs.got().len(), 1);
    tasks.abort_all();
}

#[tokio::test]
async fn two_nodes_tell_once_and_a_restart_forgets_nothing() {
    let world = World::new().await;
    let receiver = Receiver::new(200).await;
    world.told(&receiver, &["account.*"]).await;
    let (config, clock) = (world.app().config.clone(), world.app().clock.clone());
    let other = App::open(config, clock, Entropy::System).await.unwrap();
    let other = std::sync::Arc::new(other);
    world.happens().await;

    tokio::join!(world.round(), round_of(&other, &world.slots));
    world.round().await;

    assert_eq!(receiver.kinds(), ["account.disabled", "account.enabled"]);
    world.happens().await;
    world.app().seal_audit().await.unwrap();
    assert_eq!(round_of(&other, &world.slots).await, 2);
}

#[tokio::test]
async fn for_a_day_both_secrets_sign_and_then_the_new_one_alone() {
    let world = World::new().await;
    let receiver = Receiver::new(200).await;
    let (webhook, old) = world.told(&receiver, &["account.disabled"]).await;
    let (app, id) = (world.app(), world.account.id);
    let new = app.rotate_webhook(id, webhook.id, SHELL).await.unwrap();
    let signatures = async || {
        world.happens().await;
        world.round().await;
        let got = receiver.got().pop().unwrap();
        let at: i64 = got.headers["webhook-timestamp"].parse().unwrap();
        let message = got.headers["webhook-id"].parse().unwrap();
        let sign = |secret: &vestibule::webhook::Secret| {
            let at = Timestamp::from_millis(at * 1_000);
            secret.sign(message, at, &got.body).unwrap()
        };
        (
            got.headers["webhook-signature"].clone(),
            sign(&new),
            sign(&old),
        )
    };

    let (said, by_new, by_old) = signatures().await;
    assert_eq!(said, format!("{by_new} {by_old}"));
    app.clock.advance(Span::days(1));
    let (said, by_new, _) = signatures().await;
    assert_eq!(said, by_new);
}

#[tokio::test]
async fn messages_are_kept_for_thirty_days() {
    let world = World::new().await;
    let receiver = Receiver::new(200).await;
    let (webhook, _) = world.told(&receiver, &["account.disabled"]).await;
    world.happens().await;
    world.round().await;
    let app = world.app();
    app.clock.advance(Span::days(30));
    app.tidy(app.clock.now()).await.unwrap();
    assert_eq!(world.messages(&webhook).await.len(), 1);

    app.clock.advance(Span::seconds(1));
    app.tidy(app.clock.now()).await.unwrap();

    assert_eq!(world.messages(&webhook).await.len(), 0);
}

#[tokio::test]
async fn a_try_says_how_it_went_and_leaves_nothing() {
    let world = World::new().await;
    let receiver = Receiver::new(202).await;
    let (webhook, _) = world.told(&receiver, &["user.*"]).await;

    let status = world.app().try_webhook(&world.account, &webhook).await;

    assert_eq!(status.unwrap(), 202);
    assert_eq!(receiver.kinds(), ["webhook.test"]);
    assert_eq!(world.messages(&webhook).await.len(), 0);
}
