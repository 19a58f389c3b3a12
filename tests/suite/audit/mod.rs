//! The audit is proved: whatever is done to it behind our back is found.

mod history;
mod shell;
mod tamper;

use vestibule::app::App;
use vestibule::audit::{Event, Report};
use vestibule::id::{AccountId, UserId};
use vestibule::time::Span;

use super::app::{NOW, TestApp};
use super::rules::{change, texts};

/// Two accounts with some history, sealed and vouched for.
async fn proved() -> (TestApp, AccountId) {
    let test = TestApp::new().await;
    let account = test.account().await.id;
    for day in 0..6 {
        suspend(&test.app, account, day).await;
        if day % 2 == 0 {
            vouch(&test.app, day).await;
        }
    }
    vouch(&test.app, 6).await;
    (test, account)
}

/// Somebody at an address suspends somebody, on that day.
async fn suspend(app: &App, account: AccountId, day: i64) -> UserId {
    let user = UserId::new(NOW, &app.entropy);
    let admin = UserId::new(NOW, &app.entropy).to_string();
    let actor = vestibule::audit::Actor::from(admin).at("203.0.113.9".parse().unwrap());
    let event = Event::SignInConfirmed {
        user: user.to_string(),
        session: "ses_1".into(),
        replaced: None,
        address: "198.51.100.7".into(),
    };
    let mut tx = app.store.write().await.unwrap();
    let at = NOW.plus(Span::days(day));
    tx.of(account)
        .audit(actor, event, at, &app.entropy)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    user
}

/// Seals and vouches for everything, on that day.
async fn vouch(app: &App, day: i64) {
    app.seal_audit().await.unwrap();
    let at = NOW.plus(Span::days(day));
    app.checkpoint(at, true).await.unwrap();
}

async fn verify(app: &App) -> Report {
    app.verify_audit(None, &[]).await.unwrap()
}
