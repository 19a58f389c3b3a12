//! How an account stands, for who looks after it.

use std::collections::BTreeMap;

use anyhow::{Context, Result};

use super::App;
use crate::account::{Account, Revision, Source, mapped, warnings};
use crate::attempt::{Attempt, Outcome};
use crate::proposal::State;
use crate::role::Role;
use crate::saml::metadata::Descriptor;
use crate::saml::rollover::Known;
use crate::store::Tally;
use crate::time::{Span, Timestamp};

/// So many days of sign-ins are counted.
pub const DAYS: i64 = 14;

/// So many of the latest sign-ins are looked at.
const LOOKED_AT: usize = 250;

/// So many proposals are counted.
const MOST: i64 = 100;

/// How an account stands.
#[derive(Debug)]
pub struct Overview {
    /// The revision in force.
    pub active: Revision,
    /// Its identity provider, without the keys that are trusted no more.
    pub trusted: Option<Descriptor>,
    /// The address that its descriptor comes from.
    pub source: Option<Source>,
    /// Its own keys.
    pub keys: Vec<Known>,
    /// How many people it has.
    pub people: i64,
    /// How many proposals wait.
    pub waiting: usize,
    /// The last sign-in.
    pub last_accepted: Option<Attempt>,
    /// When somebody last came in with each role that a rule gives; nothing where nobody did lately.
    pub last_by_role: BTreeMap<Role, Option<Timestamp>>,
    /// The last one that was refused.
    pub last_refused: Option<Attempt>,
    /// The sign-ins of the last days, by day and outcome.
    pub tallies: Vec<Tally>,
    /// What somebody should look at.
    pub warnings: Vec<String>,
}

impl App {
    /// How an account stands now.
    pub async fn overview(&self, account: &Account) -> Result<Overview> {
        let now = self.clock.now();
        let mut tx = self.store.read().await?;
        let mut of = tx.of(account.id);
        let active = of.revision(account.active).await?;
        let active = active.context("the account has no active revision")?;
        let distrusted = of.distrusted().await?;
        let trusted = active.metadata.as_deref();
        let trusted = trusted.map(|text| Descriptor::read(text.as_bytes()));
        let trusted = trusted.transpose()?.map(|idp| idp.without(&distrusted));
        let mut last = async |accepted| -> Result<Option<Attempt>> {
            let found = of.attempts_before(None, Some(accepted), 1, &self.ring);
            Ok(found.await?.into_iter().next())
        };
        let (last_accepted, last_refused) = (last(true).await?, last(false).await?);
        let mut last_by_role: BTreeMap<Role, Option<Timestamp>> = mapped(&active.document)
            .into_iter()
            .map(|role| (role, None))
            .collect();
        for attempt in self.lately(&mut of, LOOKED_AT, now).await? {
            let came_in = matches!(attempt.outcome, Outcome::Accepted { .. });
            for role in attempt.roles.keys().filter(|_| came_in) {
                if let Some(last) = last_by_role.get_mut(role) {
                    // The newest come first.
                    last.get_or_insert(attempt.at);
                }
            }
        }
        let open = of.proposals(Some(State::Open), false, None, MOST).await?;
        let mut found = warnings(&active.document, now);
        found.extend(trusted.iter().flat_map(|idp| idp.warnings(now)));
        Ok(Overview {
            source: of.source().await?,
            keys: of.known_keys().await?,
            people: of.count_users().await?,
            waiting: open.iter().filter(|one| one.is_open(now)).count(),
            tallies: of.tallies(since(now)).await?,
            warnings: found,
            active,
            trusted,
            last_accepted,
            last_by_role,
            last_refused,
        })
    }
}

/// The beginning of the first day that is counted.
fn since(now: Timestamp) -> Timestamp {
    let day = Span::days(1).as_millis();
    Timestamp::from_millis((now.day() - DAYS + 1) * day)
}
