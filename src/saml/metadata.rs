//! Reads an identity provider's descriptor as clients really send it, and says what is wrong with it.

use serde::Serialize;

use super::keys::{Certificate, IdpKey};
use super::names::{ASSERTION, DSIG, METADATA, POST, REDIRECT};
use super::xml::{Node, Xml};
use super::{decode, scan, signature};
use crate::time::Timestamp;

/// Why a document is refused as an identity provider's descriptor: what was sent, and what to send instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "each message is the documentation")]
pub enum Problem {
    #[error("the file is empty. Send the FederationMetadata.xml of your ADFS")]
    Empty,
    #[error(
        "the file is neither UTF-8 nor UTF-16 text. Save it with Invoke-WebRequest -OutFile instead of an editor"
    )]
    Encoding,
    #[error(
        "this is the text of a browser's XML view, not the file. Use \"Save as\", or Invoke-WebRequest -OutFile FederationMetadata.xml"
    )]
    BrowserCopy,
    #[error(
        "the file begins with \"{0}\" before the XML. Save the file again without it, best with Invoke-WebRequest -OutFile"
    )]
    TextBefore(String),
    #[error(
        "this is not XML: it begins with \"{0}\". Send the FederationMetadata.xml of your ADFS"
    )]
    NotXml(String),
    #[error(
        "this is a web page, not metadata: probably a sign-in or error page was saved. Open https://<your ADFS>/FederationMetadata/2007-06/FederationMetadata.xml and save that"
    )]
    WebPage,
    #[error(
        "this is a WSDL or MEX document of ADFS's web services, not SAML metadata. Send FederationMetadata.xml"
    )]
    Wsdl,
    #[error(
        "the root element is {0}, not EntityDescriptor. Send the FederationMetadata.xml of your ADFS"
    )]
    OtherRoot(String),
    #[error(
        "the file holds {0} identity providers. Send the descriptor of the one that your people sign in with"
    )]
    Several(usize),
    #[error(
        "this describes a service provider: it has no IDPSSODescriptor. Send the metadata of your identity provider (ADFS), not of an application"
    )]
    NoIdentityProvider,
    #[error(
        "this is Entra ID's file for all tenants: its entity id holds {{tenantid}}. Download the metadata from the enterprise application itself"
    )]
    AllTenants,
    #[error("the descriptor has no entity id. Send the file as ADFS makes it")]
    NoEntityId,
    #[error(
        "the descriptor has no signing key, so nothing that your identity provider sends could be verified. Send the file as ADFS makes it"
    )]
    NoSigningKey,
    #[error(
        "none of its signing keys can be used: {0}. Ask for a signing certificate with RSA of at least 2048 bits"
    )]
    OnlyWeakKeys(String),
    #[error(
        "it offers no sign-in address for the Redirect or POST binding. Enable the SAML endpoint /adfs/ls/ on the ADFS"
    )]
    NoSignInAddress,
    #[error("its sign-in address {0} is not https. Send the metadata of the production address")]
    InsecureAddress(String),
    #[error("the file is damaged: {0}. Download it again and send it unchanged")]
    Damaged(String),
    #[error("the file is too large or too deep: {0}. An ADFS file has about 76 KB")]
    TooLarge(String),
}

/// What an identity provider says of itself, out of its `IDPSSODescriptor` alone.
#[derive(Debug, Clone, Serialize)]
pub struct Descriptor {
    /// Its name, compared byte for byte and never called.
    pub entity_id: String,
    /// Where a request goes by the redirect binding.
    pub sso_redirect: Option<String>,
    /// Where a request goes by the POST binding.
    pub sso_post: Option<String>,
    /// Where a logout message goes by the redirect binding.
    pub slo_redirect: Option<String>,
    /// Where a logout message goes by the POST binding.
    pub slo_post: Option<String>,
    /// Where the answer to its logout request goes by the redirect binding.
    pub slo_answer_redirect: Option<String>,
    /// Where the answer to its logout request goes by the POST binding.
    pub slo_answer_post: Option<String>,
    /// The keys that its signatures may be made with.
    #[serde(serialize_with = "certificates")]
    pub signing: Vec<IdpKey>,
    /// Signing keys that are not used, each with the reason.
    pub unusable: Vec<String>,
    /// The claim types that it says it can send.
    pub claims: Vec<String>,
    /// Whether it asks for signed requests.
    pub wants_signed_requests: bool,
    /// Until when the document says that it holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<Timestamp>,
    /// Whether the document's own signature verifies; information only, since its key comes with it.
    pub own_signature: OwnSignature,
}

/// What the signature on a metadata document itself is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum OwnSignature {
    /// There is none.
    Absent,
    /// It verifies with the key that it carries.
    Verifies,
    /// It does not: the file was changed or reformatted after download.
    Broken,
}

