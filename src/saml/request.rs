//! The request that starts a sign-in: what is remembered of it, and what it says.

use chrono::DateTime;
use samael::schema::{
    AuthnContextClassRef, AuthnContextComparison, AuthnRequest, Issuer, NameIdPolicy,
    RequestedAuthnContext,
};
use samael::traits::ToXml;
use serde::{Deserialize, Serialize};

use super::connection::Connection;
use super::names::POST;
use super::sending::{self, Draft, Endpoint, Error, Sending, fresh_id};
use crate::account::ReturnTo;
use crate::id::{AccountId, Entropy};
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
            id: fresh_id(entropy),
            account: connection.account.id,
            revision: connection.revision,
            host,
            return_to,
            at: now,
            force_authn: connection.saml().force_authn,
            context: connection.saml().authn_context.clone(),
        }
    }

    /// Whether an answer to it still counts.
    pub fn is_fresh(&self, now: Timestamp) -> bool {
        let age = now.since(self.at);
        age >= Span::seconds(-5) && age <= LIFETIME
    }
}

/// Writes and signs the request; private-key work, not for an async thread.
pub fn send(pending: &Pending, connection: &Connection) -> Result<Sending, Error> {
    let (saml, idp) = (connection.saml(), &connection.idp);
    let draft = Draft {
        field: "SAMLRequest",
        write: &|destination| write(pending, connection, destination),
        relay_state: None,
    };
    let to = Endpoint {
        redirect: idp.sso_redirect.as_deref(),
        post: idp.sso_post.as_deref(),
    };
    sending::send(
        &draft,
        to,
        saml.sign_requests.then_some(&connection.signing_key),
    )
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
