//! Hostile messages, each with the reason for which it is refused.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use url::form_urlencoded;
use vestibule::practice::answer::Answer;
use vestibule::saml::check::Code;

use super::scene::Scene;

type Build = Box<dyn Fn(&Scene<'_>) -> Posted>;

/// A hostile message, and what must become of it.
pub(super) struct Case {
    pub(super) name: String,
    pub(super) expected: Expected,
    pub(super) build: Build,
}

/// How a message is refused.
pub(super) struct Expected {
    pub(super) code: Code,
    /// A part of the failed row: refusals for another reason do not count.
    pub(super) because: &'static str,
    /// Whether a signature of the identity provider verifies on the way: then an audit entry is written as well.
    pub(super) verifies: bool,
}

/// Refused before any signature has verified.
pub(super) fn unverified(code: Code, because: &'static str) -> Expected {
    Expected {
        code,
        because,
        verifies: false,
    }
}

/// Refused though a signature of the identity provider verifies.
pub(super) fn verified(code: Code, because: &'static str) -> Expected {
    Expected {
        verifies: true,
        ..unverified(code, because)
    }
}

/// A message that a stranger makes, out of what they have heard.
pub(super) fn forged<P: Into<Posted>>(
    name: impl Into<String>,
    code: Code,
    because: &'static str,
    build: impl Fn(&Scene<'_>) -> P + 'static,
) -> Case {
    Case {
        name: name.into(),
        expected: unverified(code, because),
        build: Box::new(move |scene| build(scene).into()),
    }
}

/// A message that the identity provider itself makes and signs, and that is wrong.
pub(super) fn signed(
    name: impl Into<String>,
    code: Code,
    because: &'static str,
    build: impl Fn(&Scene<'_>) -> String + 'static,
) -> Case {
    Case {
        expected: verified(code, because),
        ..forged(name, code, because, build)
    }
}

/// An answer of the identity provider that says something wrong.
pub(super) fn said(
    name: impl Into<String>,
    code: Code,
    because: &'static str,
    change: impl Fn(&mut Answer) + 'static,
) -> Case {
    signed(name, code, because, move |scene| {
        let mut answer = scene.answer();
        change(&mut answer);
        scene.respond(&answer)
    })
}

/// An answer of the identity provider whose text was changed before it signed the assertion.
pub(super) fn written(
    name: impl Into<String>,
    code: Code,
    because: &'static str,
    change: impl Fn(&str) -> String + 'static,
) -> Case {
    signed(name, code, because, move |scene| {
        let answer = scene.answer();
        scene.sign(&change(&answer.xml()), &answer.assertion_id)
    })
}

/// A change to the assertion's text before it is signed, behind its start tag.
pub(super) fn within(
    name: &str,
    code: Code,
    because: &'static str,
    change: impl Fn(&str) -> String + 'static,
) -> Case {
    written(name, code, because, move |xml| {
        let (outer, inner) = xml.split_at(xml.find("<Assertion ").unwrap());
        outer.to_owned() + &change(inner)
    })
}

impl Case {
    /// The refusal comes before any signature is looked at.
    pub(super) fn before_any_signature(mut self) -> Self {
        self.expected.verifies = false;
        self
    }
}

/// What a browser posts.
pub(super) struct Posted {
    pub(super) kind: &'static str,
    pub(super) body: Vec<u8>,
}

pub(super) const FORM: &str = "application/x-www-form-urlencoded";

impl Posted {
    pub(super) fn form(fields: &[(&str, &str)]) -> Self {
        let body = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(fields)
            .finish();
        Self {
            kind: FORM,
            body: body.into_bytes(),
        }
    }
}

impl From<Vec<u8>> for Posted {
    fn from(message: Vec<u8>) -> Self {
        Self::form(&[("SAMLResponse", &STANDARD.encode(message))])
    }
}

impl From<String> for Posted {
    fn from(message: String) -> Self {
        message.into_bytes().into()
    }
}
