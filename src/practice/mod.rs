//! A practice ADFS: an identity provider that behaves on the wire like Microsoft ADFS and is none.
//!
//! `vestibule demo` signs people in with it and the tests let it say whatever they need, at a
//! chosen time. It knows nothing of our own SAML code, so that it is a second opinion on it; nor does
//! the practice integration, which stands behind the gate, know anything of our own gate.

pub mod adfs;
mod algorithm;
pub mod answer;
mod binding;
mod cipher;
mod claims;
mod distortion;
pub mod encrypt;
pub mod integration;
pub mod key;
pub mod logout;
mod metadata;
pub mod mishap;
pub mod pages;
pub mod persona;
pub mod relying_party;
pub mod request;
mod response;
pub mod sign;
pub mod switch;
mod verify;
mod xml;

use openssl::error::ErrorStack;

/// Why the practice ADFS could not do what it was asked for.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The text is not XML, or could not be canonicalised.
    #[error("not usable as XML: {0}")]
    Xml(String),
    /// An element that is needed is not there.
    #[error("there is no {0}")]
    Missing(String),
    /// OpenSSL refused, as it does where key and algorithm do not fit.
    #[error("cryptography failed: {0}")]
    Crypto(#[from] ErrorStack),
}
