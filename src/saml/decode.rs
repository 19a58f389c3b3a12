//! Text and octets out of what was sent, whatever an editor, PowerShell or a line break did to them.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::metadata::Problem;

/// Decodes strict base64 (RFC 4648, section 4) that white space may break.
pub(super) fn base64(text: &str) -> Option<Vec<u8>> {
    let packed = if text.bytes().any(|byte| byte.is_ascii_whitespace()) {
        Cow::Owned(
            text.bytes()
                .filter(|byte| !byte.is_ascii_whitespace())
                .collect(),
        )
    } else {
        Cow::Borrowed(text.as_bytes())
    };
    STANDARD.decode(packed).ok()
}

/// Decodes by byte order mark before believing any declaration, and strips every leading mark.
pub(super) fn text(bytes: &[u8]) -> Result<String, Problem> {
    let decoded = match bytes {
        [0xFF, 0xFE, rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0xFE, 0xFF, rest @ ..] => utf16(rest, u16::from_be_bytes),
        [b'<', 0, ..] => utf16(bytes, u16::from_le_bytes),
        [0, b'<', ..] => utf16(bytes, u16::from_be_bytes),
        _ => String::from_utf8(bytes.to_vec()).ok(),
    };
    let text = decoded.ok_or(Problem::Encoding)?;
    let text = text.trim_start_matches('\u{feff}').trim();
    if text.is_empty() {
        return Err(Problem::Empty);
    }
    match text.find('<') {
        Some(0) => Ok(text.to_owned()),
        _ if text.starts_with("This XML file") || text.starts_with("- <") => {
            Err(Problem::BrowserCopy)
        }
        Some(_) => Err(Problem::TextBefore(text.chars().take(40).collect())),
        None => Err(Problem::NotXml(text.chars().take(40).collect())),
    }
}

fn utf16(bytes: &[u8], join: fn([u8; 2]) -> u16) -> Option<String> {
    let (pairs, odd) = bytes.as_chunks::<2>();
    odd.is_empty()
        .then(|| String::from_utf16(&pairs.iter().copied().map(join).collect::<Vec<_>>()).ok())
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn byte_order_marks_and_utf_16_are_read_through() {
        let utf16 = |text: &str| {
            text.encode_utf16()
                .flat_map(u16::to_le_bytes)
                .collect::<Vec<u8>>()
        };

        assert_eq!(text("\u{feff}\u{feff}<a/>\r\n".as_bytes()).unwrap(), "<a/>");
        assert_eq!(text(&utf16("\u{feff}\u{feff}<ä/>")).unwrap(), "<ä/>");
        assert_eq!(text(&utf16("<a/>")).unwrap(), "<a/>");
    }

    #[test]
    fn damaged_files_are_named_for_what_they_are() {
        assert_eq!(text(b" "), Err(Problem::Empty));
        assert_eq!(text(b"<a>\xff</a>"), Err(Problem::Encoding));
        assert!(matches!(
            text(b"This XML file does not appear to have any style <a/>"),
            Err(Problem::BrowserCopy)
        ));
        assert!(matches!(text(b"%PDF-1.4"), Err(Problem::NotXml(_))));
    }
}
