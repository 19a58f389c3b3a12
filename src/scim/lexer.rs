//! The words of a filter or a path (RFC 7644, 3.4.2.2): names, strings and numbers of JSON, and brackets.

use serde_json::Value;

use super::Error;
use super::filter::wrong;

/// One word.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Word {
    /// A name, an operator, or `true`, `false` and `null`.
    Name(String),
    /// A string or a number.
    Value(Value),
    Open,
    Close,
    OpenBracket,
    CloseBracket,
}

/// A longer filter asks for more than a directory has to.
const LONGEST: usize = 2_048;

/// Splits a text into its words.
pub(super) fn words(text: &str) -> Result<Vec<Word>, Error> {
    if text.len() > LONGEST {
        return Err(wrong(&format!("it is longer than {LONGEST} bytes")));
    }
    let mut words = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let (word, after) = match first {
            '(' => (Word::Open, 1),
            ')' => (Word::Close, 1),
            '[' => (Word::OpenBracket, 1),
            ']' => (Word::CloseBracket, 1),
            '"' => string(rest).ok_or_else(|| wrong("a string has no end"))?,
            _ => plain(rest).ok_or_else(|| wrong(&format!("`{first}` has no place in it")))?,
        };
        words.push(word);
        rest = rest.get(after..).unwrap_or_default().trim_start();
    }
    Ok(words)
}

/// A JSON string at the beginning of the text, and where it ends.
fn string(text: &str) -> Option<(Word, usize)> {
    let mut escaped = false;
    let end = text.char_indices().skip(1).find(|(_, letter)| {
        let ends = *letter == '"' && !escaped;
        escaped = *letter == '\\' && !escaped;
        ends
    });
    let after = end?.0 + 1;
    let value = serde_json::from_str(text.get(..after)?).ok()?;
    Some((Word::Value(value), after))
}

/// A name or a number at the beginning of the text, and where it ends.
fn plain(text: &str) -> Option<(Word, usize)> {
    let belongs = |letter: char| letter.is_ascii_alphanumeric() || "$-_:.+".contains(letter);
    let after = text.find(|letter| !belongs(letter)).unwrap_or(text.len());
    let word = text.get(..after).filter(|word| !word.is_empty())?;
    let starts_a_number = word.starts_with(|letter: char| letter.is_ascii_digit() || letter == '-');
    let word = if starts_a_number {
        Word::Value(serde_json::from_str(word).ok()?)
    } else {
        Word::Name(word.to_owned())
    };
    Some((word, after))
}
