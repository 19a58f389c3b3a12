//! A sign-in explained: what arrived, each check, what the rules made of it, and what has to change.

use std::collections::BTreeSet;

use crate::account::{Document, RoleRule, SubjectSource};
use crate::attempt::{Attempt, Outcome, covered};
use crate::handback::mishaps;
use crate::id::AttemptId;
use crate::role::Role;
use crate::saml::advice::Advice;
use crate::saml::check::{Code, Outcome as Check, Row};
use crate::time::Timestamp;

/// The checks whose values may name a person.
const NAMING: [Code; 3] = [Code::Subject, Code::Network, Code::Admit];

/// A sign-in in one line.
pub(super) struct Line {
    pub(super) id: AttemptId,
    pub(super) when: String,
    pub(super) address: String,
    /// How it ended, in a few words.
    pub(super) ended: &'static str,
    pub(super) is_bad: bool,
    pub(super) is_test: bool,
    /// The code of the rule that was broken.
    pub(super) code: Option<&'static str>,
    pub(super) why: &'static str,
}

impl Line {
    pub(super) fn of(attempt: &Attempt, now: Timestamp) -> Self {
        let (ended, code, why) = match attempt.outcome {
            Outcome::Accepted { .. } => ("came in", None, ""),
            Outcome::Refused { code, refusal } => (
                "refused",
                Some(code.as_str()),
                refusal.map_or(code.rule(), crate::user::Refusal::sentence),
            ),
            Outcome::Passed => ("passed", None, ""),
            Outcome::Started if attempt.is_lost(now) => ("nothing returned", None, ""),
            Outcome::Started => ("under way", None, ""),
        };
        Self {
            id: attempt.id,
            when: attempt.at.for_people(),
            address: attempt.address.clone(),
            ended,
            is_bad: code.is_some() || attempt.is_lost(now),
            is_test: attempt.tester.is_some(),
            code,
            why,
        }
    }
}

/// A sign-in with all that explains it.
pub(super) struct Explained {
    pub(super) line: Line,
    pub(super) revision: i64,
    pub(super) advice: Option<String>,
    pub(super) verified_by: Option<String>,
    pub(super) clock: Option<String>,
    pub(super) checks: Vec<Step>,
    pub(super) claims: Vec<(String, Vec<String>)>,
    /// What the account looks for in the claims: what for, the claim, and whether it came.
    pub(super) wanted: Vec<(String, String, bool)>,
    pub(super) rules: Vec<Fired>,
    pub(super) roles: Vec<(Role, String)>,
    /// The shape of the message, without what is secret or names somebody.
    pub(super) outline: Option<String>,
    /// What an AD FS shows that keeps people, and what helps; of one that has not come back.
    pub(super) mishaps: Vec<(&'static str, String)>,
}

/// A check.
pub(super) struct Step {
    pub(super) mark: &'static str,
    pub(super) code: &'static str,
    pub(super) rule: &'static str,
    pub(super) what: String,
    pub(super) found: String,
    pub(super) expected: String,
}

/// What a rule did.
pub(super) struct Fired {
    pub(super) role: Role,
    pub(super) rule: String,
    pub(super) gave: bool,
    pub(super) because: String,
}

impl Explained {
    /// Of an attempt at an account of that entity id and configuration.
    pub(super) fn of(
        attempt: Attempt,
        entity_id: &str,
        document: &Document,
        now: Timestamp,
    ) -> Self {
        let fired = attempt.rules.iter().map(|fired| Fired {
            role: fired.role,
            rule: fired.rule.clone(),
            gave: fired.value.is_some(),
            because: fired.because.clone(),
        });
        let is_away = attempt.outcome == Outcome::Started;
        Self {
            line: Line::of(&attempt, now),
            revision: attempt.revision,
            advice: attempt.advice.as_ref().map(Advice::sentence),
            verified_by: attempt.verified_by.clone(),
            clock: attempt.clock_difference.map(|ahead| ahead.to_string()),
            checks: attempt.rows.iter().map(step).collect(),
            claims: claims(&attempt, document),
            wanted: wanted(&attempt, document),
            rules: fired.collect(),
            outline: attempt.outline,
            roles: attempt.roles.into_iter().collect(),
            mishaps: if is_away {
                mishaps(entity_id)
            } else {
                Vec::new()
            },
        }
    }
}

fn step(row: &Row) -> Step {
    let (mark, found, expected) = match row.outcome {
        Check::Passed if NAMING.contains(&row.code) => ("ok", covered(&row.found), String::new()),
        Check::Passed => ("ok", row.found.clone(), String::new()),
        Check::Failed => ("failed", row.found.clone(), row.expected().to_owned()),
        Check::NotChecked => ("not checked", String::new(), String::new()),
    };
    Step {
        mark,
        code: row.code.as_str(),
        rule: row.code.rule(),
        what: row.what.clone(),
        found,
        expected,
    }
}

/// The claims: what names a person is covered, what rules look at is not, since it says what to change.
fn claims(attempt: &Attempt, document: &Document) -> Vec<(String, Vec<String>)> {
    let read: BTreeSet<&str> = document.roles.iter().filter_map(RoleRule::claim).collect();
    let shown = attempt.claims.iter().map(|claim| {
        let is_read = read.contains(claim.name.as_str());
        let value = |value: &String| {
            if is_read {
                value.clone()
            } else {
                covered(value)
            }
        };
        (claim.name.clone(), claim.values.iter().map(value).collect())
    });
    shown.collect()
}

/// The claims that the account looks for, each once.
fn wanted(attempt: &Attempt, document: &Document) -> Vec<(String, String, bool)> {
    let map = &document.claims;
    let mut all = vec![
        ("E-mail".to_owned(), map.email.clone()),
        ("Given name".to_owned(), map.given_name.clone()),
        ("Family name".to_owned(), map.surname.clone()),
    ];
    if let SubjectSource::Claim(name) = &map.subject {
        all.push(("Who they are for good".to_owned(), name.clone()));
    }
    if let Some(name) = &map.external_id {
        all.push(("The client's own id of them".to_owned(), name.clone()));
    }
    let names: BTreeSet<&str> = document.roles.iter().filter_map(RoleRule::claim).collect();
    all.extend(names.iter().map(|name| {
        let of_it = document.roles.iter();
        let of_it = of_it.filter(|rule| rule.claim() == Some(name));
        let roles: BTreeSet<&str> = of_it.map(|rule| rule.role.as_str()).collect();
        let roles: Vec<&str> = roles.into_iter().collect();
        (format!("Roles: {}", roles.join(", ")), (*name).to_owned())
    }));
    let came = |name: &String| attempt.claims.iter().any(|claim| claim.name == *name);
    let row = |(what, name): (String, String)| {
        let came = came(&name);
        (what, name, came)
    };
    all.into_iter().map(row).collect()
}
