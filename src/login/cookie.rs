//! The request that a browser carries to the identity provider and back, sealed in a cookie of its own.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use openssl::sha::sha256;

use crate::id::{AccountId, Entropy, hex};
use crate::saml::request::Pending;
use crate::seal::{Error, Place, Ring};
use crate::time::Timestamp;

/// The sealed requests of a browser, by tag.
#[derive(Debug, Clone, Default)]
pub struct Carried(pub BTreeMap<String, String>);

/// What names the cookie of a request: a part of the digest of its id.
pub fn tag(request: &str) -> String {
    hex(sha256(request.as_bytes()).get(..8).unwrap_or_default())
}

/// Seals a request into the value of its cookie, under a key of the day.
pub(super) fn seal(
    pending: &Pending,
    ring: &Ring,
    now: Timestamp,
    entropy: &Entropy,
) -> Result<(String, String), Error> {
    let tag = tag(&pending.id);
    let plain = serde_json::to_vec(pending).map_err(|_| Error::Sealed)?;
    let sealed = ring.seal(
        &plain,
        place(&purpose(now.day()), &pending.account.to_string(), &tag),
        entropy,
    )?;
    Ok((tag, URL_SAFE_NO_PAD.encode(sealed)))
}

impl Carried {
    /// The request of that id, if this browser carries it for this account; yesterday's key still opens.
    pub(super) fn find(
        &self,
        request: &str,
        account: AccountId,
        ring: &Ring,
        now: Timestamp,
    ) -> Option<Pending> {
        let tag = tag(request);
        let sealed = URL_SAFE_NO_PAD.decode(self.0.get(&tag)?).ok()?;
        let account = account.to_string();
        let open = |day| {
            ring.open(&sealed, place(&purpose(day), &account, &tag))
                .ok()
        };
        let plain = open(now.day()).or_else(|| open(now.day() - 1))?;
        serde_json::from_slice(&plain).ok()
    }
}

fn purpose(day: i64) -> String {
    format!("login-cookie/{day}")
}

fn place<'a>(purpose: &'a str, account: &'a str, tag: &'a str) -> Place<'a> {
    Place {
        purpose,
        account,
        at: tag,
    }
}
