//! The one normal form in which paths are compared; what another program could read differently is refused.

use std::borrow::Cow;

/// A path, decoded once, that every program behind the gate reads the same way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NormalPath<'p>(Cow<'p, str>);

/// A path that could mean two things; it is refused, whatever it asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the path could be read in more than one way")]
pub struct Ambiguous;

impl<'p> NormalPath<'p> {
    /// Reads the path of a request line, without its query.
    pub fn parse(raw: &'p str) -> Result<Self, Ambiguous> {
        let plain =
            |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'\\' | b';' | b'?' | b'#');
        if !raw.starts_with('/') || !raw.bytes().all(plain) {
            return Err(Ambiguous);
        }
        let path = if raw.contains('%') {
            Cow::Owned(decoded(raw)?)
        } else {
            Cow::Borrowed(raw)
        };
        let mut segments = path.split('/').skip(1).peekable();
        while let Some(segment) = segments.next() {
            let is_last = segments.peek().is_none();
            if matches!(segment, "." | "..") || (segment.is_empty() && !is_last) {
                return Err(Ambiguous);
            }
        }
        Ok(Self(path))
    }

    /// Its segments, without the slash that it begins with.
    pub(super) fn segments(&self) -> impl Iterator<Item = &str> {
        self.0.split('/').skip(1)
    }
}

/// Decodes once; what would need another decoding, or stands for a character that separates, is ambiguous.
fn decoded(raw: &str) -> Result<String, Ambiguous> {
    let mut bytes = raw.bytes();
    let mut out = Vec::with_capacity(raw.len());
    while let Some(byte) = bytes.next() {
        if byte != b'%' {
            out.push(byte);
            continue;
        }
        let mut digit = || bytes.next().and_then(|byte| char::from(byte).to_digit(16));
        let (high, low) = digit().zip(digit()).ok_or(Ambiguous)?;
        let byte = u8::try_from(high * 16 + low).map_err(|_| Ambiguous)?;
        if byte.is_ascii_control() || matches!(byte, b'/' | b'\\' | b'%' | b';' | b'?' | b'#') {
            return Err(Ambiguous);
        }
        out.push(byte);
    }
    String::from_utf8(out).map_err(|_| Ambiguous)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_be_read_differently_is_refused() {
        for raw in [
            "",
            "v2",
            "//v2",
            "/v2//profiles",
            "/v2/./x",
            "/v2/../x",
            "/v2/%2e%2e/x",
            "/v2/.%2E",
            "/v2%2fprofiles",
            "/v2%2Fx",
            "/v2%5cx",
            "/v2\\x",
            "/v2;a=b",
            "/v2%3ba",
            "/v2/%252e",
            "/v2%00",
            "/v2%0a",
            "/v2%7f",
            "/v2%",
            "/v2%4",
            "/v2%zz",
            "/v2%ff",
            "/v2 x",
            "/v2?x",
            "/v2%3fx",
            "/v2#x",
            "/v2%23x",
            "/v2/ü",
            "http://x/v2",
            "*",
        ] {
            assert_eq!(NormalPath::parse(raw), Err(Ambiguous), "{raw}");
        }
    }

    #[test]
    fn a_path_is_decoded_once() {
        let path = |raw| NormalPath::parse(raw).unwrap().0;

        assert_eq!(path("/v2/%70rofiles/%C3%BC"), "/v2/profiles/ü");
        assert_eq!(path("/v2/profiles/"), "/v2/profiles/");
        assert_eq!(path("/"), "/");
    }
}
