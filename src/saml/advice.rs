//! What the client's ADFS administrator has to change when a sign-in fails: what we received, what we expected, where.

use serde::{Deserialize, Serialize};

use super::check::shorten;
use super::connection::Connection;
use super::keys::{Certificate, IdpKey};
use super::names::DSIG;
use super::request::Pending;
use super::signature::Error;
use super::xml::{Node, Xml};
use crate::time::Timestamp;

/// A cause that is known well enough to say what helps.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "cause", rename_all = "snake_case")]
#[expect(missing_docs, reason = "each variant's sentence is its documentation")]
pub enum Advice {
    WsFederation,
    StaleMetadata {
        until: Timestamp,
    },
    RequestDenied {
        entity_id: String,
    },
    NoAuthnContext,
    InvalidNameIdPolicy {
        entity_id: String,
    },
    Responder {
        entity_id: String,
        certificate: String,
        request: String,
        at: String,
    },
    OtherStatus {
        said: String,
    },
    WrongIssuer {
        expected: String,
        found: String,
    },
    Rollover {
        subject: String,
        fingerprint: String,
        since: Timestamp,
    },
    ForeignKey {
        subject: String,
        fingerprint: String,
    },
    Changed,
    NothingSigned,
    WeakAlgorithm {
        algorithm: String,
    },
    NotForUs {
        issuer: String,
        serial: String,
        ours: String,
    },
    Unreadable {
        ours: String,
    },
    ClearAssertion,
    UnexpectedEncryption,
    NoSubject {
        source: String,
        claims: Vec<String>,
    },
    TransientSubject,
    Clock {
        seconds: i64,
    },
    Expired {
        seconds: i64,
    },
    WrongAudience {
        expected: String,
        found: String,
    },
    WrongRecipient {
        expected: String,
        found: String,
    },
    Unsolicited {
        bookmark: String,
    },
    UnknownRequest {
        expired: bool,
    },
    TooOld {
        at: String,
    },
    WrongContext {
        demanded: Vec<String>,
        found: String,
    },
    Replay,
    NoAttributes,
    NearMiss {
        sent: String,
        expected: String,
    },
    SeveralRolesInOne {
        value: String,
    },
    GroupsAsRoles {
        value: String,
    },
    NoRole {
        values: Vec<String>,
    },
}

impl Advice {
    /// The cause behind a status other than Success (ADFS sends no message with it).
    pub fn of_status(
        said: &[&str],
        connection: &Connection,
        request: Option<&Pending>,
        now: Timestamp,
    ) -> Self {
        let entity_id = connection.addresses.entity_id.clone();
        match *said {
            [_, "RequestDenied", ..] => Self::RequestDenied { entity_id },
            [_, "NoAuthnContext", ..] => Self::NoAuthnContext,
            [_, "InvalidNameIDPolicy", ..] => Self::InvalidNameIdPolicy { entity_id },
            ["Responder"] => Self::Responder {
                entity_id,
                certificate: Certificate::of(&connection.signing_key.certificate)
                    .map(|facts| facts.fingerprint)
                    .unwrap_or_default(),
                request: request
                    .map(|pending| pending.id.clone())
                    .unwrap_or_default(),
                at: now.for_people(),
            },
            _ => Self::OtherStatus {
                said: shorten(&said.join(" / ")),
            },
        }
    }

