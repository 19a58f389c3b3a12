//! What a client could send through a gateway to be taken for somebody else, or for asking something else.

use anyhow::Result;
use reqwest::header::{HOST, HeaderName, HeaderValue};
use reqwest::{Method, Url};

use crate::access::IDENTITY;

/// Headers beside those of a person that an app, a gateway or the gate could obey.
const OTHERS: [&str; 18] = [
    "x-vestibule-gateway-key",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-proto",
    "x-forwarded-method",
    "x-forwarded-uri",
    "x-forwarded-prefix",
    "x-original-method",
    "x-original-host",
    "x-original-uri",
    "x-original-address",
    "x-original-url",
    "x-rewrite-url",
    "x-http-method-override",
    "x-http-method",
    "x-method-override",
    "x-real-ip",
    "forwarded",
];

/// Headers that could name another path than the request's own.
const PATHS: [&str; 5] = [
    "x-forwarded-uri",
    "x-original-uri",
    "x-original-url",
    "x-rewrite-url",
    "x-envoy-original-path",
];

/// One thing to try.
pub(super) struct Forgery {
    /// What is sent, for people.
    pub(super) sent: String,
    pub(super) change: Change,
    pub(super) aim: Aim,
}

/// In what it differs from the honest request.
pub(super) enum Change {
    Nothing,
    Method(Method),
    Header(HeaderName, HeaderValue),
    Address(Url),
    Detour(Url, HeaderName, HeaderValue),
}

/// What it would gain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Aim {
    /// An app could believe it: it must not arrive there.
    Belief,
    /// No app of ours reads it: it may arrive.
    Stray,
    /// A path that is no app's, said to be the honest one: answered as it would be without that.
    Detour,
    /// A way around the question: closed to whoever is not signed in.
    Around,
    /// A path that could be read in two ways, or leads to what is no app: closed to everybody.
    Astray,
}

/// Everything to try at an address; whatever is forged holds the mark.
pub(super) fn all(address: &Url, mark: &str) -> Result<Vec<Forgery>> {
    let mut found = vec![
        Forgery::new("nothing", Change::Nothing, Aim::Around),
        Forgery::new("HEAD", Change::Method(Method::HEAD), Aim::Around),
    ];
    for name in IDENTITY.into_iter().chain(OTHERS) {
        found.push(Forgery::header(name, mark, Aim::Belief)?);
    }
    for name in IDENTITY {
        for alias in aliases(name) {
            found.push(Forgery::header(&alias, mark, Aim::Belief)?);
        }
    }
    found.push(Forgery::header("x-vestibule-unknown", mark, Aim::Stray)?);
    for (name, value) in [
        (HOST.as_str(), format!("{mark}.invalid")),
        (
            "cookie",
            format!("__Host-vestibule={mark}; vestibule={mark}"),
        ),
        ("authorization", format!("Bearer {mark}")),
        ("api-key", mark.to_owned()),
    ] {
        found.push(Forgery::header(name, &value, Aim::Around)?);
    }
    for (aim, target) in ways(address, mark) {
        let mut changed = address.clone();
        match target.split_once('?') {
            Some((_, query)) => changed.set_query(Some(query)),
            None => changed.set_path(&target),
        }
        let sent = format!("GET {target}");
        found.push(Forgery::new(&sent, Change::Address(changed), aim));
    }
    for name in PATHS {
        let value = HeaderValue::from_str(address.path())?;
        let sent = format!("GET /{mark}, {name}: {}", address.path());
        let change = Change::Detour(no_app(address, mark), HeaderName::from_static(name), value);
        found.push(Forgery::new(&sent, change, Aim::Detour));
    }
    Ok(found)
}

/// The way to where no app has anything.
pub(super) fn nowhere(address: &Url, mark: &str) -> Change {
    Change::Address(no_app(address, mark))
}

fn no_app(address: &Url, mark: &str) -> Url {
    let mut changed = address.clone();
    changed.set_path(mark);
    changed
}

/// Names that many apps read as this one: with underscores, a dot, or both kinds mixed.
fn aliases(name: &str) -> Vec<String> {
    let mut found = vec![name.replace('-', "_"), name.replace('-', ".")];
    if let Some((front, end)) = name.rsplit_once('-')
        && front.contains('-')
    {
        found.push(format!("{front}_{end}"));
    }
    found
}

fn ways(address: &Url, mark: &str) -> Vec<(Aim, String)> {
    let path = address.path();
    let inner = path.trim_start_matches('/');
    vec![
        (
            Aim::Around,
            format!("{path}?uri=/&path=/&user={mark}&x-forwarded-uri=/"),
        ),
        (Aim::Around, format!("/{path}")),
        (Aim::Around, "/.vestibule-gate".to_owned()),
        (Aim::Astray, format!("{path};a={mark}")),
        (Aim::Astray, format!("{path}%00")),
        (Aim::Astray, format!("/%252e%252e{path}")),
        (Aim::Astray, format!("/{mark}/..%2f{inner}")),
        (Aim::Astray, format!("/{mark}/..%5c{inner}")),
        (Aim::Astray, "/.vestibule/..%2f..%2fmetrics".to_owned()),
        (Aim::Astray, "/.vestibule/..%2f..%2f..%2fmetrics".to_owned()),
    ]
}

impl Forgery {
    fn new(sent: &str, change: Change, aim: Aim) -> Self {
        Self {
            sent: sent.to_owned(),
            change,
            aim,
        }
    }

    fn header(name: &str, value: &str, aim: Aim) -> Result<Self> {
        let change = Change::Header(
            HeaderName::from_bytes(name.as_bytes())?,
            HeaderValue::from_str(value)?,
        );
        Ok(Self::new(&format!("{name}: {value}"), change, aim))
    }
}
