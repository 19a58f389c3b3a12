//! A login attempt: one trip through SAML, recorded so that it can be explained.

use std::fmt;
use std::mem;

use serde::{Deserialize, Serialize};

use crate::claims::Fired;
use crate::id::{AttemptId, SetupLinkId, UserId};
use crate::role::Roles;
use crate::saml::Attribute;
use crate::saml::advice::Advice;
use crate::saml::check::{self, Code, Row};
use crate::saml::request::LIFETIME;
use crate::time::{Span, Timestamp};
use crate::user::Refusal;

/// An attempt with everything that is known of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// What people quote as the reference.
    pub id: AttemptId,
    /// When it ended.
    pub at: Timestamp,
    /// The revision that it was checked against.
    pub revision: i64,
    /// From where the browser came.
    pub address: String,
    /// How it ended.
    pub outcome: Outcome,
    /// The checks, one line each.
    pub rows: Vec<Row>,
    /// What the client's administrator has to change.
    pub advice: Option<Advice>,
    /// The fingerprint of the certificate whose key verified; none while nothing did.
    pub verified_by: Option<String>,
    /// The fingerprint of our certificate that the assertion was encrypted for; none where it was not, or could not be read.
    #[serde(default)]
    pub opened_by: Option<String>,
    /// How far the identity provider's clock was ahead of ours.
    pub clock_difference: Option<Span>,
    /// The claims that came; proved only where `verified_by` is there.
    pub claims: Vec<Attribute>,
    /// What each role rule did.
    pub rules: Vec<Fired>,
    /// The roles that resulted.
    pub roles: Roles,
    /// The shape of the message, without what is secret or names somebody; of tests, and of what failed after a signature had verified.
    #[serde(default)]
    pub outline: Option<String>,
    /// Who only tries the sign-in out, where that is so: it lets nobody in.
    #[serde(default)]
    pub tester: Option<Tester>,
}

/// Who only tries a sign-in out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tester {
    /// Somebody who is signed in.
    Person(UserId),
    /// The client's administrator, by a setup link.
    SetupLink(SetupLinkId),
}

impl fmt::Display for Tester {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Person(user) => write!(f, "{user}"),
            Self::SetupLink(link) => write!(f, "{link}"),
        }
    }
}

/// So many bytes an attempt may have, before it is sealed, in which no signature has verified: anybody may have sent it.
const BRIEF: usize = 3_000;

impl Attempt {
    /// One that somebody starts only to try the sign-in by a revision; nothing has returned of it yet.
    pub fn started(
        id: AttemptId,
        tester: Tester,
        revision: i64,
        address: String,
        at: Timestamp,
    ) -> Self {
        Self {
            id,
            at,
            revision,
            address,
            outcome: Outcome::Started,
            rows: Vec::new(),
            advice: None,
            verified_by: None,
            opened_by: None,
            clock_difference: None,
            claims: Vec::new(),
            rules: Vec::new(),
            roles: Roles::new(),
            outline: None,
            tester: Some(tester),
        }
    }

    /// Whether it was started and nothing can come back any more.
    pub fn is_lost(&self, now: Timestamp) -> bool {
        self.outcome == Outcome::Started && now.since(self.at) > LIFETIME
    }

    /// What is kept of an attempt in which no signature has verified: above all what failed, then what held, then claims.
    #[must_use]
    pub fn brief(mut self) -> Self {
        let claims = mem::take(&mut self.claims);
        self.rules.clear();
        self.rows
            .retain(|row| row.outcome != check::Outcome::NotChecked);
        for row in self
            .rows
            .iter_mut()
            .filter(|row| row.outcome == check::Outcome::Passed)
        {
            row.expected.clear();
            cut(&mut row.found);
        }
        if !self.fits() {
            self.advice = None;
        }
        if !self.fits() {
            for row in &mut self.rows {
                cut(&mut row.expected);
                cut(&mut row.found);
            }
        }
        for claim in claims {
            self.claims.push(claim);
            if !self.fits() {
                self.claims.pop();
                break;
            }
        }
        self
    }

    fn fits(&self) -> bool {
        serde_json::to_vec(self).is_ok_and(|text| text.len() <= BRIEF)
    }
}

/// Leaves so much of a value that one can tell what it was.
fn cut(value: &mut String) {
    if let Some((end, _)) = value.char_indices().nth(60) {
        value.truncate(end);
        value.push('…');
    }
}

/// So much of a value that one who knows it knows it again.
pub fn covered(value: &str) -> String {
    let mut letters = value.chars();
    match letters.next() {
        None => String::new(),
        Some(first) => format!("{first}… ({} characters)", letters.count() + 1),
    }
}

/// How an attempt ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Outcome {
    /// The person came in.
    Accepted {
        /// Who it was.
        user: UserId,
    },
    /// They did not.
    Refused {
        /// The rule that was broken.
        code: Code,
        /// Why the person was turned away, where the message itself was sound.
        refusal: Option<Refusal>,
    },
    /// Somebody was sent to the identity provider to try it out, and has not come back.
    Started,
    /// It was tried out, and somebody like this would come in as far as the answer itself says it.
    Passed,
}

impl Outcome {
    /// `accepted`, the code of the broken rule, or how far a trial came.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Accepted { .. } => "accepted",
            Self::Refused { code, .. } => code.as_str(),
            Self::Started => "started",
            Self::Passed => "passed",
        }
    }
}