    /// What we received, what we expected, and the place or command in ADFS that changes it.
    pub fn sentence(&self) -> String {
        match self {
            Self::WsFederation => "ADFS sent a WS-Federation answer. Add a SAML endpoint to the relying party trust: Endpoints tab, SAML Assertion Consumer, POST, with our address.".into(),
            Self::StaleMetadata { until } => format!("The identity provider's metadata was valid until {} and nothing newer came from its address, so its keys are not trusted any more. Publish metadata that is valid, and let us reach its address.", until.for_people()),
            Self::RequestDenied { entity_id } => format!("ADFS knew the person but its access control policy for {entity_id} refuses them. Add them to the permitted group, or change the policy of the trust (ADFS event 325, MSIS5007)."),
            Self::NoAuthnContext => "ADFS cannot satisfy the authentication method that we asked for (MSIS7102). Take `authn_context` out of the account's configuration, or enable that method in ADFS.".into(),
            Self::InvalidNameIdPolicy { entity_id } => format!("We asked for a NameID format that no claim rule of {entity_id} issues (ADFS event 321, MSIS7070). Add the NameID rule after the LDAP rule, or take `name_id_format` out of the account's configuration."),
            Self::Responder { entity_id, certificate, request, at } => format!("ADFS rejected our request {request} without a reason. Look at its AD FS/Admin log, events 364 and 378, about {at}, and compare: 1) Signature tab: certificate {certificate}; 2) Advanced tab: SHA-256; 3) identifier: {entity_id}; 4) the clock."),
            Self::OtherStatus { said } => format!("The identity provider answered {said} instead of Success. The reason stands in its own log (AD FS/Admin, event 364)."),
            Self::WrongIssuer { expected, found } => format!("The answer comes from {found:?}; the metadata that we have is of {expected:?}. They must be the same letter for letter (http or https, trailing slash). Send the metadata of the farm that your people use."),
            Self::Rollover { subject, fingerprint, since } => format!("Rollover suspected: ADFS now signs with another certificate of {subject} (SHA-256 {fingerprint}, valid from {}), which the stored metadata lacks: its certificate was probably renewed. Send the new FederationMetadata.xml, and confirm the fingerprint by telephone.", since.for_people()),
            Self::ForeignKey { subject, fingerprint } => format!("The answer is signed by {subject:?} (SHA-256 {fingerprint}), which is no key of this identity provider's metadata. Something between ADFS and us signs for it, or the answer belongs to another system."),
            Self::Changed => "The key is right but the content is not what was signed: something on the way changed or reformatted it. Look at proxies between the browser and us that rewrite pages.".into(),
            Self::NothingSigned => "Neither the response nor the assertion is signed. On ADFS run: Set-AdfsRelyingPartyTrust -TargetName '<trust>' -SamlResponseSignature AssertionOnly".into(),
            Self::WeakAlgorithm { algorithm } if algorithm.contains("sha1") || algorithm.contains("xmldsig#") => format!("ADFS signs with {algorithm}, which is no longer safe. On ADFS run: Set-AdfsRelyingPartyTrust -TargetName '<trust>' -SignatureAlgorithm http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"),
            Self::WeakAlgorithm { algorithm } => format!("The signature asks for {algorithm}, which is not accepted. On ADFS run: Set-AdfsRelyingPartyTrust -TargetName '<trust>' -SignatureAlgorithm http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"),
            Self::NotForUs { issuer, serial, ours } => format!("The assertion is encrypted for the certificate {serial} of {issuer:?}; ours is {ours}. Import our metadata again: Update-AdfsRelyingPartyTrust -TargetName '<trust>' -MetadataFile <file>"),
            Self::Unreadable { ours } => format!("The assertion cannot be decrypted with the account's keys ({ours}). Import our metadata again: Update-AdfsRelyingPartyTrust -TargetName '<trust>' -MetadataFile <file>"),
            Self::ClearAssertion => "The account demands encrypted assertions and this one is clear. Import our metadata, which carries the encryption certificate, and run: Set-AdfsRelyingPartyTrust -TargetName '<trust>' -EncryptClaims $true".into(),
            Self::UnexpectedEncryption => "The account takes no encrypted assertions. On ADFS run: Set-AdfsRelyingPartyTrust -TargetName '<trust>' -EncryptClaims $false".into(),
            Self::NoSubject { source, claims } => format!("The assertion does not say who the person is: it has no {source}. It carries: {}. Add the claim rule that issues it, or choose another `claims.subject`.", list(claims)),
            Self::TransientSubject => "The NameID is transient: it is another one at each sign-in, so nobody can be known by it. Issue a lasting NameID (UPN, or persistent), or choose a claim as `claims.subject`.".into(),
            Self::Clock { seconds } if *seconds < 0 => format!("The answer is dated about {} seconds before it arrived: the clock of ADFS is behind (w32tm /resync), or the answer was sent on much later.", seconds.unsigned_abs()),
            Self::Clock { seconds } => format!("The clock of ADFS is about {seconds} seconds ahead of ours, more than the account tolerates. Synchronise it (w32tm /resync), or set NotBeforeSkew on the trust."),
            Self::Expired { seconds } => format!("The answer ran out {seconds} seconds before it arrived: the sign-in page was open for too long, or the clock of ADFS is behind. Sign in again; if it stays, synchronise the clock (w32tm /resync)."),
            Self::WrongAudience { expected, found } => format!("The assertion is meant for {found:?}, not for {expected:?}: the identifier of the relying party trust is that of another environment. Set-AdfsRelyingPartyTrust -TargetName '<trust>' -Identifier {expected}"),
            Self::WrongRecipient { expected, found } => format!("The assertion is addressed to {found:?}, not to {expected:?}. Correct the SAML endpoint of the relying party trust (Endpoints tab), or import our metadata again."),
            Self::Unsolicited { bookmark } => format!("The identity provider started this sign-in by itself, which the account does not allow. Give your people this bookmark instead: {bookmark}"),
            Self::UnknownRequest { expired: true } => "The sign-in took longer than ten minutes. Start again.".into(),
            Self::UnknownRequest { expired: false } => "The answer belongs to no sign-in that this browser has open: the back button, a second answer, a lost cookie, or a bookmark of the ADFS page instead of ours.".into(),
            Self::TooOld { at } => format!("ADFS let the person in by a sign-in of {at}, and a fresher one was asked for: it keeps people signed in for hours (Get-AdfsProperties: SsoLifetime, KmsiLifetimeMins). Signing in with max_age=0 asks ADFS with ForceAuthn to have them prove themselves anew. If the time stays old even then, the claims provider that ADFS asks in turn keeps its own session: let that one honour ForceAuthn too."),
            Self::WrongContext { demanded, found } => format!("ADFS says that the person signed in by {found}, and {} was asked for. Enable and permit that method in ADFS for this trust; Windows-integrated sign-in, for one, is urn:federation:authentication:windows. Or list the class that ADFS sends in the account's `authn_context`.", list(demanded)),
            Self::Replay => "This answer was used before: the page was reloaded, or somebody sent it a second time. Start again.".into(),
            Self::NoAttributes => "The assertion carries no claims at all: the Issuance Transform Rules of this relying party trust are empty, or were added to another trust.".into(),
            Self::NearMiss { sent, expected } => format!("ADFS sends {sent:?} and we expect {expected:?}. They differ only in letters that are easily mistaken (https for http, upper case). Correct the claim type in the rule."),
            Self::SeveralRolesInOne { value } => format!("Several roles stand in one value, {value:?}. Issue one claim for each role, with one rule for each group."),
            Self::GroupsAsRoles { value } => format!("ADFS sends groups ({value:?}) where a role is expected. Use one rule for each group that issues the role's value, or map this value to a role in the account's configuration."),
            Self::NoRole { values } => format!("The person signed in but nothing that ADFS sent gives a role. It sent: {}. Add them to one of the groups of your role rules.", list(values)),
        }
    }
}

