//! What a verified assertion says about a person, by the account's claim map, and which roles that gives.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::account::{ClaimMap, Document, Link, RoleRule};
use crate::role::Role;
use crate::saml::advice::Advice;
use crate::saml::check::{Code, Rejection, Trace};
use crate::saml::{Attribute, VerifiedAssertion};
use crate::time::Timestamp;

/// A person as an assertion describes them; made from a verified assertion only.
#[derive(Debug, Clone)]
pub struct Claims {
    source: String,
    subject: String,
    external_id: Option<String>,
    profile: Profile,
}

/// What is shown of a person.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    /// The e-mail address.
    pub email: Option<String>,
    /// The given name.
    pub given_name: Option<String>,
    /// The family name.
    pub surname: Option<String>,
}

impl Profile {
    /// This, with what is not known of it taken from the other.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self {
            email: self.email.or(other.email),
            given_name: self.given_name.or(other.given_name),
            surname: self.surname.or(other.surname),
        }
    }

    /// The name as people say it; nothing where none is known.
    pub fn name(&self) -> Option<String> {
        let parts: Vec<&str> = [&self.given_name, &self.surname]
            .into_iter()
            .flatten()
            .map(String::as_str)
            .collect();
        (!parts.is_empty()).then(|| parts.join(" "))
    }
}

impl Claims {
    /// Where the subject comes from: `name_id` or the name of a claim.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The exact value that identifies the person there.
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// The client's own id of the person.
    pub fn external_id(&self) -> Option<&str> {
        self.external_id.as_deref()
    }

    /// What is shown of the person.
    pub const fn profile(&self) -> &Profile {
        &self.profile
    }

    /// What the assertion says of what somebody who is expected is known by.
    pub fn link(&self, link: Link) -> Option<&str> {
        match link {
            Link::UserName => Some(&self.subject),
            Link::ExternalId => self.external_id(),
            Link::Email => self.profile.email.as_deref(),
        }
    }
}

/// Reads the person out of the assertion by the claim map.
pub fn read(
    assertion: &VerifiedAssertion,
    map: &ClaimMap,
    trace: &mut Trace,
) -> Result<Claims, Rejection> {
    let (profile, external_id) = described(assertion.attributes(), map, trace)?;
    Ok(Claims {
        source: String::from(map.subject.clone()),
        subject: assertion.subject().to_owned(),
        external_id,
        profile,
    })
}

/// What claims say of whoever they are about: what is shown of them, and the client's own id of them.
pub fn described(
    attributes: &[Attribute],
    map: &ClaimMap,
    trace: &mut Trace,
) -> Result<(Profile, Option<String>), Rejection> {
    let first = |name: &str| values(attributes, name).first().cloned();
    let mut shown = |name: &str| -> Result<Option<String>, Rejection> {
        let Some(value) = first(name).filter(|value| !value.is_empty()) else {
            return Ok(None);
        };
        let sound = value.chars().count() <= 256 && !value.chars().any(char::is_control);
        if !sound {
            return trace.refuse(
                Code::Claims,
                name,
                "more than 256 characters, or control characters",
            );
        }
        Ok(Some(value))
    };
    let profile = Profile {
        email: shown(&map.email)?,
        given_name: shown(&map.given_name)?,
        surname: shown(&map.surname)?,
    };
    let external_id = match &map.external_id {
        Some(name) if values(attributes, name).len() > 1 => {
            return trace.refuse(Code::Claims, name, "several values where one is an id");
        }
        Some(name) => shown(name)?,
        None => None,
    };
    trace.pass(
        Code::Claims,
        "Claims",
        &format!("{} kinds of claims", attributes.len()),
    );
    Ok((profile, external_id))
}

/// What a rule did at one sign-in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fired {
    /// The role that the rule gives.
    pub role: Role,
    /// The rule in one line.
    pub rule: String,
    /// The value that matched; none where the rule did not fire.
    pub value: Option<String>,
    /// Why it did not fire, where it did not.
    pub because: String,
}

/// Tries every rule of claims; the order of the rules does not matter.
pub fn rules(attributes: &[Attribute], rules: &[RoleRule], now: Timestamp) -> Vec<Fired> {
    let of_claims = rules.iter().filter_map(|rule| Some((rule, rule.claim()?)));
    of_claims
        .map(|(rule, claim)| fire(attributes, rule, claim, now))
        .collect()
}

