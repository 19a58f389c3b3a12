//! A role rule: which value of which claim, or which group, gives which role.

use serde::{Deserialize, Serialize};

use crate::role::Role;
use crate::time::{Timestamp, Until};

/// Gives a role to whoever it is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub struct RoleRule {
    /// The role that the rule gives.
    pub role: Role,
    /// Whom it is about.
    pub whom: Whom,
    /// When it stops giving the role; never where there is none.
    pub until: Option<Until>,
}

/// Whom a rule is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Whom {
    /// Whoever has a matching value of a claim.
    Claim {
        /// The claim, by its exact name.
        name: String,
        /// What a value is compared with.
        test: Test,
        /// Whether `A` and `a` are the same.
        ignore_case: bool,
    },
    /// Whoever is in the group of exactly this name in the client's directory.
    Group(String),
}

/// What a value is compared with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Test {
    /// One value.
    Equals(String),
    /// Any of several values.
    AnyOf(Vec<String>),
    /// A pattern in which `*` stands for any text and nothing else is special.
    Matches(String),
}

impl RoleRule {
    /// The claim whose values it looks at, if it looks at one.
    pub fn claim(&self) -> Option<&str> {
        match &self.whom {
            Whom::Claim { name, .. } => Some(name),
            Whom::Group(_) => None,
        }
    }

    /// The group that it is about, if it is about one.
    pub fn group(&self) -> Option<&str> {
        match &self.whom {
            Whom::Claim { .. } => None,
            Whom::Group(name) => Some(name),
        }
    }

    /// Whether a value of its claim gives the role; one value is one value, whatever commas it holds.
    pub fn accepts(&self, value: &str) -> bool {
        let Whom::Claim {
            test, ignore_case, ..
        } = &self.whom
        else {
            return false;
        };
        let fold = |text: &str| {
            if *ignore_case {
                text.to_lowercase()
            } else {
                text.to_owned()
            }
        };
        let value = fold(value);
        match test {
            Test::Equals(expected) => value == fold(expected),
            Test::AnyOf(expected) => expected.iter().any(|one| value == fold(one)),
            Test::Matches(pattern) => matches(&fold(pattern), &value),
        }
    }

    /// From then on it gives nothing.
    pub fn ends_at(&self) -> Option<Timestamp> {
        self.until.map(Until::at)
    }

    /// Whether it gives nothing any more.
    pub fn has_ended(&self, now: Timestamp) -> bool {
        self.ends_at().is_some_and(|end| now >= end)
    }

    /// The rule in one line, as it is shown beside the role that it gave.
    pub fn describe(&self) -> String {
        let until = self
            .until
            .map_or_else(String::new, |until| format!(", until {until}"));
        let (name, test, ignore_case) = match &self.whom {
            Whom::Group(name) => return format!("member of \"{name}\"{until}"),
            Whom::Claim {
                name,
                test,
                ignore_case,
            } => (name, test, *ignore_case),
        };
        let case = if ignore_case { ", in any case" } else { "" };
        match test {
            Test::Equals(value) => format!("{name} equals \"{value}\"{case}{until}"),
            Test::AnyOf(values) => format!(
                "{name} is any of \"{}\"{case}{until}",
                values.join("\", \"")
            ),
            Test::Matches(pattern) => format!("{name} matches \"{pattern}\"{case}{until}"),
        }
    }
}

/// Compares piece by piece, so that no pattern is dear.
fn matches(pattern: &str, value: &str) -> bool {
    let Some((first, rest)) = pattern.split_once('*') else {
        return pattern == value;
    };
    let Some(mut value) = value.strip_prefix(first) else {
        return false;
    };
    let mut pieces: Vec<&str> = rest.split('*').collect();
    let last = pieces.pop().unwrap_or_default();
    for piece in pieces {
        let Some((_, after)) = value.split_once(piece) else {
            return false;
        };
        value = after;
    }
    value.ends_with(last)
}

/// The rule as it stands in a file.
#[derive(Serialize, Deserialize, Clone)]
#[serde(deny_unknown_fields)]
struct Written {
    role: Role,
    #[serde(skip_serializing_if = "Option::is_none")]
    claim: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    group: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    equals: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    any_of: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    matches: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ignore_case: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<Until>,
}

impl TryFrom<Written> for RoleRule {
    type Error = String;

    fn try_from(written: Written) -> Result<Self, String> {
        let (role, until) = (written.role, written.until);
        let name = match (written.claim, written.group) {
            (Some(name), None) => name,
            (None, Some(name)) => {
                let is_alone = written.equals.is_none()
                    && written.any_of.is_none()
                    && written.matches.is_none()
                    && written.ignore_case.is_none();
                return if is_alone && !name.trim().is_empty() {
                    let whom = Whom::Group(name);
                    Ok(Self { role, whom, until })
                } else {
                    Err(format!(
                        "the rule for {role} has `group`, the exact name of one group, and nothing beside it"
                    ))
                };
            }
            _ => {
                return Err(format!(
                    "the rule for {role} needs exactly one of `claim` and `group`"
                ));
            }
        };
        let test = match (written.equals, written.any_of, written.matches) {
            (Some(value), None, None) => Test::Equals(value),
            (None, Some(values), None) => Test::AnyOf(values),
            (None, None, Some(pattern)) => Test::Matches(pattern),
            _ => {
                return Err(format!(
                    "the rule for {role} needs exactly one of `equals`, `any_of` and `matches`"
                ));
            }
        };
        let empty = match &test {
            Test::Equals(value) | Test::Matches(value) => value.is_empty(),
            Test::AnyOf(values) => values.is_empty() || values.iter().any(String::is_empty),
        };
        if empty || name.is_empty() {
            return Err(format!("the rule for {role} compares with nothing"));
        }
        let ignore_case = written.ignore_case.unwrap_or_default();
        Ok(Self {
            role,
            whom: Whom::Claim {
                name,
                test,
                ignore_case,
            },
            until,
        })
    }
}

impl From<RoleRule> for Written {
    fn from(rule: RoleRule) -> Self {
        let mut written = Self {
            role: rule.role,
            claim: None,
            group: None,
            equals: None,
            any_of: None,
            matches: None,
            ignore_case: None,
            until: rule.until,
        };
        match rule.whom {
            Whom::Group(name) => written.group = Some(name),
            Whom::Claim {
                name,
                test,
                ignore_case,
            } => {
                (written.claim, written.ignore_case) = (Some(name), Some(ignore_case));
                match test {
                    Test::Equals(value) => written.equals = Some(value),
                    Test::AnyOf(values) => written.any_of = Some(values),
                    Test::Matches(pattern) => written.matches = Some(pattern),
                }
            }
        }
        written
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_star_is_special_in_a_pattern() {
        for (pattern, value, expected) in [
            ("vkyc-*", "vkyc-maker", true),
            ("vkyc-*", "xvkyc-maker", false),
            ("*-maker", "vkyc-maker", true),
            ("v*c-*er", "vkyc-maker", true),
            ("v.yc", "vkyc", false),
            ("a*a", "a", false),
            ("a*bc*bc", "abc", false),
            ("*", "", true),
            ("[a-z]?", "a", false),
        ] {
            assert_eq!(matches(pattern, value), expected, "{pattern} {value}");
        }
    }
}
