//! Somebody decides about a held change of an identity provider, or trusts a key no more.

use anyhow::{Context, Result, bail};

use super::judge::{fingerprints, returns};
use super::{App, Refused, Unknown, Wished};
use crate::account::{Account, Held, Revision, Stage};
use crate::audit::{Actor, Event};
use crate::proposal::Wish;
use crate::saml::keys::IdpKey;
use crate::saml::metadata::Descriptor;
use crate::saml::trust::{Difference, Reason};
use crate::store::{NewRevision, Of};
use crate::time::Timestamp;

/// A held change, as it stands against what is trusted now.
#[derive(Debug)]
pub struct Pending {
    /// The account.
    pub account: Account,
    /// What is held, and since when.
    pub held: Held,
    /// What is trusted now.
    pub trusted: Option<Descriptor>,
    /// What would be.
    pub offered: Descriptor,
    /// What differs, and why it needs a person.
    pub difference: Difference,
    active: Revision,
}

/// What somebody who approves a held change has seen.
#[derive(Debug, Default)]
pub struct Seen {
    /// The name of the change.
    pub change: String,
    /// The fingerprints that they compared with the client.
    pub fingerprints: Vec<String>,
    /// Why a live account has to change at once.
    pub break_glass: Option<String>,
}

/// What became of a key that is trusted no more.
#[derive(Debug)]
pub struct Distrusted {
    /// The fingerprint of its certificate.
    pub fingerprint: String,
    /// How many sessions ended.
    pub sessions_ended: u64,
    /// How many keys are left that sign-ins are verified with.
    pub left: usize,
}

impl App {
    /// The held change of an account.
    pub async fn held(&self, slug: &str) -> Result<Pending> {
        let account = self.find_account(slug).await?;
        let mut tx = self.store.read().await?;
        let found = pending(&mut tx.of(account.id), account).await?;
        Ok(found.ok_or_else(|| not_held(slug))?)
    }

    /// Trusts what was held, once somebody has compared every new fingerprint; where that takes two people it is proposed, unless
    /// somebody breaks the glass and says why. Says which revision that is.
    pub async fn approve_metadata(
        &self,
        slug: &str,
        seen: &Seen,
        actor: impl Into<Actor>,
    ) -> Result<Wished<i64>> {
        let actor = &actor.into();
        let (account, now) = (self.find_account(slug).await?, self.clock.now());
        let mut tx = self.store.write().await?;
        let mut of = tx.of(account.id);
        of.alone().await?;
        let account = of.account().await?.context("the account is gone")?;
        let pending = pending(&mut of, account.clone())
            .await?
            .ok_or_else(|| not_held(slug))?;
        check_seen(&pending, seen)?;
        let wish = pending.wish();
        match &seen.break_glass {
            None if self.takes_two(&pending.active.document, &wish) => {
                let proposal = self.propose(tx, &account, wish, "", actor).await?;
                return Ok(Wished::Waits(proposal));
            }
            None => {}
            Some(reason) => {
                let event = Event::BreakGlass {
                    revision: pending.active.number,
                    reason: reason.clone(),
                };
                tracing::warn!(account = %account.slug, reason, "a held change of the identity provider is approved at the shell");
                of.audit(actor, event, now, &self.entropy).await?;
            }
        }
        let revision = self.trust(&mut of, &pending, actor, now).await?;
        tx.commit().await?;
        self.login.forget(slug);
        Ok(Wished::Done(revision))
    }

    /// The held change of an account, in a transaction that goes on.
    pub(super) async fn pending(&self, of: &mut Of<'_>) -> Result<Option<Pending>> {
        let account = of.account().await?.context("the account is gone")?;
        pending(of, account).await
    }

