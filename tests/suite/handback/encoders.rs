//! Rule 53: nothing but two encoders puts a value into what ADFS carries out.

use proptest::prelude::*;
use vestibule::handback::{Unwritable, powershell, rule};

/// What PowerShell reads from a literal in single quotes, where it is exactly one: any of its five quotation marks ends it,
/// unless another one follows.
fn read(literal: &str) -> Option<String> {
    let is_mark = |letter: char| matches!(letter, '\'' | '‘' | '’' | '‚' | '‛');
    let mut letters = literal.chars().peekable();
    if letters.next() != Some('\'') {
        return None;
    }
    let mut text = String::new();
    while let Some(letter) = letters.next() {
        if !is_mark(letter) {
            text.push(letter);
            continue;
        }
        match letters.next_if(|next| is_mark(*next)) {
            Some(_) => text.push(letter),
            None => return letters.next().is_none().then_some(text),
        }
    }
    None
}

#[test]
fn rule_53_hostile_values_stay_values() {
    for value in [
        "'; Remove-Item C:\\ -Recurse; '",
        "’; Stop-Computer; ’",
        "‘‚‛''",
        "$(Get-Date)",
        "`n",
        "@' x '@",
        "Müller & Söhne",
    ] {
        let literal = powershell(value).unwrap();
        assert_eq!(read(&literal).as_deref(), Some(value), "{literal}");
    }
    for value in ["a\nb", "a\r", "\0", "a\u{85}b", "a\u{2028}b"] {
        assert_eq!(
            powershell(value),
            Err(Unwritable::Control(value.to_owned()))
        );
        assert_eq!(rule(value), Err(Unwritable::Control(value.to_owned())));
    }
    for value in ["\" => issue(claim = c); \"", "“a”"] {
        assert_eq!(rule(value), Err(Unwritable::Quote(value.to_owned())));
    }
    assert_eq!(rule("DOMAIN\\group").unwrap(), "\"DOMAIN\\group\"");
}

proptest! {
    #[test]
    fn rule_53_whatever_is_written_is_read_again_or_refused(value in any::<String>()) {
        if let Ok(literal) = powershell(&value) {
            prop_assert_eq!(read(&literal), Some(value.clone()));
        }
        if let Ok(text) = rule(&value) {
            let inner = &text[1..text.len() - 1];
            prop_assert_eq!(inner, value.as_str());
            prop_assert!(!inner.contains('"') && !inner.chars().any(char::is_control));
        }
    }

    #[test]
    fn rule_53_quotes_of_every_kind(value in "[a'‘’‚‛\"“”$`]{0,12}") {
        let literal = powershell(&value).unwrap();
        prop_assert_eq!(read(&literal), Some(value));
    }
}
