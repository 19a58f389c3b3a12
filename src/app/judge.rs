//! Judges a fetched descriptor against what is trusted: taken, held for a person, or dropped.

use anyhow::Result;

use super::App;
use super::refresh::Refreshed;
use crate::account::{Account, Held, Revision, Source, Stage, Trouble};
use crate::audit::Event;
use crate::saml::keys::{Certificate, IdpKey};
use crate::saml::metadata::{self, Descriptor, OwnSignature};
use crate::saml::trust::{self, Difference, Reason};
use crate::store::{NewRevision, Of};
use crate::time::Timestamp;

/// Earlier revisions in which a key that comes back is looked for.
const REMEMBERED: usize = 20;

/// Who does what nobody asked for, in the audit and as the author of a revision.
const SYSTEM: &str = "system";

/// A fetched document, read and compared with what is trusted.
pub(super) struct Judged {
    text: String,
    descriptor: Descriptor,
    difference: Difference,
    /// Whether its word about its own validity counts.
    vouched: bool,
}

impl Judged {
    /// Whether it would change nothing of what is trusted.
    pub(super) const fn is_nothing_new(&self) -> bool {
        self.difference.is_none()
    }

    /// Notes what it says of itself, now that nobody has to decide about it.
    pub(super) fn settle(&self, source: &mut Source) {
        source.cache = self.descriptor.cache_duration;
        source.held = None;
        source.refused = None;
        if self.vouched {
            source.valid_until = self.descriptor.valid_until;
        }
    }
}

impl App {
    /// Reads and compares a document away from the async threads.
    pub(super) async fn judge(
        &self,
        active: &Revision,
        bytes: Vec<u8>,
        distrusted: Vec<String>,
        now: Timestamp,
    ) -> Result<Result<Judged, String>> {
        let (stage, trusted) = (active.document.stage, active.metadata.clone());
        let ours = self.config.server.authorities();
        let judge = move || {
            let judged = judge(trusted.as_deref(), &bytes, (&distrusted, &ours), now);
            judged.map_err(|problem| problem.to_string())
        };
        let mut judged = tokio::task::spawn_blocking(judge).await?;
        if let Ok(judged) = &mut judged
            && stage == Stage::Staff
            && !judged.difference.is_none()
        {
            judged.difference.needs(Reason::Staff);
        }
        Ok(judged)
    }

    pub(super) async fn decide(
        &self,
        of: &mut Of<'_>,
        account: &Account,
        active: &Revision,
        source: &mut Source,
        judged: Judged,
        now: Timestamp,
    ) -> Result<Refreshed> {
        let mut judged = judged;
        if returns(of, &judged.difference.added).await? {
            judged.difference.needs(Reason::Returning);
        }
        if !judged.difference.reasons.is_empty() {
            source.cache = judged.descriptor.cache_duration;
            source.answered(now, self.jitter());
            let change = trust::name(&judged.descriptor);
            self.hold(of, account, source, &change, judged, now).await?;
            return Ok(Refreshed::Held(change));
        }
        judged.settle(source);
        source.answered(now, self.jitter());
        let Judged {
            text,
            descriptor,
            difference,
            ..
        } = judged;
        let new = NewRevision {
            document: &active.document,
            metadata: Some(&text),
            author: SYSTEM,
            at: now,
        };
        let revision = self
            .add(of, new, Some(active.number), Some(&descriptor), true)
            .await?;
        source.judged = Some(revision);
        let prints = fingerprints(&difference.added);
        tracing::warn!(account = %account.slug, revision, added = ?prints, "the identity provider's keys changed in a document that a trusted key has signed");
        let event = Event::MetadataAccepted {
            revision,
            added: prints,
            removed: fingerprints(&difference.removed),
            signed_by: difference.signed_by.unwrap_or_default(),
        };
        of.audit(SYSTEM, event, now, &self.entropy).await?;
        Ok(Refreshed::Accepted(revision))
    }

