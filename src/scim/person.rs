//! A person as a directory writes them, and as it reads them.

use serde_json::{Map, Value, json};

use super::schema::USER;
use super::{Error, Patch, shape};
use crate::role::Roles;
use crate::time::Timestamp;
use crate::user::{self, Directory, Mail, State, User};

/// What a directory says of a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// The directory's own id.
    pub external_id: Option<String>,
    /// The rest of what it says.
    pub directory: Directory,
    /// Whether they may sign in; the directory need not say.
    pub is_active: Option<bool>,
}

impl Person {
    /// Reads the body of a request that makes or replaces a person.
    pub fn read(body: &Value) -> Result<Self, Error> {
        Self::shaped(&shape::resource(body, &USER)?)
    }

    fn shaped(fields: &Map<String, Value>) -> Result<Self, Error> {
        shape::demand(fields, "userName")?;
        let text = |fields: Option<&Value>, name: &str| {
            let value = fields?.get(name)?.as_str()?;
            Some(value.to_owned())
        };
        let own = |name: &str| fields.get(name)?.as_str().map(str::to_owned);
        let mails = fields.get("emails").and_then(Value::as_array);
        let mails = mails.into_iter().flatten().map(|mail| Mail {
            value: text(Some(mail), "value"),
            kind: text(Some(mail), "type"),
            is_primary: mail.get("primary").and_then(Value::as_bool),
        });
        Ok(Self {
            external_id: own("externalId"),
            directory: Directory {
                user_name: own("userName").unwrap_or_default(),
                display_name: own("displayName"),
                given_name: text(fields.get("name"), "givenName"),
                surname: text(fields.get("name"), "familyName"),
                mails: mails.collect(),
                has_suspended: false,
                changed_at: Timestamp::from_millis(0),
            },
            is_active: fields.get("active").and_then(Value::as_bool),
        })
    }

    /// The person with the changes made to them.
    pub fn patched(&self, patch: &Patch) -> Result<Self, Error> {
        let mut fields = self.fields();
        for change in &patch.0 {
            change.apply(&mut fields)?;
        }
        Self::shaped(&fields)
    }

    /// What of it a directory may write.
    fn fields(&self) -> Map<String, Value> {
        let said = &self.directory;
        let mut fields = Map::new();
        let mut set = |name: &str, value: Option<Value>| {
            if let Some(value) = value {
                fields.insert(name.to_owned(), value);
            }
        };
        set("externalId", self.external_id.as_ref().map(|id| json!(id)));
        set("userName", Some(json!(said.user_name)));
        set(
            "displayName",
            said.display_name.as_ref().map(|name| json!(name)),
        );
        let name = object([
            ("givenName", &said.given_name),
            ("familyName", &said.surname),
        ]);
        set("name", (!name.is_empty()).then_some(Value::Object(name)));
        let mails = said.mails.iter().map(|mail| {
            let mut fields = object([("value", &mail.value), ("type", &mail.kind)]);
            if let Some(is_primary) = mail.is_primary {
                fields.insert("primary".to_owned(), Value::Bool(is_primary));
            }
            Value::Object(fields)
        });
        let mails: Vec<Value> = mails.collect();
        set("emails", (!mails.is_empty()).then_some(Value::Array(mails)));
        set("active", self.is_active.map(Value::Bool));
        fields
    }
}

fn object<const N: usize>(parts: [(&str, &Option<String>); N]) -> Map<String, Value> {
    let parts = parts.into_iter();
    parts
        .filter_map(|(name, value)| Some((name.to_owned(), Value::String(value.clone()?))))
        .collect()
}

impl From<&User> for Person {
    /// What a directory may know of somebody, whoever made them: who came by themselves is called by their subject.
    fn from(user: &User) -> Self {
        Self {
            external_id: user.external_id.clone(),
            directory: user.directory.clone().unwrap_or_else(|| Directory {
                user_name: user.subject.clone(),
                display_name: None,
                given_name: user.profile.given_name.clone(),
                surname: user.profile.surname.clone(),
                mails: Vec::from_iter(user.profile.email.clone().map(Mail::work)),
                has_suspended: false,
                changed_at: user.created_at,
            }),
            is_active: Some(user.state != State::Suspended),
        }
    }
}

/// The resource of a person as a directory reads it; `base` is the address of the account.
pub fn person(of: &user::Person, base: &str) -> Map<String, Value> {
    let (user, said) = (&of.user, Person::from(&of.user));
    let changed = said.directory.changed_at.max(user.created_at);
    let mut fields = said.fields();
    fields.insert("schemas".to_owned(), json!([USER.urn]));
    fields.insert("id".to_owned(), json!(user.id));
    let groups = of.basis.groups.iter().map(|group| {
        let (id, name) = (group.id, &group.name);
        json!({ "value": id, "$ref": format!("{base}/Groups/{id}"), "display": name })
    });
    let groups: Vec<Value> = groups.collect();
    let roles = roles(&user.roles);
    for (name, values) in [("groups", groups), ("roles", roles)] {
        if !values.is_empty() {
            fields.insert(name.to_owned(), Value::Array(values));
        }
    }
    let location = format!("{base}/Users/{}", user.id);
    shape::with_meta(fields, &USER, &location, [user.created_at, changed], None)
}

fn roles(roles: &Roles) -> Vec<Value> {
    let shown = roles
        .iter()
        .map(|(role, why)| json!({ "value": role.as_str(), "display": why }));
    shown.collect()
}
