//! An account is changed: every change is a new revision, which counts at once or waits for somebody.

use anyhow::{Context, Result, bail};

use super::accounts::{Applied, Consent, Outcome};
use super::{App, Refused};
use crate::account::{Account, Document, Revision, Stage, diff};
use crate::audit::{Actor, Event};
use crate::grant::needs_approval;
use crate::id::hex;
use crate::proposal::{self, Proposal, Wish};
use crate::saml::keys::Certificate;
use crate::saml::metadata::Descriptor;
use crate::store::{NewRevision, Of};
use crate::time::Timestamp;

/// So many open proposals of an account are looked at.
const DRAFTS: i64 = 1_000;

impl App {
    /// Makes a revision of what a file says, and puts it in force or asks for that.
    pub(super) async fn revise(
        &self,
        account: Account,
        new: NewRevision<'_>,
        idp: Option<Descriptor>,
        consent: &Consent,
    ) -> Result<Outcome> {
        let mut tx = self.store.write().await?;
        let mut of = tx.of(account.id);
        of.alone().await?;
        // As it is now that nobody else changes it.
        let account = of.account().await?.context("the account is gone")?;
        if consent
            .before
            .is_some_and(|before| before != account.active)
        {
            bail!(Refused(format!(
                "somebody changed {} since you looked; look at what it would change now",
                account.slug
            )));
        }
        let active = of
            .revision(account.active)
            .await?
            .context("the account has no active revision")?;
        let latest = of
            .revisions()
            .await?
            .into_iter()
            .next()
            .context("the account has no revision")?;
        let candidate = Revision {
            number: latest.number + 1,
            document: new.document.clone(),
            metadata: new.metadata.map(str::to_owned),
            author: new.author.to_owned(),
            created_at: new.at,
        };
        let changes = diff(&active, &candidate);
        let outcome = |applied, revision, changes| Outcome {
            applied,
            account: account.clone(),
            revision,
            changes,
            idp,
            proposal: None,
        };
        if changes.is_empty() {
            return Ok(outcome(Applied::Unchanged, active.number, changes));
        }
        self.check_change(&mut of, &account, &active.document, new.document, consent)
            .await?;
        let is_free = match new.document.stage {
            Stage::Demo => true,
            Stage::Staff => !self.config.staff.approvals,
            Stage::Live => false,
        };
        let is_tried = consent.tried.is_some() && !self.takes_two_operators(&active.document);
        let at_once = is_free || is_tried || consent.break_glass.is_some();
        let is_same =
            latest.document == candidate.document && latest.metadata == candidate.metadata;
        let is_known = !at_once && is_same;
        if let Some(reason) = consent.break_glass.as_ref().filter(|_| !is_free) {
            let event = Event::BreakGlass {
                revision: candidate.number,
                reason: reason.clone(),
            };
            tracing::warn!(account = %account.slug, reason, "a live account is changed at once");
            of.audit(new.author, event, new.at, &self.entropy).await?;
        }
        if let Some(tried) = &consent.tried {
            of.audit(new.author, tried.clone(), new.at, &self.entropy)
                .await?;
        }
        let (author, before) = (new.author.to_owned(), account.active);
        let applied = if at_once {
            Applied::Activated
        } else {
            Applied::Draft
        };
        let number = if is_known {
            latest.number
        } else {
            candidate.number
        };
        let mut outcome = outcome(applied, number, changes);
        if !is_known {
            self.add(&mut of, new, Some(before), outcome.idp.as_ref(), at_once)
                .await?;
        }
        if !at_once {
            let wish = Wish::Activate {
                revision: number,
                before,
                fingerprints: added(&active, outcome.idp.as_ref()),
            };
            if self.takes_two(&active.document, &wish) {
                outcome.proposal = self
                    .propose_draft(&mut of, &wish, &Actor::from(&author))
                    .await?;
            }
        }
        tx.commit().await?;
        self.login.forget(account.slug.as_str());
        Ok(outcome)
    }

    /// What an existing account cannot become, or only when its operator has said so.
    pub(super) async fn check_change(
        &self,
        of: &mut Of<'_>,
        account: &Account,
        before: &Document,
        after: &Document,
        consent: &Consent,
    ) -> Result<()> {
        if before.stage != after.stage {
            bail!(Refused(format!(
                "{} is a {} account and stays one; a {} account gets a name of its own",
                account.slug,
                before.stage.as_str(),
                after.stage.as_str()
            )));
        }
        let asked = after.saml.as_ref().and_then(|saml| saml.entity_id.as_ref());
        if asked.is_some_and(|asked| *asked != account.entity_id) {
            bail!(Refused(format!(
                "the entity id of {} is {} and stays it, since its ADFS trust names it; make another account for another one",
                account.slug, account.entity_id
            )));
        }
        let people = of.count_users().await?;
        if before.claims.subject != after.claims.subject && people > 0 && !consent.new_subject {
            bail!(Refused(format!(
                "`claims.subject` changes and {people} people are known by the old one: each of them would come back as somebody new, without their history. If that is what you want, say --confirm-subject-change"
            )));
        }
        let expected = of.count_expected().await?;
        if before.link() != after.link() && expected > 0 {
            bail!(Refused(format!(
                "what links people to their sign-in changes from {} to {} (`users.link`), and {expected} people are in the directory or expected by the old one, of whom nobody can say who they are by the new one: keep it, or delete them first",
                before.link().as_str(),
                after.link().as_str()
            )));
        }
        Ok(())
    }

