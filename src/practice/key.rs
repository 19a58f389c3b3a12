//! Keys with a self-signed certificate, as ADFS makes them for itself.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use openssl::asn1::Asn1Time;
use openssl::bn::BigNum;
use openssl::ec::{EcGroup, EcKey};
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};
use openssl::rsa::Rsa;
use openssl::x509::{X509, X509Name, X509Ref};

use super::Error;
use crate::id::Entropy;
use crate::time::{Span, Timestamp};

/// A private key and the certificate that speaks for it.
#[derive(Clone, Debug)]
pub struct Key {
    /// What signs and decrypts.
    pub private: PKey<Private>,
    /// What others are given.
    pub certificate: X509,
}

impl Key {
    /// A fresh RSA key with a certificate of `CN=common_name`.
    pub fn rsa(
        common_name: &str,
        bits: u32,
        not_before: Timestamp,
        days: u32,
        entropy: &Entropy,
    ) -> Result<Self, Error> {
        let private = PKey::from_rsa(Rsa::generate(bits)?)?;
        Self::with_certificate(private, common_name, not_before, days, entropy)
    }

    /// A fresh key on the curve P-256 with a certificate of `CN=common_name`.
    pub fn ec(
        common_name: &str,
        not_before: Timestamp,
        days: u32,
        entropy: &Entropy,
    ) -> Result<Self, Error> {
        let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1)?;
        let private = PKey::from_ec_key(EcKey::generate(&group)?)?;
        Self::with_certificate(private, common_name, not_before, days, entropy)
    }

    /// A self-signed certificate around a key that exists, as a farm with a long-lived key has.
    pub fn with_certificate(
        private: PKey<Private>,
        common_name: &str,
        not_before: Timestamp,
        days: u32,
        entropy: &Entropy,
    ) -> Result<Self, Error> {
        let mut name = X509Name::builder()?;
        name.append_entry_by_nid(Nid::COMMONNAME, common_name)?;
        let name = name.build();
        let not_after = not_before.plus(Span::days(days.into()));
        let serial = BigNum::from_slice(&entropy.bytes::<15>())?.to_asn1_integer()?;

        let mut certificate = X509::builder()?;
        certificate.set_version(2)?;
        certificate.set_serial_number(&serial)?;
        certificate.set_subject_name(&name)?;
        certificate.set_issuer_name(&name)?;
        certificate.set_not_before(&*asn1(not_before)?)?;
        certificate.set_not_after(&*asn1(not_after)?)?;
        certificate.set_pubkey(&private)?;
        certificate.sign(&private, MessageDigest::sha256())?;
        let certificate = certificate.build();
        Ok(Self {
            private,
            certificate,
        })
    }

    /// The name on the certificate, which a renewed one keeps.
    pub(super) fn common_name(&self) -> Result<String, Error> {
        let mut names = self.certificate.subject_name().entries();
        let name = names
            .next()
            .ok_or_else(|| Error::Missing("name on the certificate".to_owned()))?;
        Ok(name.data().to_string()?)
    }

    /// The certificate as XML messages carry it: DER in base64, one line.
    pub fn certificate_base64(&self) -> Result<String, Error> {
        base64_of(&self.certificate)
    }

    /// The certificate's SHA-256 in hexadecimal pairs, `AB:CD:…`.
    pub fn fingerprint(&self) -> Result<String, Error> {
        let digest = self.certificate.digest(MessageDigest::sha256())?;
        let pairs: Vec<_> = digest.iter().map(|byte| format!("{byte:02X}")).collect();
        Ok(pairs.join(":"))
    }
}

/// A certificate as XML messages carry it.
pub(super) fn base64_of(certificate: &X509Ref) -> Result<String, Error> {
    Ok(STANDARD.encode(certificate.to_der()?))
}

fn asn1(at: Timestamp) -> Result<Asn1Time, Error> {
    Ok(Asn1Time::from_unix(at.millis().div_euclid(1_000))?)
}
