//! The secret that signs for one receiver.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use openssl::error::ErrorStack;
use openssl::hash::MessageDigest;
use openssl::pkey::PKey;
use openssl::sign::Signer;

use crate::id::{Entropy, MessageId};
use crate::time::Timestamp;

/// 32 random bytes, which the receiver has too.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Vec<u8>);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

impl Secret {
    /// A fresh one.
    pub fn new(entropy: &Entropy) -> Self {
        Self(entropy.bytes::<32>().to_vec())
    }

    /// The one of these bytes.
    pub const fn from_bytes(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// Its bytes, to be sealed.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The text that a receiver is configured with, for the one answer that carries it.
    pub fn reveal(&self) -> String {
        format!("whsec_{}", STANDARD.encode(&self.0))
    }

    /// The signature of a try (Standard Webhooks, "Signature scheme"): HMAC-SHA256 of id, time in seconds and body.
    pub fn sign(&self, id: MessageId, at: Timestamp, body: &str) -> Result<String, ErrorStack> {
        let key = PKey::hmac(&self.0)?;
        let mut signer = Signer::new(MessageDigest::sha256(), &key)?;
        let text = format!("{id}.{}.{body}", at.millis().div_euclid(1_000));
        let signature = signer.sign_oneshot_to_vec(text.as_bytes())?;
        Ok(format!("v1,{}", STANDARD.encode(signature)))
    }
}
