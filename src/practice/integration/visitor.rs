//! Whoever the gate let through, as its headers say.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use url::form_urlencoded;

use super::profile::Person;
use super::refusal::Refusal;

/// A person of an account, and how far their permission reaches.
pub(super) struct Visitor {
    pub(super) person: Person,
    pub(super) account: String,
    pub(super) roles: String,
    pub(super) scope: Scope,
}

/// For which profiles something is allowed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Scope {
    /// All.
    All,
    /// Those that the person created.
    Own,
    /// It depends on facts, so the decision has to be asked for.
    Asked,
}

impl<S: Sync> FromRequestParts<S> for Visitor {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        let said = |name: &str| {
            let value = parts.headers.get(name)?.to_str().ok()?;
            (!value.is_empty()).then(|| value.to_owned())
        };
        let id = said("x-vestibule-user").ok_or(Refusal::NotThroughTheGate)?;
        let account = said("x-vestibule-account").ok_or(Refusal::NotThroughTheGate)?;
        let name = said("x-vestibule-name").map_or_else(|| id.clone(), |name| decoded(&name));
        Ok(Self {
            person: Person { id, name },
            account,
            roles: said("x-vestibule-roles")
                .unwrap_or_default()
                .replace(',', ", "),
            scope: match said("x-vestibule-scope").as_deref() {
                Some("all") => Scope::All,
                Some("own") => Scope::Own,
                _ => Scope::Asked,
            },
        })
    }
}

/// A value by RFC 8187, where it is one.
fn decoded(value: &str) -> String {
    let Some(encoded) = value.strip_prefix("UTF-8''") else {
        return value.to_owned();
    };
    // In a form a plus would be a space.
    let form = encoded.replace('+', "%2B");
    let mut pairs = form_urlencoded::parse(form.as_bytes());
    pairs
        .next()
        .map_or_else(String::new, |(text, _)| text.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_beyond_ascii_is_read() {
        assert_eq!(decoded("Maya Maker"), "Maya Maker");
        assert_eq!(decoded("UTF-8''Zo%C3%AB%20a+b%26c%3D"), "Zoë a+b&c=");
    }

    #[tokio::test]
    async fn whoever_does_not_come_through_the_gate_is_nobody() {
        for headers in [
            &[][..],
            &[("x-vestibule-user", "usr_1")],
            &[("x-vestibule-user", ""), ("x-vestibule-account", "acme")],
        ] {
            let mut request = axum::http::Request::get("/calls");
            for (name, value) in headers {
                request = request.header(*name, *value);
            }
            let (mut parts, ()) = request.body(()).unwrap().into_parts();

            let visitor = Visitor::from_request_parts(&mut parts, &()).await;

            assert_eq!(visitor.err(), Some(Refusal::NotThroughTheGate));
        }
    }
}
