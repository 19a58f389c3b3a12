//! What another configuration would make of people: it is tried on what they came with lately.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result};
use serde::Serialize;

use super::App;
use crate::account::{Account, Document};
use crate::attempt::{Attempt, Outcome};
use crate::claims;
use crate::grant::Basis;
use crate::id::UserId;
use crate::role::Role;
use crate::saml::Attribute;
use crate::store::Of;
use crate::time::{Span, Timestamp};

/// So many of the latest sign-ins are looked at before something changes.
pub(super) const ATTEMPTS: usize = 5_000;

/// So far back, at most.
pub(super) const LATELY: Span = Span::days(14);

/// So many are read in one go.
const PAGE: i64 = 250;

/// What another configuration would make of people.
#[derive(Debug, Default, Serialize)]
pub struct Effects {
    /// How many people were looked at.
    pub people: usize,
    /// How many of them had claims from a sign-in of the last days; of the others only what their last sign-in gave is known.
    pub seen: usize,
    /// Whose roles would be others.
    pub changed: Vec<Moved>,
    /// How many would gain each role.
    pub gained: BTreeMap<Role, usize>,
    /// How many would lose each role.
    pub lost: BTreeMap<Role, usize>,
    /// Roles of a rule that nobody would hold.
    pub nobody: BTreeSet<Role>,
    /// Values of the claims that rules look at which no rule takes: the claim, the value, and from how many sign-ins.
    pub unmapped: Vec<(String, String, usize)>,
}

/// Somebody whose roles would be others.
#[derive(Debug, Serialize)]
pub struct Moved {
    /// Who.
    pub user: UserId,
    /// What they are called.
    pub name: String,
    /// What they hold.
    pub before: Vec<String>,
    /// What they would.
    pub after: Vec<String>,
}

impl App {
    /// What a configuration would make of the people of an account, against the one in force.
    pub async fn what_if(&self, account: &Account, candidate: &Document) -> Result<Effects> {
        let now = self.clock.now();
        let mut tx = self.store.read().await?;
        let mut of = tx.of(account.id);
        let active = of.document().await?.context("no active revision")?;
        let attempts = self.lately(&mut of, ATTEMPTS, now).await?;
        let mut sent: BTreeMap<UserId, &[Attribute]> = BTreeMap::new();
        for attempt in &attempts {
            if let Outcome::Accepted { user } = attempt.outcome {
                // The newest come first.
                sent.entry(user).or_insert(&attempt.claims);
            }
        }
        let mut effects = Effects {
            unmapped: unmapped(&attempts, candidate),
            nobody: crate::account::mapped(candidate),
            ..Effects::default()
        };
        let mut after = None;
        loop {
            let page = of.persons(after, PAGE, now).await?;
            let Some(last) = page.last() else { break };
            after = Some(last.user.id);
            for person in page {
                let before = person.basis.standing(&active, now);
                let claims = sent.get(&person.user.id);
                let basis = match claims {
                    Some(claims) => Basis {
                        claimed: claims::claimed(claims, &candidate.roles, &[], now),
                        ..person.basis
                    },
                    None => person.basis,
                };
                let then = basis.standing(candidate, now);
                effects.people += 1;
                effects.seen += usize::from(claims.is_some());
                effects.nobody.retain(|role| !then.roles.contains_key(role));
                let (held, holds) = (&before.roles, &then.roles);
                for role in holds.keys().filter(|role| !held.contains_key(role)) {
                    *effects.gained.entry(*role).or_default() += 1;
                }
                for role in held.keys().filter(|role| !holds.contains_key(role)) {
                    *effects.lost.entry(*role).or_default() += 1;
                }
                if !held.keys().eq(holds.keys()) {
                    let user = &person.user;
                    effects.changed.push(Moved {
                        user: user.id,
                        name: user.profile.name().unwrap_or_else(|| user.subject.clone()),
                        before: before.names(),
                        after: then.names(),
                    });
                }
            }
        }
        Ok(effects)
    }

    /// The latest sign-ins that were none to try it out, newest first, at least `most` where there are so many.
    pub(super) async fn lately(
        &self,
        of: &mut Of<'_>,
        most: usize,
        now: Timestamp,
    ) -> Result<Vec<Attempt>> {
        let (mut all, mut before): (Vec<Attempt>, _) = (Vec::new(), None);
        while all.len() < most {
            let page = of.attempts_before(before, None, PAGE, &self.ring).await?;
            let is_last = page.len() < usize::try_from(PAGE)?;
            let is_old = page.last().is_none_or(|one| now.since(one.at) > LATELY);
            before = page.last().map(|attempt| attempt.id);
            let counts = |one: &Attempt| one.tester.is_none() && now.since(one.at) <= LATELY;
            all.extend(page.into_iter().filter(counts));
            if is_last || is_old {
                break;
            }
        }
        Ok(all)
    }
}

/// What came in the claims that rules look at, and gives nothing.
fn unmapped(attempts: &[Attempt], candidate: &Document) -> Vec<(String, String, usize)> {
    let mut counted: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    let names: BTreeSet<&str> = candidate
        .roles
        .iter()
        .filter_map(|rule| rule.claim())
        .collect();
    let proved = attempts.iter().filter(|one| one.verified_by.is_some());
    for claim in proved.flat_map(|one| &one.claims) {
        if !names.contains(claim.name.as_str()) {
            continue;
        }
        let about = |rule: &&crate::account::RoleRule| rule.claim() == Some(claim.name.as_str());
        for value in &claim.values {
            let mut rules = candidate.roles.iter().filter(about);
            if !rules.any(|rule| rule.accepts(value)) {
                *counted.entry((&claim.name, value)).or_default() += 1;
            }
        }
    }
    let mut all: Vec<_> = counted
        .into_iter()
        .map(|((name, value), count)| (name.to_owned(), value.to_owned(), count))
        .collect();
    all.sort_by(|(_, a, one), (_, b, other)| other.cmp(one).then(a.cmp(b)));
    all
}
