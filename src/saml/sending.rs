//! How a browser carries a message of ours to the identity provider, by either binding (SAML Bindings 3.4, 3.5).

use std::io::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::DeflateEncoder;
use openssl::error::ErrorStack;
use openssl::hash::MessageDigest;
use openssl::sign::Signer;
use url::form_urlencoded;

use super::keys::KeyPair;
use super::names::RSA_SHA256;
use super::sign;
use crate::id::{Entropy, hex};

/// How the browser carries a message to the identity provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sending {
    /// By an address to go to.
    Redirect(String),
    /// By a form to post.
    Form {
        /// Where the form goes.
        action: String,
        /// The name of the field that holds the message.
        field: &'static str,
        /// The value of that field.
        message: String,
        /// What is handed back with an answer.
        relay_state: Option<String>,
    },
}

/// Why a message is not sent.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It cannot be signed.
    #[error("the message cannot be signed")]
    Sign(#[from] ErrorStack),
    /// It cannot be written.
    #[error("the message cannot be written: {0}")]
    Write(String),
}

/// A fresh id for a message of ours.
pub(super) fn fresh_id(entropy: &Entropy) -> String {
    format!("_{}", hex(&entropy.bytes::<16>()))
}

/// Where the identity provider takes messages of one kind, by binding.
#[derive(Debug, Clone, Copy)]
pub(super) struct Endpoint<'a> {
    pub(super) redirect: Option<&'a str>,
    pub(super) post: Option<&'a str>,
}

/// A message before it is signed: its text depends on where it goes.
pub(super) struct Draft<'a> {
    pub(super) field: &'static str,
    pub(super) write: &'a dyn Fn(&str) -> Result<String, Error>,
    pub(super) relay_state: Option<&'a str>,
}

/// Writes the message, signs it with the key where one is given, and packs it; by redirect where that is offered.
pub(super) fn send(
    draft: &Draft<'_>,
    to: Endpoint<'_>,
    key: Option<&KeyPair>,
) -> Result<Sending, Error> {
    match (to.redirect, to.post) {
        (Some(location), _) => redirect(location, draft, key).map(Sending::Redirect),
        (None, Some(location)) => {
            let plain = (draft.write)(location)?;
            let xml = match key {
                Some(key) => {
                    sign::enveloped(&plain, key).map_err(|error| Error::Write(error.to_string()))?
                }
                None => plain,
            };
            Ok(Sending::Form {
                action: location.to_owned(),
                field: draft.field,
                message: STANDARD.encode(xml),
                relay_state: draft.relay_state.map(str::to_owned),
            })
        }
        (None, None) => Err(Error::Write(
            "the identity provider offers no address for it".into(),
        )),
    }
}

/// The signature covers the exact octets that are sent (SAML Bindings 3.4.4.1).
fn redirect(location: &str, draft: &Draft<'_>, key: Option<&KeyPair>) -> Result<String, Error> {
    let xml = (draft.write)(location)?;
    let mut deflate = DeflateEncoder::new(Vec::new(), Compression::default());
    let packed = deflate
        .write_all(xml.as_bytes())
        .and_then(|()| deflate.finish())
        .map_err(|error| Error::Write(error.to_string()))?;
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair(draft.field, &STANDARD.encode(packed));
    if let Some(state) = draft.relay_state {
        query.append_pair("RelayState", state);
    }
    let mut query = query.finish();
    if let Some(pair) = key {
        let mut with_algorithm = form_urlencoded::Serializer::new(query);
        query = with_algorithm.append_pair("SigAlg", RSA_SHA256).finish();
        let signature = Signer::new(MessageDigest::sha256(), &pair.private)?
            .sign_oneshot_to_vec(query.as_bytes())?;
        query = form_urlencoded::Serializer::new(query)
            .append_pair("Signature", &STANDARD.encode(signature))
            .finish();
    }
    let separator = if location.contains('?') { '&' } else { '?' };
    Ok(format!("{location}{separator}{query}"))
}
