//! Administrators grant a role to somebody, take one away, and let one come back.

use anyhow::{Context, Result, bail};

use super::{App, Refused};
use crate::account::{Account, Document, RolesFrom, Stage};
use crate::audit::Event;
use crate::grant::{Basis, Kind, Order, Standing};
use crate::id::UserId;
use crate::role::Role;
use crate::store::{Of, Tx};
use crate::time::Timestamp;
use crate::user::User;

/// The longest reason, in characters.
const LONGEST: usize = 500;

/// Somebody whose roles are about to change, in a transaction of their own.
struct Case {
    document: Document,
    user: User,
    basis: Basis,
    before: Standing,
    now: Timestamp,
}

impl Case {
    /// The order about a role that counts now.
    fn order(&self, kind: Kind, role: Role) -> Option<&Order> {
        let mut orders = self.basis.in_force(kind, self.now);
        orders.find(|order| order.role == role)
    }

    /// What the roles are after this change.
    fn after(&self, change: impl FnOnce(&mut Vec<Order>)) -> Standing {
        let mut basis = self.basis.clone();
        change(&mut basis.orders);
        basis.standing(&self.document, self.now)
    }

    fn called(&self) -> &str {
        &self.user.subject
    }

    /// Whether there is anything to take away, with that end; then whether a claim gives the role.
    fn taken(&self, role: Role, until: Option<Timestamp>) -> Result<bool> {
        let claimed = self.after(|orders| revoke(orders, role)).is_given(role);
        let (granted, denied) = (
            self.order(Kind::Grant, role),
            self.order(Kind::Denial, role),
        );
        match (granted, denied) {
            (None, Some(known)) => bail!(Refused(format!(
                "{role} is {} for {} already",
                known.sentence(),
                self.called()
            ))),
            (None, None) if !claimed => bail!(Refused(format!(
                "nothing gives {} the role {role}, so there is nothing to take away",
                self.called()
            ))),
            (Some(_), _) if until.is_some() && !claimed => bail!(Refused(format!(
                "{} holds {role} by a grant alone, which is taken away for good; leave the end away, or grant it again with an end",
                self.called()
            ))),
            (Some(_) | None, _) => Ok(claimed),
        }
    }

    /// The order, where it is one that may be given.
    fn said(
        &self,
        kind: Kind,
        role: Role,
        until: Option<Timestamp>,
        reason: &str,
        actor: &str,
    ) -> Result<Order> {
        let reason = reason.trim();
        let sound = !reason.is_empty()
            && reason.chars().count() <= LONGEST
            && !reason.chars().any(char::is_control);
        if !sound {
            bail!(Refused(format!(
                "say why: a reason has 1 to {LONGEST} characters, none of them control characters"
            )));
        }
        if until.is_some_and(|end| end <= self.now) {
            bail!(Refused(format!(
                "the end is in the past; it is {} now",
                self.now.for_people()
            )));
        }
        Ok(Order {
            role,
            kind,
            author: actor.to_owned(),
            reason: reason.to_owned(),
            created_at: self.now,
            ends_at: until,
        })
    }
}

fn revoke(orders: &mut Vec<Order>, role: Role) {
    orders.retain(|order| (order.kind, order.role) != (Kind::Grant, role));
}

impl App {
    /// The roles of somebody as they are now, and why.
    pub async fn standing(&self, account: &Account, user: UserId) -> Result<Standing> {
        let mut tx = self.store.read().await?;
        Ok(self.case(&mut tx.of(account.id), user).await?.before)
    }

