//! The configuration document of an account, as it is written in TOML and kept in a revision.

use ipnet::IpNet;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};

use super::{AllowedReturn, RoleRule, Slug, Stage};
use crate::role::Role;

/// All that decides who gets into an account and as what.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Document {
    /// The account's name in addresses.
    pub account: Slug,
    /// The client's name, for people.
    pub client: String,
    /// What the account is for.
    pub stage: Stage,
    /// Whether the account has the user access management option.
    #[serde(default)]
    pub uam: bool,
    /// Whether roles, configuration and keys change by two people's word, where the account says so itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub approvals: Option<bool>,
    /// How people sign in; absent until the client has sent its metadata.
    pub saml: Option<Saml>,
    /// Which claim says what about a person.
    #[serde(default)]
    pub claims: ClaimMap,
    /// Which claim value gives which role.
    #[serde(default)]
    pub roles: Vec<RoleRule>,
    /// Who may be a user.
    #[serde(default)]
    pub users: Users,
    /// Which roles nobody may hold together.
    #[serde(default)]
    pub duties: Duties,
    /// How long sessions last.
    #[serde(default)]
    pub session: SessionPolicy,
    /// From where, and back to where.
    #[serde(default)]
    pub access: Access,
    /// How long personal data is kept.
    #[serde(default)]
    pub retention: Retention,
}

impl Document {
    /// Whether roles, configuration and keys change by two people's word: of a live account unless it says otherwise.
    pub fn approvals(&self) -> bool {
        self.approvals.unwrap_or(self.stage == Stage::Live)
    }

    /// By what somebody who is expected without a subject is known when they come: what the account says, else the client's
    /// own id where a claim tells it, else the subject.
    pub fn link(&self) -> Link {
        let usual = match self.claims.external_id {
            Some(_) => Link::ExternalId,
            None => Link::UserName,
        };
        self.users.link.unwrap_or(usual)
    }
}

/// The sign-in options.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Saml {
    /// The file with the identity provider's descriptor, relative to the configuration file; its content is kept in the revision.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub idp_metadata: Option<String>,
    /// Where the descriptor is fetched from instead.
    pub idp_metadata_url: Option<String>,
    /// Whether our requests are signed.
    pub sign_requests: bool,
    /// The size of the account's RSA keys.
    pub key_bits: u32,
    /// Our entity id for the account, where it is not its metadata address.
    pub entity_id: Option<String>,
    /// Whether the identity provider may start a sign-in.
    pub allow_idp_initiated: bool,
    /// Whether assertions are encrypted.
    pub encryption: Encryption,
    /// How far the clocks may differ.
    pub clock_skew_seconds: i64,
    /// The NameID format to ask for; usually none.
    pub name_id_format: Option<String>,
    /// The authentication context classes to ask for; usually none.
    pub authn_context: Vec<String>,
    /// Whether the person has to prove themselves anew at each sign-in.
    pub force_authn: bool,
}

impl Default for Saml {
    fn default() -> Self {
        Self {
            idp_metadata: None,
            idp_metadata_url: None,
            sign_requests: true,
            key_bits: 2048,
            entity_id: None,
            allow_idp_initiated: false,
            encryption: Encryption::Optional,
            clock_skew_seconds: 180,
            name_id_format: None,
            authn_context: Vec::new(),
            force_authn: false,
        }
    }
}

/// Whether assertions are encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Encryption {
    /// No key is published and an encrypted assertion is refused.
    Off,
    /// A key is published; both forms are accepted.
    Optional,
    /// A clear assertion is refused.
    Required,
}

/// Which claim says what about a person; the defaults are ADFS's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ClaimMap {
    /// The e-mail address.
    pub email: String,
    /// The given name.
    pub given_name: String,
    /// The family name.
    pub surname: String,
    /// What identifies the person for good.
    pub subject: SubjectSource,
    /// The client's own id of the person.
    pub external_id: Option<String>,
}

const CLAIMS: &str = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/";

impl Default for ClaimMap {
    fn default() -> Self {
        Self {
            email: format!("{CLAIMS}emailaddress"),
            given_name: format!("{CLAIMS}givenname"),
            surname: format!("{CLAIMS}surname"),
            subject: SubjectSource::NameId,
            external_id: None,
        }
    }
}

/// What identifies a person: the NameID, or a claim where ADFS issues no NameID.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum SubjectSource {
    /// The assertion's NameID.
    NameId,
    /// The one value of the claim of this name.
    Claim(String),
}

