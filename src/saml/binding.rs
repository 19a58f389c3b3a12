//! A message of single logout as a browser brings it: deflated in a query, or in a form (SAML Bindings 3.4, 3.5).

use std::io::Read;

use flate2::read::DeflateDecoder;
use url::form_urlencoded;

use super::{decode, scan};

/// The only encoding of a message in a query that there is.
const DEFLATE: &str = "urn:oasis:names:tc:SAML:2.0:bindings:URL-Encoding:DEFLATE";

/// Longer values of `RelayState` are nobody's honest ones; the standard allows 80 bytes.
const LONGEST_STATE: usize = 1024;

/// Whether something is asked or answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// It came as `SAMLRequest`.
    Request,
    /// It came as `SAMLResponse`.
    Response,
}

/// A message, and what its signature is judged by.
#[derive(Debug)]
pub struct Message {
    /// What the field said that it is.
    pub kind: Kind,
    /// The document, decoded.
    pub xml: String,
    /// What has to be handed back unchanged.
    pub relay_state: Option<String>,
    pub(super) seal: Seal,
}

/// Where the signature of a message stands.
#[derive(Debug)]
pub(super) enum Seal {
    /// In the document.
    Enveloped,
    /// In the query, over its very octets; encoded again they would differ.
    Detached {
        octets: String,
        algorithm: String,
        value: Vec<u8>,
    },
    /// Nowhere: the query has none.
    Absent,
}

/// Why nothing is read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// There is no message.
    #[error("neither SAMLRequest nor SAMLResponse")]
    Nothing,
    /// It is not packed as the binding demands.
    #[error("{0}")]
    Shape(&'static str),
}

impl Message {
    /// Reads the query of an address, as it was received.
    pub fn from_query(raw: &str) -> Result<Self, Error> {
        let fields = Fields::read(raw)?;
        let (kind, part) = fields.message()?;
        if fields.value(ENCODING)?.is_some_and(|name| name != DEFLATE) {
            return Err(Error::Shape("an encoding that is not DEFLATE"));
        }
        let packed = decode::base64(&value(part)?).ok_or(NOT_BASE64)?;
        let most = scan::MESSAGE.bytes;
        let mut xml = Vec::new();
        DeflateDecoder::new(packed.as_slice())
            .take(u64::try_from(most).unwrap_or_default() + 1)
            .read_to_end(&mut xml)
            .map_err(|_| Error::Shape("not deflated"))?;
        if xml.len() > most {
            return Err(Error::Shape("more than a message may hold"));
        }
        let seal = match (fields.value(SIGNATURE)?, fields.value(ALGORITHM)?) {
            (Some(signature), Some(algorithm)) => Seal::Detached {
                octets: fields.signed(part),
                algorithm,
                value: decode::base64(&signature).ok_or(NOT_BASE64)?,
            },
            _ => Seal::Absent,
        };
        Self::new(kind, xml, &fields, seal)
    }

    /// Reads the body of a posted form.
    pub fn from_form(body: &[u8]) -> Result<Self, Error> {
        let fields = Fields::read(std::str::from_utf8(body).map_err(|_| NOT_UTF8)?)?;
        let (kind, part) = fields.message()?;
        let xml = decode::base64(&value(part)?).ok_or(NOT_BASE64)?;
        Self::new(kind, xml, &fields, Seal::Enveloped)
    }

    fn new(kind: Kind, xml: Vec<u8>, fields: &Fields<'_>, seal: Seal) -> Result<Self, Error> {
        let relay_state = fields.value(STATE)?;
        if relay_state
            .as_ref()
            .is_some_and(|state| state.len() > LONGEST_STATE)
        {
            return Err(Error::Shape("a RelayState of more than 1024 bytes"));
        }
        Ok(Self {
            kind,
            xml: String::from_utf8(xml).map_err(|_| NOT_UTF8)?,
            relay_state,
            seal,
        })
    }
}

const NOT_BASE64: Error = Error::Shape("not base64");
const NOT_UTF8: Error = Error::Shape("not UTF-8");

const NAMES: [&str; 6] = [
    "SAMLRequest",
    "SAMLResponse",
    "RelayState",
    "SigAlg",
    "Signature",
    "SAMLEncoding",
];
const REQUEST: usize = 0;
const RESPONSE: usize = 1;
const STATE: usize = 2;
const ALGORITHM: usize = 3;
const SIGNATURE: usize = 4;
const ENCODING: usize = 5;

/// The fields that count, each once at most and by its plain name, as they were received: `name=value`, still encoded.
struct Fields<'r>([Option<&'r str>; 6]);

impl<'r> Fields<'r> {
    fn read(raw: &'r str) -> Result<Self, Error> {
        let mut fields = Self([None; 6]);
        for part in raw.split('&') {
            let Some((name, _)) = form_urlencoded::parse(part.as_bytes()).next() else {
                continue;
            };
            let Some(place) = NAMES
                .iter()
                .position(|known| *known == name)
                .and_then(|at| fields.0.get_mut(at))
            else {
                continue;
            };
            let is_plain = part.split_once('=').is_some_and(|(plain, _)| plain == name);
            if place.is_some() || !is_plain {
                return Err(Error::Shape("a field twice, or under an encoded name"));
            }
            *place = Some(part);
        }
        Ok(fields)
    }

    fn part(&self, at: usize) -> Option<&'r str> {
        self.0.get(at).copied().flatten()
    }

    fn value(&self, at: usize) -> Result<Option<String>, Error> {
        self.part(at).map(value).transpose()
    }

    fn message(&self) -> Result<(Kind, &'r str), Error> {
        match (self.part(REQUEST), self.part(RESPONSE)) {
            (Some(part), None) => Ok((Kind::Request, part)),
            (None, Some(part)) => Ok((Kind::Response, part)),
            (None, None) => Err(Error::Nothing),
            (Some(_), Some(_)) => Err(Error::Shape("a SAMLRequest beside a SAMLResponse")),
        }
    }

    /// What a signature in the query covers: these fields in this order, whatever order they came in.
    fn signed(&self, message: &str) -> String {
        let rest = [STATE, ALGORITHM]
            .into_iter()
            .filter_map(|at| self.part(at));
        std::iter::once(message)
            .chain(rest)
            .collect::<Vec<_>>()
            .join("&")
    }
}

/// The decoded value of `name=value`.
fn value(part: &str) -> Result<String, Error> {
    let decoded = form_urlencoded::parse(part.as_bytes()).next();
    let value = decoded.map_or_else(String::new, |(_, value)| value.into_owned());
    if value.contains('\u{fffd}') {
        return Err(NOT_UTF8);
    }
    Ok(value)
}
