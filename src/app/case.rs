//! What may become of somebody's roles, and what would stand against it.

use anyhow::{Result, bail};

use super::Refused;
use crate::account::{Account, Document, RolesFrom, Stage};
use crate::grant::{Basis, Kind, Order, Standing};
use crate::role::Role;
use crate::time::Timestamp;
use crate::user::User;

/// The longest reason, in characters.
const LONGEST: usize = 500;

/// Somebody whose roles are about to change, in a transaction of their own.
pub(super) struct Case {
    pub(super) document: Document,
    pub(super) user: User,
    pub(super) basis: Basis,
    pub(super) before: Standing,
    pub(super) now: Timestamp,
}

/// An order, and the roles as they are with it or without it.
pub(super) struct Ordered {
    pub(super) order: Order,
    pub(super) after: Standing,
}

impl Case {
    /// The order about a role that counts now.
    pub(super) fn order(&self, kind: Kind, role: Role) -> Option<&Order> {
        let mut orders = self.basis.in_force(kind, self.now);
        orders.find(|order| order.role == role)
    }

    /// What the roles are after this change.
    pub(super) fn after(&self, change: impl FnOnce(&mut Vec<Order>)) -> Standing {
        let mut basis = self.basis.clone();
        change(&mut basis.orders);
        basis.standing(&self.document, self.now)
    }

    pub(super) fn called(&self) -> &str {
        &self.user.subject
    }

    /// What a grant makes of the roles, where it may be made.
    pub(super) fn granted(
        &self,
        account: &Account,
        role: Role,
        until: Option<Timestamp>,
        reason: &str,
        author: &str,
    ) -> Result<Ordered> {
        managed(account, &self.document)?;
        if self.document.users.roles_from == RolesFrom::Claims {
            bail!(Refused(format!(
                "roles of {} come from claims alone, so a grant would give nothing; `users.roles_from = \"both\"` or \"uam\" in its configuration changes that",
                account.slug
            )));
        }
        if (role == Role::Operator) != (self.document.stage == Stage::Staff) {
            bail!(Refused(
                "`operator` is the one role of the staff account, and of no other".into()
            ));
        }
        let order = self.said(Kind::Grant, role, until, reason, author)?;
        if let Some(known) = self.order(Kind::Grant, role) {
            bail!(Refused(format!(
                "{} holds {role} already, {}; take it away first to grant it otherwise",
                self.called(),
                known.sentence()
            )));
        }
        if let Some(denial) = self.order(Kind::Denial, role) {
            bail!(Refused(format!(
                "{role} is {} for {}; lift that first",
                denial.sentence(),
                self.called()
            )));
        }
        let after = self.after(|orders| orders.push(order.clone()));
        self.keeps_apart(&after, role)?;
        Ok(Ordered { order, after })
    }

    /// What lifting a denial makes of the roles, where there is one.
    pub(super) fn lifted(&self, account: &Account, role: Role) -> Result<Ordered> {
        managed(account, &self.document)?;
        let Some(denial) = self.order(Kind::Denial, role) else {
            bail!(Refused(format!(
                "{role} is not denied to {}, so there is nothing to lift",
                self.called()
            )));
        };
        let after = self.after(|orders| {
            orders.retain(|order| (order.kind, order.role) != (Kind::Denial, role));
        });
        self.keeps_apart(&after, role)?;
        Ok(Ordered {
            order: denial.clone(),
            after,
        })
    }

    /// What counting a group's word makes of the roles, where one waits.
    pub(super) fn admitted(&self, role: Role, reason: &str, author: &str) -> Result<Ordered> {
        if self.before.waiting.iter().all(|given| given.role != role) {
            bail!(Refused(format!(
                "no group of the directory gives {} the role {role} any more, or it counts already",
                self.called()
            )));
        }
        let order = self.said(Kind::Approval, role, None, reason, author)?;
        let after = self.after(|orders| {
            orders.retain(|known| (known.kind, known.role) != (Kind::Approval, role));
            orders.push(order.clone());
        });
        self.keeps_apart(&after, role)?;
        Ok(Ordered { order, after })
    }

    /// Whether nobody would hold together what the account keeps apart.
    fn keeps_apart(&self, after: &Standing, role: Role) -> Result<()> {
        let pair = after.conflicts.iter().find(|pair| pair.contains(&role));
        if let Some([one, other]) = pair {
            bail!(Refused(format!(
                "{} would hold both {one} and {other}, which `duties.apart` forbids; take the other role away first",
                self.called()
            )));
        }
        Ok(())
    }

    /// Whether there is anything to take away, with that end; then whether a claim gives the role.
    pub(super) fn taken(&self, role: Role, until: Option<Timestamp>) -> Result<bool> {
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
    pub(super) fn said(
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

pub(super) fn revoke(orders: &mut Vec<Order>, role: Role) {
    orders.retain(|order| (order.kind, order.role) != (Kind::Grant, role));
}

/// Whether administrators manage roles in this account at all.
pub(super) fn managed(account: &Account, document: &Document) -> Result<()> {
    if !document.uam {
        bail!(Refused(format!(
            "{} has no user access management: its roles come from claims alone, and are changed in the client's directory. `uam = true` in its configuration switches it on",
            account.slug
        )));
    }
    Ok(())
}
