//! Keys and certificates: an account's own pairs, and those by which an identity provider is known.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use openssl::asn1::Asn1Time;
use openssl::bn::BigNum;
use openssl::error::ErrorStack;
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{Id, PKey, Private, Public};
use openssl::rsa::Rsa;
use openssl::sha::sha256;
use openssl::x509::{X509, X509Builder, X509NameBuilder};

use super::decode;
use crate::id::{Entropy, hex};
use crate::time::{Span, Timestamp};

/// A certificate of an identity provider, whose key its signatures are verified with.
#[derive(Debug, Clone)]
pub struct IdpKey {
    /// The key itself.
    pub public: PKey<Public>,
    /// What people compare and what is stored about it.
    pub certificate: Certificate,
}

/// The facts of a certificate that people look at.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Certificate {
    /// SHA-256 of the certificate in upper-case hex.
    pub fingerprint: String,
    /// The common name of the subject.
    pub subject: String,
    /// The common name of the issuer.
    pub issuer: String,
    /// The serial number in decimal, as ADFS names recipients.
    pub serial: String,
    /// From when on it is valid.
    pub not_before: Timestamp,
    /// Until when it is valid.
    pub not_after: Timestamp,
    /// `RSA 2048`, `EC P-256` …
    pub key: String,
}

impl IdpKey {
    /// Reads the content of an `X509Certificate` element, with whatever white space it is broken by.
    pub fn read(base64: &str) -> Option<Self> {
        let certificate = X509::from_der(&decode::base64(base64)?).ok()?;
        Some(Self {
            public: certificate.public_key().ok()?,
            certificate: Certificate::of(&certificate).ok()?,
        })
    }

    /// SHA-256 of the key itself, the same in every certificate for it; none fits a key that cannot be written.
    pub fn digest(&self) -> String {
        self.public
            .public_key_to_der()
            .map(|key| hex(&sha256(&key)))
            .unwrap_or_default()
    }

    /// Why this key may not verify anything, if so.
    pub fn weakness(&self) -> Option<String> {
        match self.public.id() {
            Id::RSA if self.public.bits() >= 2048 => None,
            Id::RSA => Some(format!(
                "an RSA key of {} bits; at least 2048 are needed",
                self.public.bits()
            )),
            Id::EC if self.public.bits() >= 256 => None,
            _ => Some(format!(
                "a key of the kind {}; RSA or ECDSA is needed",
                self.certificate.key
            )),
        }
    }
}

impl Certificate {
    /// The facts of `certificate`.
    pub fn of(certificate: &X509) -> Result<Self, ErrorStack> {
        let key = certificate.public_key()?;
        Ok(Self {
            fingerprint: hex(&sha256(&certificate.to_der()?)).to_uppercase(),
            subject: common_name(certificate.subject_name()),
            issuer: common_name(certificate.issuer_name()),
            serial: certificate
                .serial_number()
                .to_bn()?
                .to_dec_str()?
                .to_string(),
            not_before: instant(certificate.not_before())?,
            not_after: instant(certificate.not_after())?,
            key: kind(&key),
        })
    }

    /// Whole days until it ends at `now`; negative when it has ended.
    pub fn days_left(&self, now: Timestamp) -> i64 {
        self.not_after.since(now).as_days()
    }
}

/// One of an account's own key pairs with its self-signed certificate.
#[derive(Clone)]
pub struct KeyPair {
    /// The private key.
    pub private: PKey<Private>,
    /// The certificate that metadata publishes.
    pub certificate: X509,
}

/// How long our own certificates are valid.
const LIFETIME_YEARS: i64 = 5;

impl KeyPair {
    /// Makes an RSA pair with a certificate of five years that names `common_name`.
    pub fn generate(
        common_name: &str,
        bits: u32,
        now: Timestamp,
        entropy: &Entropy,
    ) -> Result<Self, ErrorStack> {
        let private = PKey::from_rsa(Rsa::generate(bits)?)?;
        let mut name = X509NameBuilder::new()?;
        name.append_entry_by_nid(
            Nid::COMMONNAME,
            common_name.get(..64).unwrap_or(common_name),
        )?;
        let name = name.build();
        let mut serial = entropy.bytes::<16>();
        serial[0] &= 0x7f;
        let mut builder = X509Builder::new()?;
        builder.set_version(2)?;
        builder.set_serial_number(BigNum::from_slice(&serial)?.to_asn1_integer()?.as_ref())?;
        builder.set_subject_name(&name)?;
        builder.set_issuer_name(&name)?;
        builder.set_pubkey(&private)?;
        builder.set_not_before(
            Asn1Time::from_unix(now.minus(Span::hours(1)).millis() / 1000)?.as_ref(),
        )?;
        builder.set_not_after(
            Asn1Time::from_unix(now.plus(Span::days(365 * LIFETIME_YEARS)).millis() / 1000)?
                .as_ref(),
        )?;
        builder.sign(&private, MessageDigest::sha256())?;
        Ok(Self {
            private,
            certificate: builder.build(),
        })
    }

    /// Puts a stored pair together again.
    pub fn from_der(private: &[u8], certificate: &[u8]) -> Result<Self, ErrorStack> {
        Ok(Self {
            private: PKey::private_key_from_der(private)?,
            certificate: X509::from_der(certificate)?,
        })
    }

    /// The certificate as metadata carries it.
    pub fn certificate_base64(&self) -> Result<String, ErrorStack> {
        Ok(STANDARD.encode(self.certificate.to_der()?))
    }
}

fn kind<T: openssl::pkey::HasPublic>(key: &PKey<T>) -> String {
    match key.id() {
        Id::RSA => format!("RSA {}", key.bits()),
        Id::EC => format!("EC P-{}", key.bits()),
        other => format!("{other:?}"),
    }
}

fn common_name(name: &openssl::x509::X509NameRef) -> String {
    let entry = name
        .entries_by_nid(Nid::COMMONNAME)
        .next()
        .or_else(|| name.entries().next());
    entry
        .and_then(|entry| entry.data().to_string().ok())
        .unwrap_or_default()
}

fn instant(time: &openssl::asn1::Asn1TimeRef) -> Result<Timestamp, ErrorStack> {
    let past = Asn1Time::from_unix(0)?.diff(time)?;
    Ok(Timestamp::from_millis(0)
        .plus(Span::days(past.days.into()))
        .plus(Span::seconds(past.secs.into())))
}
