//! Certificates that run out are announced in time: those of the identity providers and our own.

use anyhow::Result;

use super::App;
use crate::account::{Account, Revision, State};
use crate::audit::Event;
use crate::saml::connection::Keys;
use crate::saml::keys::Certificate;
use crate::saml::metadata::Descriptor;
use crate::time::Timestamp;

/// So many days before its end a certificate is announced, once for each; 0 is when it has ended.
const THRESHOLDS: [i64; 6] = [0, 1, 7, 14, 30, 60];

/// A certificate and whose it is: `idp` or `sp`.
type Owned = (&'static str, Certificate);

impl App {
    /// Announces, once for each threshold, certificates that run out.
    pub async fn watch_certificates(&self) -> Result<()> {
        let accounts = self.store.read().await?.accounts().await?;
        let in_use = accounts
            .into_iter()
            .filter(|account| account.state == State::Enabled);
        for account in in_use {
            self.watch(&account, self.clock.now()).await?;
        }
        Ok(())
    }

    async fn watch(&self, account: &Account, now: Timestamp) -> Result<()> {
        let mut tx = self.store.read().await?;
        let mut of = tx.of(account.id);
        let revision = of.revision(account.active).await?;
        let (distrusted, keys) = (of.distrusted().await?, of.keys(&self.ring).await?);
        let known = of.certificates().await?;
        drop(tx);
        let turn = self.reading.acquire().await?;
        let used = tokio::task::spawn_blocking(move || used(revision, &distrusted, &keys)).await?;
        drop(turn);
        let news: Vec<(Owned, Option<i64>)> = used
            .iter()
            .filter_map(|owned| {
                let before = known.get(&owned.1.fingerprint).copied();
                let due = threshold(&owned.1, now);
                let least = [before.flatten(), due].into_iter().flatten().min();
                (before != Some(least)).then(|| (owned.clone(), least))
            })
            .collect();
        let gone = known
            .keys()
            .filter(|known| !used.iter().any(|(_, used)| used.fingerprint == **known));
        let gone: Vec<&String> = gone.collect();
        if news.is_empty() && gone.is_empty() {
            return Ok(());
        }
        let mut tx = self.store.write().await?;
        let mut of = tx.of(account.id);
        of.alone().await?;
        // Another node may have been faster.
        if of.certificates().await? != known {
            return Ok(());
        }
        for fingerprint in gone {
            of.unwatch(fingerprint).await?;
        }
        for ((owner, certificate), due) in news {
            of.watch(owner, &certificate, due).await?;
            if due.is_some() {
                let days = certificate.days_left(now);
                tracing::warn!(account = %account.slug, owner, subject = certificate.subject, fingerprint = certificate.fingerprint, days, "a certificate runs out");
                let event = Event::CertificateExpires {
                    owner: owner.to_owned(),
                    fingerprint: certificate.fingerprint,
                    not_after: certificate.not_after,
                    days,
                };
                of.audit("system", event, now, &self.entropy).await?;
            }
        }
        Ok(tx.commit().await?)
    }
}

/// The least number of days that is announced by now, if any is.
fn threshold(certificate: &Certificate, now: Timestamp) -> Option<i64> {
    if certificate.not_after < now {
        return Some(0);
    }
    let days = certificate.days_left(now);
    THRESHOLDS
        .into_iter()
        .find(|threshold| *threshold > 0 && days <= *threshold)
}

/// The certificates that sign-ins rest on.
fn used(revision: Option<Revision>, distrusted: &[String], keys: &Keys) -> Vec<Owned> {
    let metadata = revision.and_then(|revision| revision.metadata);
    let theirs = metadata
        .and_then(|text| Descriptor::read(text.as_bytes()).ok())
        .map(|idp| idp.without(distrusted).signing);
    let theirs = theirs
        .into_iter()
        .flatten()
        .map(|key| ("idp", key.certificate));
    let ours = keys.signing.iter().chain(&keys.encryption);
    let ours = ours.filter_map(|pair| Some(("sp", Certificate::of(&pair.certificate).ok()?)));
    theirs.chain(ours).collect()
}
