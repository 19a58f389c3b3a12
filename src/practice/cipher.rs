//! The ciphers of XML Encryption, those that must be refused included.

use openssl::encrypt::Encrypter;
use openssl::hash::MessageDigest;
use openssl::rsa::Padding;
use openssl::symm::{Cipher, encrypt, encrypt_aead};
use openssl::x509::X509Ref;

use super::Error;
use super::sign::DigestMethod;
use super::xml::DSIG;

const XENC11: &str = "http://www.w3.org/2009/xmlenc11#";

/// A cipher for the assertion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContentCipher {
    /// AES-128 in CBC mode.
    Aes128Cbc,
    /// AES-192 in CBC mode.
    Aes192Cbc,
    /// AES-256 in CBC mode, ADFS's default.
    Aes256Cbc,
    /// AES-128 in GCM mode.
    Aes128Gcm,
    /// AES-192 in GCM mode.
    Aes192Gcm,
    /// AES-256 in GCM mode.
    Aes256Gcm,
    /// Triple DES in CBC mode.
    TripleDesCbc,
}

impl ContentCipher {
    /// The algorithm's identifier.
    pub const fn uri(self) -> &'static str {
        match self {
            Self::Aes128Cbc => "http://www.w3.org/2001/04/xmlenc#aes128-cbc",
            Self::Aes192Cbc => "http://www.w3.org/2001/04/xmlenc#aes192-cbc",
            Self::Aes256Cbc => "http://www.w3.org/2001/04/xmlenc#aes256-cbc",
            Self::Aes128Gcm => "http://www.w3.org/2009/xmlenc11#aes128-gcm",
            Self::Aes192Gcm => "http://www.w3.org/2009/xmlenc11#aes192-gcm",
            Self::Aes256Gcm => "http://www.w3.org/2009/xmlenc11#aes256-gcm",
            Self::TripleDesCbc => "http://www.w3.org/2001/04/xmlenc#tripledes-cbc",
        }
    }

    pub(super) fn cipher(self) -> Cipher {
        match self {
            Self::Aes128Cbc => Cipher::aes_128_cbc(),
            Self::Aes192Cbc => Cipher::aes_192_cbc(),
            Self::Aes256Cbc => Cipher::aes_256_cbc(),
            Self::Aes128Gcm => Cipher::aes_128_gcm(),
            Self::Aes192Gcm => Cipher::aes_192_gcm(),
            Self::Aes256Gcm => Cipher::aes_256_gcm(),
            Self::TripleDesCbc => Cipher::des_ede3_cbc(),
        }
    }

    /// Initialisation vector, ciphertext and, for GCM, tag, in that order.
    pub(super) fn seal(self, key: &[u8], iv: &[u8], clear: &[u8]) -> Result<Vec<u8>, Error> {
        let mut out = iv.to_vec();
        match self {
            Self::Aes128Gcm | Self::Aes192Gcm | Self::Aes256Gcm => {
                let mut tag = [0; 16];
                let body = encrypt_aead(self.cipher(), key, Some(iv), &[], clear, &mut tag)?;
                out.extend(body);
                out.extend(tag);
            }
            // PKCS #7 padding is one of the paddings that XML Encryption reads.
            Self::Aes128Cbc | Self::Aes192Cbc | Self::Aes256Cbc | Self::TripleDesCbc => {
                out.extend(encrypt(self.cipher(), key, Some(iv), clear)?);
            }
        }
        Ok(out)
    }
}

/// A cipher for the content's key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyTransport {
    /// RSA-OAEP with SHA-1 throughout, ADFS's default.
    OaepMgf1p,
    /// RSA-OAEP of XML Encryption 1.1 with its digest and the digest of its mask.
    Oaep11 {
        /// The digest of the label.
        digest: DigestMethod,
        /// The digest within MGF1.
        mgf: DigestMethod,
    },
    /// RSA PKCS #1 1.5, the padding oracle.
    Rsa15,
}

impl KeyTransport {
    /// The algorithm's identifier.
    pub const fn uri(self) -> &'static str {
        match self {
            Self::OaepMgf1p => "http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p",
            Self::Oaep11 { .. } => "http://www.w3.org/2009/xmlenc11#rsa-oaep",
            Self::Rsa15 => "http://www.w3.org/2001/04/xmlenc#rsa-1_5",
        }
    }

    pub(super) fn seal(self, secret: &[u8], recipient: &X509Ref) -> Result<Vec<u8>, Error> {
        let public = recipient.public_key()?;
        let mut encrypter = Encrypter::new(&public)?;
        let oaep = match self {
            Self::Rsa15 => None,
            Self::OaepMgf1p => Some((MessageDigest::sha1(), MessageDigest::sha1())),
            Self::Oaep11 { digest, mgf } => Some((digest.hash(), mgf.hash())),
        };
        match oaep {
            None => encrypter.set_rsa_padding(Padding::PKCS1)?,
            Some((digest, mgf)) => {
                encrypter.set_rsa_padding(Padding::PKCS1_OAEP)?;
                encrypter.set_rsa_oaep_md(digest)?;
                encrypter.set_rsa_mgf1_md(mgf)?;
            }
        }
        let mut out = vec![0; encrypter.encrypt_len(secret)?];
        let written = encrypter.encrypt(secret, &mut out)?;
        out.truncate(written);
        Ok(out)
    }

    /// What its `EncryptionMethod` holds.
    pub(super) fn parameters(self) -> String {
        match self {
            Self::Rsa15 => String::new(),
            Self::OaepMgf1p => digest_method(DigestMethod::Sha1),
            Self::Oaep11 { digest, mgf } => {
                let name = match mgf {
                    DigestMethod::Md5 => "md5",
                    DigestMethod::Sha1 => "sha1",
                    DigestMethod::Sha256 => "sha256",
                    DigestMethod::Sha384 => "sha384",
                    DigestMethod::Sha512 => "sha512",
                };
                let mask =
                    format!("<e11:MGF xmlns:e11=\"{XENC11}\" Algorithm=\"{XENC11}mgf1{name}\"/>");
                digest_method(digest) + &mask
            }
        }
    }
}

fn digest_method(digest: DigestMethod) -> String {
    format!(
        "<DigestMethod xmlns=\"{DSIG}\" Algorithm=\"{}\"/>",
        digest.uri()
    )
}
