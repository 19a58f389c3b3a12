//! A person of one account, and the decision whether they may come in.

mod directory;

pub use directory::{Directory, Mail, unlinked};

use openssl::sha::sha256;
use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

use crate::account::{Document, NoRole, OnConflict, Provisioning};
use crate::claims::{Claims, Profile};
use crate::grant::{Basis, Standing};
use crate::id::{AccountId, Entropy, UserId, hex};
use crate::role::Roles;
use crate::seal::{self, Place, Ring};
use crate::time::Timestamp;

/// Whether a person may sign in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Expected, but never seen.
    Invited,
    /// May sign in.
    Active,
    /// Stays out, whatever the identity provider says.
    Suspended,
}

impl State {
    /// The name in the database and in answers.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Invited => "invited",
            Self::Active => "active",
            Self::Suspended => "suspended",
        }
    }

    /// The state of that name.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Invited, Self::Active, Self::Suspended]
            .into_iter()
            .find(|state| state.as_str() == name)
    }
}

/// A person of one account: (account, source of the subject, exact value).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct User {
    /// Our id of the person.
    pub id: UserId,
    /// Where the subject comes from: `name_id` or the name of a claim.
    pub source: String,
    /// The exact value that identifies the person there.
    pub subject: String,
    /// The client's own id of the person.
    pub external_id: Option<String>,
    /// Whether they may sign in.
    pub state: State,
    /// What is shown of them.
    pub profile: Profile,
    /// What the client's directory says of them, where it does.
    pub directory: Option<Directory>,
    /// The roles that they held when this was read, each with why.
    pub roles: Roles,
    /// When they came to exist.
    pub created_at: Timestamp,
    /// When they last signed in.
    pub last_sign_in: Option<Timestamp>,
}

impl User {
    /// Names what a person may change of them, as it is now: another one after each change.
    pub fn version(&self) -> String {
        let said = serde_json::json!([
            self.id,
            self.subject,
            self.external_id,
            self.state,
            self.profile
        ]);
        let mut version = hex(&sha256(said.to_string().as_bytes()));
        version.truncate(16);
        version
    }
}

/// A person with what their roles follow from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Themselves.
    pub user: User,
    /// What their roles follow from.
    pub basis: Basis,
}

/// What the store knows about somebody who stands at the door.
#[derive(Debug, Clone, Default)]
pub struct Known {
    /// The user of exactly this subject.
    pub user: Option<User>,
    /// Somebody without a subject who is expected by exactly what the assertion says.
    pub expected: Option<User>,
    /// What the roles of whichever of them it is follow from.
    pub basis: Basis,
    /// Whether somebody else's subject differs only in case or normal form.
    pub has_twin: bool,
    /// Whether somebody of this subject was deleted.
    pub was_deleted: bool,
}

/// Why a person is turned away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// They were suspended.
    Suspended,
    /// They were deleted.
    Deleted,
    /// The account lets in only people who were invited, and they were not.
    NotInvited,
    /// Nothing gives them a role.
    NoRole,
    /// They would hold two roles that nobody may hold together.
    Duties,
    /// The same subject came with another id of the client's.
    SubjectReused,
    /// Somebody's subject differs from theirs only in case or normal form.
    Twin,
    /// The subject is somebody's, and what links an expected person is somebody else's.
    Ambiguous,
}

impl Refusal {
    /// The stable name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Suspended => "suspended",
            Self::Deleted => "deleted",
            Self::NotInvited => "not_invited",
            Self::NoRole => "no_role",
            Self::Duties => "duties",
            Self::SubjectReused => "subject_reused",
            Self::Twin => "twin",
            Self::Ambiguous => "ambiguous",
        }
    }

    /// What the operator reads, and what helps.
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::Suspended => {
                "The person is suspended: `vestibule user restore` lets them in again."
            }
            Self::Deleted => {
                "A person of this subject was deleted, so that nobody inherits what they had. Invite them under another subject."
            }
            Self::NotInvited => {
                "The account lets in only people who were invited: `vestibule user create` invites them by this very subject."
            }
            Self::NoRole => {
                "Nothing gives the person a role, and the account lets nobody in without one."
            }
            Self::Duties => {
                "The person would hold two roles that the account keeps apart (`duties.apart`). Take one of them away in the client's directory, or by `vestibule user roles … --take`; or say `duties.on_conflict = \"drop\"`, and they come in with neither."
            }
            Self::SubjectReused => {
                "The subject belongs to somebody with another external id: the identity provider gave it to a second person."
            }
            Self::Twin => {
                "Somebody's subject differs from this one only in case or normal form. Look which of the two is right before one of them signs in."
            }
            Self::Ambiguous => {
                "The subject belongs to one person, and what `users.link` compares to another who has not come yet. Delete the one of the two that is not right."
            }
        }
    }
}

