//! The request that starts a sign-in: what is remembered of it, and its forms for both bindings.

use std::io::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::DateTime;
use flate2::Compression;
use flate2::write::DeflateEncoder;
use openssl::error::ErrorStack;
use openssl::hash::MessageDigest;
use openssl::sign::Signer;
use samael::schema::{
    AuthnContextClassRef, AuthnContextComparison, AuthnRequest, Issuer, NameIdPolicy,
    RequestedAuthnContext,
};
use samael::traits::ToXml;
use serde::{Deserialize, Serialize};
use url::form_urlencoded;

use super::connection::Connection;
use super::keys::KeyPair;
use super::names::{POST, RSA_SHA256};
use super::sign;
use super::step_up::{NOTHING, StepUp};
use crate::account::ReturnTo;
use crate::id::{AccountId, Entropy, hex};
use crate::time::{Span, Timestamp};

/// How long a person may take at the identity provider.
pub const LIFETIME: Span = Span::minutes(10);

/// A request that a browser carries, sealed, until the answer comes back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pending {
    /// The request's id.
    pub id: String,
    /// The account that is signed in to.
    pub account: AccountId,
    /// The revision whose rules hold for it.
    pub revision: i64,
    /// The host name under which the sign-in began.
    pub host: String,
    /// Where to go afterwards.
    pub return_to: ReturnTo,
    /// When it was made.
    pub at: Timestamp,
    /// Whether the person has to prove themselves anew.
    pub force_authn: bool,
    /// The authentication context classes of which one is demanded; none for any.
    pub context: Vec<String>,
    /// How long ago the person may have proved themselves at most, where that was asked.
    #[serde(default)]
    pub max_age: Option<Span>,
}

impl Pending {
    /// A fresh request for the connection's account.
    pub fn new(
        connection: &Connection,
        host: String,
        return_to: ReturnTo,
        now: Timestamp,
        entropy: &Entropy,
    ) -> Self {
        Self {
            id: format!("_{}", hex(&entropy.bytes::<16>())),
            account: connection.account.id,
            revision: connection.revision,
            host,
            return_to,
            at: now,
            force_authn: connection.saml().force_authn,
            context: connection.saml().authn_context.clone(),
            max_age: None,
        }
    }

    /// Demands more than the account does. Who `is_stale`, with an older sign-in than that, would only come back with it unless
    /// they have to prove themselves anew.
    #[must_use]
    pub fn demanding(mut self, step_up: &StepUp, is_stale: bool) -> Self {
        self.force_authn |= is_stale || step_up.max_age == Some(NOTHING);
        self.max_age = step_up.max_age.filter(|age| *age > NOTHING);
        if let Some(class) = &step_up.context {
            self.context = vec![class.clone()];
        }
        self
    }

    /// Whether an answer to it still counts.
    pub fn is_fresh(&self, now: Timestamp) -> bool {
        let age = now.since(self.at);
        age >= Span::seconds(-5) && age <= LIFETIME
    }
}

/// How the browser carries the request to the identity provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sending {
    /// By an address to go to.
    Redirect(String),
    /// By a form to post.
    Form {
        /// Where the form goes.
        action: String,
        /// The value of its `SAMLRequest` field.
        saml_request: String,
    },
}

/// Why a request is not written.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It cannot be signed.
    #[error("the request cannot be signed")]
    Sign(#[from] ErrorStack),
    /// It cannot be written.
    #[error("the request cannot be written: {0}")]
    Write(String),
}

/// Writes and signs the request; private-key work, not for an async thread.
pub fn send(pending: &Pending, connection: &Connection) -> Result<Sending, Error> {
    let key = connection
        .saml()
        .sign_requests
        .then_some(&connection.signing_key);
    match (&connection.idp.sso_redirect, &connection.idp.sso_post) {
        (Some(location), _) => {
            redirect(location, &write(pending, connection, location)?, key).map(Sending::Redirect)
        }
        (None, Some(location)) => {
            let plain = write(pending, connection, location)?;
            let xml = match key {
                Some(key) => {
                    sign::enveloped(&plain, key).map_err(|error| Error::Write(error.to_string()))?
                }
                None => plain,
            };
            Ok(Sending::Form {
                action: location.clone(),
                saml_request: STANDARD.encode(xml),
            })
        }
        (None, None) => Err(Error::Write(
            "the identity provider offers no sign-in address".into(),
        )),
    }
}

/// The plainest request that works everywhere (SAML Profiles 4.1.4.1).
fn write(pending: &Pending, connection: &Connection, destination: &str) -> Result<String, Error> {
    let context = (!pending.context.is_empty()).then(|| RequestedAuthnContext {
        authn_context_class_refs: Some(
            pending
                .context
                .iter()
                .map(|class| AuthnContextClassRef {
                    value: Some(class.clone()),
                })
                .collect(),
        ),
        authn_context_decl_refs: None,
        comparison: Some(AuthnContextComparison::Exact),
    });
    let policy = connection
        .saml()
        .name_id_format
        .as_ref()
        .map(|format| NameIdPolicy {
            format: Some(format.clone()),
            sp_name_qualifier: None,
            allow_create: Some(true),
        });
    let request = AuthnRequest {
        id: pending.id.clone(),
        version: "2.0".into(),
        issue_instant: DateTime::from_timestamp_millis(pending.at.millis()).unwrap_or_default(),
        destination: Some(destination.into()),
        consent: None,
        issuer: Some(Issuer {
            value: Some(connection.addresses.entity_id.clone()),
            ..Issuer::default()
        }),
        signature: None,
        subject: None,
        name_id_policy: policy,
        conditions: None,
        requested_authn_context: context,
        force_authn: pending.force_authn.then_some(true),
        is_passive: None,
        assertion_consumer_service_index: None,
        assertion_consumer_service_url: Some(connection.addresses.acs.clone()),
        protocol_binding: Some(POST.into()),
        attribute_consuming_service_index: None,
        provider_name: None,
    };
    request
        .to_string()
        .map_err(|error| Error::Write(error.to_string()))
}

/// The signature covers the exact octets that are sent (SAML Bindings 3.4.4.1).
fn redirect(location: &str, xml: &str, key: Option<&KeyPair>) -> Result<String, Error> {
    let mut deflate = DeflateEncoder::new(Vec::new(), Compression::default());
    let packed = deflate
        .write_all(xml.as_bytes())
        .and_then(|()| deflate.finish())
        .map_err(|error| Error::Write(error.to_string()))?;
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("SAMLRequest", &STANDARD.encode(packed));
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
