//! Decides questions for one caller: about its account's people, with what it is believed.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::{Answer, Code, Evaluation, Thing, Wrong};
use crate::gate::{DecisionCaller, Facts, Policy, Principal, Resource, Subject};

/// Where one caller's questions are decided.
#[derive(Debug, Clone, Copy)]
pub struct Desk<'d> {
    /// The policy in force.
    pub policy: &'d Policy,
    /// Who asks.
    pub caller: &'d DecisionCaller,
}

/// What is known of a subject now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// A person of the account.
    Live(Subject),
    /// A key of the account, for these actions.
    Key(Subject, BTreeSet<String>),
    /// Somebody of `entities.json`.
    Known,
    /// A person who stays out.
    Suspended,
    /// Nobody.
    Unknown,
}

impl Desk<'_> {
    /// The answer to a question about somebody who stands so.
    pub fn decide(&self, standing: &Standing, asked: &Evaluation) -> Result<Answer, Wrong> {
        let principal = match standing {
            Standing::Key(_, scopes) if !scopes.contains(&asked.action.name) => {
                return Ok(Answer::no(Code::NotPermitted));
            }
            Standing::Live(subject) | Standing::Key(subject, _) => Principal::Live(subject),
            Standing::Known => Principal::Known {
                account: self.caller.account,
                stage: self.caller.stage,
                kind: &asked.subject.kind,
                id: &asked.subject.id,
            },
            Standing::Suspended => return Ok(Answer::no(Code::SubjectSuspended)),
            Standing::Unknown => return Ok(Answer::no(Code::SubjectUnknown)),
        };
        let (action, policy) = (&asked.action, self.policy);
        if !policy.knows(&action.name) {
            return Ok(Answer::no(Code::ActionUnknown));
        }
        let Some(resource) = self.resource(&asked.resource)? else {
            return Ok(Answer::no(Code::ResourceUnknown));
        };
        if !policy.takes(principal.kind(), &action.name, &asked.resource.kind) {
            return Ok(Answer::no(Code::NotPermitted));
        }
        let unfit = |error| Wrong(format!("the properties do not fit the policy: {error}"));
        let decision = policy
            .decide(principal, &action.name, &action.properties, &resource)
            .map_err(unfit)?;
        let missing = match (&resource, principal) {
            (Resource::Profile(_, facts), Principal::Live(subject)) if !decision.is_allowed => {
                policy
                    .missing(subject, &action.name, facts)
                    .map_err(unfit)?
            }
            _ => Vec::new(),
        };
        Ok(Answer::decided(decision, missing))
    }

    /// The resource with what the caller is believed about it; none where the account has none such.
    fn resource(&self, thing: &Thing) -> Result<Option<Resource>, Wrong> {
        let believed: Map<String, Value> = thing
            .properties
            .iter()
            .filter(|(name, _)| self.caller.is_trusted(&thing.kind, name))
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        let account = self.caller.account;
        if self.policy.has(account, &thing.kind, &thing.id) {
            return Ok(Some(Resource::Known {
                kind: thing.kind.clone(),
                id: thing.id.clone(),
                instead: believed,
            }));
        }
        Ok(match thing.kind.as_str() {
            "profile" => Some(Resource::Profile(thing.id.clone(), facts(&believed)?)),
            "account" if thing.id == account.to_string() => Some(Resource::Account),
            _ => None,
        })
    }
}

fn facts(said: &Map<String, Value>) -> Result<Facts, Wrong> {
    let wrong =
        |name: &str, what: &str| Wrong(format!("`resource.properties.{name}` is not {what}"));
    let text = |name: &str| match said.get(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(wrong(name, "a string")),
    };
    let texts = |name: &str| match said.get(name) {
        None => Ok(None),
        Some(Value::Array(all)) => {
            let texts = all.iter().map(|one| one.as_str().map(str::to_owned));
            let texts: Option<Vec<_>> = texts.collect();
            texts
                .map(Some)
                .ok_or_else(|| wrong(name, "an array of strings"))
        }
        Some(_) => Err(wrong(name, "an array of strings")),
    };
    Ok(Facts {
        created_by: text("created_by")?,
        call_state: text("call_state")?,
        concluded_by: texts("concluded_by")?,
    })
}
