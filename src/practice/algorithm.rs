//! The algorithms of XML Signature, those that must be refused included.

use openssl::ecdsa::EcdsaSig;
use openssl::hash::{MessageDigest, hash};
use openssl::pkey::PKey;
use openssl::sign::Signer;

use super::Error;
use super::key::Key;

/// A signature algorithm, weak ones included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignatureMethod {
    /// RSA PKCS #1 1.5 with MD5.
    RsaMd5,
    /// RSA PKCS #1 1.5 with SHA-1, which a client's old template may set.
    RsaSha1,
    /// RSA PKCS #1 1.5 with SHA-256, ADFS's default.
    RsaSha256,
    /// RSA PKCS #1 1.5 with SHA-384.
    RsaSha384,
    /// RSA PKCS #1 1.5 with SHA-512.
    RsaSha512,
    /// ECDSA with SHA-256.
    EcdsaSha256,
    /// ECDSA with SHA-384.
    EcdsaSha384,
    /// ECDSA with SHA-512.
    EcdsaSha512,
    /// HMAC with SHA-1, keyed with the public key in PEM: the key confusion attack.
    HmacSha1,
    /// HMAC with SHA-256, keyed likewise.
    HmacSha256,
}

impl SignatureMethod {
    /// The algorithm's identifier.
    pub const fn uri(self) -> &'static str {
        match self {
            Self::RsaMd5 => "http://www.w3.org/2001/04/xmldsig-more#rsa-md5",
            Self::RsaSha1 => "http://www.w3.org/2000/09/xmldsig#rsa-sha1",
            Self::RsaSha256 => "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
            Self::RsaSha384 => "http://www.w3.org/2001/04/xmldsig-more#rsa-sha384",
            Self::RsaSha512 => "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512",
            Self::EcdsaSha256 => "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256",
            Self::EcdsaSha384 => "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384",
            Self::EcdsaSha512 => "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha512",
            Self::HmacSha1 => "http://www.w3.org/2000/09/xmldsig#hmac-sha1",
            Self::HmacSha256 => "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256",
        }
    }

    fn hash(self) -> MessageDigest {
        match self {
            Self::RsaMd5 => MessageDigest::md5(),
            Self::RsaSha1 | Self::HmacSha1 => MessageDigest::sha1(),
            Self::RsaSha256 | Self::EcdsaSha256 | Self::HmacSha256 => MessageDigest::sha256(),
            Self::RsaSha384 | Self::EcdsaSha384 => MessageDigest::sha384(),
            Self::RsaSha512 | Self::EcdsaSha512 => MessageDigest::sha512(),
        }
    }

    /// The signature's octets over `message`, as XML Signature and the Redirect binding carry them.
    pub fn sign(self, message: &[u8], key: &Key) -> Result<Vec<u8>, Error> {
        match self {
            Self::HmacSha1 | Self::HmacSha256 => {
                let secret = PKey::hmac(&key.private.public_key_to_pem()?)?;
                Ok(Signer::new(self.hash(), &secret)?.sign_oneshot_to_vec(message)?)
            }
            Self::EcdsaSha256 | Self::EcdsaSha384 | Self::EcdsaSha512 => {
                let private = key.private.ec_key()?;
                let width = i32::try_from(key.private.bits().div_ceil(8)).unwrap_or(i32::MAX);
                let pair = EcdsaSig::sign(&hash(self.hash(), message)?, &private)?;
                let mut octets = pair.r().to_vec_padded(width)?;
                octets.extend(pair.s().to_vec_padded(width)?);
                Ok(octets)
            }
            Self::RsaMd5 | Self::RsaSha1 | Self::RsaSha256 | Self::RsaSha384 | Self::RsaSha512 => {
                Ok(Signer::new(self.hash(), &key.private)?.sign_oneshot_to_vec(message)?)
            }
        }
    }
}

/// A digest algorithm, weak ones included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DigestMethod {
    /// MD5.
    Md5,
    /// SHA-1.
    Sha1,
    /// SHA-256, ADFS's default.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

impl DigestMethod {
    /// The algorithm's identifier.
    pub const fn uri(self) -> &'static str {
        match self {
            Self::Md5 => "http://www.w3.org/2001/04/xmldsig-more#md5",
            Self::Sha1 => "http://www.w3.org/2000/09/xmldsig#sha1",
            Self::Sha256 => "http://www.w3.org/2001/04/xmlenc#sha256",
            Self::Sha384 => "http://www.w3.org/2001/04/xmldsig-more#sha384",
            Self::Sha512 => "http://www.w3.org/2001/04/xmlenc#sha512",
        }
    }

    pub(super) fn hash(self) -> MessageDigest {
        match self {
            Self::Md5 => MessageDigest::md5(),
            Self::Sha1 => MessageDigest::sha1(),
            Self::Sha256 => MessageDigest::sha256(),
            Self::Sha384 => MessageDigest::sha384(),
            Self::Sha512 => MessageDigest::sha512(),
        }
    }
}
