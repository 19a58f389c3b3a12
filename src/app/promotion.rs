//! What was tested at the demo account comes to the live one, and what was in force comes back.

use std::collections::BTreeMap;
use std::fmt;

use anyhow::{Context, Result, bail};
use serde::Serialize;

use super::carry::trust_difference;
use super::effects::ATTEMPTS;
use super::{App, Consent, Outcome, Refused};
use crate::account::{
    Account, Change, Document, NoRole, Revision, Stage, diff, mapped, problems, promoted,
};
use crate::attempt::{Attempt, Outcome as Ended};
use crate::audit::{Actor, Event};
use crate::id::AttemptId;
use crate::role::Role;
use crate::saml::metadata::Descriptor;
use crate::saml::trust::Difference;
use crate::store::NewRevision;
use crate::time::Timestamp;
use crate::user::Refusal;

/// What has to be seen at the demo account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Shown {
    /// Somebody came in with a role.
    Role(Role),
    /// Somebody without a role was turned away.
    Stranger,
}

impl Shown {
    /// What a waiver names.
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "stranger" => Some(Self::Stranger),
            role => Role::parse(role).map(Self::Role),
        }
    }

    /// What it is, in words.
    pub fn sentence(self) -> String {
        match self {
            Self::Role(role) => format!("somebody came in as {role}"),
            Self::Stranger => "somebody without a role was turned away".to_owned(),
        }
    }
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Role(role) => role.fmt(f),
            Self::Stranger => f.write_str("stranger"),
        }
    }
}

impl Serialize for Shown {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

/// Whether something was seen at the revision that is to be promoted.
#[derive(Debug, Clone, Serialize)]
pub struct Evidence {
    /// What.
    pub of: Shown,
    /// The sign-in that shows it, and when.
    pub attempt: Option<(AttemptId, Timestamp)>,
}

/// A demo account and a live one, side by side.
#[derive(Debug, Serialize)]
pub struct Promotion {
    /// The revision that is in force at the demo account.
    pub revision: i64,
    /// The revision that is in force at the live one.
    pub before: i64,
    /// What would be in force there.
    #[serde(skip)]
    pub candidate: Document,
    /// What that changes.
    pub changes: Vec<Change>,
    /// Where the two trust different identity providers, which a promotion does not touch.
    pub trust: Option<Difference>,
    /// Whether the live account trusts any.
    pub is_connected: bool,
    /// What was seen at the demo account.
    pub evidence: Vec<Evidence>,
}

/// What somebody says who promotes.
#[derive(Debug, Default)]
pub struct Consented {
    /// The revisions of both that they have looked at, where they looked at some.
    pub seen: Option<(i64, i64)>,
    /// Why something need not be seen.
    pub waivers: BTreeMap<Shown, String>,
    /// That people will be known by another subject.
    pub new_subject: bool,
}

impl App {
    /// What a promotion would do, and what speaks for it.
    pub async fn promotion(&self, from: &Account, to: &Account) -> Result<Promotion> {
        let now = self.clock.now();
        let (demo, live) = (self.in_force(from).await?, self.in_force(to).await?);
        check(&demo.document, &live.document)?;
        let candidate = promoted(&demo.document, &live.document);
        sound(&candidate)?;
        let then = Revision {
            document: candidate.clone(),
            ..live.clone()
        };
        let mut tx = self.store.read().await?;
        let attempts = self.lately(&mut tx.of(from.id), ATTEMPTS, now).await?;
        drop(tx);
        let trust = trust_difference(&live, &demo)?.filter(|differs| !differs.is_none());
        Ok(Promotion {
            revision: demo.number,
            before: live.number,
            changes: diff(&live, &then),
            trust,
            is_connected: live.metadata.is_some(),
            evidence: evidence(&attempts, &demo),
            candidate,
        })
    }

    /// Puts what was tested at the demo account in force at the live one, or asks a second person to where that takes two.
    pub async fn promote(
        &self,
        from: &Account,
        to: &Account,
        consented: &Consented,
        actor: impl Into<Actor>,
    ) -> Result<Outcome> {
        let actor = &actor.into();
        let promotion = self.promotion(from, to).await?;
        let stands = (promotion.revision, promotion.before);
        if consented.seen.is_some_and(|seen| seen != stands) {
            bail!(Refused(
                "one of the two accounts was changed since you looked; look again whether it still fits".into()
            ));
        }
        let (mut shown, mut lacking) = (Vec::new(), Vec::new());
        for one in &promotion.evidence {
            let waiver = consented.waivers.get(&one.of).map(|reason| reason.trim());
            match (one.attempt, waiver.filter(|reason| !reason.is_empty())) {
                (Some((attempt, _)), _) => shown.push(format!("{}: {attempt}", one.of)),
                (None, Some(reason)) => shown.push(format!("{}: waived: {reason}", one.of)),
                (None, None) => lacking.push(one.of),
            }
        }
        if !lacking.is_empty() {
            let sentences: Vec<String> = lacking.iter().map(|one| one.sentence()).collect();
            let names: Vec<String> = lacking.iter().map(ToString::to_string).collect();
            bail!(Refused(format!(
                "revision {} of {} was not tried enough in the last 14 days: it was not seen that {}. Let them sign in to the demo account, or say for each why that is not needed ({})",
                promotion.revision,
                from.slug,
                sentences.join(", nor that "),
                names.join(", "),
            )));
        }
        let live = self.in_force(to).await?;
        let before = promotion.before;
        let event = Event::RevisionPromoted {
            from: from.slug.to_string(),
            from_revision: promotion.revision,
            evidence: shown,
        };
        let consent = Consent {
            new_subject: consented.new_subject,
            before: Some(before),
            tried: Some(event),
            ..Consent::default()
        };
        self.put_in_force(to, &promotion.candidate, &live, &consent, actor)
            .await
    }

