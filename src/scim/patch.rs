//! Changes to a part of a resource (RFC 7644, 3.5.2), also as Entra and Okta write them.

use serde_json::{Map, Value};

use super::path::{Path, shown};
use super::schema::{Attribute, Change as Mutable, Kind as Type, Schema};
use super::shape;
use super::{Error, Kind};

/// Changes that are made together or not at all, in order.
#[derive(Debug, Clone)]
pub struct Patch(pub(super) Vec<Change>);

/// One change.
#[derive(Debug, Clone)]
pub(super) struct Change {
    pub(super) what: What,
    pub(super) path: Path,
    pub(super) value: Value,
}

/// What is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum What {
    Add,
    Remove,
    Replace,
}

/// So many changes come at once at most.
const MOST: usize = 1_000;

impl Patch {
    /// Reads the body of a request that changes a resource of this schema.
    pub fn read(body: &Value, schema: &'static Schema) -> Result<Self, Error> {
        let syntax = |sentence: &str| Kind::InvalidSyntax.because(sentence);
        let operations = field(body, "Operations")
            .and_then(Value::as_array)
            .ok_or_else(|| syntax("`Operations` is missing: a list of what is to change"))?;
        if operations.is_empty() || operations.len() > MOST {
            return Err(syntax(&format!("`Operations` holds 1 to {MOST} changes")));
        }
        let mut changes = Vec::new();
        for operation in operations {
            let what = field(operation, "op").and_then(Value::as_str);
            let what = what
                .and_then(What::parse)
                .ok_or_else(|| syntax("`op` is one of add, remove and replace"))?;
            let value = field(operation, "value").cloned().unwrap_or_default();
            match field(operation, "path") {
                None | Some(Value::Null) => spread(what, &value, schema, &mut changes)?,
                Some(Value::String(path)) => {
                    let path = Path::read(path, schema)?;
                    demand_mutable(&path)?;
                    changes.push(Change { what, path, value });
                }
                Some(_) => return Err(Kind::InvalidPath.because("`path` is a text")),
            }
        }
        if changes.len() > MOST {
            return Err(syntax(&format!("`Operations` holds 1 to {MOST} changes")));
        }
        Ok(Self(changes))
    }
}

impl What {
    fn parse(name: &str) -> Option<Self> {
        match name.to_ascii_lowercase().as_str() {
            "add" => Some(Self::Add),
            "remove" => Some(Self::Remove),
            "replace" => Some(Self::Replace),
            _ => None,
        }
    }
}

/// A change without a path names what it changes in its value; what we do not know there is ignored as in any body.
fn spread(
    what: What,
    value: &Value,
    schema: &'static Schema,
    changes: &mut Vec<Change>,
) -> Result<(), Error> {
    if what == What::Remove {
        return Err(Kind::NoTarget.because("`remove` needs a `path`"));
    }
    let fields = value.as_object().ok_or_else(|| {
        Kind::InvalidValue.because("without a `path`, `value` is an object of attributes")
    })?;
    for (name, value) in fields {
        if let Ok(path) = Path::read(name, schema)
            && demand_mutable(&path).is_ok()
        {
            let value = value.clone();
            changes.push(Change { what, path, value });
        }
    }
    Ok(())
}

fn demand_mutable(path: &Path) -> Result<(), Error> {
    let part = path.part.map_or(Mutable::Always, |part| part.change);
    match (path.attribute.change, part) {
        (Mutable::Always, Mutable::Always) => Ok(()),
        _ => Err(Kind::Mutability.because(format!(
            "`{}` is not for a directory to change",
            path.part.unwrap_or(path.attribute).name
        ))),
    }
}

/// A field of an object, whatever its case.
fn field<'v>(object: &'v Value, name: &str) -> Option<&'v Value> {
    let fields = object.as_object()?;
    let found = fields
        .iter()
        .find(|(known, _)| known.eq_ignore_ascii_case(name));
    found.map(|(_, value)| value)
}

impl Change {
    /// Makes the change.
    pub(super) fn apply(&self, resource: &mut Map<String, Value>) -> Result<(), Error> {
        let attribute = self.path.attribute;
        if attribute.is_many {
            let mut values = match resource.remove(attribute.name) {
                Some(Value::Array(values)) => values,
                _ => Vec::new(),
            };
            self.change_values(&mut values)?;
            if let Some(values) = shape::value(attribute, &Value::Array(values))? {
                resource.insert(attribute.name.to_owned(), values);
            }
            return Ok(());
        }
        match self.path.part {
            None => self.set(attribute, resource),
            Some(part) => {
                let mut parts = match resource.remove(attribute.name) {
                    Some(Value::Object(parts)) => parts,
                    _ => Map::new(),
                };
                self.set(part, &mut parts)?;
                if !parts.is_empty() {
                    resource.insert(attribute.name.to_owned(), Value::Object(parts));
                }
                Ok(())
            }
        }
    }

