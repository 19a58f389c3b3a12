//! Administrators grant a role to somebody, take one away, and let one come back.

use anyhow::{Context, Result};

use super::case::{Case, Ordered, managed, revoke};
use super::{App, Wished};
use crate::account::Account;
use crate::audit::{Actor, Event};
use crate::grant::{Kind, Standing};
use crate::id::UserId;
use crate::proposal::Wish;
use crate::role::Role;
use crate::store::{Of, Tx};
use crate::time::Timestamp;

/// What may be done about a role of somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RoleChange {
    /// It is given.
    Grant,
    /// It is taken away.
    Take,
    /// It comes back.
    Lift,
}

impl RoleChange {
    /// The change of that name.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Grant, Self::Take, Self::Lift]
            .into_iter()
            .find(|change| change.as_str() == name)
    }

    /// The name in addresses.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Grant => "grant",
            Self::Take => "take",
            Self::Lift => "lift",
        }
    }
}

impl App {
    /// The roles of somebody as they are now, and why.
    pub async fn standing(&self, account: &Account, user: UserId) -> Result<Standing> {
        let mut tx = self.store.read().await?;
        Ok(self.case(&mut tx.of(account.id), user).await?.before)
    }

    /// What a change of a role would make of somebody's roles, with what stands now; refused where it cannot be made.
    pub async fn would_stand(
        &self,
        account: &Account,
        user: UserId,
        change: RoleChange,
        role: Role,
    ) -> Result<Standing> {
        const ANY: &str = "a look";
        let mut tx = self.store.read().await?;
        let case = self.case(&mut tx.of(account.id), user).await?;
        match change {
            RoleChange::Grant => Ok(case.granted(account, role, None, ANY, ANY)?.after),
            RoleChange::Lift => Ok(case.lifted(account, role)?.after),
            RoleChange::Take => {
                managed(account, &case.document)?;
                let denies = case.taken(role, None)?;
                let denial = case.said(Kind::Denial, role, None, ANY, ANY)?;
                Ok(case.after(|orders| {
                    revoke(orders, role);
                    orders.extend(denies.then_some(denial));
                }))
            }
        }
    }

    /// Gives somebody a role, whatever their claims say, from now until an end or for good; where that takes two people it is proposed.
    pub async fn grant_role(
        &self,
        account: &Account,
        user: UserId,
        role: Role,
        until: Option<Timestamp>,
        reason: &str,
        actor: impl Into<Actor>,
    ) -> Result<Wished<Standing>> {
        let actor = &actor.into();
        let (mut tx, case) = self.begin(account, user).await?;
        let ordered = case.granted(account, role, until, reason, &actor.id)?;
        let wish = Wish::GrantRole { user, role, until };
        if self.takes_two(&case.document, &wish) {
            let proposal = self.propose(tx, account, wish, reason, actor).await?;
            return Ok(Wished::Waits(proposal));
        }
        self.give(&mut tx.of(account.id), &case, &ordered, actor)
            .await?;
        tx.commit().await?;
        Ok(Wished::Done(ordered.after))
    }

    /// Keeps a grant that may be made.
    pub(super) async fn give(
        &self,
        of: &mut Of<'_>,
        case: &Case,
        Ordered { order, after }: &Ordered,
        actor: &Actor,
    ) -> Result<()> {
        of.save_order(case.user.id, order).await?;
        let event = Event::RoleGranted {
            user: case.user.id.to_string(),
            role: order.role.to_string(),
            until: order.ends_at,
            reason: order.reason.clone(),
            before: case.before.names(),
            after: after.names(),
        };
        of.audit(actor, event, case.now, &self.entropy).await?;
        Ok(())
    }