fn list(values: &[String]) -> String {
    if values.is_empty() {
        "nothing".to_owned()
    } else {
        values.join(", ")
    }
}

/// Why a signature failed, as far as the certificate that it carries shows; it is shown, never trusted.
pub fn signature(
    xml: &Xml<'_>,
    signature: Option<Node>,
    error: &Error,
    connection: &Connection,
) -> Option<Advice> {
    match error {
        Error::Changed => Some(Advice::Changed),
        Error::Algorithm(algorithm) => Some(Advice::WeakAlgorithm {
            algorithm: algorithm.clone(),
        }),
        Error::Shape(_) => None,
        Error::UnknownKey(_) => {
            let inside = |node: &Node| {
                std::iter::successors(Some(*node), |at| xml.parent(*at))
                    .any(|at| Some(at) == signature)
            };
            let carried = xml
                .all(DSIG, "X509Certificate")
                .find(inside)
                .and_then(|node| xml.text(node).ok());
            let carried = IdpKey::read(&carried?)?.certificate;
            let known: Vec<&Certificate> = connection
                .idp
                .signing
                .iter()
                .map(|key| &key.certificate)
                .collect();
            if known
                .iter()
                .any(|certificate| certificate.fingerprint == carried.fingerprint)
            {
                return Some(Advice::Changed);
            }
            let (subject, fingerprint) = (shorten(&carried.subject), carried.fingerprint);
            if known
                .iter()
                .any(|certificate| certificate.subject == subject)
            {
                return Some(Advice::Rollover {
                    subject,
                    fingerprint,
                    since: carried.not_before,
                });
            }
            Some(Advice::ForeignKey {
                subject,
                fingerprint,
            })
        }
    }
}

/// Why decryption failed, by the recipient that the message names.
pub fn decryption(recipient: Option<&(String, String)>, connection: &Connection) -> Advice {
    let ours = connection
        .recipients
        .iter()
        .map(|certificate| format!("{} of {:?}", certificate.serial, certificate.subject));
    let ours = ours.collect::<Vec<_>>().join(", ");
    match recipient {
        Some((issuer, serial))
            if connection
                .recipients
                .iter()
                .all(|known| known.serial != serial.trim()) =>
        {
            Advice::NotForUs {
                issuer: shorten(issuer),
                serial: shorten(serial),
                ours,
            }
        }
        _ => Advice::Unreadable { ours },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_is_either_ahead_or_behind() {
        let of = |seconds| Advice::Clock { seconds }.sentence();

        assert!(of(599).contains("about 599 seconds ahead"));
        assert!(of(-600).contains("about 600 seconds before it arrived"));
    }
}