    async fn hold(
        &self,
        of: &mut Of<'_>,
        account: &Account,
        source: &mut Source,
        change: &str,
        judged: Judged,
        now: Timestamp,
    ) -> Result<()> {
        let difference = &judged.difference;
        if source.refused.as_deref() == Some(change) {
            source.held = None;
            return Ok(());
        }
        let known = source.held.as_ref().filter(|held| held.change == change);
        let at = known.map_or(now, |held| held.at);
        if known.is_none() {
            let reasons: Vec<String> = difference
                .reasons
                .iter()
                .map(|reason| reason.sentence().to_owned())
                .collect();
            tracing::warn!(account = %account.slug, change, ?reasons, "a change of the identity provider waits; see `vestibule account approve-metadata`");
            let event = Event::MetadataHeld {
                change: change.to_owned(),
                added: fingerprints(&difference.added),
                removed: fingerprints(&difference.removed),
                reasons,
            };
            of.audit(SYSTEM, event, now, &self.entropy).await?;
        }
        source.held = Some(Held {
            metadata: judged.text,
            change: change.to_owned(),
            at,
        });
        Ok(())
    }

    pub(super) async fn failed(
        &self,
        of: &mut Of<'_>,
        account: &Account,
        source: &mut Source,
        problem: &str,
        now: Timestamp,
    ) -> Result<()> {
        for trouble in source.failed(now, problem, self.jitter()) {
            let event = match trouble {
                Trouble::Failed => Event::MetadataFailed {
                    problem: problem.chars().take(500).collect(),
                },
                Trouble::Old => Event::MetadataOld {
                    since: source.good_at.unwrap_or(now),
                },
            };
            tracing::warn!(account = %account.slug, url = source.url, problem, ?trouble, "the identity provider's metadata cannot be refreshed; the last good copy stays");
            of.audit(SYSTEM, event, now, &self.entropy).await?;
        }
        Ok(())
    }
}

fn judge(
    trusted: Option<&str>,
    bytes: &[u8],
    (distrusted, ours): (&[String], &[String]),
    now: Timestamp,
) -> Result<Judged, metadata::Problem> {
    let old = trusted.map(|text| Descriptor::read(text.as_bytes()));
    let old = old.transpose()?.map(|old| old.without(distrusted));
    let keys: &[IdpKey] = old.as_ref().map_or(&[], |old| &old.signing);
    let (new, signed_by) = Descriptor::read_signed(bytes, keys)?;
    let new = new.elsewhere(ours)?.without(distrusted);
    if new.signing.is_empty() {
        return Err(metadata::Problem::OnlyWeakKeys(new.unusable.join("; ")));
    }
    if let Some(until) = new.valid_until.filter(|until| *until < now) {
        return Err(metadata::Problem::Outdated(until.for_people()));
    }
    let unsigned_before = old
        .as_ref()
        .is_none_or(|old| old.own_signature == OwnSignature::Absent);
    Ok(Judged {
        text: metadata::text(bytes)?,
        vouched: signed_by.is_some() || unsigned_before,
        difference: Difference::of(old.as_ref(), &new, signed_by),
        descriptor: new,
    })
}

/// Whether an earlier revision trusted one of these and a later one did not: an old document may have been sent again.
pub(super) async fn returns(of: &mut Of<'_>, added: &[Certificate]) -> Result<bool> {
    if added.is_empty() {
        return Ok(false);
    }
    let earlier = of.revisions().await?;
    let texts = earlier.into_iter().filter_map(|revision| revision.metadata);
    Ok(texts
        .take(REMEMBERED)
        .filter_map(|text| Descriptor::read(text.as_bytes()).ok())
        .flat_map(|descriptor| descriptor.signing)
        .any(|key| {
            added
                .iter()
                .any(|added| added.fingerprint == key.certificate.fingerprint)
        }))
}

pub(super) fn fingerprints(certificates: &[Certificate]) -> Vec<String> {
    let print = |certificate: &Certificate| certificate.fingerprint.clone();
    certificates.iter().map(print).collect()
}
