//! What a fetched descriptor changes against the one that is trusted, and whether that needs a person.

use openssl::sha::sha256;
use serde::Serialize;

use super::keys::{Certificate, IdpKey};
use super::metadata::Descriptor;
use crate::id::hex;

/// What a descriptor would change in whom an account trusts.
#[derive(Debug, Clone, Serialize)]
pub struct Difference {
    /// Certificates that are new.
    pub added: Vec<Certificate>,
    /// Certificates that are gone.
    pub removed: Vec<Certificate>,
    /// The entity id and addresses that are not the same.
    pub moved: Vec<Moved>,
    /// The fingerprint of the trusted certificate that has signed the document, if one has.
    pub signed_by: Option<String>,
    /// Why it needs a person; none where it does not.
    pub reasons: Vec<Reason>,
}

/// A name or address that is not the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Moved {
    /// Which one.
    pub what: &'static str,
    /// What it was.
    pub before: Option<String>,
    /// What it would be.
    pub after: Option<String>,
}

/// Why a change of trust needs a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each variant's sentence is its documentation")]
pub enum Reason {
    First,
    EntityId,
    Address,
    Unsigned,
    NoOverlap,
    Returning,
    Staff,
}

impl Reason {
    /// The reason for a person.
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::First => "nothing is trusted yet that could vouch for it",
            Self::EntityId => "the identity provider has another entity id",
            Self::Address => "a sign-in or sign-out address is another one",
            Self::Unsigned => {
                "signing keys change in a document that none of the trusted keys has signed"
            }
            Self::NoOverlap => "none of the trusted keys is left",
            Self::Returning => "a key comes back that was removed before",
            Self::Staff => "it is the staff account, whose identity provider only people change",
        }
    }
}

impl Difference {
    /// What `new` changes against `old`, where `signed_by` names the key of `old` that has signed `new`.
    pub fn of(old: Option<&Descriptor>, new: &Descriptor, signed_by: Option<String>) -> Self {
        let known = old.map_or(&[][..], |old| &old.signing);
        let mut difference = Self {
            added: lacking(&new.signing, known),
            removed: lacking(known, &new.signing),
            moved: moved(old, new),
            signed_by,
            reasons: Vec::new(),
        };
        let keys_are_new = new.signing.iter().any(|key| !holds(known, key));
        let keys_are_gone = known.iter().any(|key| !holds(&new.signing, key));
        let overlap = new.signing.iter().any(|key| holds(known, key));
        let entity_id = |moved: &Moved| moved.what == ENTITY_ID;
        let reasons = [
            (old.is_none(), Reason::First),
            (
                old.is_some() && difference.moved.iter().any(entity_id),
                Reason::EntityId,
            ),
            (
                old.is_some() && !difference.moved.iter().all(entity_id),
                Reason::Address,
            ),
            (
                (keys_are_new || keys_are_gone) && difference.signed_by.is_none(),
                Reason::Unsigned,
            ),
            (old.is_some() && !overlap, Reason::NoOverlap),
        ];
        difference.reasons = reasons
            .into_iter()
            .filter_map(|(holds, reason)| holds.then_some(reason))
            .collect();
        difference
    }

    /// Whether both trust the same.
    pub const fn is_none(&self) -> bool {
        self.added.is_empty() && self.removed.is_empty() && self.moved.is_empty()
    }

    /// Notes that a person is needed, once.
    pub fn needs(&mut self, reason: Reason) {
        if !self.reasons.contains(&reason) {
            self.reasons.push(reason);
        }
    }
}

const ENTITY_ID: &str = "Entity id";

/// What names the trust in a descriptor: the same for every document that trusts the same.
pub fn name(descriptor: &Descriptor) -> String {
    let mut keys: Vec<&str> = descriptor
        .signing
        .iter()
        .map(|key| key.certificate.fingerprint.as_str())
        .collect();
    keys.sort_unstable();
    let places = places(descriptor).map(|(_, place)| place);
    let digest = sha256(format!("{places:?} {keys:?}").as_bytes());
    hex(digest.first_chunk::<16>().unwrap_or(&[0; 16]))
}

fn places(of: &Descriptor) -> [(&'static str, Option<&String>); 5] {
    [
        (ENTITY_ID, Some(&of.entity_id)),
        ("Sign-in", of.sso_redirect.as_ref()),
        ("Sign-in by POST", of.sso_post.as_ref()),
        ("Sign-out", of.slo_redirect.as_ref()),
        ("Sign-out by POST", of.slo_post.as_ref()),
    ]
}

fn moved(old: Option<&Descriptor>, new: &Descriptor) -> Vec<Moved> {
    let before = old.map(places);
    let pairs = places(new).into_iter().enumerate();
    let pairs = pairs.map(|(index, (what, after))| {
        let before = before.and_then(|before| before.get(index).and_then(|(_, place)| *place));
        (what, before, after)
    });
    let changed = pairs.filter(|(_, before, after)| before != after);
    changed
        .map(|(what, before, after)| Moved {
            what,
            before: before.cloned(),
            after: after.cloned(),
        })
        .collect()
}

/// The certificates of `keys` that `others` lack.
fn lacking(keys: &[IdpKey], others: &[IdpKey]) -> Vec<Certificate> {
    let known = |certificate: &Certificate| {
        others
            .iter()
            .any(|other| other.certificate.fingerprint == certificate.fingerprint)
    };
    keys.iter()
        .map(|key| &key.certificate)
        .filter(|certificate| !known(certificate))
        .cloned()
        .collect()
}

/// By the key itself: a renewed certificate for the same key widens nothing.
fn holds(keys: &[IdpKey], key: &IdpKey) -> bool {
    keys.iter().any(|known| known.public.public_eq(&key.public))
}
