//! The answer to a question, and as much of its reasons as whoever asks may know.

use serde::Serialize;
use serde_json::{Value, json};

use super::Wrong;
use crate::gate::{Decision, Reason};

/// A yes or no, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Whether it is allowed.
    pub is_allowed: bool,
    code: Code,
    sentence: String,
    policies: Vec<Reason>,
    missing: Vec<&'static str>,
}

/// Why an answer is what it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    /// A policy allows it and none forbids it.
    Permitted,
    /// No policy allows it.
    NotPermitted,
    /// A policy forbids it.
    Forbidden,
    /// It depends on facts that were not said, or that the caller is not believed.
    FactsRequired,
    /// The account has no such subject.
    SubjectUnknown,
    /// The person is suspended.
    SubjectSuspended,
    /// There is no such action.
    ActionUnknown,
    /// There is no such resource.
    ResourceUnknown,
    /// The question cannot be read.
    BadRequest,
}

impl Code {
    const fn sentence(self) -> &'static str {
        match self {
            Self::Permitted => "",
            Self::NotPermitted => "No policy allows it.",
            Self::Forbidden => "It is forbidden.",
            Self::FactsRequired => "It depends on facts about the resource that are not known.",
            Self::SubjectUnknown => "There is no such subject in this account.",
            Self::SubjectSuspended => "The person is suspended.",
            Self::ActionUnknown => "There is no such action.",
            Self::ResourceUnknown => "There is no such resource.",
            Self::BadRequest => "The question cannot be read.",
        }
    }
}

impl Answer {
    /// A no that the policy was not asked for.
    pub(super) fn no(code: Code) -> Self {
        Self {
            is_allowed: false,
            code,
            sentence: code.sentence().to_owned(),
            policies: Vec::new(),
            missing: Vec::new(),
        }
    }

    /// What the policy decided, and which facts it lacked.
    pub(super) fn decided(decision: Decision, missing: Vec<&'static str>) -> Self {
        let code = match (decision.is_allowed, decision.reasons.is_empty()) {
            (true, _) => Code::Permitted,
            (false, _) if !missing.is_empty() => Code::FactsRequired,
            (false, true) => Code::NotPermitted,
            (false, false) => Code::Forbidden,
        };
        let says: Vec<&str> = decision
            .reasons
            .iter()
            .map(|reason| reason.says.as_str())
            .collect();
        let sentence = if says.is_empty() {
            code.sentence().to_owned()
        } else {
            says.join(" ")
        };
        Self {
            is_allowed: decision.is_allowed,
            code,
            sentence,
            policies: decision.reasons,
            missing,
        }
    }

    /// What is wrong with a question among others.
    pub fn unread(wrong: &Wrong) -> Self {
        Self {
            sentence: wrong.to_string(),
            ..Self::no(Code::BadRequest)
        }
    }

    /// The answer as it is sent.
    pub fn json(&self) -> Value {
        let ids = self.policies.iter().map(|reason| reason.id.as_str());
        json!({
            "decision": self.is_allowed,
            "context": Context {
                code: self.code,
                policies: ids.collect(),
                reason_user: (!self.is_allowed).then_some(Sentence { en: &self.sentence }),
                missing: &self.missing,
            },
        })
    }
}

#[derive(Serialize)]
struct Context<'a> {
    code: Code,
    policies: Vec<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason_user: Option<Sentence<'a>>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    missing: &'a [&'static str],
}

#[derive(Serialize)]
struct Sentence<'a> {
    en: &'a str,
}
