//! All that is held about one person: shown to them, and removed.

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::{App, directory};
use crate::account::{Account, Link};
use crate::audit::{Actor, Event, Filter};
use crate::id::{AccountId, UserId};
use crate::seal;
use crate::store::Of;
use crate::time::Timestamp;
use crate::user::{self, Person, User};

/// So many entries about one person are read.
const ENTRIES: i64 = 100_000;

impl App {
    /// Everything that is held about a person: who they are, their sessions, their sign-ins as they came, what they did and what was done to them.
    pub async fn export_person(
        &self,
        account: &Account,
        id: UserId,
        actor: impl Into<Actor>,
    ) -> Result<Value> {
        let mut tx = self.store.read().await?;
        let mut of = tx.of(account.id);
        let person = of.person(id, self.clock.now()).await?;
        let Person { user, basis } = person.context("the person is gone")?;
        let sessions = of.sessions(id).await?;
        let attempts = of.attempts_of(id, &self.ring).await?;
        let name = id.to_string();
        let by = Filter {
            actor: Some(name.clone()),
            ..Filter::default()
        };
        let about = Filter {
            target: Some(name.clone()),
            ..Filter::default()
        };
        let did = of.audit_page(&by, None, ENTRIES).await?;
        let mut happened = of.audit_page(&about, None, ENTRIES).await?;
        happened.retain(|entry| entry.actor != name);
        drop(tx);
        let mut tx = self.store.write().await?;
        let event = Event::PersonExported { user: name };
        tx.of(account.id)
            .audit(actor, event, self.clock.now(), &self.entropy)
            .await?;
        tx.commit().await?;
        let groups: Vec<&str> = basis
            .groups
            .iter()
            .map(|group| group.name.as_str())
            .collect();
        Ok(json!({
            "account": account.slug, "user": user, "claimed": basis.claimed, "orders": basis.orders, "groups": groups, "sessions": sessions, "attempts": attempts, "did": did, "happened": happened,
        }))
    }

    /// Removes a person with everything that names them, and says how many sessions ended: keyed hashes of what they were known by stay,
    /// and that entries of the audit were about them.
    pub(super) async fn erase(
        &self,
        of: &mut Of<'_>,
        user: &User,
        link: Link,
        actor: impl Into<Actor>,
        now: Timestamp,
    ) -> Result<u64, directory::Error> {
        let sessions_ended = of.end_sessions(user.id).await?;
        for grave in self.graves(of.id(), user, link)? {
            of.delete_user(user.id, &grave, now).await?;
        }
        of.delete_attempts_of(user.id).await?;
        of.erase_personal(user.id).await?;
        let event = Event::UserDeleted {
            user: user.id.to_string(),
            sessions_ended,
        };
        of.audit(actor, event, now, &self.entropy).await?;
        Ok(sessions_ended)
    }

    /// The keyed digests under which somebody is remembered who was deleted: of their subject, and of what links.
    pub(super) fn graves(
        &self,
        account: AccountId,
        user: &User,
        link: Link,
    ) -> Result<Vec<String>, seal::Error> {
        let subject = (user.source.as_str(), user.subject.clone());
        let linked = user.link(link).map(|value| (link.source(), value));
        let both = std::iter::once(subject).chain(linked);
        both.map(|(source, subject)| user::tombstone(&self.ring, account, source, &subject))
            .collect()
    }
}