fn fire(attributes: &[Attribute], rule: &RoleRule, claim: &str, now: Timestamp) -> Fired {
    let present = attributes.iter().any(|attribute| attribute.name == claim);
    let values = values(attributes, claim);
    let mut fitting = values.iter().filter(|_| !rule.has_ended(now));
    let value = fitting.find(|value| rule.accepts(value)).cloned();
    let because = match (&value, present) {
        (Some(_), _) => String::new(),
        (None, _) if rule.has_ended(now) => "the rule has ended".to_owned(),
        (None, false) => "the claim is absent".to_owned(),
        (None, true) => format!("none of its {} values matches", values.len()),
    };
    Fired {
        role: rule.role,
        rule: rule.describe(),
        value,
        because,
    }
}

/// A value of a claim by which a rule gave a role at a sign-in; it gives the role as long as there is such a rule.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Claimed {
    /// The role.
    pub role: Role,
    /// The claim, by its exact name.
    pub claim: String,
    /// The value that matched.
    pub value: String,
    /// The first sign-in of those, without a gap, at which it came.
    pub since: Timestamp,
}

/// The values that give roles now, where those of the sign-in before are known.
pub fn claimed(
    attributes: &[Attribute],
    rules: &[RoleRule],
    before: &[Claimed],
    now: Timestamp,
) -> Vec<Claimed> {
    let give = |rule: &RoleRule| {
        let claim = rule.claim()?;
        let value = fire(attributes, rule, claim, now).value?;
        let known = before.iter().find(|known| {
            (known.role, known.claim.as_str(), &known.value) == (rule.role, claim, &value)
        });
        Some(Claimed {
            role: rule.role,
            claim: claim.to_owned(),
            since: known.map_or(now, |known| known.since),
            value,
        })
    };
    let mut all: Vec<Claimed> = rules.iter().filter_map(give).collect();
    all.sort();
    all.dedup();
    all
}

/// Why the claims give no role, as far as it can be seen.
pub fn advice(attributes: &[Attribute], document: &Document) -> Advice {
    if attributes.is_empty() {
        return Advice::NoAttributes;
    }
    let expected: BTreeSet<&str> = document.roles.iter().filter_map(RoleRule::claim).collect();
    let absent = |name: &&str| attributes.iter().all(|attribute| attribute.name != *name);
    for name in expected.iter().filter(|name| absent(name)) {
        if let Some(near) = near_miss(attributes, name) {
            return Advice::NearMiss {
                sent: near.to_owned(),
                expected: (*name).to_owned(),
            };
        }
    }
    let sent: Vec<String> = expected
        .iter()
        .flat_map(|name| values(attributes, name))
        .cloned()
        .collect();
    let group = |value: &&String| {
        value.starts_with("S-1-5-") || value.starts_with("CN=") || value.contains('\\')
    };
    if let Some(value) = sent.iter().find(|value| value.contains([',', ';'])) {
        return Advice::SeveralRolesInOne {
            value: value.clone(),
        };
    }
    if let Some(value) = sent.iter().find(group) {
        return Advice::GroupsAsRoles {
            value: value.clone(),
        };
    }
    let seen = if sent.is_empty() {
        attributes
            .iter()
            .map(|attribute| attribute.name.clone())
            .collect()
    } else {
        sent
    };
    Advice::NoRole { values: seen }
}

/// A name that a person could take for the expected one: other case, https for http, or the same last part.
fn near_miss<'a>(attributes: &'a [Attribute], expected: &str) -> Option<&'a str> {
    let plain = |name: &str| name.to_lowercase().replacen("https://", "http://", 1);
    let last = |name: &str| plain(name.rsplit(['/', ':']).next().unwrap_or_default());
    let names = || attributes.iter().map(|attribute| attribute.name.as_str());
    names()
        .find(|name| plain(name) == plain(expected))
        .or_else(|| names().find(|name| last(name) == last(expected)))
}

fn values<'a>(attributes: &'a [Attribute], name: &str) -> &'a [String] {
    attributes
        .iter()
        .find(|attribute| attribute.name == name)
        .map_or(&[], |attribute| &attribute.values)
}
