//! An account's own keys are made, and changed in steps.

use anyhow::{Context, Result, bail};

use super::{App, Refused, Wished};
use crate::account::{Account, Document, Saml};
use crate::audit::{Actor, Event};
use crate::proposal::Wish;
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

    /// Takes the next step, unless it would lock people out; every node follows within a second. Where that takes two people it
    /// is proposed, unless somebody breaks the glass and says why.
    pub async fn rotate(
        &self,
        account: &Account,
        step: Step,
        imported: bool,
        break_glass: Option<&str>,
        actor: impl Into<Actor>,
    ) -> Result<Wished<Rollover>> {
        let actor = &actor.into();
        let document = self.document(account.id).await?;
        let document = document.context("the account has no active revision")?;
        let wish = Wish::RotateKeys { step, imported };
        if self.takes_two(&document, &wish) && break_glass.is_none() {
            let mut tx = self.store.write().await?;
            let mut of = tx.of(account.id);
            of.alone().await?;
            self.may_turn(&mut of, &document, step, imported).await?;
            let proposal = self.propose(tx, account, wish, "", actor).await?;
            return Ok(Wished::Waits(proposal));
        }
        let fresh = self.fresh_keys(account, &document, step).await?;
        let mut tx = self.store.write().await?;
        let mut of = tx.of(account.id);
        of.alone().await?;
        if let Some(reason) = break_glass {
            tracing::warn!(account = %account.slug, reason, "the keys of an account are changed by one person's word");
            let event = Event::BreakGlass {
                revision: account.active,
                reason: reason.to_owned(),
            };
            of.audit(actor, event, self.clock.now(), &self.entropy)
                .await?;
        }
        let after = self
            .turn(&mut of, &document, step, imported, fresh, actor)
            .await?;
        tx.commit().await?;
        self.login.forget(account.slug.as_str());
        Ok(Wished::Done(after))
    }

    /// The pairs that a step begins to use, made before anything is held.
    pub(super) async fn fresh_keys(
        &self,
        account: &Account,
        document: &Document,
        step: Step,
    ) -> Result<Option<Keys>> {
        let bits = document.saml.as_ref().map(|saml| saml.key_bits);
        let bits = bits.unwrap_or(Saml::default().key_bits);
        match step {
            Step::Publish => Ok(Some(self.make_keys(account, bits).await?)),
            Step::Switch | Step::Retire => Ok(None),
        }
    }

    /// Where the keys stand, where the step may be taken.
    pub(super) async fn may_turn(
        &self,
        of: &mut Of<'_>,
        document: &Document,
        step: Step,
        imported: bool,
    ) -> Result<Rollover> {
        let at = self.rollover_of(of).await?;
        let signs = document.saml.as_ref().is_none_or(|saml| saml.sign_requests);
        match at.obstacle(step, signs, imported) {
            Some(obstacle) => bail!(Refused(obstacle)),
            None => Ok(at),
        }
    }

    /// Takes a step that may be taken.
    pub(super) async fn turn(
        &self,
        of: &mut Of<'_>,
        document: &Document,
        step: Step,
        imported: bool,
        fresh: Option<Keys>,
        actor: &Actor,
    ) -> Result<Rollover> {
        let now = self.clock.now();
        let before = self.may_turn(of, document, step, imported).await?;
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
        self.rollover_of(of).await
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

fn of_pairs(pairs: &[KeyPair]) -> Result<Vec<String>> {
    let print = |pair: &KeyPair| Ok(Certificate::of(&pair.certificate)?.fingerprint);
    pairs.iter().map(print).collect()
}

fn of_known<'k>(keys: impl Iterator<Item = &'k Known>) -> Vec<String> {
    keys.map(|key| key.certificate.fingerprint.clone())
        .collect()
}
