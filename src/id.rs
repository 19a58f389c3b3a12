//! Typed ids, one-time secrets and the randomness that both are made of.

use std::fmt::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use openssl::sha::sha256;
use uuid::{Builder, Uuid};

use crate::time::Timestamp;

/// Where random bytes come from: the operating system, or a test's fixed series.
#[derive(Clone, Debug, Default)]
pub enum Entropy {
    /// OpenSSL's generator, seeded by the operating system.
    #[default]
    System,
    /// The same series each time, for tests.
    Fixed(Arc<AtomicU64>),
}

impl Entropy {
    /// A series that is the same at each run.
    pub fn fixed() -> Self {
        Self::Fixed(Arc::new(AtomicU64::new(0)))
    }

    /// `N` fresh random bytes.
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut out = [0; N];
        match self {
            Self::System => {
                #[expect(clippy::expect_used, reason = "without randomness nothing may go on")]
                #[expect(
                    clippy::disallowed_methods,
                    reason = "the one place where randomness is read"
                )]
                openssl::rand::rand_bytes(&mut out)
                    .expect("the operating system gives random bytes");
            }
            Self::Fixed(counter) => {
                for chunk in out.chunks_mut(32) {
                    let block = sha256(&counter.fetch_add(1, Ordering::SeqCst).to_be_bytes());
                    for (to, from) in chunk.iter_mut().zip(block) {
                        *to = from;
                    }
                }
            }
        }
        out
    }
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident $prefix:literal;)+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Uuid);

        impl $name {
            /// A fresh id that sorts by the time of its making (UUID version 7).
            pub fn new(now: Timestamp, entropy: &Entropy) -> Self {
                let millis = u64::try_from(now.millis()).unwrap_or_default();
                Self(Builder::from_unix_timestamp_millis(millis, &entropy.bytes()).into_uuid())
            }

            /// Reads the printed form.
            pub fn parse(text: &str) -> Option<Self> {
                let hex = text.strip_prefix(concat!($prefix, "_"))?;
                (hex.len() == 32).then(|| Uuid::try_parse(hex).ok().map(Self)).flatten()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($prefix, "_{}"), self.0.as_simple())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{self}")
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                let text = String::deserialize(from)?;
                Self::parse(&text).ok_or_else(|| serde::de::Error::custom(concat!("not an id of the kind ", $prefix, "_…")))
            }
        }

        impl std::str::FromStr for $name {
            type Err = String;

            fn from_str(text: &str) -> Result<Self, String> {
                Self::parse(text).ok_or_else(|| format!(concat!("`{}` is not an id of the form ", $prefix, "_ and 32 hex digits"), text))
            }
        }
    )+};
}

ids! {
    /// An account: one environment of a client.
    AccountId "acc";
    /// A person of one account.
    UserId "usr";
    /// A session, as it may be shown; it opens nothing.
    SessionId "ses";
    /// A login attempt; people quote it as the reference.
    AttemptId "att";
    /// An entry of the audit.
    EntryId "aud";
    /// One of an account's own key pairs.
    KeyId "key";
    /// A group of people, as a client's directory keeps it.
    GroupId "grp";
    /// An address that is told of what happens.
    WebhookId "whk";
    /// What one webhook is told once.
    MessageId "msg";
    /// What somebody asks for and a second person decides.
    ProposalId "prp";
    /// A link by which a client's administrator sets their side up.
    SetupLinkId "lnk";
    /// A credential of a program: an integration key, or the token of one that asks for decisions.
    CredentialId "crd";
}

/// Bytes in lower-case hex.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// A SHA-256.
pub type Digest = [u8; 32];

/// A secret that is handed out once and kept only as its digest.
#[derive(Clone)]
pub struct Token([u8; 16]);

impl Token {
    /// A fresh secret of 128 random bits.
    pub fn new(entropy: &Entropy) -> Self {
        Self(entropy.bytes())
    }

    /// The secret out of its raw bytes.
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The secret as a link carries it: 32 hex digits.
    pub fn parse(code: &str) -> Option<Self> {
        let code = code.trim();
        let is_one = code.len() == 32 && code.bytes().all(|byte| byte.is_ascii_hexdigit());
        let bits = u128::from_str_radix(code, 16).ok().filter(|_| is_one)?;
        Some(Self(bits.to_be_bytes()))
    }

    /// The secret itself, for the one answer that carries it.
    pub const fn reveal(&self) -> [u8; 16] {
        self.0
    }

    /// What is compared instead of the secret: its SHA-256.
    pub fn hash(&self) -> Digest {
        sha256(&self.0)
    }

    /// What is stored instead of the secret: its SHA-256 in URL-safe base64.
    pub fn digest(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.hash())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_read_back_as_it_was_printed() {
        let id = UserId::new(Timestamp::from_millis(1_700_000_000_000), &Entropy::fixed());

        assert!(id.to_string().starts_with("usr_018bcfe5"));
        assert_eq!(UserId::parse(&id.to_string()), Some(id));
        assert_eq!(AccountId::parse(&id.to_string()), None);
    }

    #[test]
    fn random_bytes_are_not_repeated() {
        assert_ne!(Entropy::System.bytes::<16>(), Entropy::System.bytes::<16>());
    }
}