    /// Sets or removes one attribute that has one value.
    fn set(
        &self,
        attribute: &'static Attribute,
        fields: &mut Map<String, Value>,
    ) -> Result<(), Error> {
        let value = match self.what {
            What::Remove => None,
            What::Add | What::Replace => shape::one(attribute, &self.value)?,
        };
        match (fields.get_mut(attribute.name), value) {
            (_, None) if attribute.is_required => {
                let kind = match self.what {
                    What::Remove => Kind::Mutability,
                    What::Add | What::Replace => Kind::InvalidValue,
                };
                return Err(kind.because(format!("`{}` cannot be without a value", attribute.name)));
            }
            (_, None) => drop(fields.remove(attribute.name)),
            // What is not named of a complex value stays (RFC 7644, 3.5.2.3).
            (Some(Value::Object(known)), Some(Value::Object(new))) => known.extend(new),
            (_, Some(value)) => drop(fields.insert(attribute.name.to_owned(), value)),
        }
        Ok(())
    }

    fn change_values(&self, values: &mut Vec<Value>) -> Result<(), Error> {
        let attribute = self.path.attribute;
        if self.path.which.is_none() && self.path.part.is_none() {
            let given = match self.value {
                Value::Null => Vec::new(),
                _ => match shape::value(attribute, &self.value)? {
                    Some(Value::Array(given)) => given,
                    _ => Vec::new(),
                },
            };
            match self.what {
                What::Add => {
                    if given.iter().any(is_primary) {
                        values.iter_mut().for_each(demote);
                    }
                    values.extend(given);
                }
                What::Replace => *values = given,
                What::Remove if given.is_empty() => values.clear(),
                What::Remove => values.retain(|value| {
                    !given
                        .iter()
                        .any(|gone| gone.get("value") == value.get("value"))
                }),
            }
            return Ok(());
        }
        let is_meant = |value: &Value| {
            let which = self.path.which.as_ref();
            which.is_none_or(|which| value.as_object().is_some_and(|value| which.accepts(value)))
        };
        if self.what == What::Remove && self.path.part.is_none() {
            values.retain(|value| !is_meant(value));
            return Ok(());
        }
        let meant: Vec<bool> = values.iter().map(is_meant).collect();
        if !meant.contains(&true) {
            return match self.what {
                What::Remove => Ok(()),
                What::Add => self.append(values),
                What::Replace => Err(Kind::NoTarget.because(format!(
                    "no value of `{}` is as the path says",
                    attribute.name
                ))),
            };
        }
        let makes_primary = self.path.part.is_some_and(|part| part.name == "primary");
        for (value, is_meant) in values.iter_mut().zip(meant) {
            match value {
                Value::Object(fields) if is_meant => self.change_value(fields)?,
                other if makes_primary && self.what != What::Remove => demote(other),
                _ => {}
            }
        }
        Ok(())
    }

    fn change_value(&self, fields: &mut Map<String, Value>) -> Result<(), Error> {
        match self.path.part {
            Some(part) => self.set(part, fields),
            None => match shape::one(self.path.attribute, &self.value)? {
                Some(Value::Object(new)) => {
                    fields.extend(new);
                    Ok(())
                }
                _ => Err(Kind::InvalidValue.because("a value of several parts is an object")),
            },
        }
    }

    /// Entra adds `emails[type eq "work"].value` where there is none yet.
    fn append(&self, values: &mut Vec<Value>) -> Result<(), Error> {
        let mut fields = Map::new();
        match self.path.which.as_ref().map(|which| which.describes()) {
            Some(Some((name, value))) => drop(fields.insert(name.to_owned(), value.clone())),
            Some(None) => {
                return Err(Kind::NoTarget.because(format!(
                    "no value of `{}` is as the path says, and the path does not say what a new one would be",
                    shown(self.path.attribute.name)
                )));
            }
            None => {}
        }
        self.change_value(&mut fields)?;
        if self.path.part.is_some_and(|part| part.kind == Type::Flag) {
            values.iter_mut().for_each(demote);
        }
        values.push(Value::Object(fields));
        Ok(())
    }
}

fn is_primary(value: &Value) -> bool {
    value.get("primary") == Some(&Value::Bool(true))
}

fn demote(value: &mut Value) {
    if let Some(primary) = value.get_mut("primary") {
        *primary = Value::Bool(false);
    }
}
