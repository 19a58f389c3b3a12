//! What a proposal does when it is approved, and what it would do before.

use anyhow::{Context, Result, bail};
use serde::{Serialize, Serializer};

use super::case::{Case, Ordered};
use super::trust::Pending;
use super::{App, Consent, Refused};
use crate::account::{Account, Change, Revision, diff};
use crate::audit::Actor;
use crate::id::ProposalId;
use crate::proposal::{Proposal, Wish};
use crate::saml::connection::Keys;
use crate::saml::metadata::Descriptor;
use crate::saml::rollover::Rollover;
use crate::saml::trust::Difference;
use crate::store::Of;

/// What a proposal would change.
#[derive(Debug, Serialize)]
#[serde(tag = "of", rename_all = "snake_case")]
pub enum Effect {
    /// The roles of somebody.
    Roles {
        /// What they hold.
        before: Vec<String>,
        /// What they would.
        after: Vec<String>,
    },
    /// The configuration.
    Configuration {
        /// What differs.
        changes: Vec<Change>,
        /// What differs in whom the account trusts, where its identity provider's metadata is another document.
        identity_provider: Option<Box<Difference>>,
    },
    /// The identity provider.
    IdentityProvider {
        /// What is held, and what differs.
        #[serde(serialize_with = "difference")]
        pending: Box<Pending>,
    },
    /// The account's keys.
    Keys {
        /// Where they stand.
        keys: Box<Rollover>,
        /// What the step does.
        meaning: &'static str,
    },
}

fn difference<S: Serializer>(pending: &Pending, to: S) -> Result<S::Ok, S::Error> {
    pending.difference.serialize(to)
}

impl App {
    /// What a proposal would change as things stand now; refused where it cannot happen.
    pub(super) async fn effect(
        &self,
        of: &mut Of<'_>,
        account: &Account,
        proposal: &Proposal,
    ) -> Result<Effect> {
        if let Some(user) = proposal.wish.user() {
            let case = self.case(of, user).await?;
            let after = ordered(&case, account, proposal)?.after;
            return Ok(Effect::Roles {
                before: case.before.names(),
                after: after.names(),
            });
        }
        match &proposal.wish {
            Wish::Activate {
                revision, before, ..
            } => {
                let (active, draft) = self.draft(of, *revision, *before).await?;
                Ok(Effect::Configuration {
                    changes: diff(&active, &draft),
                    identity_provider: trust_difference(&active, &draft)?.map(Box::new),
                })
            }
            Wish::TrustMetadata { .. } => {
                let pending = self.still_held(of, &proposal.wish).await?;
                Ok(Effect::IdentityProvider {
                    pending: Box::new(pending),
                })
            }
            Wish::RotateKeys { step, imported } => {
                let document = of.document().await?.context("no active revision")?;
                let keys = self.may_turn(of, &document, *step, *imported).await?;
                Ok(Effect::Keys {
                    keys: Box::new(keys),
                    meaning: step.meaning(),
                })
            }
            Wish::GrantRole { .. } | Wish::LiftDenial { .. } | Wish::DirectoryRole { .. } => {
                bail!("a wish about nobody")
            }
        }
    }

