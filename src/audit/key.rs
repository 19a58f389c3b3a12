//! The key that signs what vouches for the audit, for no other purpose.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use openssl::ec::{EcGroup, EcKey};
use openssl::ecdsa::EcdsaSig;
use openssl::error::ErrorStack;
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private, Public};
use openssl::sha::sha256;

use crate::id::hex;

/// The private half, on P-256.
pub struct SigningKey(EcKey<Private>);

/// The public half: who has it can check without us.
#[derive(Debug, Clone)]
pub struct PublicKey {
    key: EcKey<Public>,
    id: String,
}

impl SigningKey {
    /// A fresh key.
    pub fn generate() -> Result<Self, ErrorStack> {
        let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1)?;
        Ok(Self(EcKey::generate(&group)?))
    }

    /// The key as it was written.
    pub fn read(der: &[u8]) -> Result<Self, ErrorStack> {
        Ok(Self(EcKey::private_key_from_der(der)?))
    }

    /// The key, to be sealed.
    pub fn write(&self) -> Result<Vec<u8>, ErrorStack> {
        self.0.private_key_to_der()
    }

    /// The public half.
    pub fn public(&self) -> Result<PublicKey, ErrorStack> {
        PublicKey::of(EcKey::from_public_key(self.0.group(), self.0.public_key())?)
    }

    /// ECDSA with SHA-256 of a text; DER in base64, as OpenSSL reads it.
    pub fn sign(&self, text: &str) -> Result<String, ErrorStack> {
        let signature = EcdsaSig::sign(&sha256(text.as_bytes()), &self.0)?;
        Ok(STANDARD.encode(signature.to_der()?))
    }
}

impl PublicKey {
    fn of(key: EcKey<Public>) -> Result<Self, ErrorStack> {
        let id = hex(&sha256(&key.public_key_to_der()?));
        Ok(Self { key, id })
    }

    /// Reads it from PEM; what stands around it does not matter.
    pub fn read(pem: &str) -> Result<Self, ErrorStack> {
        Self::of(PKey::public_key_from_pem(pem.as_bytes())?.ec_key()?)
    }

    /// The key in PEM.
    pub fn pem(&self) -> Result<String, ErrorStack> {
        let pem = self.key.public_key_to_pem()?;
        Ok(String::from_utf8_lossy(&pem).into_owned())
    }

    /// Its name: the SHA-256 of its DER (SPKI) in hex.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Whether the private half has signed this text.
    pub fn verifies(&self, text: &str, signature: &str) -> bool {
        let read = || EcdsaSig::from_der(&STANDARD.decode(signature).ok()?).ok();
        read().is_some_and(|signature| {
            signature
                .verify(&sha256(text.as_bytes()), &self.key)
                .unwrap_or(false)
        })
    }
}
