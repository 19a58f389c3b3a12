//! The failures that people meet with a real ADFS, as switches on the sign-in page.

use super::adfs::Adfs;
use super::answer::{Answer, What};
use super::claims::EMAIL;
use super::encrypt::Encryption;
use super::key::Key;
use super::relying_party::RelyingParty;
use super::sign::{DigestMethod, SignatureMethod};
use super::switch::{GROUPS, Switch};
use super::{Error, distortion};
use crate::id::Entropy;
use crate::time::{Span, Timestamp};

/// Something that goes wrong, or is merely unusual.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mishap {
    /// No claim rule issues a `NameID`.
    NoNameId,
    /// The person has no e-mail address in Active Directory.
    NoEmail,
    /// No claim rule issues anything.
    NoAttributes,
    /// The claim types begin with https.
    NearMissClaim,
    /// All roles are in one value.
    RolesInOneValue,
    /// The groups' identifiers are sent as roles.
    GroupSids,
    /// The assertion is for somebody else.
    WrongAudience,
    /// The assertion may be presented elsewhere only.
    WrongRecipient,
    /// The farm names itself differently.
    WrongIssuer,
    /// Nothing is signed.
    Unsigned,
    /// The signature is made with SHA-1.
    Sha1,
    /// Somebody changed the assertion on its way.
    AlteredAfterSigning,
    /// The farm signs with a key that its metadata does not hold yet.
    UnknownKey,
    /// The farm's clock is ten minutes ahead.
    ClockAhead,
    /// The farm's clock is ten minutes behind.
    ClockBehind,
    /// The previous response is posted once more.
    Replay,
    /// The access control policy refuses the person.
    RequestDenied,
    /// Something else went wrong, and ADFS does not say what.
    ResponderError,
    /// The way of signing in that was asked for is not to be had.
    NoAuthnContext,
    /// The `NameID` format that was asked for is not issued.
    InvalidNameIdPolicy,
    /// The assertion is encrypted for another certificate.
    EncryptedForSomebodyElse,
    /// The assertion is encrypted; works.
    Encrypted,
    /// Response and assertion are signed; works.
    MessageAndAssertion,
    /// The response answers no request.
    Unsolicited,
}

impl Mishap {
    /// The mishap with that name in the sign-in form.
    pub fn find(name: &str) -> Option<Self> {
        switches()
            .find(|switch| switch.name == name)
            .map(|switch| switch.mishap)
    }

    /// Its name in the sign-in form.
    pub fn name(self) -> &'static str {
        switches()
            .find(|switch| switch.mishap == self)
            .map_or("", |switch| switch.name)
    }

    /// Changes what is said, before it is signed.
    pub fn apply(self, answer: &mut Answer) {
        match self {
            Self::NoNameId => distortion::no_name_id(answer),
            Self::NoEmail => answer.attributes.retain(|claim| claim.name != EMAIL),
            Self::NoAttributes => answer.attributes.clear(),
            Self::NearMissClaim => distortion::near_miss(answer),
            Self::RolesInOneValue => distortion::roles(answer, |values| vec![values.join(",")]),
            Self::GroupSids => distortion::roles(answer, |values| distortion::sids(values.len())),
            Self::WrongAudience => distortion::wrong_audience(answer),
            Self::WrongRecipient => distortion::wrong_recipient(answer),
            Self::WrongIssuer => distortion::wrong_issuer(answer),
            Self::Unsigned => answer.sign = What::Nothing,
            Self::Sha1 => {
                answer.signing.method = SignatureMethod::RsaSha1;
                answer.signing.digest = DigestMethod::Sha1;
            }
            // What is encrypted cannot be altered to a purpose.
            Self::AlteredAfterSigning => answer.encryption = None,
            Self::ClockAhead => distortion::shift(answer, Span::minutes(10)),
            Self::ClockBehind => distortion::shift(answer, Span::minutes(-10)),
            Self::RequestDenied => distortion::refuse(answer, "Responder", Some("RequestDenied")),
            Self::ResponderError => distortion::refuse(answer, "Responder", None),
            Self::NoAuthnContext => distortion::refuse(answer, "Responder", Some("NoAuthnContext")),
            Self::InvalidNameIdPolicy => {
                distortion::refuse(answer, "Requester", Some("InvalidNameIDPolicy"));
            }
            Self::EncryptedForSomebodyElse | Self::Encrypted => {
                answer.encryption = Some(Encryption::default());
            }
            Self::MessageAndAssertion => answer.sign = What::Both,
            Self::Unsolicited => distortion::unsolicited(answer),
            // The first is a matter of keys, the second of what was sent before.
            Self::UnknownKey | Self::Replay => {}
        }
    }

    /// The sealed response with this mishap in it; a replay is up to whoever remembers the last one.
    pub fn respond(
        self,
        adfs: &Adfs,
        rp: &RelyingParty,
        mut answer: Answer,
        now: Timestamp,
        entropy: &Entropy,
    ) -> Result<String, Error> {
        self.apply(&mut answer);
        let stranger = |name: &str| Key::rsa(name, 2048, now, 365, entropy);
        let (mut adfs, mut rp) = (adfs.clone(), rp.clone());
        if self == Self::UnknownKey {
            let key = stranger(&adfs.primary()?.common_name()?)?;
            adfs.signing.insert(0, key);
        }
        if self == Self::EncryptedForSomebodyElse {
            let key = stranger(&format!("ADFS Encryption - {}", adfs.host()))?;
            rp.encryption_certificate = Some(key.certificate);
        }
        let xml = adfs.respond(&rp, &answer, entropy)?;
        Ok(match self {
            Self::AlteredAfterSigning => distortion::promoted(&xml),
            _ => xml,
        })
    }
}

fn switches() -> impl Iterator<Item = &'static Switch> {
    GROUPS.iter().flat_map(|group| group.switches)
}
