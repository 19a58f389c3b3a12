//! For which resources somebody may do something, and which facts would change a decision.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, PoisonError, RwLock};

use super::{Error, Policy};
use crate::account::Stage;
use crate::gate::{Facts, Reach, Situation, Subject};
use crate::role::Role;

/// All that makes a difference to a reach, where no policy names anybody.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct Alike {
    kind: &'static str,
    stage: Stage,
    roles: Vec<Role>,
}

/// What those who are alike reach, by action.
pub(super) type Reaches = RwLock<HashMap<Alike, Arc<BTreeMap<String, Reach>>>>;

impl Policy {
    /// What somebody may do in at least one situation.
    pub fn permissions(&self, subject: &Subject) -> Result<BTreeSet<&str>, Error> {
        let mut permitted = BTreeSet::new();
        for action in self.actions() {
            if self.reach(subject, action)? != Reach::Nothing {
                permitted.insert(action);
            }
        }
        Ok(permitted)
    }

    /// For which resources of their own account somebody may do something, whatever is known of these.
    pub fn reach(&self, subject: &Subject, action: &str) -> Result<Reach, Error> {
        let Some(reaches) = &self.reaches else {
            return self.worked_out(subject, action);
        };
        let alike = Alike {
            kind: subject.kind(),
            stage: subject.stage,
            roles: subject.roles().collect(),
        };
        let known = reaches.read().unwrap_or_else(PoisonError::into_inner);
        let found = known.get(&alike).cloned();
        drop(known);
        let all = if let Some(all) = found {
            all
        } else {
            let each = self.actions().map(|action| {
                let reach = self.worked_out(subject, action)?;
                Ok((action.to_owned(), reach))
            });
            let all = Arc::new(each.collect::<Result<BTreeMap<_, _>, Error>>()?);
            let mut known = reaches.write().unwrap_or_else(PoisonError::into_inner);
            known.insert(alike, Arc::clone(&all));
            all
        };
        Ok(all.get(action).copied().unwrap_or(Reach::Nothing))
    }

    fn worked_out(&self, subject: &Subject, action: &str) -> Result<Reach, Error> {
        if !self.takes(subject.kind(), action, "profile") {
            let allowed = self.takes(subject.kind(), action, "account")
                && self.administration(subject, action)?.is_allowed;
            return Ok(if allowed { Reach::All } else { Reach::Nothing });
        }
        let id = subject.id();
        let (mut own, mut others) = (Tally::default(), Tally::default());
        for situation in Situation::all() {
            let facts = situation.facts(&id);
            let tally = if situation.is_own {
                &mut own
            } else {
                &mut others
            };
            tally.count(self.profile(subject, action, "", &facts)?.is_allowed);
        }
        Ok(match (own.verdict(), others.verdict()) {
            (Some(true), Some(true)) => Reach::All,
            (Some(false), Some(false)) => Reach::Nothing,
            (Some(true), Some(false)) => Reach::Own,
            (Some(false) | None, Some(true)) | (_, None) | (None, Some(false)) => Reach::Facts,
        })
    }

    /// The facts that are not known and that a yes needs; none where nothing that could be known gives one.
    pub fn missing(
        &self,
        subject: &Subject,
        action: &str,
        facts: &Facts,
    ) -> Result<Vec<&'static str>, Error> {
        let id = subject.id();
        let mut needed = Vec::new();
        for situation in Situation::all() {
            let full = facts.clone().or(situation.facts(&id));
            if !self.profile(subject, action, "", &full)?.is_allowed {
                continue;
            }
            // Without which of them would this yes be a no?
            for name in facts.unknown() {
                let without = full.clone().without(name);
                if !self.profile(subject, action, "", &without)?.is_allowed
                    && !needed.contains(&name)
                {
                    needed.push(name);
                }
            }
        }
        Ok(needed)
    }
}

#[derive(Default)]
struct Tally {
    yes: bool,
    no: bool,
}

impl Tally {
    const fn count(&mut self, is_allowed: bool) {
        if is_allowed {
            self.yes = true;
        } else {
            self.no = true;
        }
    }

    /// What all said, where all said the same.
    const fn verdict(&self) -> Option<bool> {
        match (self.yes, self.no) {
            (true, false) => Some(true),
            (false, true) => Some(false),
            (true, true) | (false, false) => None,
        }
    }
}
