//! What a response says, as plain data that a test may change before it is signed.

use uuid::Builder;

use super::adfs::Adfs;
use super::claims::{EMAIL, GIVEN_NAME, ROLE, SURNAME, UPN};
use super::encrypt::Encryption;
use super::persona::Persona;
use super::relying_party::RelyingParty;
use super::sign::Signing;
use crate::id::Entropy;
use crate::time::{Span, Timestamp};

/// The confirmation method of every browser sign-in.
pub const BEARER: &str = "urn:oasis:names:tc:SAML:2.0:cm:bearer";
/// The context class of ADFS's sign-in page.
pub const PASSWORD: &str = "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport";

/// Everything that a response says and how it is sealed.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The response's `ID`.
    pub response_id: String,
    /// The assertion's `ID`.
    pub assertion_id: String,
    /// When response and assertion were made.
    pub issue_instant: Timestamp,
    /// Where the response is meant to be posted.
    pub destination: Option<String>,
    /// The request that the response answers.
    pub in_response_to: Option<String>,
    /// Whether the person agreed to this.
    pub consent: Option<String>,
    /// Who made the response.
    pub issuer: Option<String>,
    /// Who made the assertion.
    pub assertion_issuer: String,
    /// How it went.
    pub status: Status,
    /// Whom the assertion is about.
    pub name_id: Option<NameId>,
    /// Who may present the assertion.
    pub confirmations: Vec<Confirmation>,
    /// When and for whom the assertion holds.
    pub conditions: Option<Conditions>,
    /// The claims.
    pub attributes: Vec<Attribute>,
    /// How and when the person signed in.
    pub authn: Option<Authn>,
    /// What is signed.
    pub sign: What,
    /// How it is signed.
    pub signing: Signing,
    /// How the assertion is encrypted, if it is.
    pub encryption: Option<Encryption>,
}

/// A response's status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Status {
    /// The person signed in.
    Success,
    /// There is no assertion; the codes are the last parts of `urn:oasis:names:tc:SAML:2.0:status:…`.
    Refused {
        /// `Requester` or `Responder`.
        top: String,
        /// The reason, where ADFS gives one.
        second: Option<String>,
    },
}

/// The elements that a signature can stand on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// The assertion alone, ADFS's default.
    Assertion,
    /// The response alone.
    Response,
    /// The assertion, then the response around it.
    Both,
    /// Neither.
    Nothing,
}

/// The subject's name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NameId {
    /// The name itself.
    pub value: String,
    /// Its kind; a plain claim rule gives none.
    pub format: Option<String>,
    /// The `NameQualifier`.
    pub name_qualifier: Option<String>,
    /// The `SPNameQualifier`.
    pub sp_name_qualifier: Option<String>,
}

/// One way to confirm the subject.
#[derive(Clone, Debug)]
pub struct Confirmation {
    /// How, normally [`BEARER`].
    pub method: String,
    /// Where it may be presented.
    pub recipient: Option<String>,
    /// Until when.
    pub not_on_or_after: Option<Timestamp>,
    /// From when; the profile forbids it.
    pub not_before: Option<Timestamp>,
    /// In answer to which request.
    pub in_response_to: Option<String>,
}

/// When and for whom the assertion holds.
#[derive(Clone, Debug)]
pub struct Conditions {
    /// From when.
    pub not_before: Option<Timestamp>,
    /// Until when.
    pub not_on_or_after: Option<Timestamp>,
    /// For whom, all in one restriction; none means no restriction.
    pub audiences: Vec<String>,
    /// More conditions, as XML.
    pub extra: String,
}

/// One claim type and its values.
#[derive(Clone, Debug, Default)]
pub struct Attribute {
    /// The claim type's URI.
    pub name: String,
    /// What it says.
    pub values: Vec<String>,
    /// Who said so first, where the claim came through another claims provider.
    pub original_issuer: Option<String>,
    /// The `NameFormat`; ADFS normally gives none.
    pub name_format: Option<String>,
}

