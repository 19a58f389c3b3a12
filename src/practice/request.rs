//! What service providers ask for, and the refusals that an ADFS shows on a page of its own.

use uppsala::{Document, NodeId};

use super::answer::{NameId, PASSWORD};
use super::binding::Message;
use super::mishap::Mishap;
use super::relying_party::RelyingParty;
use super::sign::SignatureMethod;
use super::verify::{self, Verdict};
use super::xml::{SAML, SAMLP, all, parse, root};

const UNSPECIFIED: &str = "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified";

/// A request of a service provider that the farm trusts.
#[derive(Clone, Debug)]
pub struct Request {
    /// The request's `ID`, to be answered to.
    pub id: String,
    /// Who asks.
    pub relying_party: RelyingParty,
    /// What is to be handed back with the answer.
    pub relay_state: Option<String>,
    /// What is asked for.
    pub wish: Wish,
}

/// What a request asks for.
#[derive(Clone, Debug)]
pub enum Wish {
    /// An `AuthnRequest`.
    SignIn {
        /// The `NameID` format asked for.
        name_id_format: Option<String>,
        /// The context classes asked for; none means any.
        context_classes: Vec<String>,
        /// Whether the person must sign in anew.
        force_authn: bool,
    },
    /// A `LogoutRequest`.
    SignOut {
        /// Who shall be signed out.
        name_id: NameId,
        /// Of which sessions.
        session_indexes: Vec<String>,
    },
}

/// Why the person stays at ADFS, in ADFS's words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Neither binding fits what arrived.
    #[error(
        "MSIS7015: This request does not contain the expected protocol message or incorrect protocol parameters were found according to the HTTP SAML protocol bindings."
    )]
    NotAMessage,
    /// A mandatory attribute is missing.
    #[error("MSIS0006: Mandatory attribute '{0}' is missing.")]
    Incomplete(&'static str),
    /// The version is another.
    #[error("MSIS0007: The SAML protocol message has the version '{0}'; only '2.0' is supported.")]
    Version(String),
    /// No trust has this identifier.
    #[error(
        "MSIS7007: The requested relying party trust '{0}' is unspecified or unsupported. If a relying party trust was specified, it is possible the user does not have permission to access the trust relying party."
    )]
    UnknownRelyingParty(String),
    /// The response shall go where the trust does not say.
    #[error(
        "MSIS3200: No AssertionConsumerService is configured on the relying party trust '{relying_party}' that is a prefix match of the AssertionConsumerService URL '{asked}' specified by the request."
    )]
    AssertionConsumer {
        /// Who asked.
        relying_party: String,
        /// The address in the request.
        asked: String,
    },
    /// The trust demands a signature and there is none.
    #[error(
        "MSIS7085: The server requires a signed SAML authentication request but no signature present."
    )]
    Unsigned,
    /// The trust has no certificate to verify with.
    #[error("MSIS0037: No signature verification certificate found for issuer '{0}'.")]
    NoCertificate(String),
    /// The signature is made with another algorithm.
    #[error("MSIS7093: The message is not signed with expected signature algorithm. Message is signed with signature algorithm {found}. Expected signature algorithm {expected}.", expected = SignatureMethod::RsaSha256.uri())]
    Algorithm {
        /// The algorithm in the request.
        found: String,
    },
    /// The signature does not verify.
    #[error("MSIS0038: SAML Message has wrong signature. Issuer: '{0}'.")]
    Signature(String),
}

impl Request {
    /// Reads and judges the HTTP-Redirect binding, from the query as it arrived.
    pub fn from_query(raw: &str, trusts: &[RelyingParty]) -> Result<Self, Refusal> {
        Self::judge(Message::from_query(raw), trusts)
    }

    /// Reads and judges the HTTP-POST binding, from the form's body as it arrived.
    pub fn from_form(body: &str, trusts: &[RelyingParty]) -> Result<Self, Refusal> {
        Self::judge(Message::from_form(body), trusts)
    }

    /// The failure that an honest ADFS answers such a request with.
    pub fn consequence(&self) -> Option<Mishap> {
        let Wish::SignIn {
            name_id_format,
            context_classes,
            ..
        } = &self.wish
        else {
            return None;
        };
        if name_id_format
            .as_ref()
            .is_some_and(|format| format != UNSPECIFIED)
        {
            return Some(Mishap::InvalidNameIdPolicy);
        }
        let satisfied =
            context_classes.is_empty() || context_classes.iter().any(|class| class == PASSWORD);
        (!satisfied).then_some(Mishap::NoAuthnContext)
    }