    /// Trusts a held change, and says which revision that is.
    pub(super) async fn trust(
        &self,
        of: &mut Of<'_>,
        pending: &Pending,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<i64> {
        let active = &pending.active;
        let new = NewRevision {
            document: &active.document,
            metadata: Some(&pending.held.metadata),
            author: &actor.id,
            at: now,
        };
        let before = Some(active.number);
        let revision = self
            .add(of, new, before, Some(&pending.offered), true)
            .await?;
        let event = Event::MetadataApproved {
            revision,
            change: pending.held.change.clone(),
            added: fingerprints(&pending.difference.added),
        };
        of.audit(actor, event, now, &self.entropy).await?;
        let mut source = of.source().await?.context("the address is gone")?;
        source.held = None;
        source.valid_until = pending.offered.valid_until;
        of.save_source(&source).await?;
        Ok(revision)
    }

    /// Drops a held change, the one that somebody has seen where they say which; the same one is not held again.
    pub async fn refuse_metadata(
        &self,
        slug: &str,
        seen: Option<&str>,
        actor: impl Into<Actor>,
    ) -> Result<String> {
        let actor = &actor.into();
        let (account, now) = (self.find_account(slug).await?, self.clock.now());
        let mut tx = self.store.write().await?;
        let mut of = tx.of(account.id);
        of.alone().await?;
        let mut source = of.source().await?.ok_or_else(|| not_held(slug))?;
        let held = source.held.take();
        let held = held.ok_or_else(|| not_held(slug))?;
        let change = held.change;
        if seen.is_some_and(|seen| seen != change) {
            bail!(Refused(
                "another change is held by now; look at that one".into()
            ));
        }
        source.refused = Some(change.clone());
        of.save_source(&source).await?;
        let event = Event::MetadataRefused {
            change: change.clone(),
        };
        of.audit(actor, event, now, &self.entropy).await?;
        tx.commit().await?;
        Ok(change)
    }

    /// Never trusts a key again, whatever document or revision brings it back, and ends every session of the account.
    pub async fn distrust(
        &self,
        slug: &str,
        fingerprint: &str,
        reason: &str,
        force: bool,
        actor: impl Into<Actor>,
    ) -> Result<Distrusted> {
        let actor = &actor.into();
        let (account, now) = (self.find_account(slug).await?, self.clock.now());
        let wanted = plain(fingerprint);
        let mut tx = self.store.write().await?;
        let mut of = tx.of(account.id);
        of.alone().await?;
        let account = of.account().await?.context("the account is gone")?;
        let key = find(&mut of, &wanted).await?.ok_or_else(|| {
            Unknown(format!("no descriptor that {slug} has ever had holds a signing key with the fingerprint {wanted}; `vestibule account show {slug}` lists those in force"))
        })?;
        let digest = key.digest();
        let active = of.revision(account.active).await?;
        let active = active.context("the account has no active revision")?;
        let mut distrusted = of.distrusted().await?;
        distrusted.push(digest.clone());
        let trusted = read(&active, &distrusted)?;
        let left = trusted.as_ref().map_or(0, |idp| idp.signing.len());
        if left == 0 && !force {
            bail!(Refused(format!(
                "{slug} would have no key left, so that nobody could sign in. If that is what you want, say --force"
            )));
        }
        let print = &key.certificate.fingerprint;
        if !of.distrust(&digest, print, reason, &actor.id, now).await? {
            bail!(Refused(format!("{slug} distrusts {print} already")));
        }
        let sessions_ended = of.end_all_sessions().await?;
        let event = Event::KeyDistrusted {
            fingerprint: print.clone(),
            reason: reason.to_owned(),
            sessions_ended,
        };
        of.audit(actor, event, now, &self.entropy).await?;
        // A revision of its own: what every node has compiled, and what is under way by it, ends with the old one.
        let new = NewRevision {
            document: &active.document,
            metadata: active.metadata.as_deref(),
            author: &actor.id,
            at: now,
        };
        let before = Some(active.number);
        self.add(&mut of, new, before, trusted.as_ref(), true)
            .await?;
        tx.commit().await?;
        tracing::warn!(account = slug, fingerprint = %print, reason, sessions_ended, "a key of the identity provider is trusted no more");
        self.login.forget(slug);
        Ok(Distrusted {
            fingerprint: print.clone(),
            sessions_ended,
            left,
        })
    }

    /// A descriptor as an account may trust it; refused where nothing of it is left.
    pub(super) async fn without_distrusted(
        &self,
        account: &Account,
        idp: Option<Descriptor>,
    ) -> Result<Option<Descriptor>> {
        let mut tx = self.store.read().await?;
        let distrusted = tx.of(account.id).distrusted().await?;
        let idp = idp.map(|idp| idp.without(&distrusted));
        if idp.as_ref().is_some_and(|idp| idp.signing.is_empty()) {
            bail!(Refused(format!(
                "every signing key in this metadata is on the deny list of {}: ask the client for metadata with a new one",
                account.slug
            )));
        }
        Ok(idp)
    }
}

impl Pending {
    /// That it is trusted, as somebody asks for it.
    pub(super) fn wish(&self) -> Wish {
        Wish::TrustMetadata {
            change: self.held.change.clone(),
            fingerprints: fingerprints(&self.difference.added),
        }
    }
}

fn not_held(slug: &str) -> Unknown {
    Unknown(format!("no change of {slug}'s identity provider is held"))
}

/// Which of these certificates nobody has compared.
pub(super) fn unseen<'w>(wanted: &'w [String], seen: &[String]) -> Vec<&'w str> {
    let is_seen = |print: &&String| seen.iter().any(|seen| plain(seen) == **print);
    let lacks = wanted.iter().filter(|print| !is_seen(print));
    lacks.map(String::as_str).collect()
}

