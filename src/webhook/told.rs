//! Of which entries of the audit receivers are told, and what.

use serde_json::{Map, Value, json};

use crate::audit::Record;
use crate::time::Timestamp;

/// The kind of what is sent to try a receiver out.
pub const TEST: &str = "webhook.test";

/// Of which events receivers are told: the event, the kind of the message, and the members of the entry that are in it. All others
/// stay here, since they name people; who needs them asks the API by the id.
pub const KINDS: &[(&str, &str, &[&str])] = &[
    ("user_invited", "user.created", &["user"]),
    ("user_provisioned", "user.created", &["user", "active"]),
    ("user_changed", "user.changed", &["user", "fields"]),
    ("user_linked", "user.linked", &["user", "by"]),
    (
        "user_suspended",
        "user.suspended",
        &["user", "sessions_ended"],
    ),
    ("user_restored", "user.restored", &["user"]),
    ("user_deleted", "user.deleted", &["user", "sessions_ended"]),
    (
        "role_granted",
        "role.granted",
        &["user", "role", "until", "before", "after"],
    ),
    (
        "role_taken",
        "role.taken",
        &["user", "role", "until", "denied", "before", "after"],
    ),
    (
        "denial_lifted",
        "role.lifted",
        &["user", "role", "before", "after"],
    ),
    (
        "directory_role_approved",
        "role.approved",
        &["user", "role", "before", "after"],
    ),
    ("group_created", "group.created", &["group"]),
    (
        "group_changed",
        "group.changed",
        &["group", "added", "removed", "gives", "waiting"],
    ),
    ("group_deleted", "group.deleted", &["group"]),
    (
        "signed_in",
        "session.started",
        &["user", "session", "first", "roles"],
    ),
    ("signed_out", "session.ended", &["user", "session"]),
    (
        "signed_out_by_identity_provider",
        "session.ended",
        &["user", "session"],
    ),
    ("session_ended", "session.ended", &["user", "session"]),
    (
        "sessions_ended",
        "session.all_ended",
        &["user", "sessions_ended"],
    ),
    (
        "credential_created",
        "key.created",
        &["credential", "kind", "prefix", "scopes"],
    ),
    (
        "credential_revoked",
        "key.revoked",
        &["credential", "prefix"],
    ),
    (
        "keys_published",
        "signing_key.published",
        &["signing", "encryption"],
    ),
    ("keys_switched", "signing_key.switched", &["signing"]),
    ("keys_retired", "signing_key.retired", &["retired"]),
    (
        "certificate_expires",
        "certificate.expiring",
        &["owner", "fingerprint", "not_after", "days"],
    ),
    ("revision_created", "configuration.drafted", &["revision"]),
    (
        "revision_activated",
        "configuration.activated",
        &["revision", "before"],
    ),
    (
        "metadata_accepted",
        "identity_provider.changed",
        &["revision", "added", "removed"],
    ),
    (
        "metadata_approved",
        "identity_provider.changed",
        &["revision", "added"],
    ),
    (
        "metadata_held",
        "identity_provider.held",
        &["change", "added", "removed", "reasons"],
    ),
    (
        "metadata_offered",
        "identity_provider.offered",
        &["revision", "fingerprints"],
    ),
    ("metadata_failed", "identity_provider.unreachable", &[]),
    (
        "key_distrusted",
        "identity_provider.distrusted",
        &["fingerprint", "sessions_ended"],
    ),
    (
        "proposal_made",
        "proposal.made",
        &["proposal", "user", "wish"],
    ),
    (
        "proposal_decided",
        "proposal.decided",
        &["proposal", "user", "wish", "state"],
    ),
    ("login_link_made", "operator.link_made", &["user"]),
    (
        "login_link_used",
        "operator.link_used",
        &["user", "session"],
    ),
    ("account_enabled", "account.enabled", &[]),
    ("account_disabled", "account.disabled", &[]),
    ("break_glass", "account.glass_broken", &["revision"]),
];

/// Whether receivers can be told of it: a kind, a group such as `user.*`, or `*`.
pub fn knows(wanted: &str) -> bool {
    KINDS.iter().any(|(_, kind, _)| super::covers(wanted, kind))
}

/// The kind of the message about an entry, and its text; none where nobody is told.
pub fn told(entry: &Record) -> Option<(&'static str, String)> {
    let (_, kind, members) = KINDS.iter().find(|(event, ..)| *event == entry.event)?;
    let known = entry.detail.as_object();
    let mut data = Map::new();
    data.insert("account".into(), entry.account.as_str().into());
    for member in *members {
        if let Some(value) = known.and_then(|detail| detail.get(*member)) {
            data.insert((*member).into(), written(member, value));
        }
    }
    Some((kind, body(kind, Timestamp::from_millis(entry.at), &data)))
}

/// A value as receivers read it: instants are text, as the one of the message is.
fn written(member: &str, value: &Value) -> Value {
    match value.as_i64() {
        Some(millis) if ["until", "not_after"].contains(&member) => {
            Timestamp::from_millis(millis).to_string().into()
        }
        _ => value.clone(),
    }
}

/// The text of a message.
pub fn body(kind: &str, at: Timestamp, data: &Map<String, Value>) -> String {
    json!({ "type": kind, "timestamp": at.to_string(), "data": data }).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_names_a_person_is_never_told() {
        let personal = [
            "reason",
            "comment",
            "name",
            "email",
            "subject",
            "address",
            "said",
            "external_id",
        ];
        for (event, _, members) in KINDS {
            let told = members.iter().find(|member| personal.contains(member));
            assert_eq!(told, None, "{event}");
        }
    }
}