    fn judge(message: Option<Message>, trusts: &[RelyingParty]) -> Result<Self, Refusal> {
        let message = message.ok_or(Refusal::NotAMessage)?;
        let document = parse(&message.xml).map_err(|_| Refusal::NotAMessage)?;
        let element = root(&document).map_err(|_| Refusal::NotAMessage)?;
        let wish = wish(&document, element).ok_or(Refusal::NotAMessage)?;
        let required = |name: &'static str| {
            document
                .get_attribute(element, name)
                .ok_or(Refusal::Incomplete(name))
        };
        let id = required("ID")?;
        required("IssueInstant")?;
        match required("Version")? {
            "2.0" => {}
            other => return Err(Refusal::Version(other.to_owned())),
        }
        let issuer = document
            .first_child_element_by_name_ns(element, SAML, "Issuer")
            .map(|issuer| document.text_content_deep(issuer))
            .unwrap_or_default();
        let trust = trusts
            .iter()
            .find(|trust| trust.entity_id == issuer)
            .ok_or(Refusal::UnknownRelyingParty(issuer))?;
        signature(&document, element, &message, &wish, trust)?;
        consumer(&document, element, trust)?;
        Ok(Self {
            id: id.to_owned(),
            relying_party: trust.clone(),
            wish,
            relay_state: message.relay_state.clone(),
        })
    }
}

fn wish(document: &Document<'_>, element: NodeId) -> Option<Wish> {
    let name = &document.element(element)?.name;
    if name.matches(Some(SAMLP), "LogoutRequest") {
        let indexes = all(document, element, SAMLP, "SessionIndex");
        return Some(Wish::SignOut {
            name_id: name_id(document, element),
            session_indexes: indexes
                .iter()
                .map(|index| document.text_content_deep(*index))
                .collect(),
        });
    }
    let policy = document.first_child_element_by_name_ns(element, SAMLP, "NameIDPolicy");
    let format = policy.and_then(|policy| document.get_attribute(policy, "Format"));
    let classes = all(document, element, SAML, "AuthnContextClassRef");
    name.matches(Some(SAMLP), "AuthnRequest")
        .then(|| Wish::SignIn {
            name_id_format: format.map(str::to_owned),
            context_classes: classes
                .iter()
                .map(|class| document.text_content_deep(*class))
                .collect(),
            force_authn: matches!(
                document.get_attribute(element, "ForceAuthn"),
                Some("true" | "1")
            ),
        })
}

/// The name in a logout request; an empty one where there is none, which is nobody's.
fn name_id(document: &Document<'_>, element: NodeId) -> NameId {
    let Some(node) = document.first_child_element_by_name_ns(element, SAML, "NameID") else {
        return NameId::default();
    };
    let attribute = |name| document.get_attribute(node, name).map(str::to_owned);
    NameId {
        value: document.text_content_deep(node),
        format: attribute("Format"),
        name_qualifier: attribute("NameQualifier"),
        sp_name_qualifier: attribute("SPNameQualifier"),
    }
}

/// A signature is judged where there is one, and demanded where the trust or a logout needs it.
fn signature(
    document: &Document<'_>,
    element: NodeId,
    message: &Message,
    wish: &Wish,
    trust: &RelyingParty,
) -> Result<(), Refusal> {
    let certificates = &trust.signing_certificates;
    let wrong = || Refusal::Signature(trust.entity_id.clone());
    let verdict = match &message.detached {
        Some(seal) => verify::octets(
            seal.octets.as_bytes(),
            &seal.algorithm,
            &seal.value,
            certificates,
        ),
        None => verify::enveloped(document, element, certificates),
    };
    match verdict.map_err(|_| wrong())? {
        Verdict::Absent
            if trust.signed_requests_required || matches!(wish, Wish::SignOut { .. }) =>
        {
            Err(Refusal::Unsigned)
        }
        Verdict::Absent | Verdict::Genuine => Ok(()),
        Verdict::Algorithm(found) => Err(Refusal::Algorithm { found }),
        Verdict::False if certificates.is_empty() => {
            Err(Refusal::NoCertificate(trust.entity_id.clone()))
        }
        Verdict::False => Err(wrong()),
    }
}

fn consumer(document: &Document<'_>, element: NodeId, trust: &RelyingParty) -> Result<(), Refusal> {
    match document.get_attribute(element, "AssertionConsumerServiceURL") {
        Some(asked) if asked != trust.acs_url => Err(Refusal::AssertionConsumer {
            relying_party: trust.entity_id.clone(),
            asked: asked.to_owned(),
        }),
        Some(_) | None => Ok(()),
    }
}
