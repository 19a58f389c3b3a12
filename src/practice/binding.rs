//! How a message came through the browser: in a query, deflated, or in a form.

use std::io::Read;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::read::DeflateDecoder;
use url::form_urlencoded;

/// More than any honest message has.
const LIMIT: u64 = 256 * 1024;

/// A message and what is needed to judge its signature.
pub(super) struct Message {
    pub(super) xml: String,
    pub(super) relay_state: Option<String>,
    pub(super) detached: Option<Detached>,
}

/// A signature over the query's very octets.
pub(super) struct Detached {
    pub(super) algorithm: String,
    pub(super) value: Vec<u8>,
    pub(super) octets: String,
}

impl Message {
    /// Reads the HTTP-Redirect binding, from the query as it arrived.
    pub(super) fn from_query(raw: &str) -> Option<Self> {
        let deflated = STANDARD.decode(value(raw, "SAMLRequest")?).ok()?;
        let mut xml = String::new();
        DeflateDecoder::new(deflated.as_slice())
            .take(LIMIT)
            .read_to_string(&mut xml)
            .ok()?;
        Some(Self {
            xml,
            relay_state: value(raw, "RelayState"),
            detached: Detached::from_query(raw),
        })
    }

    /// Reads the HTTP-POST binding, from the form's body as it arrived.
    pub(super) fn from_form(body: &str) -> Option<Self> {
        let mut encoded = value(body, "SAMLRequest")?;
        encoded.retain(|letter| !letter.is_ascii_whitespace());
        Some(Self {
            xml: String::from_utf8(STANDARD.decode(encoded).ok()?).ok()?,
            relay_state: value(body, "RelayState"),
            detached: None,
        })
    }
}

impl Detached {
    fn from_query(raw: &str) -> Option<Self> {
        // Encoded again, the octets would differ: percent-encodings are not unique.
        let octets: Vec<_> = ["SAMLRequest", "RelayState", "SigAlg"]
            .into_iter()
            .filter_map(|name| part(raw, name))
            .collect();
        let signature = value(raw, "Signature")?;
        Some(Self {
            algorithm: value(raw, "SigAlg").unwrap_or_default(),
            value: STANDARD.decode(signature).unwrap_or_default(),
            octets: octets.join("&"),
        })
    }
}

/// The decoded value of a field that is there once.
pub(super) fn value(raw: &str, name: &str) -> Option<String> {
    let (_, value) = form_urlencoded::parse(part(raw, name)?.as_bytes()).next()?;
    Some(value.into_owned())
}

fn part<'a>(raw: &'a str, name: &str) -> Option<&'a str> {
    let mut parts = raw
        .split('&')
        .filter(|part| part.split_once('=').is_some_and(|(key, _)| key == name));
    let first = parts.next()?;
    parts.next().is_none().then_some(first)
}
