//! What a gateway says of the request that it asks about; each family is believed in its own headers alone.

use std::net::IpAddr;

use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, header};

use crate::access::{IDENTITY, Refusal};
use crate::gate::Family;

/// A request as its gateway tells of it.
pub(super) struct Told<'r> {
    pub(super) method: &'r str,
    pub(super) scheme: Option<&'r str>,
    pub(super) host: &'r str,
    /// Path and query, as they came.
    pub(super) uri: &'r str,
    pub(super) path: &'r str,
    pub(super) address: Option<IpAddr>,
}

/// What can mean two things.
#[derive(Debug)]
pub(super) struct Ambiguous;

/// Headers that ask to read a request as one of another method.
static METHODS: [HeaderName; 3] = [
    HeaderName::from_static("x-http-method-override"),
    HeaderName::from_static("x-http-method"),
    HeaderName::from_static("x-method-override"),
];
/// Headers that ask an app to read it as one of another path.
static PATHS: [HeaderName; 2] = [
    HeaderName::from_static("x-original-url"),
    HeaderName::from_static("x-rewrite-url"),
];

/// The account that a request names.
pub(super) static ACCOUNT: HeaderName = HeaderName::from_static("account-id");
/// The key of a client's server.
pub(super) static API_KEY: HeaderName = HeaderName::from_static("api-key");
/// From where a browser says that it asks.
pub(super) static SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
/// What a gateway shows of itself.
pub(super) static GATEWAY_KEY: HeaderName = HeaderName::from_static("x-vestibule-gateway-key");
static SCHEME: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// The names of the headers of a family.
struct Names {
    method: HeaderName,
    host: HeaderName,
    uri: HeaderName,
    address: HeaderName,
}

static NGINX: Names = Names {
    method: HeaderName::from_static("x-original-method"),
    host: HeaderName::from_static("x-original-host"),
    uri: HeaderName::from_static("x-original-uri"),
    address: HeaderName::from_static("x-original-address"),
};

static FORWARD: Names = Names {
    method: HeaderName::from_static("x-forwarded-method"),
    host: HeaderName::from_static("x-forwarded-host"),
    uri: HeaderName::from_static("x-forwarded-uri"),
    address: HeaderName::from_static("x-forwarded-for"),
};

/// Envoy's own view of the client; its `x-forwarded-for` may end with itself.
static ENVOY_ADDRESS: HeaderName = HeaderName::from_static("x-envoy-external-address");

impl<'r> Told<'r> {
    pub(super) fn read(family: Family, app: &str, request: &'r Parts) -> Result<Self, Refusal> {
        let headers = &request.headers;
        if has_other_method(headers) || PATHS.iter().any(|name| headers.contains_key(name)) {
            return Err(Refusal::Override);
        }
        if headers.keys().any(is_alias) {
            return Err(Refusal::Alias);
        }
        let said = |name| {
            once(headers, name)
                .map_err(|_| Refusal::Incomplete)?
                .ok_or(Refusal::Incomplete)
        };
        let (method, host, uri, address) = match family {
            Family::Nginx => (
                said(&NGINX.method)?,
                said(&NGINX.host)?,
                said(&NGINX.uri)?,
                &NGINX.address,
            ),
            Family::Forward => (
                said(&FORWARD.method)?,
                said(&FORWARD.host)?,
                said(&FORWARD.uri)?,
                &FORWARD.address,
            ),
            Family::Envoy => {
                let whole = request.uri.path_and_query().map_or("", |uri| uri.as_str());
                let prefix = ["/gate/", app, "/envoy"].concat();
                let uri = whole.strip_prefix(&prefix).ok_or(Refusal::Path)?;
                (
                    request.method.as_str(),
                    said(&header::HOST)?,
                    uri,
                    &ENVOY_ADDRESS,
                )
            }
        };
        let scheme = match family {
            Family::Forward => once(headers, &SCHEME).map_err(|_| Refusal::Incomplete)?,
            Family::Nginx | Family::Envoy => None,
        };
        let address = once(headers, address).ok().flatten();
        Ok(Self {
            method,
            scheme: scheme.filter(|scheme| matches!(*scheme, "http" | "https")),
            host,
            uri,
            path: uri.split_once('?').map_or(uri, |(path, _)| path),
            address: address.and_then(|address| address.parse().ok()),
        })
    }

    /// Whether the request only looks, so that it can be sent again after a sign-in.
    pub(super) fn looks(&self) -> bool {
        matches!(self.method, "GET" | "HEAD")
    }
}

/// Whether a request asks to be read as one of another method.
pub(in crate::http) fn has_other_method(headers: &HeaderMap) -> bool {
    METHODS.iter().any(|name| headers.contains_key(name))
}

/// Whether apps could read the name as that of a header that they obey: many make one variable of `a-b`, `a_b` and `a.b`.
fn is_alias(name: &HeaderName) -> bool {
    let is_plain = |byte: u8| byte == b'-' || byte.is_ascii_alphanumeric();
    if name.as_str().bytes().all(is_plain) {
        return false;
    }
    let read = name
        .as_str()
        .replace(|c: char| !c.is_ascii_alphanumeric(), "-");
    IDENTITY.contains(&read.as_str()) || METHODS.iter().chain(&PATHS).any(|name| *name == *read)
}

/// The host that a gateway of the family reached the app by.
pub(in crate::http) fn host(family: Family, headers: &HeaderMap) -> Result<&str, Refusal> {
    let name = match family {
        Family::Nginx => &NGINX.host,
        Family::Forward => &FORWARD.host,
        Family::Envoy => &header::HOST,
    };
    once(headers, name)
        .ok()
        .flatten()
        .ok_or(Refusal::Incomplete)
}

/// The value of a header that may stand there once.
pub(super) fn once<'h>(
    headers: &'h HeaderMap,
    name: &HeaderName,
) -> Result<Option<&'h str>, Ambiguous> {
    let mut values = headers.get_all(name).iter();
    let first = values.next();
    if values.next().is_some() {
        return Err(Ambiguous);
    }
    first
        .map(|value| value.to_str().map_err(|_| Ambiguous))
        .transpose()
}
