//! Receivers are told of what happens: honest ones, slow ones, broken ones and those that are none.

mod delivery;
mod making;
mod receiver;

use std::sync::Arc;

use serde_json::Value;
use tokio::sync::Semaphore;
use vestibule::account::Account;
use vestibule::app::{App, SLOTS};
use vestibule::config::Config;
use vestibule::time::Span;
use vestibule::webhook::{Message, Secret, Webhook};

use super::app::{TestApp, document};
use receiver::Receiver;

const SHELL: &str = "shell:test";

/// A server on loopback, so that it may tell receivers there.
struct World {
    test: TestApp,
    account: Account,
    slots: Arc<Semaphore>,
}

impl World {
    async fn new() -> Self {
        Self::with(|_| {}).await
    }

    async fn with(change: impl FnOnce(&mut Config)) -> Self {
        let test = TestApp::empty(|config| {
            config.server.public_url = "http://localhost:1".into();
            change(config);
        })
        .await;
        let account = test.apply(document("acme-demo")).await;
        Self {
            test,
            account,
            slots: Arc::new(Semaphore::new(SLOTS)),
        }
    }

    fn app(&self) -> &Arc<App> {
        &self.test.app
    }

    /// A receiver that is told of these kinds.
    async fn told(&self, receiver: &Receiver, kinds: &[&str]) -> (Webhook, Secret) {
        let kinds = kinds.iter().map(|kind| (*kind).to_owned()).collect();
        let (app, url) = (self.app(), receiver.url());
        let made = app.create_webhook(&self.account, "test", &url, kinds, SHELL);
        made.await.unwrap()
    }

    /// Something happens that receivers are told of.
    async fn happens(&self) {
        let app = self.app();
        for state in [false, true] {
            app.clock.advance(Span::millis(1));
            let switched = if state {
                vestibule::account::State::Enabled
            } else {
                vestibule::account::State::Disabled
            };
            app.set_account_state("acme-demo", switched, SHELL)
                .await
                .unwrap();
        }
    }

    /// What a running server does twice a second; says how many messages were tried.
    async fn round(&self) -> usize {
        round_of(self.app(), &self.slots).await
    }

    async fn messages(&self, webhook: &Webhook) -> Vec<Message> {
        let mut tx = self.app().store.read().await.unwrap();
        let mut of = tx.of(self.account.id);
        of.messages(webhook.id, None, None, 100).await.unwrap()
    }

    async fn webhook(&self, webhook: &Webhook) -> Webhook {
        self.app().find_webhook(webhook.id).await.unwrap().1
    }
}

async fn round_of(app: &Arc<App>, slots: &Arc<Semaphore>) -> usize {
    app.seal_audit().await.unwrap();
    let mut tasks = app.deliver(slots).await.unwrap();
    let mut tried = 0;
    while let Some(done) = tasks.join_next().await {
        tried += done.unwrap().unwrap();
    }
    tried
}

fn kind(body: &str) -> String {
    let body: Value = serde_json::from_str(body).unwrap();
    body["type"].as_str().unwrap().to_owned()
}
