//! Reads an identity provider's descriptor as clients really send it, and says what is wrong with it.

use serde::Serialize;

use super::keys::{Certificate, IdpKey};
use super::names::{ASSERTION, DSIG, METADATA, POST, REDIRECT};
pub use super::problem::Problem;
use super::xml::{Node, Xml};
use super::{decode, scan, signature};
use crate::time::{Span, Timestamp};

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
    /// How long the document says that it may be kept without asking again.
    #[serde(skip)]
    pub cache_duration: Option<Span>,
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
        Ok(Self::read_signed(bytes, &[])?.0)
    }

    /// The same, with the fingerprint of the one of `trusted` that has signed the whole document, if one has.
    pub fn read_signed(
        bytes: &[u8],
        trusted: &[IdpKey],
    ) -> Result<(Self, Option<String>), Problem> {
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
        let descriptor = Self::of(&xml, entity, idp)?.checked()?;
        // What is read and what is signed is the same element of the same parse.
        let signed_by = (entity == xml.root())
            .then(|| signed_by(&xml, trusted))
            .flatten();
        Ok((descriptor, signed_by))
    }

    /// The same without the keys of those digests, whatever certificate they come in.
    #[must_use]
    pub fn without(mut self, distrusted: &[String]) -> Self {
        let (gone, stay) = std::mem::take(&mut self.signing)
            .into_iter()
            .partition(|key| distrusted.contains(&key.digest()));
        self.signing = stay;
        self.unusable.extend(gone.into_iter().map(|key: IdpKey| {
            format!(
                "{} ({}) is on the account's deny list",
                key.certificate.subject, key.certificate.fingerprint
            )
        }));
        self
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
            valid_until: valid_until(xml, &[entity, idp])?,
            cache_duration: xml
                .attribute(entity, "cacheDuration")
                .or_else(|| xml.attribute(idp, "cacheDuration"))
                .and_then(Span::parse),
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

    /// Refuses one that would have browsers post to one of our own authorities (`host:port`), where their session would go along.
    pub fn elsewhere(self, ours: &[String]) -> Result<Self, Problem> {
        let places = [
            &self.sso_redirect,
            &self.sso_post,
            &self.slo_redirect,
            &self.slo_post,
            &self.slo_answer_redirect,
            &self.slo_answer_post,
        ];
        let is_ours = |place: &&String| authority(place).is_some_and(|one| ours.contains(&one));
        let own = places.into_iter().flatten().find(is_ours).cloned();
        own.map_or(Ok(self), |place| Err(Problem::OwnAddress(place)))
    }

    fn checked(self) -> Result<Self, Problem> {
        if self.signing.len() > MOST_KEYS {
            let found = format!("{} signing keys", self.signing.len());
            return Err(Problem::TooLarge(found));
        }
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

fn signed_by(xml: &Xml<'_>, trusted: &[IdpKey]) -> Option<String> {
    let signature = signature::find(xml, xml.root()).ok()??;
    let verified = signature::verify(xml, xml.root(), signature, trusted).ok()?;
    Some(verified.fingerprint().to_owned())
}

/// The earliest end that is stated; one that cannot be read must not mean that there is none.
fn valid_until(xml: &Xml<'_>, nodes: &[Node]) -> Result<Option<Timestamp>, Problem> {
    let stated = nodes
        .iter()
        .filter_map(|node| xml.attribute(*node, "validUntil"));
    let read = |text: &str| Timestamp::parse(text).ok_or_else(|| Problem::NoTime(text.into()));
    let all: Vec<Timestamp> = stated.map(read).collect::<Result<_, _>>()?;
    Ok(all.into_iter().min())
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

/// An ADFS publishes two signing keys, three while somebody changes them by hand; each is tried on a signature.
const MOST_KEYS: usize = 20;

/// The host and the port of an address.
pub fn authority(address: &str) -> Option<String> {
    let url = url::Url::parse(address).ok()?;
    let port = url.port_or_known_default()?;
    Some(format!("{}:{port}", url.host_str()?))
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