fn certificates<S: serde::Serializer>(keys: &[IdpKey], to: S) -> Result<S::Ok, S::Error> {
    to.collect_seq(keys.iter().map(|key| &key.certificate))
}

/// The bytes of an uploaded or fetched file as text, as it is kept.
pub fn text(bytes: &[u8]) -> Result<String, Problem> {
    decode::text(bytes)
}

impl Descriptor {
    /// Reads the bytes of an uploaded or fetched file.
    pub fn read(bytes: &[u8]) -> Result<Self, Problem> {
        if bytes.len() > 2 * scan::METADATA.bytes {
            return Err(Problem::TooLarge(format!("{} bytes", bytes.len())));
        }
        let text = decode::text(bytes)?;
        if text
            .get(..14)
            .is_some_and(|start| start.eq_ignore_ascii_case("<!doctype html"))
            || text
                .get(..5)
                .is_some_and(|start| start.eq_ignore_ascii_case("<html"))
        {
            return Err(Problem::WebPage);
        }
        let xml = Xml::parse(&text, &scan::METADATA)?;
        let entity = entity(&xml)?;
        let mut roles = xml.named(entity, METADATA, "IDPSSODescriptor");
        let idp = roles.next().ok_or(Problem::NoIdentityProvider)?;
        if roles.next().is_some() {
            return Err(Problem::Several(2));
        }
        let descriptor = Self::of(&xml, entity, idp)?;
        descriptor.checked()
    }

    fn of(xml: &Xml<'_>, entity: Node, idp: Node) -> Result<Self, Problem> {
        let entity_id = xml
            .attribute(entity, "entityID")
            .filter(|id| !id.trim().is_empty() && id.len() <= 1024)
            .ok_or(Problem::NoEntityId)?;
        let service = |service, binding| {
            xml.named(idp, METADATA, service)
                .find(|node| xml.attribute(*node, "Binding") == Some(binding))
        };
        let place = |node, name| xml.attribute(node, name).map(str::to_owned);
        let location = |name, binding| place(service(name, binding)?, "Location");
        // A person can be signed in without it, so an address that is not safe is left out and refuses nothing.
        let logout =
            |binding| location("SingleLogoutService", binding).filter(|address| secure(address));
        let answer = |binding| {
            let node = service("SingleLogoutService", binding)?;
            match place(node, "ResponseLocation") {
                Some(address) => Some(address).filter(|address| secure(address)),
                None => logout(binding),
            }
        };
        let (signing, unusable) = signing_keys(xml, idp);
        Ok(Self {
            entity_id: entity_id.to_owned(),
            sso_redirect: location("SingleSignOnService", REDIRECT),
            sso_post: location("SingleSignOnService", POST),
            slo_redirect: logout(REDIRECT),
            slo_post: logout(POST),
            slo_answer_redirect: answer(REDIRECT),
            slo_answer_post: answer(POST),
            signing,
            unusable,
            claims: xml
                .named(idp, ASSERTION, "Attribute")
                .filter_map(|node| xml.attribute(node, "Name"))
                .map(str::to_owned)
                .collect(),
            wants_signed_requests: matches!(
                xml.attribute(idp, "WantAuthnRequestsSigned"),
                Some("true" | "1")
            ),
            valid_until: xml
                .attribute(entity, "validUntil")
                .or_else(|| xml.attribute(idp, "validUntil"))
                .and_then(Timestamp::parse),
            own_signature: own_signature(xml),
        })
    }

    /// Whether it can be asked to end its session.
    pub const fn offers_logout(&self) -> bool {
        self.slo_redirect.is_some() || self.slo_post.is_some()
    }

    /// Whether it takes the answer to its own logout request.
    pub const fn takes_logout_answers(&self) -> bool {
        self.slo_answer_redirect.is_some() || self.slo_answer_post.is_some()
    }

    fn checked(self) -> Result<Self, Problem> {
        if self.entity_id.contains("{tenantid}") {
            return Err(Problem::AllTenants);
        }
        match (self.signing.is_empty(), self.unusable.is_empty()) {
            (true, true) => return Err(Problem::NoSigningKey),
            (true, false) => return Err(Problem::OnlyWeakKeys(self.unusable.join("; "))),
            _ => {}
        }
        let addresses = [&self.sso_redirect, &self.sso_post];
        if addresses.iter().all(|address| address.is_none()) {
            return Err(Problem::NoSignInAddress);
        }
        if let Some(bad) = addresses
            .into_iter()
            .flatten()
            .find(|address| !secure(address))
        {
            return Err(Problem::InsecureAddress(bad.clone()));
        }
        Ok(self)
    }

