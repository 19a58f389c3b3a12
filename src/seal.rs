//! Sealing at rest: AES-256-GCM under keys derived from a ring of master keys, bound to where the value belongs.

use std::collections::HashMap;
use std::fmt;
use std::io::Write;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use openssl::error::ErrorStack;
use openssl::md::Md;
use openssl::pkey::Id;
use openssl::pkey_ctx::PkeyCtx;
use openssl::sha::sha256;
use openssl::symm::{Cipher, decrypt_aead, encrypt_aead};
use secrecy::{ExposeSecret, SecretBox};

use crate::id::Entropy;

/// The master keys, newest first: the first seals, all open.
pub struct Ring {
    keys: Vec<Master>,
}

struct Master {
    id: [u8; 4],
    key: Key,
    derived: Mutex<HashMap<String, Key>>,
}

type Key = SecretBox<[u8; 32]>;

/// So many derived keys are kept, since deriving one costs as much as sealing with it.
const DERIVED: usize = 1_000;

/// What a sealed value is and where it belongs; opened anywhere else, it does not open.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// What the value is for, such as `private-key`.
    pub purpose: &'a str,
    /// The id of the account that it belongs to.
    pub account: &'a str,
    /// Table, column and row, or whatever else names one place.
    pub at: &'a str,
}

/// Why a ring or a value cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The key file cannot be read or written.
    #[error("the master key file {path}: {source}")]
    File {
        /// The file.
        path: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// The key file may be read by others.
    #[error("the master key file {0} may be read by others than its owner; run: chmod 600 {0}")]
    Open(String),
    /// The key file holds something else.
    #[error("the master key file {0} does not hold one base64 key of 32 bytes a line")]
    Content(String),
    /// The value was sealed with another key, for another place, or was changed.
    #[error("a sealed value does not open: another master key, another place, or it was changed")]
    Sealed,
    /// The cryptography library failed.
    #[error("sealing failed")]
    Crypto(#[from] ErrorStack),
}

const NONCE: usize = 12;
const TAG: usize = 16;

impl Ring {
    /// A ring of one fresh key.
    pub fn generate(entropy: &Entropy) -> Self {
        Self {
            keys: vec![Master::new(entropy.bytes())],
        }
    }

    /// Reads the key file: one base64 key of 32 bytes a line, newest first, readable by its owner alone.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let name = || path.display().to_string();
        let file = |source| Error::File {
            path: name(),
            source,
        };
        let mode = std::fs::metadata(path).map_err(file)?.permissions().mode();
        if mode & 0o077 != 0 {
            return Err(Error::Open(name()));
        }
        let text = std::fs::read_to_string(path).map_err(file)?;
        let lines = text
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty() && !line.starts_with('#'));
        let keys: Option<Vec<Master>> = lines
            .map(|line| STANDARD.decode(line).ok()?.try_into().ok().map(Master::new))
            .collect();
        match keys {
            Some(keys) if !keys.is_empty() => Ok(Self { keys }),
            _ => Err(Error::Content(name())),
        }
    }

    /// Writes a new key file that only its owner can read; an existing one is never overwritten.
    pub fn write(&self, path: &Path) -> Result<(), Error> {
        let file = |source| Error::File {
            path: path.display().to_string(),
            source,
        };
        let mut options = std::fs::OpenOptions::new();
        let mut to = options
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(path)
            .map_err(file)?;
        for master in &self.keys {
            writeln!(to, "{}", STANDARD.encode(master.key.expose_secret())).map_err(file)?;
        }
        to.sync_all().map_err(file)
    }

    /// Seals `plain` for its place.
    pub fn seal(
        &self,
        plain: &[u8],
        place: Place<'_>,
        entropy: &Entropy,
    ) -> Result<Vec<u8>, Error> {
        let master = self.keys.first().ok_or(Error::Sealed)?;
        let nonce: [u8; NONCE] = entropy.bytes();
        let mut tag = [0; TAG];
        let key = master.derive(place)?;
        let sealed = encrypt_aead(
            Cipher::aes_256_gcm(),
            &key,
            Some(&nonce),
            &place.bytes(),
            plain,
            &mut tag,
        )?;
        Ok([&master.id[..], &nonce, &tag, &sealed].concat())
    }

    /// Opens what was sealed for this very place.
    pub fn open(&self, sealed: &[u8], place: Place<'_>) -> Result<Vec<u8>, Error> {
        let (id, rest) = sealed.split_at_checked(4).ok_or(Error::Sealed)?;
        let (nonce, rest) = rest.split_at_checked(NONCE).ok_or(Error::Sealed)?;
        let (tag, content) = rest.split_at_checked(TAG).ok_or(Error::Sealed)?;
        let master = self
            .keys
            .iter()
            .find(|master| master.id == id)
            .ok_or(Error::Sealed)?;
        let key = master.derive(place)?;
        decrypt_aead(
            Cipher::aes_256_gcm(),
            &key,
            Some(nonce),
            &place.bytes(),
            content,
            tag,
        )
        .map_err(|_| Error::Sealed)
    }

    /// A keyed digest of a value, in hex, that says nothing of the value to who has not the key.
    ///
    /// Made with the oldest key, which stays in the ring as long as anything that was made with it.
    pub fn digest(&self, value: &[u8], place: Place<'_>) -> Result<String, Error> {
        let master = self.keys.last().ok_or(Error::Sealed)?;
        let key = master.derive(place)?;
        let key = openssl::pkey::PKey::hmac(&key)?;
        let mut signer = openssl::sign::Signer::new(openssl::hash::MessageDigest::sha256(), &key)?;
        let digest = signer.sign_oneshot_to_vec(value)?;
        Ok(STANDARD.encode(digest))
    }
}

