//! What takes two people: one asks, a second one decides, and with their yes it happens.

use anyhow::{Context, Result, bail};
use serde::Serialize;

use super::carry::Effect;
use super::trust::unseen;
use super::{App, Refused};
use crate::access::Present;
use crate::account::{Account, Document, Stage};
use crate::audit::{Actor, Event};
use crate::gate::Who;
use crate::id::{CredentialId, ProposalId, UserId};
use crate::proposal::{Proposal, State, Wish};
use crate::session::Via;
use crate::store::{self, Of, Tx};
use crate::time::Timestamp;

/// The longest comment, in characters.
const LONGEST: usize = 500;

/// What became of a wish.
#[derive(Debug)]
pub enum Wished<T> {
    /// It happened.
    Done(T),
    /// It waits for a second person.
    Waits(Box<Proposal>),
}

impl<T> Wished<T> {
    /// What happened, if anything did.
    pub fn done(self) -> Option<T> {
        match self {
            Self::Done(done) => Some(done),
            Self::Waits(_) => None,
        }
    }
}

/// Who decides may not.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Forbidden(pub String);

/// A proposal as somebody looks at it who decides.
#[derive(Debug, Serialize)]
pub struct Examined {
    /// The proposal.
    #[serde(flatten)]
    pub proposal: Proposal,
    /// What it would change as things stand now; nothing once it was decided.
    pub effect: Option<Effect>,
    /// Why it cannot happen as things stand now.
    pub obstacle: Option<String>,
}

impl App {
    /// Whether something takes two people: of a client's account that its configuration in force says, of the staff's own the
    /// server's; and only one operator is enough where the server says that there is no other.
    pub(super) fn takes_two(&self, document: &Document, wish: &Wish) -> bool {
        match (wish.user(), document.stage) {
            (Some(_), Stage::Demo | Stage::Live) => document.approvals(),
            (Some(_), Stage::Staff) | (None, _) => self.takes_two_operators(document),
        }
    }

    /// Whether what operators do takes two of them; a change to the configuration of a demo account counts at once.
    pub(super) fn takes_two_operators(&self, document: &Document) -> bool {
        match document.stage {
            Stage::Demo => false,
            Stage::Live => document.approvals() && self.config.staff.approvals,
            Stage::Staff => self.config.staff.approvals,
        }
    }

    /// Keeps what somebody asks for until a second one decides; the same thing waits once.
    pub(super) async fn propose(
        &self,
        mut tx: Tx,
        account: &Account,
        wish: Wish,
        reason: &str,
        actor: &Actor,
    ) -> Result<Box<Proposal>> {
        let mut of = tx.of(account.id);
        let made = self.propose_in(&mut of, &wish, reason, actor).await?;
        let Some(proposal) = made else {
            bail!(Refused(format!(
                "somebody asked for the same already: {}; `vestibule proposal list {}` shows what waits",
                wish.sentence(),
                account.slug
            )));
        };
        tx.commit().await?;
        Ok(Box::new(proposal))
    }

    /// The same in a transaction that goes on; nothing where the same waits already.
    pub(super) async fn propose_in(
        &self,
        of: &mut Of<'_>,
        wish: &Wish,
        reason: &str,
        actor: &Actor,
    ) -> Result<Option<Proposal>, store::Error> {
        let now = self.clock.now();
        self.expire(of, now).await?;
        let behind = behind(of, &actor.id).await?;
        let id = ProposalId::new(now, &self.entropy);
        let proposal = Proposal::new(id, wish.clone(), reason.trim(), &actor.id, behind, now);
        if !of.create_proposal(&proposal).await? {
            return Ok(None);
        }
        let event = Event::ProposalMade {
            proposal: id.to_string(),
            user: wish.user().map(|user| user.to_string()),
            wish: wish.sentence(),
            reason: proposal.reason.clone(),
        };
        of.audit(actor, event, now, &self.entropy).await?;
        tracing::info!(account = %of.id(), proposal = %id, wish = wish.sentence(), "a proposal waits for a second person");
        Ok(Some(proposal))
    }

