//! The two ways in which a value gets into a text that ADFS carries out; there is no third.

/// A value that cannot be written so that it stays a value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unwritable {
    /// It holds a control character, such as a line break.
    #[error("`{0}` holds a control character; leave that away")]
    Control(String),
    /// The rule language has no way to write a quotation mark.
    #[error(
        "`{0}` holds a quotation mark, which the rule language of ADFS cannot write; choose another value"
    )]
    Quote(String),
    /// It stands for everybody, or for a part of Windows, and not for a group that the client made.
    #[error(
        "{0} is no group that somebody made for this, and may hold everybody; name one of the client's own, whose SID begins with S-1-5-21- and ends in 1000 or more"
    )]
    Everybody(String),
}

/// A literal of PowerShell in single quotes, in which nothing is expanded. PowerShell takes the typographic quotation marks for
/// the same as the straight one, so each of them is doubled.
pub fn powershell(value: &str) -> Result<String, Unwritable> {
    let mut literal = String::from("'");
    for letter in sound(value)?.chars() {
        literal.push(letter);
        if matches!(
            letter,
            '\'' | '\u{2018}' | '\u{2019}' | '\u{201a}' | '\u{201b}'
        ) {
            literal.push(letter);
        }
    }
    literal.push('\'');
    Ok(literal)
}

/// A string of the claim rule language, which knows no escapes.
pub fn rule(value: &str) -> Result<String, Unwritable> {
    if value.contains(['"', '\u{201c}', '\u{201d}', '\u{201e}']) {
        return Err(Unwritable::Quote(value.to_owned()));
    }
    Ok(format!("\"{}\"", sound(value)?))
}

/// A regular expression that takes exactly this text, whatever its case, as a string of the claim rule language.
pub(super) fn exactly(value: &str) -> Result<String, Unwritable> {
    let mut pattern = String::from("(?i)^");
    for letter in value.chars() {
        if !letter.is_alphanumeric() && letter.is_ascii() && !matches!(letter, '-' | '_') {
            pattern.push('\\');
        }
        pattern.push(letter);
    }
    pattern.push('$');
    rule(&pattern)
}

fn sound(value: &str) -> Result<&str, Unwritable> {
    let breaks = |letter: char| letter.is_control() || matches!(letter, '\u{2028}' | '\u{2029}');
    if value.chars().any(breaks) {
        return Err(Unwritable::Control(value.to_owned()));
    }
    Ok(value)
}
