//! The change of an account's own keys in three steps, none of which locks anybody out.

use serde::{Deserialize, Serialize};

use super::keys::Certificate;
use crate::id::KeyId;
use crate::time::{Span, Timestamp};

/// What a key pair is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// To sign our requests.
    Signing,
    /// To be encrypted for.
    Encryption,
}

/// Where a key pair is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It signs, or is the one that metadata names for encryption.
    Active,
    /// Metadata names it so that it is known when it begins to sign.
    Next,
    /// It signs no more, but still decrypts.
    Old,
}

impl Purpose {
    /// The name in the database and in answers.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Signing => "signing",
            Self::Encryption => "encryption",
        }
    }

    /// The purpose of that name.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Signing, Self::Encryption]
            .into_iter()
            .find(|purpose| purpose.as_str() == name)
    }
}

impl State {
    /// The name in the database and in answers.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Next => "next",
            Self::Old => "old",
        }
    }

    /// The state of that name.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Active, Self::Next, Self::Old]
            .into_iter()
            .find(|state| state.as_str() == name)
    }
}

/// One key pair of an account, as far as it may be shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Known {
    /// Its id.
    pub id: KeyId,
    /// What it is for.
    pub purpose: Purpose,
    /// Where it is in its life.
    pub state: State,
    /// Its certificate.
    pub certificate: Certificate,
    /// When it was made.
    pub created_at: Timestamp,
}

/// One of the three steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// New pairs: metadata names the signing one beside the old, and the encryption one instead of the old.
    Publish,
    /// The new signing pair signs.
    Switch,
    /// The old pairs are destroyed.
    Retire,
}

impl Step {
    /// The name in commands and answers.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Publish => "publish",
            Self::Switch => "switch",
            Self::Retire => "retire",
        }
    }

    /// What the step does, for who is about to take it.
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Publish => {
                "publish: metadata names a new signing key beside the old one, and a new encryption key in its place; the old ones still sign and decrypt"
            }
            Self::Switch => {
                "switch: the new key signs our requests; what is encrypted for the old one is still read"
            }
            Self::Retire => {
                "retire: the old keys are destroyed; nothing that is encrypted for them can be read again"
            }
        }
    }
}

/// For which of our keys the identity provider encrypted lately, of all sign-ins since the new ones were published.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(tag = "encrypts", rename_all = "snake_case")]
pub enum Seen {
    /// Nobody has signed in since.
    Unknown,
    /// It does not encrypt.
    Clear {
        /// When that was last seen.
        at: Timestamp,
    },
    /// For the new one: it has imported our metadata.
    New {
        /// When that was last seen.
        at: Timestamp,
    },
    /// For an old one.
    Old {
        /// When that was last seen.
        at: Timestamp,
    },
}

/// So long after a node of an identity provider encrypted for an old key, another one may still do so.
const SETTLED: Span = Span::minutes(10);

/// Where an account stands in the change of its keys.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Rollover {
    /// Every key pair, newest first.
    pub keys: Vec<Known>,
    /// What the identity provider encrypts for.
    pub seen: Seen,
    /// The step that comes next; `publish` where no change is under way.
    pub next: Step,
}

impl Rollover {
    /// Judges by the keys, and by which of them opened which arrival at what time, newest first; none opened what was clear.
    pub fn new(keys: Vec<Known>, arrivals: &[(Timestamp, Option<String>)], now: Timestamp) -> Self {
        let is = |state| keys.iter().any(|key| key.state == state);
        let next = match (is(State::Next), is(State::Old)) {
            (true, _) => Step::Switch,
            (false, true) => Step::Retire,
            (false, false) => Step::Publish,
        };
        let seen = seen(&keys, arrivals, now);
        Self { keys, seen, next }
    }

    /// When the encryption key was made that metadata names.
    pub fn published_at(keys: &[Known]) -> Option<Timestamp> {
        current(keys).map(|key| key.created_at)
    }

    /// Why the step cannot be taken now, and what to do first. Whoever says that the metadata `is_imported` is believed where
    /// nothing can be seen, never against what was seen.
    pub fn obstacle(&self, step: Step, signs: bool, is_imported: bool) -> Option<String> {
        if step != self.next {
            return Some(format!(
                "the step that comes next is {}, not {}",
                self.next.as_str(),
                step.as_str()
            ));
        }
        let unproved = |why: &str| {
            format!(
                "{why}. Give the client our metadata; on its ADFS run: Update-AdfsRelyingPartyTrust -TargetName '<trust>' -MetadataFile <file>. Then let somebody sign in, and try again; where the client has confirmed the import and nothing can be seen here, say --imported"
            )
        };
        match (step, self.seen) {
            (Step::Publish, _)
            | (Step::Switch | Step::Retire, Seen::New { .. })
            | (Step::Retire, Seen::Clear { .. }) => None,
            (Step::Switch, _) if !signs => None,
            (Step::Switch | Step::Retire, Seen::Old { at }) => Some(format!(
                "the identity provider encrypted for an old key at {}: it has not imported our new metadata, or not on each of its servers. On its ADFS run: Update-AdfsRelyingPartyTrust -TargetName '<trust>' -MetadataFile <file>; ten minutes later let somebody sign in, and try again",
                at.for_people()
            )),
            (Step::Switch | Step::Retire, _) if is_imported => None,
            (Step::Switch, Seen::Clear { .. }) => Some(unproved(
                "the identity provider does not encrypt, so nothing shows that it knows the new signing key; it would refuse our requests",
            )),
            (Step::Switch | Step::Retire, Seen::Unknown) => Some(unproved(
                "nobody has signed in since the new keys were published, so nothing shows that the identity provider knows them",
            )),
        }
    }
}

fn current(keys: &[Known]) -> Option<&Known> {
    keys.iter()
        .find(|key| key.purpose == Purpose::Encryption && key.state == State::Active)
}

fn seen(keys: &[Known], arrivals: &[(Timestamp, Option<String>)], now: Timestamp) -> Seen {
    let new = current(keys).map(|key| key.certificate.fingerprint.as_str());
    let is_old = |opened: &Option<String>| opened.as_deref().is_some_and(|key| Some(key) != new);
    let late = arrivals
        .iter()
        .find(|(at, opened)| is_old(opened) && now.since(*at) < SETTLED);
    match late.or(arrivals.first()) {
        None => Seen::Unknown,
        Some((at, None)) => Seen::Clear { at: *at },
        Some((at, opened)) if is_old(opened) => Seen::Old { at: *at },
        Some((at, _)) => Seen::New { at: *at },
    }
}
