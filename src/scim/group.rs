//! A group as a directory writes it, and as it reads it.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::patch::{Change, What};
use super::schema::GROUP;
use super::{Error, Kind, Patch, shape};
use crate::id::{GroupId, UserId};
use crate::time::Timestamp;

/// A group of people of one account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Our id.
    pub id: GroupId,
    /// The name that the account's rules know it by.
    pub name: String,
    /// The directory's own id.
    pub external_id: Option<String>,
    /// When it came to be.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub changed_at: Timestamp,
    /// Counts its changes, those of its members too.
    pub version: i64,
}

/// A group as a directory wants it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewGroup {
    /// Its name.
    pub name: String,
    /// The directory's own id.
    pub external_id: Option<String>,
    /// Who belongs to it.
    pub members: BTreeSet<UserId>,
}

/// What is to become of a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupChange {
    /// Its name from now on.
    pub name: String,
    /// The directory's own id from now on.
    pub external_id: Option<String>,
    /// What becomes of its members, in order.
    pub members: Vec<Membership>,
}

/// What becomes of the members of a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Membership {
    /// These belong to it, too.
    Add(BTreeSet<UserId>),
    /// These do not any more.
    Remove(BTreeSet<UserId>),
    /// These and nobody else do.
    Replace(BTreeSet<UserId>),
}

impl NewGroup {
    /// Reads the body of a request that makes or replaces a group.
    pub fn read(body: &Value) -> Result<Self, Error> {
        let fields = shape::resource(body, &GROUP)?;
        shape::demand(&fields, GROUP.named_by)?;
        Ok(Self {
            name: text(&fields, "displayName").unwrap_or_default(),
            external_id: text(&fields, "externalId"),
            members: members(fields.get("members"))?,
        })
    }
}

impl From<NewGroup> for GroupChange {
    fn from(group: NewGroup) -> Self {
        Self {
            name: group.name,
            external_id: group.external_id,
            members: vec![Membership::Replace(group.members)],
        }
    }
}

impl Group {
    /// What the changes make of it. Members are named, never listed: a group may have very many.
    pub fn patched(&self, patch: &Patch) -> Result<GroupChange, Error> {
        let mut fields = Map::from_iter([("displayName".to_owned(), json!(self.name))]);
        if let Some(id) = &self.external_id {
            fields.insert("externalId".to_owned(), json!(id));
        }
        let mut changed = Vec::new();
        for change in &patch.0 {
            if change.path.attribute.name == "members" {
                changed.push(membership(change)?);
            } else {
                change.apply(&mut fields)?;
            }
        }
        Ok(GroupChange {
            name: text(&fields, "displayName").unwrap_or_default(),
            external_id: text(&fields, "externalId"),
            members: changed,
        })
    }

    /// The resource as a directory reads it, with its members where they were asked for.
    pub fn resource(&self, members: Option<&[UserId]>, base: &str) -> Map<String, Value> {
        let mut fields = Map::from_iter([
            ("schemas".to_owned(), json!([GROUP.urn])),
            ("id".to_owned(), json!(self.id)),
            ("displayName".to_owned(), json!(self.name)),
        ]);
        if let Some(id) = &self.external_id {
            fields.insert("externalId".to_owned(), json!(id));
        }
        if let Some(members) = members.filter(|members| !members.is_empty()) {
            let shown = members
                .iter()
                .map(|id| json!({ "value": id, "$ref": format!("{base}/Users/{id}") }));
            fields.insert("members".to_owned(), Value::Array(shown.collect()));
        }
        let (location, times) = (
            format!("{base}/Groups/{}", self.id),
            [self.created_at, self.changed_at],
        );
        shape::with_meta(fields, &GROUP, &location, times, Some(self.etag()))
    }

    /// Its weak `ETag`.
    pub fn etag(&self) -> String {
        format!("W/\"{}\"", self.version)
    }
}

fn text(fields: &Map<String, Value>, name: &str) -> Option<String> {
    fields.get(name)?.as_str().map(str::to_owned)
}

fn membership(change: &Change) -> Result<Membership, Error> {
    let unreadable = || {
        Kind::InvalidFilter
            .because("members are named by `members[value eq \"usr_…\"]`, and removed by it")
    };
    match (&change.path.which, change.what) {
        (Some(which), What::Remove) => {
            let named = which.values().ok_or_else(unreadable)?;
            Ok(Membership::Remove(known(named.into_iter())))
        }
        (Some(_), What::Add | What::Replace) => Err(unreadable()),
        (None, what) => {
            let attribute = change.path.attribute;
            let given = shape::value(attribute, &change.value)?;
            Ok(match what {
                What::Add => Membership::Add(members(given.as_ref())?),
                What::Replace => Membership::Replace(members(given.as_ref())?),
                What::Remove if given.is_none() => Membership::Replace(BTreeSet::new()),
                What::Remove => {
                    let values = given.as_ref().and_then(Value::as_array);
                    let named = values.into_iter().flatten();
                    Membership::Remove(known(named.filter_map(|one| one.get("value")?.as_str())))
                }
            })
        }
    }
}

/// Whoever of them can be a member at all.
fn known<'v>(named: impl Iterator<Item = &'v str>) -> BTreeSet<UserId> {
    named.filter_map(UserId::parse).collect()
}

fn members(values: Option<&Value>) -> Result<BTreeSet<UserId>, Error> {
    let values = values.and_then(Value::as_array).into_iter().flatten();
    values
        .map(|value| {
            let named = value.get("value").and_then(Value::as_str);
            let id = named.and_then(UserId::parse);
            id.ok_or_else(|| no_such(named.unwrap_or_default()))
        })
        .collect()
}

/// A member that is nobody.
pub(super) fn no_such(named: &str) -> Error {
    Kind::InvalidValue.because(format!(
        "`members` names {}, who is no person of the account; groups cannot be members of groups",
        super::path::shown(named)
    ))
}
