//! What can happen.

use serde::Serialize;
use serde_json::{Value, json};

use super::Outcome;
use crate::time::Timestamp;

/// What can happen. The names are a public contract.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names say it, and the fields are theirs")]
pub enum Event {
    AccountCreated {
        slug: String,
    },
    AccountEnabled,
    AccountDisabled,
    AccountDeleted {
        slug: String,
        people: i64,
    },
    RevisionCreated {
        revision: i64,
        digest: String,
    },
    RevisionActivated {
        revision: i64,
        before: Option<i64>,
        identity_provider: Vec<String>,
    },
    RevisionPromoted {
        from: String,
        from_revision: i64,
        evidence: Vec<String>,
    },
    RevisionRestored {
        of: i64,
    },
    KeysPublished {
        signing: Vec<String>,
        encryption: Vec<String>,
    },
    KeysSwitched {
        signing: Vec<String>,
        imported: bool,
    },
    KeysRetired {
        retired: Vec<String>,
        imported: bool,
    },
    MetadataAccepted {
        revision: i64,
        added: Vec<String>,
        removed: Vec<String>,
        signed_by: String,
    },
    MetadataHeld {
        change: String,
        added: Vec<String>,
        removed: Vec<String>,
        reasons: Vec<String>,
    },
    MetadataApproved {
        revision: i64,
        change: String,
        added: Vec<String>,
    },
    MetadataRefused {
        change: String,
    },
    MetadataFailed {
        problem: String,
    },
    MetadataOld {
        since: Timestamp,
    },
    KeyDistrusted {
        fingerprint: String,
        reason: String,
        sessions_ended: u64,
    },
    CertificateExpires {
        owner: String,
        fingerprint: String,
        not_after: Timestamp,
        days: i64,
    },
    CredentialCreated {
        credential: String,
        kind: String,
        name: String,
        prefix: String,
        scopes: Vec<String>,
        app: Option<String>,
        trusts: Vec<String>,
    },
    CredentialRevoked {
        credential: String,
        name: String,
        prefix: String,
    },
    TokenRevoked {
        token: String,
        subject: String,
    },
    TokenKeyPublished {
        key: String,
        signs_from: Timestamp,
        others_destroyed: bool,
    },
    BreakGlass {
        revision: i64,
        reason: String,
    },
    SignedIn {
        user: String,
        attempt: String,
        session: String,
        first: bool,
        roles: Vec<String>,
    },
    SignInConfirmed {
        user: String,
        session: String,
        replaced: Option<String>,
        address: String,
    },
    SignInRefused {
        attempt: String,
        code: String,
        refusal: Option<String>,
    },
    SignInTried {
        attempt: String,
        revision: i64,
        code: Option<String>,
    },
    SignInsRefusedUnverified {
        count: u64,
        since: Timestamp,
    },
    SignedOut {
        user: String,
        session: String,
    },
    SignedOutByIdentityProvider {
        user: String,
        session: String,
        request: String,
    },
    UserInvited {
        user: String,
    },
    UserSuspended {
        user: String,
        sessions_ended: u64,
    },
    UserRestored {
        user: String,
    },
    UserDeleted {
        user: String,
        sessions_ended: u64,
    },
    RoleGranted {
        user: String,
        role: String,
        until: Option<Timestamp>,
        reason: String,
        before: Vec<String>,
        after: Vec<String>,
    },
    RoleTaken {
        user: String,
        role: String,
        until: Option<Timestamp>,
        reason: String,
        denied: bool,
        before: Vec<String>,
        after: Vec<String>,
    },
    DenialLifted {
        user: String,
        role: String,
        until: Option<Timestamp>,
        reason: String,
        before: Vec<String>,
        after: Vec<String>,
    },
    UserProvisioned {
        user: String,
        active: bool,
    },
    UserChanged {
        user: String,
        fields: Vec<String>,
    },
    UserLinked {
        user: String,
        by: String,
        source: String,
    },
    GroupCreated {
        group: String,
        name: String,
    },
    GroupChanged {
        group: String,
        before: String,
        after: String,
        added: Vec<String>,
        removed: Vec<String>,
        gives: Vec<String>,
        waiting: Vec<String>,
    },
    GroupDeleted {
        group: String,
        name: String,
    },
    SessionEnded {
        user: String,
        session: String,
    },
    SessionsEnded {
        user: Option<String>,
        sessions_ended: u64,
    },
    /// The beginning of the chain was removed since its time is over; signed, since from here on the rest begins elsewhere.
    AuditPurged {
        through: i64,
        hash: String,
        removed: u64,
        signature: String,
    },
    AuditRead {
        way: &'static str,
        filter: super::Filter,
        entries: u64,
    },
    PersonExported {
        user: String,
    },
    CommandRefused {
        command: String,
        user: Option<String>,
        said: String,
    },
    RequestRefused {
        method: String,
        path: String,
        code: String,
        user: Option<String>,
    },
    ProposalMade {
        proposal: String,
        user: Option<String>,
        wish: String,
        reason: String,
    },
    ProposalDecided {
        proposal: String,
        user: Option<String>,
        wish: String,
        state: String,
        author: String,
        comment: String,
    },
    DirectoryRoleApproved {
        user: String,
        role: String,
        before: Vec<String>,
        after: Vec<String>,
    },
    StaffApprovals {
        on: bool,
    },
    LoginLinkMade {
        user: String,
        expires_at: Timestamp,
    },
    LoginLinkUsed {
        user: String,
        session: String,
    },
    SetupLinkMade {
        link: String,
        expires_at: Timestamp,
    },
    SetupLinkOpened {
        link: String,
    },
    SetupLinkEnded {
        link: String,
    },
    MetadataOffered {
        revision: i64,
        identity_provider: String,
        fingerprints: Vec<String>,
    },
    WebhookCreated {
        webhook: String,
        url: String,
        kinds: Vec<String>,
    },
    WebhookRotated {
        webhook: String,
    },
    WebhookEnabled {
        webhook: String,
    },
    WebhookDisabled {
        webhook: String,
        why: String,
    },
    WebhookDeleted {
        webhook: String,
    },
    WebhookReplayed {
        webhook: String,
        messages: u64,
    },
}

impl Event {
    /// Whether it says that something was done, or that it was refused.
    pub const fn outcome(&self) -> Outcome {
        match self {
            Self::SignInRefused { .. }
            | Self::SignInsRefusedUnverified { .. }
            | Self::CommandRefused { .. }
            | Self::RequestRefused { .. } => Outcome::Refused,
            _ => Outcome::Done,
        }
    }

    /// The name of the event and its details, apart.
    pub fn parts(self) -> (String, Value) {
        let mut whole = serde_json::to_value(self).unwrap_or_else(|_| json!({}));
        let name = whole
            .as_object_mut()
            .and_then(|fields| fields.remove("event"));
        let name = name.and_then(|name| name.as_str().map(str::to_owned));
        (name.unwrap_or_default(), whole)
    }
}
