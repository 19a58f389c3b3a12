//! The checks that a sign-in passes or fails, and the list of them that explains it afterwards.

use serde::{Deserialize, Serialize};

use super::advice::Advice;

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident $code:literal $rule:literal;)+) => {
        /// A rule of the profile, by its stable code.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Code { $($(#[$doc])* $name,)+ }

        impl Code {
            /// Every code, in the order in which the rules are applied first.
            pub const ALL: &[Self] = &[$(Self::$name,)+];

            /// The stable name.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $code,)+ }
            }

            /// What the rule demands, for a person.
            pub const fn rule(self) -> &'static str {
                match self { $(Self::$name => $rule,)+ }
            }
        }
    };
}

codes! {
    /// The account is switched off; one whose connection was taken away has none that could judge an answer.
    Disabled "disabled" "the account is in use and connected";
    /// The form that was posted.
    Form "form" "one SAMLResponse field in a form of at most 256 KiB";
    /// The encoding of the field.
    Base64 "base64" "strict base64";
    /// The bounds of the document.
    Limits "limits" "size, depth, tags and attributes within bounds";
    /// The document itself.
    Xml "xml" "well-formed UTF-8 XML without document type or processing instructions";
    /// The root element.
    Root "root" "a samlp:Response of version 2.0 with an ID and a fresh IssueInstant";
    /// Where the message was sent.
    Destination "destination" "the address of this account's assertion consumer service";
    /// Who says it.
    Issuer "issuer" "exactly the entity id of the account's identity provider";
    /// What it answers.
    InResponseTo "in_response_to" "the request that this browser started for this account, not yet answered";
    /// What the identity provider says of its own success.
    Status "status" "Success";
    /// Whose word it is.
    Signature "signature" "every signature in its place, by a signing key of the identity provider's metadata";
    /// Whether it had to be encrypted.
    Encryption "encryption" "an encrypted assertion exactly where the account asks for one";
    /// The content of an encrypted assertion.
    Decryption "decryption" "an assertion encrypted for one of this account's keys";
    /// The one assertion.
    Assertion "assertion" "exactly one assertion of version 2.0 with an ID";
    /// Who it is about.
    Subject "subject" "a subject by NameID or by the configured claim";
    /// For whom it may be used.
    Confirmation "confirmation" "a bearer confirmation for this address that is still valid";
    /// When it may be used.
    Conditions "conditions" "conditions that are known and hold now";
    /// Who may use it.
    Audience "audience" "exactly this account's entity id";
    /// How the person proved who they are.
    AuthnStatement "authn_statement" "one authentication statement, by the method and at the time that was asked for";
    /// Whether it was used before.
    Replay "replay" "an assertion and a request that were not used before";
    /// Where the browser is.
    Network "network" "an address within the account's networks";
    /// What the claims say.
    Claims "claims" "claims that can be read";
    /// Which roles they give.
    Roles "roles" "at least one role, unless the account lets people in without one";
    /// Whether the person may come in.
    Admit "admit" "a person whom the account lets in";
}

/// What became of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It held.
    Passed,
    /// It did not hold; the sign-in ended here.
    Failed,
    /// An earlier one failed.
    NotChecked,
}

/// One line of the checklist.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// The rule.
    pub code: Code,
    /// What it was applied to.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub what: String,
    /// The value that was expected, where it is more than the rule itself says.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub expected: String,
    /// The value that was found.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub found: String,
    /// What became of it.
    pub outcome: Outcome,
}

impl Row {
    /// The value that was expected, or what the rule demands.
    pub fn expected(&self) -> &str {
        if self.expected.is_empty() {
            self.code.rule()
        } else {
            &self.expected
        }
    }
}

/// The check that ended a sign-in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rejection {
    /// The rule that was broken.
    pub code: Code,
    /// What the client's administrator has to change, where that is known.
    pub advice: Option<Box<Advice>>,
}

impl Rejection {
    /// A rejection that the rows explain well enough.
    pub const fn plain(code: Code) -> Self {
        Self { code, advice: None }
    }

    /// The same, with what helps.
    #[must_use]
    pub fn advised(self, advice: Advice) -> Self {
        Self {
            advice: Some(Box::new(advice)),
            ..self
        }
    }
}

/// The checklist of one sign-in as it is filled in.
#[derive(Debug, Clone, Default)]
pub struct Trace {
    rows: Vec<Row>,
}

const LONGEST_VALUE: usize = 300;

impl Trace {
    /// Notes the check and ends the sign-in when it does not hold.
    pub fn demand(
        &mut self,
        holds: bool,
        code: Code,
        what: &str,
        expected: &str,
        found: &str,
    ) -> Result<(), Rejection> {
        let outcome = if holds {
            Outcome::Passed
        } else {
            Outcome::Failed
        };
        self.rows.push(Row {
            code,
            what: what.into(),
            expected: shorten(expected),
            found: shorten(found),
            outcome,
        });
        if holds {
            Ok(())
        } else {
            Err(Rejection::plain(code))
        }
    }

    /// Notes a check that held.
    pub fn pass(&mut self, code: Code, what: &str, found: &str) {
        self.rows.push(Row {
            code,
            what: what.into(),
            expected: String::new(),
            found: shorten(found),
            outcome: Outcome::Passed,
        });
    }

    /// Notes a check that did not hold, and says what to do.
    pub fn fail(
        &mut self,
        code: Code,
        what: &str,
        found: &str,
        advice: Option<Advice>,
    ) -> Rejection {
        self.rows.push(Row {
            code,
            what: what.into(),
            expected: String::new(),
            found: shorten(found),
            outcome: Outcome::Failed,
        });
        Rejection {
            code,
            advice: advice.map(Box::new),
        }
    }

    /// Ends the sign-in with what was found, where nothing more is known.
    pub fn refuse<T>(&mut self, code: Code, what: &str, found: &str) -> Result<T, Rejection> {
        Err(self.fail(code, what, found, None))
    }

    /// The rows, with a line for every rule that was not reached.
    pub fn finish(self) -> Vec<Row> {
        complete(self.rows)
    }
}

/// Adds a line for every rule of which nothing is said.
pub fn complete(mut rows: Vec<Row>) -> Vec<Row> {
    for code in Code::ALL {
        if !rows.iter().any(|row| row.code == *code) {
            rows.push(Row {
                code: *code,
                what: String::new(),
                expected: String::new(),
                found: String::new(),
                outcome: Outcome::NotChecked,
            });
        }
    }
    rows
}

/// What is kept of a value that anybody may have written, at any length.
pub(super) fn shorten(value: &str) -> String {
    match value.char_indices().nth(LONGEST_VALUE) {
        Some((end, _)) => format!("{}…", value.get(..end).unwrap_or_default()),
        None => value.to_owned(),
    }
}
