//! One linear pass over raw text that decides whether it may be parsed at all; no value is read by it.

use memchr::{memchr, memmem};

use super::xml::Error;

/// How much of everything a document may hold.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// Bytes of text.
    pub bytes: usize,
    /// Attributes and namespace declarations of one tag.
    pub attributes: usize,
    /// Tags, comments and sections in all.
    pub markup: usize,
    /// Elements within elements.
    pub depth: u32,
    /// Whether what a signature could not tell apart is refused: another declared encoding, and white space that
    /// XML 1.0 (2.11, 3.3.3) would have a parser normalise and ours keeps: tabs and line ends within attribute values, carriage
    /// returns within sections.
    pub strict: bool,
}

/// What a protocol message may hold.
pub(super) const MESSAGE: Bounds = Bounds {
    bytes: 192 * 1024,
    attributes: 64,
    markup: 6_000,
    depth: 48,
    strict: true,
};

/// What a metadata document may hold; real ones have a useful part that begins after 56,000 characters.
pub(super) const METADATA: Bounds = Bounds {
    bytes: 1024 * 1024,
    attributes: 64,
    markup: 40_000,
    depth: 48,
    strict: false,
};

/// Refuses text that would cost more than its size should: the parser's check for double attributes is quadratic.
pub(super) fn bound(text: &str, bounds: &Bounds) -> Result<(), Error> {
    if text.len() > bounds.bytes {
        return Err(Error::TooMuch(format!(
            "{} bytes, more than {}",
            text.len(),
            bounds.bytes
        )));
    }
    let (mut rest, mut markup, mut depth) = (text.as_bytes(), 0_usize, 0_u32);
    while let Some(open) = memchr(b'<', rest) {
        markup += 1;
        if markup > bounds.markup {
            return Err(Error::TooMuch(format!("more than {} tags", bounds.markup)));
        }
        rest = rest.get(open..).unwrap_or_default();
        let tag = Tag::read(rest)?;
        if bounds.strict && tag.unnormalised {
            return Err(Error::Malformed(
                "a tab or line end within an attribute value or section".into(),
            ));
        }
        if tag.attributes > bounds.attributes {
            return Err(Error::TooMuch(format!(
                "more than {} attributes on one element",
                bounds.attributes
            )));
        }
        depth = depth.saturating_add_signed(tag.descends);
        if depth > bounds.depth {
            return Err(Error::TooMuch(format!(
                "more than {} elements within each other",
                bounds.depth
            )));
        }
        rest = rest.get(tag.length..).unwrap_or_default();
    }
    Ok(())
}

struct Tag {
    length: usize,
    attributes: usize,
    descends: i32,
    unnormalised: bool,
}

impl Tag {
    fn read(at: &[u8]) -> Result<Self, Error> {
        let flat = |start: usize, end: &[u8]| {
            let length = past(at, start, end);
            Self {
                length,
                attributes: 0,
                descends: 0,
                unnormalised: at.get(..length).is_some_and(|all| all.contains(&b'\r')),
            }
        };
        Ok(match at {
            [b'<', b'!', b'-', b'-', ..] => flat(4, b"-->"),
            [b'<', b'!', b'[', ..] => flat(9, b"]]>"),
            [b'<', b'!', ..] => return Err(Error::Malformed("a document type declaration".into())),
            [b'<', b'?', ..] => flat(2, b"?>"),
            [b'<', b'/', ..] => Self {
                descends: -1,
                ..flat(2, b">")
            },
            _ => Self::opening(at),
        })
    }

    fn opening(at: &[u8]) -> Self {
        let mut tag = Self {
            length: at.len(),
            attributes: 0,
            descends: 1,
            unnormalised: false,
        };
        let mut quote = None;
        for (index, byte) in at.iter().enumerate() {
            match (quote, *byte) {
                (None, b'"' | b'\'') => quote = Some(*byte),
                (Some(open), close) if open == close => quote = None,
                (Some(_), b'\t' | b'\n' | b'\r') => tag.unnormalised = true,
                (None, b'=') => tag.attributes += 1,
                (None, b'>') => {
                    let empty =
                        index.checked_sub(1).and_then(|before| at.get(before)) == Some(&b'/');
                    return Self {
                        length: index + 1,
                        descends: i32::from(!empty),
                        ..tag
                    };
                }
                _ => {}
            }
        }
        tag
    }
}

fn past(at: &[u8], start: usize, end: &[u8]) -> usize {
    let found = at.get(start..).and_then(|tail| memmem::find(tail, end));
    found.map_or(at.len(), |found| start + found + end.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ordinary_message_is_within_bounds() {
        let text = "<?xml version='1.0'?><a x='1>' y=\"=\"><!-- <<< --><b/><![CDATA[<x>]]></a>";

        assert_eq!(bound(text, &MESSAGE), Ok(()));
    }

    #[test]
    fn floods_are_refused_by_name() {
        let wide = format!(
            "<a {}/>",
            (0..65)
                .map(|n| format!("a{n}=''"))
                .collect::<Vec<_>>()
                .join(" ")
        );
        let deep = "<a>".repeat(49);
        let many = format!("<a>{}</a>", "<b/>".repeat(6_000));

        for (text, word) in [
            (wide, "attributes"),
            (deep, "within"),
            (many, "tags"),
            ("x".repeat(200_000), "bytes"),
        ] {
            let refused = bound(&text, &MESSAGE).unwrap_err();
            assert!(refused.to_string().contains(word), "{refused}");
        }
    }

    #[test]
    fn white_space_that_a_parser_would_normalise_is_refused_where_signatures_count() {
        for text in [
            "<a b='1\n2'/>",
            "<a b=\"1\t\"/>",
            "<a><![CDATA[1\r\n]]></a>",
        ] {
            assert!(bound(text, &MESSAGE).is_err(), "{text:?}");
        }
        assert_eq!(bound("<a\r\n\tb='1'>\r\n</a>", &MESSAGE), Ok(()));
    }

    #[test]
    fn a_document_type_is_refused_before_parsing() {
        assert!(bound("<!DOCTYPE a><a/>", &MESSAGE).is_err());
    }
}
