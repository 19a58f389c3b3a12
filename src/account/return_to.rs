//! Where a browser may be sent after a sign-in: a path of ours, or a place that the account has listed.

use serde::{Deserialize, Serialize};
use url::{Host, Url};

/// An origin with a path prefix that an account sends its people back to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AllowedReturn(Url);

impl AllowedReturn {
    fn covers(&self, target: &Url) -> bool {
        let (allowed, path) = (self.0.path(), target.path());
        let hidden = path.to_ascii_lowercase();
        let plain = !hidden.contains("%2f") && !hidden.contains("%5c");
        let inside = path
            .strip_prefix(allowed)
            .is_some_and(|rest| allowed.ends_with('/') || rest.is_empty() || rest.starts_with('/'));
        self.0.origin() == target.origin() && inside && (plain || allowed == "/")
    }
}

impl TryFrom<String> for AllowedReturn {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let url = checked(&text).ok_or_else(|| format!("`{text}` is not a return address: it must be https, without user, `#`, `?` or spaces"))?;
        if url.query().is_some() {
            return Err(format!(
                "`{text}` has a query; list the origin and the path before the `?`"
            ));
        }
        Ok(Self(url))
    }
}

impl From<AllowedReturn> for String {
    fn from(allowed: AllowedReturn) -> Self {
        allowed.0.into()
    }
}

/// A checked place to send a browser to; there is no other way to make one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReturnTo(String);

const LONGEST: usize = 2_000;

impl ReturnTo {
    /// The landing page.
    pub fn home() -> Self {
        Self("/".to_owned())
    }

    /// Reads a local path, or an address that one of `allowed` covers.
    pub fn parse(text: &str, allowed: &[AllowedReturn]) -> Option<Self> {
        if text.starts_with('/') {
            return local(text).then(|| Self(text.to_owned()));
        }
        let url = checked(text)?;
        allowed
            .iter()
            .any(|one| one.covers(&url))
            .then(|| Self(url.into()))
    }

    /// The value for a `Location` header.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn local(text: &str) -> bool {
    let Ok(base) = Url::parse("https://vestibule.invalid/") else {
        return false;
    };
    let stays = base
        .join(text)
        .is_ok_and(|url| url.origin() == base.origin() && url.fragment().is_none());
    stays && clean(text) && !text.starts_with("//")
}

fn checked(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok().filter(|_| clean(text))?;
    let secure = url.scheme() == "https" || (url.scheme() == "http" && is_loopback(&url));
    let plain = url.username().is_empty()
        && url.password().is_none()
        && url.fragment().is_none()
        && url.has_host();
    (secure && plain).then_some(url)
}

fn clean(text: &str) -> bool {
    text.len() <= LONGEST
        && text.bytes().all(|byte| {
            byte.is_ascii_graphic() && !matches!(byte, b'\\' | b'"' | b'<' | b'>' | b'#')
        })
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed() -> Vec<AllowedReturn> {
        [
            "https://dashboard.acme.example/",
            "https://www.acme.example/app",
        ]
        .map(|text| AllowedReturn::try_from(text.to_owned()).unwrap())
        .into()
    }

    #[test]
    fn local_paths_and_listed_places_are_accepted() {
        for text in [
            "/",
            "/a?b=c",
            "https://dashboard.acme.example/x?y=1",
            "https://www.acme.example/app",
            "https://www.acme.example/app/x",
        ] {
            assert!(ReturnTo::parse(text, &allowed()).is_some(), "{text}");
        }
    }

    #[test]
    fn everything_else_is_refused() {
        for text in [
            "",
            "//evil.example/",
            "/\\evil.example",
            "\\\\evil.example",
            "/a\r\nSet-Cookie: x",
            "/a b",
            "/a#b",
            "http://dashboard.acme.example/",
            "https://dashboard.acme.example.evil.example/",
            "https://dashboard.acme.example@evil.example/",
            "https://x@dashboard.acme.example/",
            "https://dashboard.acme.example:444/",
            "https://www.acme.example/application",
            "https://www.acme.example/app/../x",
            "https://www.acme.example/app/%2e%2e/x",
            "https://www.acme.example/app/..%2fx",
            "javascript:alert(1)",
            "data:text/html,x",
            "https://dashboard.acme.example/#x",
            "/\t/evil.example",
            "https:dashboard",
            "/%0d%0a/\u{202e}",
        ] {
            assert_eq!(ReturnTo::parse(text, &allowed()), None, "{text}");
        }
    }
}