    /// Whether somebody has roles, or may be about to get them, because a person said so.
    pub(super) async fn is_vouched_for(
        &self,
        of: &mut Of<'_>,
        user: UserId,
    ) -> Result<bool, store::Error> {
        let now = self.clock.now();
        let person = of.person(user, now).await?;
        let proposals = of.proposals_about(user).await?;
        Ok(
            person.is_some_and(|person| person.basis.is_vouched_for(now))
                || proposals.iter().any(|proposal| proposal.is_open(now)),
        )
    }

    /// A proposal with what it would change.
    pub async fn proposal(&self, account: &Account, id: ProposalId) -> Result<Option<Examined>> {
        let mut tx = self.store.read().await?;
        let mut of = tx.of(account.id);
        let Some(proposal) = of.proposal(id).await? else {
            return Ok(None);
        };
        if !proposal.is_open(self.clock.now()) {
            return Ok(Some(Examined {
                proposal,
                effect: None,
                obstacle: None,
            }));
        }
        let effect = self.effect(&mut of, account, &proposal).await;
        let (effect, obstacle) = match effect {
            Ok(effect) => (Some(effect), None),
            Err(error) if error.is::<Refused>() => (None, Some(error.to_string())),
            Err(error) => return Err(error),
        };
        Ok(Some(Examined {
            proposal,
            effect,
            obstacle,
        }))
    }

    /// Does what was asked for, by the yes of a second person who has compared these fingerprints.
    pub async fn approve(
        &self,
        account: &Account,
        id: ProposalId,
        by: &Present,
        seen: &[String],
        comment: &str,
        actor: impl Into<Actor>,
    ) -> Result<Proposal> {
        let actor = &actor.into();
        let mut tx = self.store.read().await?;
        let mut of = tx.of(account.id);
        let proposal = self.decidable(&mut of, id).await?;
        self.may_decide(&mut of, account, &proposal, by).await?;
        drop(tx);
        let fresh = self.keys_for(account, id).await?;
        let mut tx = self.store.write().await?;
        let mut of = tx.of(account.id);
        of.alone().await?;
        let proposal = self.decidable(&mut of, id).await?;
        self.may_decide(&mut of, account, &proposal, by).await?;
        let lacks = unseen(proposal.wish.fingerprints(), seen);
        if !lacks.is_empty() {
            bail!(Refused(format!(
                "compare every new certificate with the client by telephone, and say which you have seen; not yet: {}",
                lacks.join(", ")
            )));
        }
        self.close(&mut of, &proposal, State::Approved, actor, comment)
            .await?;
        self.carry_out(&mut of, account, &proposal, fresh, actor)
            .await?;
        let decided = of.proposal(id).await?.context("the proposal is gone")?;
        tx.commit().await?;
        self.login.forget(account.slug.as_str());
        Ok(decided)
    }

    /// Drops what was asked for, by the no of a second person.
    pub async fn refuse(
        &self,
        account: &Account,
        id: ProposalId,
        by: &Present,
        comment: &str,
        actor: impl Into<Actor>,
    ) -> Result<Proposal> {
        let actor = &actor.into();
        let mut tx = self.store.write().await?;
        let mut of = tx.of(account.id);
        of.alone().await?;
        let proposal = self.decidable(&mut of, id).await?;
        self.may_decide(&mut of, account, &proposal, by).await?;
        let decided = self
            .close(&mut of, &proposal, State::Refused, actor, comment)
            .await?;
        tx.commit().await?;
        Ok(decided)
    }

    /// Takes back what was asked for; whoever may ask for it may take it back.
    pub async fn withdraw(
        &self,
        account: &Account,
        id: ProposalId,
        actor: impl Into<Actor>,
    ) -> Result<Proposal> {
        let actor = &actor.into();
        let mut tx = self.store.write().await?;
        let mut of = tx.of(account.id);
        of.alone().await?;
        let proposal = self.decidable(&mut of, id).await?;
        let decided = self
            .close(&mut of, &proposal, State::Withdrawn, actor, "")
            .await?;
        tx.commit().await?;
        Ok(decided)
    }

    /// Ends the proposals whose time is over.
    pub(super) async fn expire_proposals(&self, now: Timestamp) -> Result<()> {
        let accounts = self.store.read().await?.accounts_with_overdue(now).await?;
        for account in accounts {
            let mut tx = self.store.write().await?;
            self.expire(&mut tx.of(account), now).await?;
            tx.commit().await?;
        }
        Ok(())
    }

