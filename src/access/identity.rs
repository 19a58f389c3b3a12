//! What a gateway tells an app of whoever passes: one list for answers, configurations and documentation.

use std::fmt::Write;

use ::http::{HeaderMap, HeaderName, HeaderValue, header};

use super::{Holder, Present};
use crate::gate::Reach;

/// Every header that an app may believe; each answer that allows carries all of them.
pub const IDENTITY: [&str; 8] = [
    "x-vestibule-user",
    "x-vestibule-account",
    "x-vestibule-roles",
    "x-vestibule-scope",
    "x-vestibule-email",
    "x-vestibule-name",
    "x-vestibule-token",
    "account-id",
];

/// No cache keeps an answer of the gate.
pub const NOT_KEPT: [(HeaderName, &str); 2] = [
    (header::CACHE_CONTROL, "no-store"),
    (header::VARY, "Cookie, Authorization"),
];

/// A yes: a value for each of [`IDENTITY`], empty where there is none, for nobody but who asked.
pub(super) fn identity(present: &Present, reach: Reach, token: String) -> HeaderMap {
    let account = present.environment.account.slug.to_string();
    let roles: Vec<&str> = present
        .subject
        .roles()
        .map(crate::role::Role::as_str)
        .collect();
    let (email, name) = match &present.holder {
        Holder::Person { user, .. } => (user.profile.email.clone(), user.profile.name()),
        Holder::Key(key) => (None, Some(key.name.clone())),
    };
    let values: [String; IDENTITY.len()] = [
        present.subject.id(),
        account.clone(),
        roles.join(","),
        reach.as_str().to_owned(),
        plain(&email.unwrap_or_default()),
        plain(&name.unwrap_or_default()),
        token,
        account,
    ];
    // What cannot stand in a header is empty: an app never sees what the client sent in its place.
    let value = |text: &String| HeaderValue::from_str(text).unwrap_or(HeaderValue::from_static(""));
    let names = IDENTITY.into_iter().map(HeaderName::from_static);
    let mut answer: HeaderMap = names.zip(values.iter().map(value)).collect();
    answer.extend(NOT_KEPT.map(|(name, value)| (name, HeaderValue::from_static(value))));
    answer
}

/// A value as a header may carry it: what is not plain ASCII by RFC 8187, so that nothing in it can end the line.
fn plain(text: &str) -> String {
    if text
        .bytes()
        .all(|byte| byte == b' ' || (byte.is_ascii_graphic() && byte != b'%'))
        && !text.starts_with("UTF-8''")
    {
        return text.trim().to_owned();
    }
    let mut out = "UTF-8''".to_owned();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"!#$&+-.^_`|~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_end_its_header() {
        assert_eq!(plain("Maya O'Neil"), "Maya O'Neil");
        assert_eq!(plain("Zoë"), "UTF-8''Zo%C3%AB");
        assert_eq!(
            plain("a\r\nX-Vestibule-Roles: checker"),
            "UTF-8''a%0D%0AX-Vestibule-Roles%3A%20checker"
        );
        assert_eq!(plain("50%"), "UTF-8''50%25");
        assert_eq!(plain("UTF-8''a"), "UTF-8''UTF-8%27%27a");
    }
}