    /// What an operator should know before relying on it at `now`; none of it stops a sign-in.
    pub fn warnings(&self, now: Timestamp) -> Vec<String> {
        let mut all: Vec<String> = self
            .signing
            .iter()
            .filter_map(|key| age(&key.certificate, now))
            .collect();
        all.extend(
            self.unusable
                .iter()
                .map(|reason| format!("A signing key is not used: {reason}.")),
        );
        if self.own_signature == OwnSignature::Broken {
            all.push("The file was reformatted or changed after download: its own signature does not verify. Its keys are compared by fingerprint in any case.".into());
        }
        if self.valid_until.is_some_and(|until| until < now) {
            all.push("The document says that it is no longer valid. Ask for a fresh one.".into());
        }
        if self
            .claims
            .iter()
            .any(|claim| claim.starts_with("https://schemas."))
        {
            all.push("It offers claims under https://schemas.…; the real names begin with http://. Such rules were copied from a page with a mistake.".into());
        }
        all
    }
}

impl From<super::xml::Error> for Problem {
    fn from(error: super::xml::Error) -> Self {
        match error {
            super::xml::Error::TooMuch(what) => Self::TooLarge(what),
            super::xml::Error::Malformed(what) => Self::Damaged(what),
        }
    }
}

fn entity(xml: &Xml<'_>) -> Result<Node, Problem> {
    let root = xml.root();
    if xml.is(root, METADATA, "EntityDescriptor") {
        return Ok(root);
    }
    if xml.is(root, METADATA, "EntitiesDescriptor") {
        let providers: Vec<Node> = xml
            .all(METADATA, "IDPSSODescriptor")
            .filter_map(|idp| xml.parent(idp))
            .collect();
        return match *providers.as_slice() {
            [] => Err(Problem::NoIdentityProvider),
            [one] => Ok(one),
            ref several => Err(Problem::Several(several.len())),
        };
    }
    Err(match xml.name(root) {
        "html" => Problem::WebPage,
        "definitions" | "Metadata" => Problem::Wsdl,
        other => Problem::OtherRoot(other.to_owned()),
    })
}

/// The keys for signing (`use="signing"`, or no use given) of the identity provider's own role.
fn signing_keys(xml: &Xml<'_>, idp: Node) -> (Vec<IdpKey>, Vec<String>) {
    let (mut usable, mut unusable): (Vec<IdpKey>, Vec<String>) = (Vec::new(), Vec::new());
    let described = xml
        .named(idp, METADATA, "KeyDescriptor")
        .filter(|key| matches!(xml.attribute(*key, "use"), None | Some("signing")));
    let infos = described.flat_map(|key| xml.named(key, DSIG, "KeyInfo"));
    let data = infos.flat_map(|info| xml.named(info, DSIG, "X509Data"));
    for certificate in data.flat_map(|data| xml.named(data, DSIG, "X509Certificate")) {
        let key = xml
            .text(certificate)
            .ok()
            .and_then(|text| IdpKey::read(&text));
        match key.map(|key| (key.weakness(), key)) {
            None => unusable.push("a certificate that cannot be read".into()),
            Some((Some(weakness), key)) => {
                unusable.push(format!("{} has {weakness}", key.certificate.subject));
            }
            Some((None, key))
                if usable
                    .iter()
                    .any(|known| known.certificate == key.certificate) => {}
            Some((None, key)) => usable.push(key),
        }
    }
    (usable, unusable)
}

fn own_signature(xml: &Xml<'_>) -> OwnSignature {
    let Ok(Some(signature)) = signature::find(xml, xml.root()) else {
        return OwnSignature::Absent;
    };
    let carried = xml.all(DSIG, "X509Certificate").find(|node| {
        std::iter::successors(Some(*node), |at| xml.parent(*at)).any(|at| at == signature)
    });
    let key = carried
        .and_then(|node| xml.text(node).ok())
        .and_then(|text| IdpKey::read(&text));
    match key.map(|key| signature::verify(xml, xml.root(), signature, &[key])) {
        Some(Ok(_)) => OwnSignature::Verifies,
        Some(Err(_)) | None => OwnSignature::Broken,
    }
}

fn secure(address: &str) -> bool {
    let Ok(url) = url::Url::parse(address) else {
        return false;
    };
    url.scheme() == "https"
        || (url.scheme() == "http"
            && matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]")))
}

fn age(certificate: &Certificate, now: Timestamp) -> Option<String> {
    let (name, days) = (&certificate.subject, certificate.days_left(now));
    if certificate.not_after < now {
        return Some(format!(
            "The certificate of {name} expired {} days ago. Its key still verifies, but ask for the file with the new one.",
            -days
        ));
    }
    if certificate.not_before > now {
        return Some(format!(
            "The certificate of {name} is valid only from {} on.",
            certificate.not_before.for_people()
        ));
    }
    (days <= 60).then(|| format!("The certificate of {name} expires in {days} days. ADFS publishes its successor about 20 days before; ask for a fresh file then."))
}
