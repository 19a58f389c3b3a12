//! What is known of a profile, and the situations that make a difference to a policy.

use serde::Serialize;

/// What an app says of a profile; what it does not say is not known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    /// The person who created it.
    pub created_by: Option<String>,
    /// How far its call is.
    pub call_state: Option<String>,
    /// The people who concluded its calls.
    pub concluded_by: Option<Vec<String>>,
}

impl Facts {
    /// The names of the facts.
    pub const NAMES: [&str; 3] = ["created_by", "call_state", "concluded_by"];

    /// The names of what is not known.
    pub fn unknown(&self) -> impl Iterator<Item = &'static str> {
        let known = [
            self.created_by.is_some(),
            self.call_state.is_some(),
            self.concluded_by.is_some(),
        ];
        let all = Self::NAMES.into_iter().zip(known);
        all.filter(|(_, is_known)| !is_known).map(|(name, _)| name)
    }

    /// With what others know, where these do not.
    #[must_use]
    pub fn or(self, others: Self) -> Self {
        Self {
            created_by: self.created_by.or(others.created_by),
            call_state: self.call_state.or(others.call_state),
            concluded_by: self.concluded_by.or(others.concluded_by),
        }
    }

    /// Without the fact of that name.
    #[must_use]
    pub fn without(self, name: &str) -> Self {
        let kept = |fact: &str| fact != name;
        Self {
            created_by: self.created_by.filter(|_| kept("created_by")),
            call_state: self.call_state.filter(|_| kept("call_state")),
            concluded_by: self.concluded_by.filter(|_| kept("concluded_by")),
        }
    }
}

/// How far the call of a profile is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Call {
    /// Not concluded.
    Open,
    /// Concluded: the person is who they say.
    Verified,
    /// Concluded: they are not.
    Rejected,
}

impl Call {
    /// Every state.
    pub const ALL: [Self; 3] = [Self::Open, Self::Verified, Self::Rejected];

    /// The name in facts.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Verified => "verified",
            Self::Rejected => "rejected",
        }
    }
}

/// All of a profile that can make a difference to a decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Situation {
    /// Whether whoever asks created it.
    pub is_own: bool,
    /// How far its call is.
    pub call: Call,
    /// Whether whoever asks concluded the call.
    pub was_concluded_by_them: bool,
}

/// Somebody else; no id of ours is empty.
const ANOTHER: &str = "";

impl Situation {
    /// Every situation there is.
    pub fn all() -> impl Iterator<Item = Self> {
        [false, true].into_iter().flat_map(|is_own| {
            Call::ALL.into_iter().flat_map(move |call| {
                [false, true]
                    .into_iter()
                    .map(move |was_concluded_by_them| Self {
                        is_own,
                        call,
                        was_concluded_by_them,
                    })
            })
        })
    }

    /// The situation as facts about a profile that `id` asks for.
    pub fn facts(self, id: &str) -> Facts {
        let them_or_another = |them| if them { id } else { ANOTHER }.to_owned();
        Facts {
            created_by: Some(them_or_another(self.is_own)),
            call_state: Some(self.call.as_str().to_owned()),
            concluded_by: Some(vec![them_or_another(self.was_concluded_by_them)]),
        }
    }
}
