//! What one sign-in demands of the authentication, on top of what its account demands of each.

use crate::account::Saml;
use crate::time::{Span, Timestamp};

/// How fresh and of which kind the authentication has to be.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StepUp {
    /// How old it may be at most; nothing stands for a fresh one.
    pub max_age: Option<Span>,
    /// The class that it has to be of, one of those that the account lists.
    pub context: Option<String>,
}

/// A demand that is not made, in words for who has written it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Wrong {
    /// The age is no number of seconds, or a senseless one.
    #[error("`max_age` is a whole number of seconds from 0 (a fresh sign-in) to {LONGEST}.")]
    Age,
    /// The account does not list the class.
    #[error("`authn_context` is one of the classes that the account's configuration lists.")]
    Context,
}

/// A year in seconds.
const LONGEST: i64 = 31_536_000;

impl StepUp {
    /// Reads what an address asks for.
    pub fn parse(max_age: Option<&str>, context: Option<&str>, saml: &Saml) -> Result<Self, Wrong> {
        let seconds = |text: &str| {
            let digits = text.bytes().all(|byte| byte.is_ascii_digit());
            let seconds = text.parse().ok().filter(|_| digits);
            seconds.filter(|seconds| (0..=LONGEST).contains(seconds))
        };
        let max_age = max_age.map(|text| seconds(text).ok_or(Wrong::Age));
        let listed = |class: &str| saml.authn_context.iter().find(|one| *one == class).cloned();
        let context = context.map(|class| listed(class).ok_or(Wrong::Context));
        Ok(Self {
            max_age: max_age.transpose()?.map(Span::seconds),
            context: context.transpose()?,
        })
    }

    /// Whether an authentication of that time, of which nobody knows the class any more, is enough.
    pub fn is_met(&self, at: Timestamp, now: Timestamp, skew: Span) -> bool {
        self.context.is_none()
            && self
                .max_age
                .is_none_or(|age| age > NOTHING && is_recent(at, age, now, skew))
    }
}

/// No time at all: somebody has to prove themselves anew.
pub(super) const NOTHING: Span = Span::millis(0);

/// Whether an authentication is at most so old.
pub(super) fn is_recent(at: Timestamp, age: Span, now: Timestamp, skew: Span) -> bool {
    at >= now.minus(age).minus(skew)
}