impl Master {
    fn new(key: [u8; 32]) -> Self {
        let [a, b, c, d, ..] = sha256(&[b"vestibule key id", &key[..]].concat());
        Self {
            id: [a, b, c, d],
            key: SecretBox::new(Box::new(key)),
            derived: Mutex::default(),
        }
    }

    /// The key for one purpose of one account.
    fn derive(&self, place: Place<'_>) -> Result<[u8; 32], ErrorStack> {
        let info = format!("vestibule/{}/{}", place.purpose, place.account);
        let mut derived = self.derived.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(key) = derived.get(&info) {
            return Ok(*key.expose_secret());
        }
        if derived.len() >= DERIVED {
            derived.clear();
        }
        let key = self.hkdf(&info)?;
        derived.insert(info, SecretBox::new(Box::new(key)));
        Ok(key)
    }

    /// RFC 5869.
    fn hkdf(&self, info: &str) -> Result<[u8; 32], ErrorStack> {
        let mut context = PkeyCtx::new_id(Id::HKDF)?;
        context.derive_init()?;
        context.set_hkdf_md(Md::sha256())?;
        context.set_hkdf_key(self.key.expose_secret())?;
        context.add_hkdf_info(info.as_bytes())?;
        let mut key = [0; 32];
        context.derive(Some(&mut key))?;
        Ok(key)
    }
}

impl Place<'_> {
    fn bytes(&self) -> Vec<u8> {
        [self.purpose, self.account, self.at]
            .join("\u{0}")
            .into_bytes()
    }
}

impl fmt::Debug for Ring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Ring of {} keys", self.keys.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: Place<'_> = Place {
        purpose: "private-key",
        account: "acc_1",
        at: "keys/private/1",
    };

    #[test]
    fn a_sealed_value_opens_only_where_it_belongs() {
        let entropy = Entropy::fixed();
        let ring = Ring::generate(&entropy);
        let sealed = ring.seal(b"secret", HERE, &entropy).unwrap();

        assert_eq!(ring.open(&sealed, HERE).unwrap(), b"secret");
        for elsewhere in [
            Place {
                purpose: "claims",
                ..HERE
            },
            Place {
                account: "acc_2",
                ..HERE
            },
            Place {
                at: "keys/private/2",
                ..HERE
            },
        ] {
            assert!(ring.open(&sealed, elsewhere).is_err());
        }
        assert!(Ring::generate(&entropy).open(&sealed, HERE).is_err());
    }

    #[test]
    fn every_changed_byte_is_noticed() {
        let entropy = Entropy::fixed();
        let ring = Ring::generate(&entropy);
        let sealed = ring.seal(b"secret", HERE, &entropy).unwrap();

        for index in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[index] ^= 1;
            assert!(ring.open(&changed, HERE).is_err(), "byte {index}");
        }
    }
}