    async fn expire(&self, of: &mut Of<'_>, now: Timestamp) -> Result<(), store::Error> {
        for overdue in of.overdue_proposals(now).await? {
            self.settle_as(of, &overdue, State::Expired, &Actor::from("system"), "")
                .await?;
        }
        Ok(())
    }

    async fn decidable(&self, of: &mut Of<'_>, id: ProposalId) -> Result<Proposal> {
        let proposal = of.proposal(id).await?;
        let proposal = proposal.with_context(|| format!("the account has no proposal {id}"))?;
        if !proposal.is_open(self.clock.now()) {
            let state = match proposal.state {
                State::Open => State::Expired,
                other => other,
            };
            bail!(Refused(format!(
                "nobody decides about {id} any more: it is {}",
                state.as_str()
            )));
        }
        Ok(proposal)
    }

    /// A person at a session of their own, with the permission, who neither asked for it nor gains by it.
    async fn may_decide(
        &self,
        of: &mut Of<'_>,
        account: &Account,
        proposal: &Proposal,
        by: &Present,
    ) -> Result<()> {
        let Who::Person(person, _) = by.subject.who else {
            bail!(Forbidden(
                "only a person decides, at a session that they signed in to themselves".into()
            ));
        };
        let is_own = by.session().is_some_and(|session| session.via == Via::Saml);
        if !is_own || by.token.is_some() || by.host().is_some() {
            bail!(Forbidden(
                "only a session decides that began at the identity provider, none of what was made of it and none that began by a link".into()
            ));
        }
        let document = of.document().await?;
        let document = document.context("the account has no active revision")?;
        let permission = proposal.wish.permission();
        let decision =
            self.access
                .policy
                .administers(&by.subject, permission, account.id, document.stage)?;
        if !decision.is_allowed {
            bail!(Forbidden(format!(
                "this takes the permission `{permission}`"
            )));
        }
        if CredentialId::parse(&proposal.behind).is_some() {
            bail!(Forbidden(
                "nobody knows who is behind the program that asked; have a person ask".into()
            ));
        }
        if proposal.is_of(person) {
            bail!(Forbidden(
                "whoever asked for it or gains by it does not decide; a second person does".into()
            ));
        }
        Ok(())
    }

    async fn close(
        &self,
        of: &mut Of<'_>,
        proposal: &Proposal,
        state: State,
        by: &Actor,
        comment: &str,
    ) -> Result<Proposal> {
        let comment = comment.trim();
        if comment.chars().count() > LONGEST || comment.chars().any(char::is_control) {
            bail!(Refused(format!(
                "a comment has at most {LONGEST} characters, none of them control characters"
            )));
        }
        match self.settle_as(of, proposal, state, by, comment).await? {
            Some(decided) => Ok(decided),
            None => bail!(Refused(format!(
                "somebody else decided about {} just now",
                proposal.id
            ))),
        }
    }

    /// Keeps what became of a proposal; nothing where somebody decided before.
    pub(super) async fn settle_as(
        &self,
        of: &mut Of<'_>,
        proposal: &Proposal,
        state: State,
        by: &Actor,
        comment: &str,
    ) -> Result<Option<Proposal>, store::Error> {
        let now = self.clock.now();
        let decided = proposal.clone().decided(state, &by.id, comment, now);
        if !of.decide_proposal(&decided).await? {
            return Ok(None);
        }
        let event = Event::ProposalDecided {
            proposal: proposal.id.to_string(),
            user: proposal.wish.user().map(|user| user.to_string()),
            wish: proposal.wish.sentence(),
            state: state.as_str().to_owned(),
            author: proposal.author.clone(),
            comment: comment.to_owned(),
        };
        of.audit(by, event, now, &self.entropy).await?;
        Ok(Some(decided))
    }
}

/// The person behind whoever asks: of a program who made its token, and who made the token of that one.
async fn behind(of: &mut Of<'_>, actor: &str) -> Result<String, store::Error> {
    let mut behind = actor.to_owned();
    // Each was made before the one that it made, so there is an end.
    while let Some(program) = CredentialId::parse(&behind) {
        match of.maker_of(program).await? {
            Some(maker) => behind = maker,
            None => break,
        }
    }
    Ok(behind)
}
