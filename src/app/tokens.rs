//! Tokens: signed with the keys of the moment, asked about, and taken back.

use std::collections::BTreeSet;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use tokio::sync::Mutex;

use super::{App, Refused};
use crate::access::{Present, Shown};
use crate::audit::Event;
use crate::gate::{self, Access, AppSlug, Grant, Signer, TokenKey};
use crate::id::AccountId;
use crate::store::Tx;
use crate::time::{Span, Timestamp};

/// How long the signer in memory is good: whatever changes its keys is seen by then.
const GOOD_FOR: Span = Span::seconds(1);

/// The signer in memory, and when its keys were read.
#[derive(Default)]
pub(super) struct Signers(Mutex<Option<(Timestamp, Arc<Signer>)>>);

impl App {
    /// The signer with the keys of the moment; the first need makes the first key.
    pub async fn signer(&self, now: Timestamp) -> Result<Arc<Signer>> {
        let mut held = self.signers.0.lock().await;
        if let Some((read, signer)) = &*held
            && now >= *read
            && now < read.plus(GOOD_FOR)
        {
            return Ok(Arc::clone(signer));
        }
        let mut keys = self.token_keys().await?;
        if keys.is_empty() {
            self.publish(now, now, "system").await?;
            keys = self.token_keys().await?;
        }
        let url = &self.config.server.public_url;
        let signer = Arc::new(Signer::new(url, &keys, self.entropy.clone(), now));
        *held = Some((now, Arc::clone(&signer)));
        Ok(signer)
    }

    /// The keys that sign tokens, oldest first.
    pub async fn token_keys(&self) -> Result<Vec<TokenKey>> {
        let mut tx = self.store.read().await?;
        Ok(tx.token_keys(&self.ring).await?)
    }

    /// Publishes the next key where it is time to, and destroys those whose last token is over.
    pub(super) async fn publish_due_key(&self, now: Timestamp) -> Result<()> {
        let keys = self.token_keys().await?;
        if keys.is_empty() {
            return Ok(());
        }
        if let Some(signs_from) = TokenKey::due(&keys, now) {
            self.publish(signs_from, now, "system").await?;
        }
        let keys = self.token_keys().await?;
        let standings = TokenKey::standings(&keys, now);
        let known = standings
            .iter()
            .find(|(_, standing)| *standing != gate::Standing::Over);
        if let Some((oldest, _)) = known.filter(|_| standings.len() > 1) {
            let mut tx = self.store.write().await?;
            tx.delete_token_keys_before(oldest.generation).await?;
            tx.commit().await?;
        }
        Ok(())
    }

    async fn publish(&self, signs_from: Timestamp, now: Timestamp, actor: &str) -> Result<()> {
        let mut tx = self.store.write().await?;
        let keys = tx.token_keys(&self.ring).await?;
        // Whoever came first has decided: everybody else takes that key.
        if TokenKey::due(&keys, now).is_some() || actor != "system" {
            self.create_token_key(&mut tx, &keys, signs_from, now, actor, false)
                .await?;
        }
        tx.commit().await?;
        Ok(())
    }

    /// Publishes the next key, which signs a day later; or with `leaked` destroys all others and signs at once.
    pub async fn rotate_tokens(&self, leaked: bool, actor: &str) -> Result<Vec<TokenKey>> {
        let now = self.clock.now();
        let keys = self.token_keys().await?;
        let next = keys.last().filter(|key| key.signs_from > now);
        if let (Some(next), false) = (next, leaked) {
            bail!(Refused(format!(
                "the next key is published already and signs from {} on; services need that day to learn it. Where the present key has leaked, say --now: tokens signed with it end at once",
                next.signs_from
            )));
        }
        if leaked {
            let mut tx = self.store.write().await?;
            let keys = tx.token_keys(&self.ring).await?;
            let made = self
                .create_token_key(&mut tx, &keys, now, now, actor, true)
                .await?;
            let newest = keys.last().map_or(0, |key| key.generation);
            tx.delete_token_keys_before(newest.saturating_add(1))
                .await?;
            if !made {
                bail!(Refused(
                    "another node changes the keys at this moment; look at `vestibule keys tokens` and try again".into()
                ));
            }
            // What was signed with the keys that are gone is not to be remembered anywhere.
            tx.begin_epoch(&crate::id::hex(&self.entropy.bytes::<8>()))
                .await?;
            tx.commit().await?;
        } else {
            let wait = if keys.is_empty() {
                Span::millis(0)
            } else {
                TokenKey::PUBLISHED_BEFORE
            };
            self.publish(now.plus(wait), now, actor).await?;
        }
        *self.signers.0.lock().await = None;
        self.token_keys().await
    }