impl From<String> for SubjectSource {
    fn from(name: String) -> Self {
        if name == "name_id" {
            Self::NameId
        } else {
            Self::Claim(name)
        }
    }
}

impl From<SubjectSource> for String {
    fn from(source: SubjectSource) -> Self {
        match source {
            SubjectSource::NameId => "name_id".to_owned(),
            SubjectSource::Claim(name) => name,
        }
    }
}

/// Who may be a user and where their roles come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Users {
    /// How users come to exist.
    pub provisioning: Provisioning,
    /// Where roles come from.
    pub roles_from: RolesFrom,
    /// What becomes of a person without a role.
    pub no_role: NoRole,
    /// By what somebody who is expected without a subject is known when they come, where that is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub link: Option<Link>,
}

impl Default for Users {
    fn default() -> Self {
        Self {
            provisioning: Provisioning::Jit,
            roles_from: RolesFrom::Claims,
            no_role: NoRole::Deny,
            link: None,
        }
    }
}

/// How users come to exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Provisioning {
    /// At their first sign-in.
    Jit,
    /// By an administrator, beforehand.
    Invited,
    /// By the client's directory, beforehand.
    Scim,
}

/// Where roles come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RolesFrom {
    /// From the claims of each sign-in.
    Claims,
    /// From administrators.
    Uam,
    /// From both.
    Both,
}

/// By what somebody who is expected without a subject is known when they come first: the exact value of one thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Link {
    /// The directory's `userName`, which has to be the subject of the sign-in.
    UserName,
    /// The client's own id of the person, which has to be the claim that `claims.external_id` names.
    ExternalId,
    /// The e-mail address.
    Email,
}

impl Link {
    /// The name in configuration and answers.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::UserName => "user_name",
            Self::ExternalId => "external_id",
            Self::Email => "email",
        }
    }

    /// What stands in the place of the source of a subject until there is one.
    pub const fn source(self) -> &'static str {
        match self {
            Self::UserName => "link:user_name",
            Self::ExternalId => "link:external_id",
            Self::Email => "link:email",
        }
    }
}

/// What becomes of a person without a role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoRole {
    /// They are turned away.
    Deny,
    /// They get a session that permits nothing.
    Allow,
}

/// Which roles nobody may hold together, and what becomes of somebody whose claims and grants give them both.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Duties {
    /// The pairs; none switches the separation off.
    #[serde(deserialize_with = "pairs")]
    pub apart: Vec<[Role; 2]>,
    /// What becomes of a sign-in that would give both.
    pub on_conflict: OnConflict,
}

impl Default for Duties {
    fn default() -> Self {
        Self {
            apart: vec![[Role::Maker, Role::Checker]],
            on_conflict: OnConflict::Refuse,
        }
    }
}

/// TOML would drop a third of two without a word.
fn pairs<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<[Role; 2]>, D::Error> {
    let written = Vec::<Vec<Role>>::deserialize(from)?;
    let pair = |roles: Vec<Role>| {
        <[Role; 2]>::try_from(roles)
            .map_err(|_| Error::custom("`duties.apart` is of pairs of two different roles"))
    };
    written.into_iter().map(pair).collect()
}

/// What becomes of a sign-in that would give two roles which nobody may hold together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnConflict {
    /// The person is turned away.
    Refuse,
    /// They come in with neither.
    Drop,
}

/// How long sessions last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SessionPolicy {
    /// Minutes without a request after which a session ends.
    pub idle_minutes: i64,
    /// Hours after which a session ends in any case.
    pub absolute_hours: i64,
}

impl Default for SessionPolicy {
    fn default() -> Self {
        Self {
            idle_minutes: 30,
            absolute_hours: 10,
        }
    }
}

/// From where people may come, and where they may be sent afterwards.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Access {
    /// Origins and path prefixes that a sign-in may return to.
    pub return_to: Vec<AllowedReturn>,
    /// The networks of the account's agents; none means anywhere.
    pub networks: Vec<IpNet>,
}

/// Days after the last sign-in for users, and after the event for attempts, unless an account says less.
pub const RETENTION_DAYS: Retention = Retention {
    users_days: Some(730),
    attempts_days: Some(30),
};

/// How long personal data is kept; an account may shorten what the server says, never lengthen it, and never the audit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Retention {
    /// Days after a user's last sign-in.
    pub users_days: Option<i64>,
    /// Days after a login attempt.
    pub attempts_days: Option<i64>,
}