    /// What a rollback would put in force, and what that changes.
    pub async fn rollback_of(
        &self,
        account: &Account,
        number: i64,
    ) -> Result<(Document, Vec<Change>)> {
        let now = self.in_force(account).await?;
        let mut tx = self.store.read().await?;
        let earlier = tx.of(account.id).revision(number).await?;
        drop(tx);
        let Some(earlier) = earlier else {
            bail!(Refused(format!(
                "{} has no revision {number}",
                account.slug
            )));
        };
        let then = Revision {
            document: restored(&earlier.document, &now.document),
            ..now.clone()
        };
        sound(&then.document)?;
        let changes = diff(&now, &then);
        Ok((then.document, changes))
    }

    /// Puts the mapping, the rules and the policy of an earlier revision in force again, in place of the one that it was compared
    /// with where somebody says which; whom the account trusts stays as it is.
    pub async fn rollback(
        &self,
        account: &Account,
        number: i64,
        (new_subject, before): (bool, Option<i64>),
        actor: impl Into<Actor>,
    ) -> Result<Outcome> {
        let actor = &actor.into();
        let now = self.in_force(account).await?;
        let before = before.unwrap_or(now.number);
        let (document, _) = self.rollback_of(account, number).await?;
        let event = Event::RevisionRestored { of: number };
        let consent = Consent {
            new_subject,
            before: Some(before),
            tried: Some(event),
            ..Consent::default()
        };
        self.put_in_force(account, &document, &now, &consent, actor)
            .await
    }

    async fn put_in_force(
        &self,
        account: &Account,
        document: &Document,
        now: &Revision,
        consent: &Consent,
        actor: &Actor,
    ) -> Result<Outcome> {
        let idp = now.metadata.as_deref();
        let idp = idp.map(|text| Descriptor::read(text.as_bytes()));
        let idp = self.without_distrusted(account, idp.transpose()?).await?;
        let new = NewRevision {
            document,
            metadata: now.metadata.as_deref(),
            author: &actor.id,
            at: self.clock.now(),
        };
        self.revise(account.clone(), new, idp, consent).await
    }

    /// The revision in force.
    pub async fn in_force(&self, account: &Account) -> Result<Revision> {
        let mut tx = self.store.read().await?;
        let mut of = tx.of(account.id);
        let account = of.account().await?.context("the account is gone")?;
        let active = of.revision(account.active).await?;
        active.context("the account has no active revision")
    }
}

/// Whether one can become the other.
fn check(demo: &Document, live: &Document) -> Result<()> {
    if (demo.stage, live.stage) != (Stage::Demo, Stage::Live) {
        bail!(Refused(format!(
            "a demo account is promoted to a live one; {} is a {} account and {} a {} account",
            demo.account,
            demo.stage.as_str(),
            live.account,
            live.stage.as_str()
        )));
    }
    if demo.client != live.client {
        bail!(Refused(format!(
            "{} is of {} and {} of {}: nothing is promoted from one client to another",
            demo.account, demo.client, live.account, live.client
        )));
    }
    Ok(())
}

/// What is put together of two configurations holds what one by itself has to.
fn sound(candidate: &Document) -> Result<()> {
    let wrong = problems(candidate);
    if wrong.is_empty() {
        return Ok(());
    }
    bail!(Refused(wrong.join("; ")))
}

/// An earlier document, with what belongs to the account's surroundings and its trust as it is now.
fn restored(earlier: &Document, now: &Document) -> Document {
    let mut document = promoted(earlier, now);
    document.approvals = now.approvals;
    document.access.clone_from(&earlier.access);
    document.retention = earlier.retention;
    document
}

fn evidence(attempts: &[Attempt], demo: &Revision) -> Vec<Evidence> {
    let of_it = || attempts.iter().filter(|one| one.revision == demo.number);
    let found = |attempt: Option<&Attempt>| attempt.map(|one| (one.id, one.at));
    let role = |role: Role| {
        let mut those = of_it().filter(|one| matches!(one.outcome, Ended::Accepted { .. }));
        Evidence {
            of: Shown::Role(role),
            attempt: found(those.find(|one| one.roles.contains_key(&role))),
        }
    };
    let mut all: Vec<Evidence> = mapped(&demo.document).into_iter().map(role).collect();
    if demo.document.users.no_role == NoRole::Deny {
        let turned = |one: &&Attempt| {
            matches!(
                one.outcome,
                Ended::Refused {
                    refusal: Some(Refusal::NoRole),
                    ..
                }
            )
        };
        all.push(Evidence {
            of: Shown::Stranger,
            attempt: found(of_it().find(turned)),
        });
    }
    all
}
