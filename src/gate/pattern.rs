//! The pattern of a route's path: fixed segments, and `{name}` for one segment of letters, digits, `_` and `-`.

use serde::{Deserialize, Serialize};

use super::NormalPath;

/// What the paths of a route look like.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Pattern {
    text: String,
    segments: Vec<Segment>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Segment {
    Fixed(String),
    Id,
}

/// Why a pattern is not one.
#[derive(Debug, thiserror::Error)]
#[error(
    "`{0}` is not a path such as /v2/profiles/{{id}}: it begins with a slash, and holds no query, no `*` and nothing that could be read in more than one way"
)]
pub struct Wrong(String);

impl Pattern {
    /// Whether a path is of this pattern.
    pub fn matches(&self, path: &NormalPath) -> bool {
        let mut given = path.segments();
        let fits = self
            .segments
            .iter()
            .all(|segment| match (segment, given.next()) {
                (Segment::Fixed(fixed), Some(given)) => fixed == given,
                (Segment::Id, Some(given)) => is_id(given),
                (_, None) => false,
            });
        fits && given.next().is_none()
    }

    /// As it is written.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

fn is_id(segment: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    !segment.is_empty() && segment.bytes().all(allowed)
}

impl TryFrom<String> for Pattern {
    type Error = Wrong;

    fn try_from(text: String) -> Result<Self, Wrong> {
        let segment = |part: &str| match part
            .strip_prefix('{')
            .and_then(|rest| rest.strip_suffix('}'))
        {
            Some(name) => is_id(name).then_some(Segment::Id),
            None if part.contains(['{', '}']) => None,
            None => Some(Segment::Fixed(part.to_owned())),
        };
        let segments = NormalPath::parse(&text)
            .ok()
            .filter(|_| !text.contains(['%', '*']))
            .and_then(|path| path.segments().map(segment).collect());
        match segments {
            Some(segments) => Ok(Self { text, segments }),
            None => Err(Wrong(text)),
        }
    }
}

impl From<Pattern> for String {
    fn from(pattern: Pattern) -> Self {
        pattern.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, path: &str) -> bool {
        let pattern = Pattern::try_from(pattern.to_owned()).unwrap();
        pattern.matches(&NormalPath::parse(path).unwrap())
    }

    #[test]
    fn an_id_is_one_segment_of_letters_digits_and_dashes() {
        let pattern = "/v2/profiles/{id}/link";

        assert!(matches(pattern, "/v2/profiles/prf_01-A/link"));
        for path in [
            "/v2/profiles//link",
            "/v2/profiles/a.b/link",
            "/v2/profiles/ü/link",
        ] {
            assert!(
                NormalPath::parse(path).is_err() || !matches(pattern, path),
                "{path}"
            );
        }
        for path in [
            "/v2/profiles/a",
            "/v2/profiles/a/link/",
            "/v2/profiles/a/b/link",
            "/V2/profiles/a/link",
        ] {
            assert!(!matches(pattern, path), "{path}");
        }
    }

    #[test]
    fn a_pattern_that_is_none_is_refused() {
        for text in [
            "",
            "v2",
            "/v2/*",
            "/v2/{}",
            "/v2/{a/b}",
            "/v2/x{id}",
            "/v2/%70",
            "/v2//x",
            "/v2?x",
        ] {
            assert!(Pattern::try_from(text.to_owned()).is_err(), "{text}");
        }
    }
}
