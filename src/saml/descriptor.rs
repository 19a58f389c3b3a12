//! The descriptor that we publish for an account, in the form that ADFS imports without complaint.

use openssl::error::ErrorStack;
use samael::key_info::{KeyInfo, X509Data};
use samael::metadata::{
    Endpoint, EntityDescriptor, IndexedEndpoint, KeyDescriptor, SpSsoDescriptor,
};
use samael::traits::ToXml;

use super::keys::KeyPair;
use super::names::{POST, PROTOCOL, REDIRECT};

/// Where an account's messages arrive, and by which name it goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Addresses {
    /// Our SAML entity id for the account.
    pub entity_id: String,
    /// Where responses are posted.
    pub acs: String,
    /// Where logout messages arrive.
    pub logout: String,
}

/// Why a descriptor is not written.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A certificate cannot be encoded.
    #[error("a certificate cannot be encoded")]
    Certificate(#[from] ErrorStack),
    /// The library does not write it.
    #[error("the descriptor cannot be written: {0}")]
    Write(String),
}

/// The descriptor as a file: unsigned, one encryption key at most, https endpoints, no expiry (ADFS refuses more).
pub fn write(
    addresses: &Addresses,
    signing: &[&KeyPair],
    encryption: Option<&KeyPair>,
    signs_requests: bool,
) -> Result<String, Error> {
    let mut keys = Vec::new();
    for pair in signing {
        keys.push(key("signing", pair)?);
    }
    if let Some(pair) = encryption {
        keys.push(key("encryption", pair)?);
    }
    let endpoint = |binding: &str| Endpoint {
        binding: binding.into(),
        location: addresses.logout.clone(),
        response_location: None,
    };
    let role = SpSsoDescriptor {
        protocol_support_enumeration: Some(PROTOCOL.into()),
        key_descriptors: Some(keys),
        single_logout_services: Some(vec![endpoint(POST), endpoint(REDIRECT)]),
        authn_requests_signed: Some(signs_requests),
        want_assertions_signed: Some(true),
        assertion_consumer_services: vec![IndexedEndpoint {
            binding: POST.into(),
            location: addresses.acs.clone(),
            response_location: None,
            index: 0,
            is_default: Some(true),
        }],
        ..SpSsoDescriptor::default()
    };
    let entity = EntityDescriptor {
        entity_id: Some(addresses.entity_id.clone()),
        sp_sso_descriptors: Some(vec![role]),
        ..EntityDescriptor::default()
    };
    entity
        .to_string()
        .map_err(|error| Error::Write(error.to_string()))
}

fn key(purpose: &str, pair: &KeyPair) -> Result<KeyDescriptor, ErrorStack> {
    let certificates = vec![pair.certificate_base64()?];
    let key_info = KeyInfo {
        id: None,
        x509_data: Some(X509Data { certificates }),
    };
    Ok(KeyDescriptor {
        key_use: Some(purpose.into()),
        key_info,
        encryption_methods: None,
    })
}
