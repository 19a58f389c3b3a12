//! Figures of what the database knows: how fresh the identity providers' metadata is, and which certificates run out.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use crate::app::App;
use crate::store;
use crate::time::{Span, Timestamp};

/// The figures, filled anew each time they are asked for.
#[derive(Default)]
pub(super) struct Gauges {
    age: Family<Account, Gauge>,
    failures: Family<Account, Gauge>,
    held: Family<Account, Gauge>,
    days: Family<Certificate, Gauge>,
    messages: Gauge,
    oldest: Gauge,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Account {
    account: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Certificate {
    account: String,
    owner: String,
    fingerprint: String,
}

impl Gauges {
    /// Gives the figures their names.
    pub(super) fn register(&self, registry: &mut Registry) {
        let mut account = |name: &str, help: &str, family: &Family<Account, Gauge>| {
            registry.register(name, help, family.clone());
        };
        account(
            "metadata_age_seconds",
            "Since the address of the identity provider's metadata last answered well",
            &self.age,
        );
        account(
            "metadata_failures",
            "Questions in a row that failed",
            &self.failures,
        );
        account(
            "metadata_held",
            "1 where a change of the identity provider waits for approval",
            &self.held,
        );
        registry.register(
            "certificate_days_left",
            "Days until a certificate of an identity provider (idp) or of ours (sp) ends",
            self.days.clone(),
        );
        registry.register(
            "webhook_messages_waiting",
            "Messages that webhooks have not taken yet",
            self.messages.clone(),
        );
        registry.register(
            "webhook_oldest_seconds",
            "Since when the oldest of them waits",
            self.oldest.clone(),
        );
    }

    /// Reads the figures.
    pub(super) async fn fill(&self, app: &App) -> Result<(), store::Error> {
        let (now, mut tx) = (app.clock.now(), app.store.read().await?);
        let (fresh, watched) = (tx.freshness().await?, tx.watched().await?);
        let (messages, oldest) = tx.waiting_messages().await?;
        self.messages.set(messages);
        let age = oldest.map_or(0, |oldest| now.since(oldest).as_seconds());
        self.oldest.set(age);
        for family in [&self.age, &self.failures, &self.held] {
            family.clear();
        }
        self.days.clear();
        for one in fresh {
            let account = Account { account: one.slug };
            if let Some(good) = one.good_at {
                let age = now.since(Timestamp::from_millis(good)).as_seconds();
                self.age.get_or_create(&account).set(age);
            }
            self.failures.get_or_create(&account).set(one.failures);
            self.held
                .get_or_create(&account)
                .set(i64::from(one.held_at.is_some()));
        }
        for one in watched {
            let left: Span = Timestamp::from_millis(one.not_after).since(now);
            let certificate = Certificate {
                account: one.slug,
                owner: one.owner,
                fingerprint: one.fingerprint,
            };
            self.days.get_or_create(&certificate).set(left.as_days());
        }
        Ok(())
    }
}
