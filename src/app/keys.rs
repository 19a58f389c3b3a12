//! An account's own keys are made, and changed in steps.

use anyhow::{Context, Result, bail};

use super::{App, Refused};
use crate::account::Account;
use crate::audit::Event;
use crate::saml::connection::Keys;
use crate::saml::keys::{Certificate, KeyPair};
use crate::saml::rollover::{Known, Purpose, Rollover, State, Step};
use crate::store::Of;

/// So many arrivals are looked at to see what the identity provider encrypts for.
const ARRIVALS: i64 = 50;

impl App {
    /// Where an account stands in the change of its keys.
    pub async fn rollover(&self, account: &Account) -> Result<Rollover> {
        let mut tx = self.store.read().await?;
        self.rollover_of(&mut tx.of(account.id)).await
    }

    /// Takes the next step, unless it would lock people out; every node follows within a second.
    pub async fn rotate(
        &self,
        account: &Account,
        step: Step,
        imported: bool,
        actor: &str,
    ) -> Result<Rollover> {
        let document = self
            .document(account.id)
            .await?
            .context("the account has no active revision")?;
        let saml = document.saml.unwrap_or_default();
        let fresh = match step {
            Step::Publish => Some(self.make_keys(account, saml.key_bits).await?),
            Step::Switch | Step::Retire => None,
        };
        let now = self.clock.now();
        let mut tx = self.store.write().await?;
        let mut of = tx.of(account.id);
        of.alone().await?;
        let before = self.rollover_of(&mut of).await?;
        allow(&before, step, saml.sign_requests, imported)?;
        let old = |known: &&Known| known.state == State::Old;
        let next = |known: &&Known| known.state == State::Next;
        let event = match fresh {
            Some(keys) => {
                of.move_keys(Purpose::Encryption, State::Active, State::Old)
                    .await?;
                of.create_keys(&keys, State::Next, &self.ring, now, &self.entropy)
                    .await?;
                Event::KeysPublished {
                    signing: of_pairs(&keys.signing)?,
                    encryption: of_pairs(&keys.encryption)?,
                }
            }
            None if step == Step::Switch => {
                of.move_keys(Purpose::Signing, State::Active, State::Old)
                    .await?;
                of.move_keys(Purpose::Signing, State::Next, State::Active)
                    .await?;
                let signing = of_known(before.keys.iter().filter(next));
                Event::KeysSwitched { signing, imported }
            }
            None => {
                of.delete_old_keys().await?;
                let retired = of_known(before.keys.iter().filter(old));
                Event::KeysRetired { retired, imported }
            }
        };
        of.audit(actor, event, now, &self.entropy).await?;
        let after = self.rollover_of(&mut of).await?;
        tx.commit().await?;
        self.login.forget(account.slug.as_str());
        Ok(after)
    }

    /// Fresh pairs of an account, made away from the async threads.
    pub(super) async fn make_keys(&self, account: &Account, bits: u32) -> Result<Keys> {
        let (slug, entropy, now) = (account.slug.clone(), self.entropy.clone(), self.clock.now());
        let made =
            tokio::task::spawn_blocking(move || -> Result<Keys, openssl::error::ErrorStack> {
                let pair = |purpose: &str| {
                    let name = format!("Vestibule {purpose} - {slug}");
                    KeyPair::generate(&name, bits, now, &entropy)
                };
                Ok(Keys {
                    signing: vec![pair("signing")?],
                    encryption: vec![pair("encryption")?],
                })
            });
        Ok(made.await??)
    }

    async fn rollover_of(&self, of: &mut Of<'_>) -> Result<Rollover> {
        let keys = of.known_keys().await?;
        let since = Rollover::published_at(&keys).context("the account has no encryption key")?;
        let arrivals: Vec<_> = of
            .arrivals(since, ARRIVALS, &self.ring)
            .await?
            .into_iter()
            .map(|attempt| (attempt.at, attempt.opened_by))
            .collect();
        Ok(Rollover::new(keys, &arrivals, self.clock.now()))
    }
}

fn allow(at: &Rollover, step: Step, signs: bool, imported: bool) -> Result<()> {
    match at.obstacle(step, signs, imported) {
        Some(obstacle) => bail!(Refused(obstacle)),
        None => Ok(()),
    }
}

fn of_pairs(pairs: &[KeyPair]) -> Result<Vec<String>> {
    let print = |pair: &KeyPair| Ok(Certificate::of(&pair.certificate)?.fingerprint);
    pairs.iter().map(print).collect()
}

fn of_known<'k>(keys: impl Iterator<Item = &'k Known>) -> Vec<String> {
    keys.map(|key| key.certificate.fingerprint.clone())
        .collect()
}
