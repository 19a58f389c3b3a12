//! Entries for programs of others: OCSF for what watches a network, CSV for what counts in tables.

use serde_json::{Value, json};

use super::{Entry, Outcome};

/// The version of OCSF that is written.
const OCSF: &str = "1.8.0";

/// The class of OCSF for an event, its name, and the activity there; what starts with none of these is an entity of ours that changed.
const CLASSES: [(&str, i64, i64); 22] = [
    ("signed_in", 3002, 1),
    ("sign_in_tried", 3002, 99),
    ("sign_in", 3002, 1),
    ("signed_out", 3002, 2),
    ("user_invited", 3001, 1),
    ("user_created", 3001, 1),
    ("user_suspended", 3001, 5),
    ("user_restored", 3001, 2),
    ("user_deleted", 3001, 6),
    ("user_", 3001, 99),
    ("role_granted", 3005, 3),
    ("role_taken", 3005, 4),
    ("role_", 3005, 99),
    ("audit_read", 3004, 2),
    ("person_exported", 3004, 2),
    ("command_refused", 6003, 99),
    ("api_", 6003, 99),
    ("account_created", 3004, 1),
    ("account_deleted", 3004, 4),
    ("credential_created", 3004, 1),
    ("credential_revoked", 3004, 4),
    ("", 3004, 3),
];

const fn category(class: i64) -> (i64, &'static str) {
    if class >= 6000 {
        (6, "Application Activity")
    } else {
        (3, "Identity & Access Management")
    }
}

const fn class_name(class: i64) -> &'static str {
    match class {
        3001 => "Account Change",
        3002 => "Authentication",
        3005 => "User Access Management",
        6003 => "API Activity",
        _ => "Entity Management",
    }
}

/// Events that somebody should look at when they happen.
const LOUD: [&str; 5] = [
    "account_deleted",
    "break_glass",
    "key_distrusted",
    "audit_purged",
    "metadata_held",
];

/// The entry as an event of the Open Cybersecurity Schema Framework.
pub fn ocsf(entry: &Entry) -> Value {
    let found = CLASSES
        .iter()
        .find(|(start, ..)| entry.event.starts_with(start));
    let (class, activity) = found.map_or((3004, 99), |(_, class, activity)| (*class, *activity));
    let (category, category_name) = category(class);
    let refused = entry.outcome == Outcome::Refused;
    let severity = match (LOUD.contains(&entry.event.as_str()), refused) {
        (true, _) => 4,
        (false, true) => 3,
        (false, false) => 1,
    };
    let mut event = json!({
        "class_uid": class, "class_name": class_name(class), "category_uid": category, "category_name": category_name,
        "activity_id": activity, "activity_name": entry.event, "type_uid": class * 100 + activity,
        "time": entry.at.millis(), "severity_id": severity,
        "status_id": if refused { 2 } else { 1 }, "status": if refused { "Failure" } else { "Success" },
        "actor": { "user": { "uid": entry.actor } },
        "metadata": {
            "version": OCSF, "uid": entry.id, "event_code": entry.event, "tenant_uid": entry.account, "sequence": entry.number,
            "product": { "name": "Vestibule", "vendor_name": "Vestibule", "version": env!("CARGO_PKG_VERSION") },
        },
        "unmapped": entry.detail,
    });
    if let Some(members) = event.as_object_mut() {
        let mut add = |name: &str, value: Value| members.insert(name.to_owned(), value);
        if let Some(address) = &entry.address {
            add("src_endpoint", json!({ "ip": address }));
        }
        if let Some(code) = entry.detail.get("code") {
            add("status_detail", code.clone());
        }
        if let Some(target) = &entry.target {
            match class {
                3001 | 3002 | 3005 => add("user", json!({ "uid": target })),
                6003 => add("resources", json!([{ "uid": target }])),
                _ => add("entity", json!({ "uid": target })),
            };
        }
        if class == 3002 {
            add("auth_protocol_id", 5.into());
            add("auth_protocol", "SAML".into());
        }
        if class == 3005
            && let Some(role) = entry.detail.get("role")
        {
            add("privileges", json!([role]));
        }
        if class == 6003 {
            add("api", json!({ "operation": entry.event }));
        }
    }
    event
}

/// The first line of a table.
pub const COLUMNS: &str =
    "account,number,id,time,actor,address,request,event,outcome,target,detail,hash\r\n";

/// The entry as a line of a table (RFC 4180).
pub fn csv(entry: &Entry) -> String {
    let number = entry.number.map(|number| number.to_string());
    let cells = [
        entry.account.to_string(),
        number.unwrap_or_default(),
        entry.id.to_string(),
        entry.at.to_string(),
        entry.actor.clone(),
        entry.address.clone().unwrap_or_default(),
        entry.request.clone().unwrap_or_default(),
        entry.event.clone(),
        entry.outcome.as_str().to_owned(),
        entry.target.clone().unwrap_or_default(),
        entry.detail.to_string(),
        entry.hash.clone().unwrap_or_default(),
    ];
    format!("{}\r\n", cells.map(|cell| quoted(&cell)).join(","))
}

/// A cell that no spreadsheet takes for a formula.
fn quoted(cell: &str) -> String {
    let formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']);
    let guard = if formula { "'" } else { "" };
    format!("\"{guard}{}\"", cell.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_a_formula() {
        assert_eq!(quoted("=1+1"), "\"'=1+1\"");
        assert_eq!(quoted("@SUM(\"a\")"), "\"'@SUM(\"\"a\"\")\"");
        assert_eq!(quoted("plain, and \"said\""), "\"plain, and \"\"said\"\"\"");
    }
}