/// The proof that a person may come in; made by [`admit`] alone.
#[derive(Debug)]
pub struct Admission {
    user: User,
    is_new: bool,
    is_linked: bool,
}

impl Admission {
    /// The person as they are from now on.
    pub const fn user(&self) -> &User {
        &self.user
    }

    /// Whether this is their first sign-in.
    pub const fn is_new(&self) -> bool {
        self.is_new
    }

    /// Whether it is by this sign-in that they have a subject.
    pub const fn is_linked(&self) -> bool {
        self.is_linked
    }
}

/// Decides about somebody whose claims have been verified.
pub fn admit(
    known: &Known,
    claims: &Claims,
    standing: &Standing,
    document: &Document,
    now: Timestamp,
    entropy: &Entropy,
) -> Result<Admission, Refusal> {
    let id = match (&known.user, &known.expected) {
        (Some(_), Some(_)) => return Err(Refusal::Ambiguous),
        (Some(user), None) => existing(user, claims)?,
        (None, _) if known.was_deleted => return Err(Refusal::Deleted),
        (None, _) if known.has_twin => return Err(Refusal::Twin),
        (None, Some(expected)) => existing(expected, claims)?,
        (None, None) => match document.users.provisioning {
            Provisioning::Jit => UserId::new(now, entropy),
            Provisioning::Invited | Provisioning::Scim => return Err(Refusal::NotInvited),
        },
    };
    if let Some(refusal) = lacking(standing, document) {
        return Err(refusal);
    }
    let before = known.user.as_ref().or(known.expected.as_ref());
    let directory = before.and_then(|user| user.directory.clone());
    let user = User {
        id,
        source: claims.source().to_owned(),
        subject: claims.subject().to_owned(),
        external_id: claims
            .external_id()
            .map(str::to_owned)
            .or_else(|| before.and_then(|user| user.external_id.clone())),
        state: State::Active,
        profile: match &directory {
            Some(said) => claims.profile().clone().or(said.profile()),
            None => claims.profile().clone(),
        },
        directory,
        roles: standing.roles.clone(),
        created_at: before.map_or(now, |user| user.created_at),
        last_sign_in: Some(now),
    };
    Ok(Admission {
        user,
        is_new: before.is_none_or(|user| user.last_sign_in.is_none()),
        is_linked: known.expected.is_some(),
    })
}

/// Why somebody with these roles is turned away, whoever they are.
pub fn lacking(standing: &Standing, document: &Document) -> Option<Refusal> {
    if !standing.conflicts.is_empty() && document.duties.on_conflict == OnConflict::Refuse {
        return Some(Refusal::Duties);
    }
    let lacks = standing.roles.is_empty() && document.users.no_role == NoRole::Deny;
    lacks.then_some(Refusal::NoRole)
}

fn existing(user: &User, claims: &Claims) -> Result<UserId, Refusal> {
    if user.state == State::Suspended {
        return Err(Refusal::Suspended);
    }
    match (user.external_id.as_deref(), claims.external_id()) {
        (Some(known), Some(said)) if known != said => Err(Refusal::SubjectReused),
        _ => Ok(user.id),
    }
}

/// The keyed digest under which a deleted person is remembered, whatever spelling they come back with.
pub fn tombstone(
    ring: &Ring,
    account: AccountId,
    source: &str,
    subject: &str,
) -> Result<String, seal::Error> {
    let place = Place {
        purpose: "tombstones.digest",
        account: &account.to_string(),
        at: "",
    };
    ring.digest(format!("{source}\u{0}{}", fold(subject)).as_bytes(), place)
}

/// The form of a subject under which twins are found: compatibility normal form, lower case.
pub fn fold(subject: &str) -> String {
    subject
        .trim()
        .nfkc()
        .collect::<String>()
        .to_lowercase()
        .nfkc()
        .collect()
}
