//! The credential of a program: a client's server with a key, or whoever asks for decisions about one app.

use std::collections::BTreeSet;

use ipnet::IpNet;
use openssl::sha::sha256;
use serde::Serialize;

use super::{AppSlug, Subject, Who};
use crate::account::Stage;
use crate::id::{AccountId, CredentialId, Entropy, hex};
use crate::time::Timestamp;

/// A credential of one account, without its secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Credential {
    /// Its id.
    pub id: CredentialId,
    /// Whose it is.
    pub account: AccountId,
    /// What people call it; the next one of a rotation has the same name.
    pub name: String,
    /// How its secret begins, to find where it is in use.
    pub prefix: String,
    /// What it is for.
    #[serde(flatten)]
    pub kind: Kind,
    /// From where it may be used; from everywhere where it is empty.
    pub networks: Vec<IpNet>,
    /// When it was made.
    pub created_at: Timestamp,
    /// By whom.
    pub created_by: String,
    /// When it ends by itself.
    pub expires_at: Timestamp,
    /// When it was last used, to the minute.
    pub last_used: Option<Timestamp>,
    /// When it was taken back.
    pub revoked_at: Option<Timestamp>,
}

/// What a credential is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Kind {
    /// A client's server, which uses apps itself.
    Integration {
        /// The actions that it may ask for.
        scopes: BTreeSet<String>,
    },
    /// A program that works on an account through our own API, or keeps its people.
    Api {
        /// What it may do there.
        scopes: BTreeSet<String>,
    },
    /// A service that asks who may do what in one app.
    Decision {
        /// The app.
        app: AppSlug,
        /// The attributes of resources in which it is believed, such as `profile.call_state`.
        trusts: BTreeSet<String>,
    },
}

/// The scope of the token of a client's directory.
pub const SCIM: &str = "scim";

impl Kind {
    /// The name in the database and in answers.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Integration { .. } => "integration",
            Self::Api { .. } => "api",
            Self::Decision { .. } => "decision",
        }
    }

    /// Whether it may do something in the administration of an account.
    pub fn administers(&self, action: &str) -> bool {
        match self {
            Self::Api { scopes } => scopes.iter().any(|scope| covers(scope, action)),
            Self::Integration { .. } | Self::Decision { .. } => false,
        }
    }
}

/// Whether a scope such as `user:view` or `user:*` is enough for an action, or for all of another scope.
pub fn covers(scope: &str, action: &str) -> bool {
    let group = scope.strip_suffix('*').filter(|group| group.ends_with(':'));
    scope == action || group.is_some_and(|group| action.starts_with(group))
}

/// Whether a credential opens anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It does.
    Living,
    /// Its time is over.
    Expired,
    /// It was taken back.
    Revoked,
}

impl State {
    /// The name for people.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Living => "living",
            Self::Expired => "expired",
            Self::Revoked => "revoked",
        }
    }
}

impl Credential {
    /// Whether it opens anything at `now`.
    pub fn state(&self, now: Timestamp) -> State {
        if self.revoked_at.is_some() {
            State::Revoked
        } else if now >= self.expires_at {
            State::Expired
        } else {
            State::Living
        }
    }

    /// The actions that a client's server may ask for with it at `now`; none of a key that has ended or uses no app.
    pub fn scopes(&self, now: Timestamp) -> Option<&BTreeSet<String>> {
        match (&self.kind, self.state(now)) {
            (Kind::Integration { scopes }, State::Living) => Some(scopes),
            (Kind::Integration { .. } | Kind::Api { .. } | Kind::Decision { .. }, _) => None,
        }
    }

    /// Whoever asks with it, in an account of that stage.
    pub fn subject(&self, stage: Stage) -> Subject {
        Subject {
            account: self.account,
            stage,
            who: Who::Key(self.id),
        }
    }
}

/// The secret of a credential: `vsk_`, the stage, 256 random bits and a checksum.
pub struct Secret(String);

/// Why a text is no secret of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Wrong {
    /// It has another form: the key of something else.
    #[error("this is no key of Vestibule: those begin with vsk_")]
    Foreign,
    /// The checksum does not fit.
    #[error("this key has a typing error or is not complete")]
    Typo,
}

const BYTES: usize = 32;
const CHECKSUM: usize = 8;
const SHOWN: usize = 8;

impl Secret {
    /// A fresh secret for an account of that stage.
    pub fn new(stage: Stage, entropy: &Entropy) -> Self {
        let body = format!("vsk_{}_{}", stage.as_str(), hex(&entropy.bytes::<BYTES>()));
        let checksum = checksum(&body);
        Self(body + &checksum)
    }

    /// Reads what somebody presents.
    pub fn parse(text: &str) -> Result<Self, Wrong> {
        let rest = text.strip_prefix("vsk_").ok_or(Wrong::Foreign)?;
        let (_, digits) = rest.split_once('_').ok_or(Wrong::Foreign)?;
        let is_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        if digits.len() != BYTES * 2 + CHECKSUM || !digits.bytes().all(is_hex) {
            return Err(Wrong::Typo);
        }
        let body = text.len().checked_sub(CHECKSUM);
        let (body, sum) = body
            .and_then(|at| text.split_at_checked(at))
            .ok_or(Wrong::Typo)?;
        if checksum(body) == sum {
            Ok(Self(text.to_owned()))
        } else {
            Err(Wrong::Typo)
        }
    }

    /// The secret itself, for the one answer that carries it.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// What is kept and looked up instead of the secret.
    pub fn digest(&self) -> String {
        hex(&sha256(self.0.as_bytes()))
    }

    /// How it begins.
    pub fn prefix(&self) -> String {
        let hidden = BYTES * 2 + CHECKSUM - SHOWN;
        let shown = self.0.len().checked_sub(hidden);
        let shown = shown.and_then(|at| self.0.get(..at));
        shown.unwrap_or_default().to_owned()
    }
}

fn checksum(body: &str) -> String {
    let mut digest = hex(&sha256(body.as_bytes()));
    digest.truncate(CHECKSUM);
    digest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_typing_error_is_told_from_a_foreign_key() {
        let secret = Secret::new(Stage::Demo, &Entropy::fixed());
        let text = secret.reveal();

        assert_eq!(Secret::parse(text).unwrap().digest(), secret.digest());
        assert!(secret.prefix().starts_with("vsk_demo_") && secret.prefix().len() == 17);
        let refused = |text: &str| Secret::parse(text).err();
        for (at, _) in text.char_indices().skip(4) {
            let mut typed = text.to_owned();
            typed.replace_range(at..=at, "x");
            assert_eq!(
                refused(&typed),
                Some(if at == 8 { Wrong::Foreign } else { Wrong::Typo })
            );
        }
        assert_eq!(refused(&text[..text.len() - 1]), Some(Wrong::Typo));
        assert_eq!(refused(&text.replace("demo", "live")), Some(Wrong::Typo));
        assert_eq!(refused("sk_live_0123456789"), Some(Wrong::Foreign));
        assert_eq!(refused(""), Some(Wrong::Foreign));
    }
}