/// How and when the person signed in.
#[derive(Clone, Debug)]
pub struct Authn {
    /// When.
    pub instant: Timestamp,
    /// The session at the identity provider; ADFS names it only where there is a `NameID`.
    pub session_index: Option<String>,
    /// When that session ends.
    pub session_not_on_or_after: Option<Timestamp>,
    /// How.
    pub context_class: String,
}

impl Answer {
    /// What an ADFS with the usual claim rules says about this person.
    pub fn honest(
        adfs: &Adfs,
        rp: &RelyingParty,
        persona: &Persona,
        in_response_to: Option<&str>,
        now: Timestamp,
        entropy: &Entropy,
    ) -> Self {
        let assertion_id = fresh_id(entropy);
        let in_response_to = in_response_to.map(str::to_owned);
        Self {
            response_id: fresh_id(entropy),
            issue_instant: now,
            destination: Some(rp.acs_url.clone()),
            in_response_to: in_response_to.clone(),
            consent: Some("urn:oasis:names:tc:SAML:2.0:consent:unspecified".to_owned()),
            issuer: Some(adfs.entity_id.clone()),
            assertion_issuer: adfs.entity_id.clone(),
            status: Status::Success,
            name_id: Some(NameId::plain(persona.upn)),
            confirmations: vec![Confirmation {
                method: BEARER.to_owned(),
                recipient: Some(rp.acs_url.clone()),
                not_on_or_after: Some(now.plus(Span::minutes(5))),
                not_before: None,
                in_response_to,
            }],
            conditions: Some(Conditions::usual(rp, now)),
            attributes: Attribute::of(persona),
            authn: Some(Authn::usual(&assertion_id, now)),
            sign: What::Assertion,
            signing: Signing::default(),
            encryption: rp
                .encryption_certificate
                .is_some()
                .then(Encryption::default),
            assertion_id,
        }
    }

    pub(super) fn has_assertion(&self) -> bool {
        self.status == Status::Success
    }
}

impl NameId {
    /// The name as a plain claim rule issues it: without a format.
    fn plain(value: &str) -> Self {
        Self {
            value: value.to_owned(),
            ..Self::default()
        }
    }
}

impl Conditions {
    /// An hour that begins a moment before `now`, as an ADFS's does.
    fn usual(rp: &RelyingParty, now: Timestamp) -> Self {
        let not_before = now.minus(Span::millis(2));
        Self {
            not_before: Some(not_before),
            not_on_or_after: Some(not_before.plus(Span::minutes(60))),
            audiences: vec![rp.entity_id.clone()],
            extra: String::new(),
        }
    }
}

impl Authn {
    /// A password just typed; the session is named like the assertion.
    fn usual(assertion_id: &str, now: Timestamp) -> Self {
        Self {
            instant: now.minus(Span::millis(61)),
            session_index: Some(assertion_id.to_owned()),
            session_not_on_or_after: None,
            context_class: PASSWORD.to_owned(),
        }
    }
}

impl Attribute {
    /// The claims that the usual rules issue; Active Directory knows no claim for an empty attribute.
    fn of(persona: &Persona) -> Vec<Self> {
        let claim = |name: &str, values: &[&str]| Self {
            name: name.to_owned(),
            values: values.iter().map(ToString::to_string).collect(),
            ..Self::default()
        };
        let mut claims = vec![
            claim(EMAIL, &[persona.email]),
            claim(UPN, &[persona.upn]),
            claim(GIVEN_NAME, &[persona.given_name]),
            claim(SURNAME, &[persona.surname]),
            claim(ROLE, persona.roles),
        ];
        claims.retain(|claim| !claim.values.is_empty());
        claims
    }
}

/// An `ID` as ADFS makes them: an underscore and a GUID.
pub(super) fn fresh_id(entropy: &Entropy) -> String {
    format!(
        "_{}",
        Builder::from_random_bytes(entropy.bytes()).into_uuid()
    )
}