fn check_seen(pending: &Pending, seen: &Seen) -> Result<()> {
    let slug = &pending.account.slug;
    let change = &pending.held.change;
    let prints = fingerprints(&pending.difference.added);
    if seen.change != *change || !unseen(&prints, &seen.fingerprints).is_empty() {
        let flags = prints.join(" --fingerprint ");
        let flags = if flags.is_empty() {
            flags
        } else {
            format!(" --fingerprint {flags}")
        };
        bail!(Refused(format!(
            "nothing was changed. Compare every new fingerprint with the client by telephone, then run: vestibule account approve-metadata {slug} --change {change}{flags}"
        )));
    }
    Ok(())
}

/// A fingerprint however people write it.
fn plain(fingerprint: &str) -> String {
    let hex = fingerprint.chars().filter(char::is_ascii_hexdigit);
    hex.collect::<String>().to_uppercase()
}

fn read(revision: &Revision, distrusted: &[String]) -> Result<Option<Descriptor>> {
    let read = |text: &String| Descriptor::read(text.as_bytes());
    let idp = revision.metadata.as_ref().map(read).transpose()?;
    Ok(idp.map(|idp| idp.without(distrusted)))
}

async fn pending(of: &mut Of<'_>, account: Account) -> Result<Option<Pending>> {
    let Some(held) = of.source().await?.and_then(|source| source.held) else {
        return Ok(None);
    };
    let active = of.revision(account.active).await?;
    let active = active.context("the account has no active revision")?;
    let distrusted = of.distrusted().await?;
    let trusted = read(&active, &distrusted)?;
    let keys: &[IdpKey] = trusted.as_ref().map_or(&[], |idp| &idp.signing);
    let (offered, signed_by) = Descriptor::read_signed(held.metadata.as_bytes(), keys)?;
    let offered = offered.without(&distrusted);
    if offered.signing.is_empty() {
        bail!(Refused(format!(
            "every key of the held change is on the deny list of {}; `vestibule account approve-metadata {0} --refuse` drops it",
            account.slug
        )));
    }
    let mut difference = Difference::of(trusted.as_ref(), &offered, signed_by);
    if active.document.stage == Stage::Staff {
        difference.needs(Reason::Staff);
    }
    if returns(of, &difference.added).await? {
        difference.needs(Reason::Returning);
    }
    Ok(Some(Pending {
        account,
        held,
        trusted,
        offered,
        difference,
        active,
    }))
}

/// The key of a certificate that the account trusts, has trusted, or was offered.
async fn find(of: &mut Of<'_>, fingerprint: &str) -> Result<Option<IdpKey>> {
    let revisions = of.revisions().await?;
    let held = of.source().await?.and_then(|source| source.held);
    let texts = revisions
        .into_iter()
        .filter_map(|revision| revision.metadata);
    let mut keys = texts
        .chain(held.map(|held| held.metadata))
        .filter_map(|text| Descriptor::read(text.as_bytes()).ok())
        .flat_map(|idp| idp.signing);
    Ok(keys.find(|key| key.certificate.fingerprint == fingerprint))
}
