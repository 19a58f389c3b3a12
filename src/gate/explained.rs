//! A decision about somebody, with all that explains it.

use super::{Decision, Effect, Error, Facts, Policy, Reach, Subject};

/// Whether somebody may do something, and by which policies.
#[derive(Debug)]
pub struct Explained {
    /// What was decided.
    pub decision: Decision,
    /// How far the permission goes, whatever the facts are.
    pub reach: Reach,
    /// The facts that were not said and could make it a yes.
    pub missing: Vec<&'static str>,
}

/// What was asked cannot be explained.
#[derive(Debug, thiserror::Error)]
pub enum Inexplicable {
    /// Facts about a profile came with an action that is done to the account.
    #[error("{0} is done to the account, not to a profile; leave the facts away")]
    Account(String),
    /// The action is for resources that only the installation's own entities describe.
    #[error("{0} is for resources of your own entities.json; ask for it by /access/v1/evaluation")]
    Entities(String),
    /// The policy failed.
    #[error(transparent)]
    Policy(#[from] Error),
}

/// A policy that decided.
#[derive(Debug)]
pub struct Cause {
    /// Its name.
    pub id: String,
    /// What it does, for people: allow or forbid.
    pub verb: &'static str,
    /// What it says, for people.
    pub says: String,
}

impl Policy {
    /// Why somebody may or may not do something to their account, or to a profile of which these facts are known.
    pub fn explain(
        &self,
        subject: &Subject,
        action: &str,
        facts: &Facts,
    ) -> Result<Explained, Inexplicable> {
        let takes = |resource| self.takes(subject.kind(), action, resource);
        let (decision, missing) = if takes("profile") {
            let decision = self.profile(subject, action, "", facts)?;
            let missing = if decision.is_allowed {
                Vec::new()
            } else {
                self.missing(subject, action, facts)?
            };
            (decision, missing)
        } else if !takes("account") {
            return Err(Inexplicable::Entities(action.to_owned()));
        } else if *facts == Facts::default() {
            (self.administration(subject, action)?, Vec::new())
        } else {
            return Err(Inexplicable::Account(action.to_owned()));
        };
        Ok(Explained {
            decision,
            reach: self.reach(subject, action)?,
            missing,
        })
    }

    /// The policies that made a decision, each with what it does and says.
    pub fn causes(&self, decision: &Decision) -> Vec<Cause> {
        let sentences = self.sentences();
        let effect = |id: &str| sentences.iter().find(|one| one.id == id);
        let causes = decision.reasons.iter().map(|reason| Cause {
            id: reason.id.clone(),
            verb: match effect(&reason.id).map(|one| one.effect) {
                Some(Effect::Forbid) => "forbids it",
                _ => "allows it",
            },
            says: reason.says.clone(),
        });
        causes.collect()
    }
}

impl Reach {
    /// How far a permission goes, for people.
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::All => "for every resource of the account",
            Self::Own => "for what they created themselves",
            Self::Facts => "some facts decide, so the app has to ask with them",
            Self::Nothing => "never, whatever the facts are",
        }
    }
}