    async fn create_token_key(
        &self,
        tx: &mut Tx,
        keys: &[TokenKey],
        signs_from: Timestamp,
        now: Timestamp,
        actor: &str,
        others_destroyed: bool,
    ) -> Result<bool> {
        let newest = keys.last().map_or(0, |key| key.generation);
        let key = TokenKey::generate(newest.saturating_add(1), now, signs_from)?;
        let made = tx.create_token_key(&key, &self.ring, &self.entropy).await?;
        if made {
            let kid = &key.jwk().kid;
            tracing::info!(kid, %signs_from, others_destroyed, actor, "a key for tokens was published");
            // The audit is kept by account; what concerns all of them is in that of the staff.
            if let Some(staff) = tx.account(&self.config.staff.account).await? {
                let event = Event::TokenKeyPublished {
                    key: kid.clone(),
                    signs_from,
                    others_destroyed,
                };
                let mut of = tx.of(staff.id);
                of.audit(actor, event, now, &self.entropy).await?;
            }
        }
        Ok(made)
    }

    /// An access token for an app, with these permissions.
    pub async fn issue(
        &self,
        present: &Present,
        app: &gate::App,
        permissions: BTreeSet<String>,
        now: Timestamp,
    ) -> Result<String> {
        let subject = &present.subject;
        let client = match subject.who {
            gate::Who::Person(..) => "vestibule".to_owned(),
            gate::Who::Key(key) => key.to_string(),
        };
        let grant = Grant {
            stage: subject.stage,
            audience: app.audience.clone(),
            subject: subject.id(),
            client,
            account: subject.account,
            session: present.session().map(|session| session.id),
            roles: subject.roles().collect(),
            permissions,
        };
        Ok(self.signer(now).await?.access(&grant, now)?)
    }

    /// What a token says as of now, asked by the service of an app and account; none where it opens nothing any more.
    pub async fn introspect(
        &self,
        token: &str,
        app: &AppSlug,
        account: AccountId,
        now: Timestamp,
    ) -> Result<Option<Access>> {
        let app = self.access.apps().find(|known| known.app == *app);
        let app = app.context("the app of this credential is gone")?;
        let verified = self
            .signer(now)
            .await?
            .verify(token, &app.audience, app.stage, now);
        let access = match verified {
            Ok(access) if access.account == account => access,
            Ok(_) | Err(_) => return Ok(None),
        };
        let access = Arc::new(access);
        let shown = Shown::Bearer(token, &access);
        let Some(present) = self.access.live.find(&shown, now).await? else {
            return Ok(None);
        };
        let permissions = self.access.permissions(&present, app)?;
        let scope: Vec<&str> = permissions.iter().map(String::as_str).collect();
        Ok((!permissions.is_empty()).then(|| Access {
            scope: scope.join(" "),
            roles: present.subject.roles().collect(),
            permissions: permissions.clone(),
            ..Access::clone(&access)
        }))
    }

    /// Takes a token back.
    pub async fn revoke_token(&self, access: &Access, actor: &str, now: Timestamp) -> Result<()> {
        let mut tx = self.store.write().await?;
        let mut of = tx.of(access.account);
        if of
            .revoke_token(&access.jti, &access.sub, access.expires_at())
            .await?
        {
            let event = Event::TokenRevoked {
                token: access.jti.clone(),
                subject: access.sub.clone(),
            };
            of.audit(actor, event, now, &self.entropy).await?;
        }
        tx.commit().await?;
        Ok(())
    }
}