    /// Takes a role away: a grant is removed, and where a claim gives the role it is denied until an end or until that is lifted.
    pub async fn take_role(
        &self,
        account: &Account,
        user: UserId,
        role: Role,
        until: Option<Timestamp>,
        reason: &str,
        actor: impl Into<Actor>,
    ) -> Result<Standing> {
        let actor = &actor.into();
        let (mut tx, case) = self.begin(account, user).await?;
        managed(account, &case.document)?;
        let denial = case.said(Kind::Denial, role, until, reason, &actor.id)?;
        let denies = case.taken(role, until)? && case.order(Kind::Denial, role).is_none();
        let after = case.after(|orders| {
            revoke(orders, role);
            orders.extend(denies.then(|| denial.clone()));
        });
        let mut of = tx.of(account.id);
        if case.order(Kind::Grant, role).is_some() {
            of.delete_order(user, role, Kind::Grant).await?;
        }
        if denies {
            of.save_order(user, &denial).await?;
        }
        let event = Event::RoleTaken {
            user: user.to_string(),
            role: role.to_string(),
            until,
            reason: denial.reason,
            denied: denies,
            before: case.before.names(),
            after: after.names(),
        };
        of.audit(actor, event, case.now, &self.entropy).await?;
        tx.commit().await?;
        Ok(after)
    }

    /// Lets a role that was denied come back from whatever gives it; where that takes two people it is proposed.
    pub async fn lift_denial(
        &self,
        account: &Account,
        user: UserId,
        role: Role,
        actor: impl Into<Actor>,
    ) -> Result<Wished<Standing>> {
        let actor = &actor.into();
        let (mut tx, case) = self.begin(account, user).await?;
        let ordered = case.lifted(account, role)?;
        let wish = Wish::LiftDenial { user, role };
        if self.takes_two(&case.document, &wish) {
            let proposal = self.propose(tx, account, wish, "", actor).await?;
            return Ok(Wished::Waits(proposal));
        }
        self.lift(&mut tx.of(account.id), &case, &ordered, actor)
            .await?;
        tx.commit().await?;
        Ok(Wished::Done(ordered.after))
    }

    /// Lifts a denial that may be lifted.
    pub(super) async fn lift(
        &self,
        of: &mut Of<'_>,
        case: &Case,
        Ordered {
            order: denial,
            after,
        }: &Ordered,
        actor: &Actor,
    ) -> Result<()> {
        of.delete_order(case.user.id, denial.role, Kind::Denial)
            .await?;
        let event = Event::DenialLifted {
            user: case.user.id.to_string(),
            role: denial.role.to_string(),
            until: denial.ends_at,
            reason: denial.reason.clone(),
            before: case.before.names(),
            after: after.names(),
        };
        of.audit(actor, event, case.now, &self.entropy).await?;
        Ok(())
    }

    /// Keeps that what a group gives somebody counts.
    pub(super) async fn admit(
        &self,
        of: &mut Of<'_>,
        case: &Case,
        Ordered { order, after }: &Ordered,
        actor: &Actor,
    ) -> Result<()> {
        of.save_order(case.user.id, order).await?;
        let event = Event::DirectoryRoleApproved {
            user: case.user.id.to_string(),
            role: order.role.to_string(),
            before: case.before.names(),
            after: after.names(),
        };
        of.audit(actor, event, case.now, &self.entropy).await?;
        Ok(())
    }

    async fn begin(&self, account: &Account, user: UserId) -> Result<(Tx, Case)> {
        let mut tx = self.store.write().await?;
        let mut of = tx.of(account.id);
        of.alone().await?;
        let case = self.case(&mut of, user).await?;
        Ok((tx, case))
    }

    pub(super) async fn case(&self, of: &mut Of<'_>, user: UserId) -> Result<Case> {
        let now = self.clock.now();
        let person = of.person(user, now).await?;
        let person =
            person.with_context(|| format!("the account has nobody with the id {user}"))?;
        let document = of.document().await?;
        let document = document.context("the account has no active revision")?;
        Ok(Case {
            before: person.basis.standing(&document, now),
            document,
            user: person.user,
            basis: person.basis,
            now,
        })
    }
}