    /// Does it.
    pub(super) async fn carry_out(
        &self,
        of: &mut Of<'_>,
        account: &Account,
        proposal: &Proposal,
        fresh: Option<Keys>,
        actor: &Actor,
    ) -> Result<()> {
        match &proposal.wish {
            Wish::GrantRole { user, .. } => {
                let case = self.case(of, *user).await?;
                let ordered = ordered(&case, account, proposal)?;
                self.give(of, &case, &ordered, actor).await
            }
            Wish::LiftDenial { user, .. } => {
                let case = self.case(of, *user).await?;
                let ordered = ordered(&case, account, proposal)?;
                self.lift(of, &case, &ordered, actor).await
            }
            Wish::DirectoryRole { user, .. } => {
                let case = self.case(of, *user).await?;
                let ordered = ordered(&case, account, proposal)?;
                self.admit(of, &case, &ordered, actor).await
            }
            Wish::Activate {
                revision, before, ..
            } => {
                let (_, draft) = self.draft(of, *revision, *before).await?;
                self.activate(of, &draft, *before, actor).await
            }
            Wish::TrustMetadata { .. } => {
                let pending = self.still_held(of, &proposal.wish).await?;
                self.trust(of, &pending, actor, self.clock.now()).await?;
                Ok(())
            }
            Wish::RotateKeys { step, imported } => {
                let document = of.document().await?.context("no active revision")?;
                self.turn(of, &document, *step, *imported, fresh, actor)
                    .await?;
                Ok(())
            }
        }
    }

    /// The keys that a proposal begins to use, made before anything is held.
    pub(super) async fn keys_for(&self, account: &Account, id: ProposalId) -> Result<Option<Keys>> {
        let mut tx = self.store.read().await?;
        let mut of = tx.of(account.id);
        let (proposal, document) = (of.proposal(id).await?, of.document().await?);
        drop(tx);
        match (proposal.map(|proposal| proposal.wish), document) {
            (Some(Wish::RotateKeys { step, .. }), Some(document)) => {
                self.fresh_keys(account, &document, step).await
            }
            _ => Ok(None),
        }
    }

    /// The revision in force, and a draft that was made against it.
    async fn draft(
        &self,
        of: &mut Of<'_>,
        revision: i64,
        before: i64,
    ) -> Result<(Revision, Revision)> {
        let account = of.account().await?.context("the account is gone")?;
        if account.active != before {
            bail!(Refused(format!(
                "revision {revision} was made against revision {before}, and {} is in force by now: make it anew",
                account.active
            )));
        }
        let active = of.revision(before).await?.context("the revision is gone")?;
        let draft = of.revision(revision).await?.context("the draft is gone")?;
        // Whoever made it was asked about new subjects; who is there by now may stand against the rest.
        let consent = Consent {
            new_subject: true,
            ..Consent::default()
        };
        self.check_change(of, &account, &active.document, &draft.document, &consent)
            .await?;
        Ok((active, draft))
    }

    /// The held change that a proposal is about.
    async fn still_held(&self, of: &mut Of<'_>, wish: &Wish) -> Result<Pending> {
        let pending = self.pending(of).await?;
        match pending.filter(|pending| pending.wish() == *wish) {
            Some(pending) => Ok(pending),
            None => bail!(Refused(
                "that change of the identity provider is not held any more".into()
            )),
        }
    }
}

/// What differs in whom an account trusts, where the metadata is another document.
pub(super) fn trust_difference(before: &Revision, after: &Revision) -> Result<Option<Difference>> {
    if before.metadata == after.metadata {
        return Ok(None);
    }
    let read = |revision: &Revision| {
        let text = revision.metadata.as_deref();
        text.map(|text| Descriptor::read(text.as_bytes()))
            .transpose()
    };
    let (before, after) = (read(before)?, read(after)?);
    Ok(after.map(|after| Difference::of(before.as_ref(), &after, None)))
}

/// What a proposal makes of somebody's roles, where it can happen.
fn ordered(case: &Case, account: &Account, proposal: &Proposal) -> Result<Ordered> {
    let Proposal {
        wish,
        reason,
        author,
        ..
    } = proposal;
    match wish {
        Wish::GrantRole { role, until, .. } => case.granted(account, *role, *until, reason, author),
        Wish::LiftDenial { role, .. } => case.lifted(account, *role),
        Wish::DirectoryRole { role, .. } => case.admitted(*role, reason, author),
        Wish::Activate { .. } | Wish::TrustMetadata { .. } | Wish::RotateKeys { .. } => {
            bail!("a wish about nobody")
        }
    }
}