    pub(super) async fn add(
        &self,
        of: &mut Of<'_>,
        new: NewRevision<'_>,
        before: Option<i64>,
        idp: Option<&Descriptor>,
        activate: bool,
    ) -> Result<i64> {
        let (author, now) = (new.author.to_owned(), new.at);
        let digest = hex(&openssl::sha::sha256(&serde_json::to_vec(new.document)?));
        let revision = of.add_revision(new).await?;
        of.audit(
            &author,
            Event::RevisionCreated { revision, digest },
            now,
            &self.entropy,
        )
        .await?;
        if activate {
            self.announce(of, revision, before, idp, &Actor::from(&author), now)
                .await?;
        }
        Ok(revision)
    }

    /// Puts a draft in force whose identity provider is trusted yet.
    pub(super) async fn activate(
        &self,
        of: &mut Of<'_>,
        draft: &Revision,
        before: i64,
        actor: &Actor,
    ) -> Result<()> {
        let distrusted = of.distrusted().await?;
        let idp = draft.metadata.as_deref();
        let idp = idp.map(|text| Descriptor::read(text.as_bytes()));
        let idp = idp.transpose()?.map(|idp| idp.without(&distrusted));
        if idp.as_ref().is_some_and(|idp| idp.signing.is_empty()) {
            bail!(Refused(
                "every signing key of the draft's identity provider is on the deny list by now"
                    .into()
            ));
        }
        let now = self.clock.now();
        self.announce(of, draft.number, Some(before), idp.as_ref(), actor, now)
            .await
    }

    async fn announce(
        &self,
        of: &mut Of<'_>,
        revision: i64,
        before: Option<i64>,
        idp: Option<&Descriptor>,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<()> {
        of.activate(revision).await?;
        let event = Event::RevisionActivated {
            revision,
            before,
            identity_provider: idp.map_or_else(Vec::new, fingerprints),
        };
        of.audit(actor, event, now, &self.entropy).await?;
        let document = of.document().await?.context("no active revision")?;
        let approved = of.approved_people().await?;
        self.forget_approvals(of, &document, approved).await?;
        for rule in &document.roles {
            let (Some(name), true) = (rule.group(), needs_approval(rule.role, &document)) else {
                continue;
            };
            if let Some(group) = of.group_named(name).await? {
                let members = of.members(group.id).await?;
                self.propose_waiting(of, &document, members, actor).await?;
            }
        }
        Ok(())
    }

    /// Asks that a draft comes into force, in place of what was asked for drafts before it.
    async fn propose_draft(
        &self,
        of: &mut Of<'_>,
        wish: &Wish,
        actor: &Actor,
    ) -> Result<Option<Proposal>> {
        let open = of
            .proposals(Some(proposal::State::Open), false, None, DRAFTS)
            .await?;
        let now = self.clock.now();
        if let Some(same) = open
            .iter()
            .find(|one| one.wish == *wish && one.is_open(now))
        {
            return Ok(Some(same.clone()));
        }
        for before in open
            .iter()
            .filter(|one| matches!(one.wish, Wish::Activate { .. }))
        {
            self.settle_as(of, before, proposal::State::Withdrawn, actor, "")
                .await?;
        }
        Ok(self.propose_in(of, wish, "", actor).await?)
    }
}

/// The certificates that nobody has trusted before.
fn added(active: &Revision, idp: Option<&Descriptor>) -> Vec<String> {
    let known = active.metadata.as_deref();
    let known = known.and_then(|text| Descriptor::read(text.as_bytes()).ok());
    let prints = |idp: &Descriptor| -> Vec<String> {
        let keys = idp.signing.iter();
        keys.map(|key| key.certificate.fingerprint.clone())
            .collect()
    };
    let known = known.as_ref().map_or_else(Vec::new, prints);
    let mut added = idp.map_or_else(Vec::new, prints);
    added.retain(|print| !known.contains(print));
    added
}

fn fingerprints(idp: &Descriptor) -> Vec<String> {
    let print = |certificate: &Certificate| certificate.fingerprint.clone();
    std::iter::once(idp.entity_id.clone())
        .chain(idp.signing.iter().map(|key| print(&key.certificate)))
        .collect()
}
