//! A role rule: which value of which claim gives which role.

use serde::{Deserialize, Serialize};

use crate::role::Role;
use crate::time::{Timestamp, Until};

/// Gives a role to whoever has a matching value of the claim.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub struct RoleRule {
    /// The role that the rule gives.
    pub role: Role,
    /// The claim whose values are looked at, by its exact name.
    pub claim: String,
    /// What a value is compared with.
    pub test: Test,
    /// Whether `A` and `a` are the same.
    pub ignore_case: bool,
    /// When it stops giving the role; never where there is none.
    pub until: Option<Until>,
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
    /// Whether a value of the claim gives the role; one value is one value, whatever commas it holds.
    pub fn accepts(&self, value: &str) -> bool {
        let fold = |text: &str| {
            if self.ignore_case {
                text.to_lowercase()
            } else {
                text.to_owned()
            }
        };
        let value = fold(value);
        match &self.test {
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
        let case = if self.ignore_case {
            ", in any case"
        } else {
            ""
        };
        let until = self
            .until
            .map_or_else(String::new, |until| format!(", until {until}"));
        match &self.test {
            Test::Equals(value) => format!("{} equals \"{value}\"{case}{until}", self.claim),
            Test::AnyOf(values) => format!(
                "{} is any of \"{}\"{case}{until}",
                self.claim,
                values.join("\", \"")
            ),
            Test::Matches(pattern) => format!("{} matches \"{pattern}\"{case}{until}", self.claim),
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
    claim: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    equals: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    any_of: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    matches: Option<String>,
    #[serde(default)]
    ignore_case: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<Until>,
}

impl TryFrom<Written> for RoleRule {
    type Error = String;

    fn try_from(written: Written) -> Result<Self, String> {
        let test = match (written.equals, written.any_of, written.matches) {
            (Some(value), None, None) => Test::Equals(value),
            (None, Some(values), None) => Test::AnyOf(values),
            (None, None, Some(pattern)) => Test::Matches(pattern),
            _ => {
                return Err(format!(
                    "the rule for {} needs exactly one of `equals`, `any_of` and `matches`",
                    written.role
                ));
            }
        };
        let empty = match &test {
            Test::Equals(value) | Test::Matches(value) => value.is_empty(),
            Test::AnyOf(values) => values.is_empty() || values.iter().any(String::is_empty),
        };
        if empty || written.claim.is_empty() {
            return Err(format!(
                "the rule for {} compares with nothing",
                written.role
            ));
        }
        Ok(Self {
            role: written.role,
            claim: written.claim,
            test,
            ignore_case: written.ignore_case,
            until: written.until,
        })
    }
}

impl From<RoleRule> for Written {
    fn from(rule: RoleRule) -> Self {
        let mut written = Self {
            role: rule.role,
            claim: rule.claim,
            equals: None,
            any_of: None,
            matches: None,
            ignore_case: rule.ignore_case,
            until: rule.until,
        };
        match rule.test {
            Test::Equals(value) => written.equals = Some(value),
            Test::AnyOf(values) => written.any_of = Some(values),
            Test::Matches(pattern) => written.matches = Some(pattern),
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
