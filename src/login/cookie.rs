//! The request that a browser carries to the identity provider and back, sealed in a cookie of its own.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use openssl::sha::sha256;
use serde::Serialize;
use serde::de::DeserializeOwned;

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

/// What a browser is sent to the identity provider for. It is sealed with what it is for, so that one never passes for another.
pub(super) trait Errand: Serialize + DeserializeOwned {
    /// What it is sealed for.
    const PURPOSE: &'static str;
    /// What its cookie's value begins with.
    const MARK: &'static str;

    /// The request that the answer names.
    fn pending(&self) -> &Pending;
}

impl Errand for Pending {
    const PURPOSE: &'static str = "login-cookie";
    const MARK: &'static str = "";

    fn pending(&self) -> &Pending {
        self
    }
}

/// Seals a request into the value of its cookie, under a key of the day.
pub(super) fn seal<E: Errand>(
    errand: &E,
    ring: &Ring,
    now: Timestamp,
    entropy: &Entropy,
) -> Result<(String, String), Error> {
    let (tag, account) = (tag(&errand.pending().id), errand.pending().account);
    let plain = serde_json::to_vec(errand).map_err(|_| Error::Sealed)?;
    let sealed = ring.seal(
        &plain,
        place(&purpose::<E>(now.day()), &account.to_string(), &tag),
        entropy,
    )?;
    let value = format!("{}{}", E::MARK, URL_SAFE_NO_PAD.encode(sealed));
    Ok((tag, value))
}

impl Carried {
    /// The request of that id, if this browser carries it for this account; yesterday's key still opens.
    pub(super) fn find<E: Errand>(
        &self,
        request: &str,
        account: AccountId,
        ring: &Ring,
        now: Timestamp,
    ) -> Option<E> {
        let tag = tag(request);
        let value = self.0.get(&tag)?.strip_prefix(E::MARK)?;
        let sealed = URL_SAFE_NO_PAD.decode(value).ok()?;
        let account = account.to_string();
        let open = |day| {
            ring.open(&sealed, place(&purpose::<E>(day), &account, &tag))
                .ok()
        };
        let plain = open(now.day()).or_else(|| open(now.day() - 1))?;
        serde_json::from_slice(&plain).ok()
    }

    /// Whether this browser may carry one of a kind that is marked.
    pub(super) fn has_marked<E: Errand>(&self) -> bool {
        self.0.values().any(|value| value.starts_with(E::MARK))
    }
}

fn purpose<E: Errand>(day: i64) -> String {
    format!("{}/{day}", E::PURPOSE)
}

fn place<'a>(purpose: &'a str, account: &'a str, tag: &'a str) -> Place<'a> {
    Place {
        purpose,
        account,
        at: tag,
    }
}