    /// Gives somebody a role, whatever their claims say, from now until an end or for good.
    pub async fn grant_role(
        &self,
        account: &Account,
        user: UserId,
        role: Role,
        until: Option<Timestamp>,
        reason: &str,
        actor: &str,
    ) -> Result<Standing> {
        let (mut tx, case) = self.begin(account, user).await?;
        managed(account, &case.document)?;
        if case.document.users.roles_from == RolesFrom::Claims {
            bail!(Refused(format!(
                "roles of {} come from claims alone, so a grant would give nothing; `users.roles_from = \"both\"` or \"uam\" in its configuration changes that",
                account.slug
            )));
        }
        if (role == Role::Operator) != (case.document.stage == Stage::Staff) {
            bail!(Refused(
                "`operator` is the one role of the staff account, and of no other".into()
            ));
        }
        let order = case.said(Kind::Grant, role, until, reason, actor)?;
        if let Some(known) = case.order(Kind::Grant, role) {
            bail!(Refused(format!(
                "{} holds {role} already, {}; take it away first to grant it otherwise",
                case.called(),
                known.sentence()
            )));
        }
        if let Some(denial) = case.order(Kind::Denial, role) {
            bail!(Refused(format!(
                "{role} is {} for {}; lift that first",
                denial.sentence(),
                case.called()
            )));
        }
        let after = case.after(|orders| orders.push(order.clone()));
        apart(&case, &after, role)?;
        let mut of = tx.of(account.id);
        of.save_order(user, &order).await?;
        let event = Event::RoleGranted {
            user: user.to_string(),
            role: role.to_string(),
            until,
            reason: order.reason,
            before: case.before.names(),
            after: after.names(),
        };
        of.audit(actor, event, case.now, &self.entropy).await?;
        tx.commit().await?;
        Ok(after)
    }

    /// Takes a role away: a grant is removed, and where a claim gives the role it is denied until an end or until that is lifted.
    pub async fn take_role(
        &self,
        account: &Account,
        user: UserId,
        role: Role,
        until: Option<Timestamp>,
        reason: &str,
        actor: &str,
    ) -> Result<Standing> {
        let (mut tx, case) = self.begin(account, user).await?;
        managed(account, &case.document)?;
        let denial = case.said(Kind::Denial, role, until, reason, actor)?;
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

    /// Lets a role that was denied come back from whatever gives it.
    pub async fn lift_denial(
        &self,
        account: &Account,
        user: UserId,
        role: Role,
        actor: &str,
    ) -> Result<Standing> {
        let (mut tx, case) = self.begin(account, user).await?;
        managed(account, &case.document)?;
        let Some(denial) = case.order(Kind::Denial, role) else {
            bail!(Refused(format!(
                "{role} is not denied to {}, so there is nothing to lift",
                case.called()
            )));
        };
        let after = case.after(|orders| {
            orders.retain(|order| (order.kind, order.role) != (Kind::Denial, role));
        });
        apart(&case, &after, role)?;
        let mut of = tx.of(account.id);
        of.delete_order(user, role, Kind::Denial).await?;
        let event = Event::DenialLifted {
            user: user.to_string(),
            role: role.to_string(),
            until: denial.ends_at,
            reason: denial.reason.clone(),
            before: case.before.names(),
            after: after.names(),
        };
        of.audit(actor, event, case.now, &self.entropy).await?;
        tx.commit().await?;
        Ok(after)
    }

    async fn begin(&self, account: &Account, user: UserId) -> Result<(Tx, Case)> {
        let mut tx = self.store.write().await?;
        let mut of = tx.of(account.id);
        of.alone().await?;
        let case = self.case(&mut of, user).await?;
        Ok((tx, case))
    }

    async fn case(&self, of: &mut Of<'_>, user: UserId) -> Result<Case> {
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

/// Whether administrators manage roles in this account at all.
fn managed(account: &Account, document: &Document) -> Result<()> {
    if !document.uam {
        bail!(Refused(format!(
            "{} has no user access management: its roles come from claims alone, and are changed in the client's directory. `uam = true` in its configuration switches it on",
            account.slug
        )));
    }
    Ok(())
}

/// Whether nobody would hold together what the account keeps apart.
fn apart(case: &Case, after: &Standing, role: Role) -> Result<()> {
    let pair = after.conflicts.iter().find(|pair| pair.contains(&role));
    if let Some([one, other]) = pair {
        bail!(Refused(format!(
            "{} would hold both {one} and {other}, which `duties.apart` forbids; take the other role away first",
            case.called()
        )));
    }
    Ok(())
}
