//! What a directory writes, brought into our form: known names in our spelling, values of the right kind, nothing else.

use openssl::sha::sha256;
use serde_json::{Map, Value, json};

use super::filter::flag;
use super::path::shown;
use super::schema::{Attribute, Change, Kind as Type, Schema};
use super::{Error, Kind};
use crate::id::hex;
use crate::time::Timestamp;
use crate::user::fold;

/// The longest text, in characters and, in the form in which it is found again, in bytes of an index.
const LONGEST: usize = 256;
const LONGEST_FOLDED: usize = 1_024;

/// The most values of one attribute, and the most members that a request names.
const MOST: usize = 50;
const MOST_MEMBERS: usize = 5_000;

/// A resource as it was sent, without what is not known and what is not for the directory to say.
pub(super) fn resource(body: &Value, schema: &Schema) -> Result<Map<String, Value>, Error> {
    let Some(fields) = body.as_object() else {
        return Err(Kind::InvalidSyntax.because("the body is no JSON object"));
    };
    let named = fields.get("schemas").and_then(Value::as_array);
    let is_ours = |urn: &Value| {
        urn.as_str()
            .is_some_and(|urn| urn.eq_ignore_ascii_case(schema.urn))
    };
    if !named.is_some_and(|urns| urns.iter().any(is_ours)) {
        return Err(Kind::InvalidSyntax.because(format!("`schemas` does not name {}", schema.urn)));
    }
    object(fields, |name| schema.attribute(name))
}

fn object(
    fields: &Map<String, Value>,
    find: impl Fn(&str) -> Option<&'static Attribute>,
) -> Result<Map<String, Value>, Error> {
    let mut shaped = Map::new();
    for (name, given) in fields {
        let Some(attribute) = find(name).filter(|known| known.change != Change::Never) else {
            continue;
        };
        if shaped.contains_key(attribute.name) {
            let sentence = format!("`{}` is there twice", attribute.name);
            return Err(Kind::InvalidSyntax.because(sentence));
        }
        if let Some(value) = value(attribute, given)? {
            shaped.insert(attribute.name.to_owned(), value);
        }
    }
    Ok(shaped)
}

/// A value of an attribute in our form; `None` where it says that there is none.
pub(super) fn value(attribute: &'static Attribute, given: &Value) -> Result<Option<Value>, Error> {
    if !attribute.is_many {
        return one(attribute, given);
    }
    let given = match given {
        Value::Array(values) => values.as_slice(),
        other => std::slice::from_ref(other),
    };
    let is_members = attribute.name == "members";
    let most = if is_members { MOST_MEMBERS } else { MOST };
    if given.len() > most {
        let sentence = format!(
            "`{}` has more than {most} values; change it by several requests",
            attribute.name
        );
        return Err(Kind::InvalidValue.because(sentence));
    }
    let mut values = Vec::new();
    for given in given {
        if let Some(value) = one(attribute, given)?
            && (is_members || !values.contains(&value))
        {
            values.push(value);
        }
    }
    let is_primary = |value: &&Value| value.get("primary") == Some(&Value::Bool(true));
    if values.iter().filter(is_primary).count() > 1 {
        let sentence = format!("`{}` has more than one primary value", attribute.name);
        return Err(Kind::InvalidValue.because(sentence));
    }
    Ok((!values.is_empty()).then_some(Value::Array(values)))
}

/// One value, or a part of one.
pub(super) fn one(attribute: &'static Attribute, given: &Value) -> Result<Option<Value>, Error> {
    let misfit = |what: &str| Kind::InvalidValue.because(format!("`{}` is {what}", attribute.name));
    Ok(match (attribute.kind, given) {
        (_, Value::Null) => None,
        (Type::Complex, Value::Object(fields)) => {
            let shaped = object(fields, |name| attribute.part(name))?;
            (!shaped.is_empty()).then_some(Value::Object(shaped))
        }
        // Some directories send the value alone: `members: ["usr_…"]`.
        (Type::Complex, Value::String(_)) if attribute.is_many => {
            let part = attribute.part("value");
            let value = part.map(|part| one(part, given)).transpose()?.flatten();
            value.map(|value| Value::Object(Map::from_iter([("value".to_owned(), value)])))
        }
        (Type::Complex, _) => return Err(misfit("no object")),
        (Type::Flag, Value::Bool(_)) => Some(given.clone()),
        (Type::Flag, Value::String(text)) => Some(Value::Bool(
            flag(text).ok_or_else(|| misfit("not true or false"))?,
        )),
        (Type::Flag, _) => return Err(misfit("not true or false")),
        (Type::Text | Type::Reference | Type::Moment, Value::String(text)) => {
            let is_long = text.chars().count() > LONGEST || fold(text).len() > LONGEST_FOLDED;
            if is_long || text.chars().any(char::is_control) {
                return Err(misfit(&format!(
                    "longer than {LONGEST} characters, or holds control characters"
                )));
            }
            (!text.trim().is_empty()).then(|| given.clone())
        }
        (Type::Text | Type::Reference | Type::Moment, _) => {
            return Err(misfit(&format!("no text: {}", shown(&given.to_string()))));
        }
    })
}

/// What is demanded is there.
pub(super) fn demand(resource: &Map<String, Value>, name: &'static str) -> Result<(), Error> {
    if resource.contains_key(name) {
        Ok(())
    } else {
        Err(Kind::InvalidValue.because(format!("`{name}` is missing")))
    }
}

/// The weak `ETag` of a resource as it is shown.
fn version(resource: &Map<String, Value>) -> String {
    let mut digest = hex(&sha256(
        Value::Object(resource.clone()).to_string().as_bytes(),
    ));
    digest.truncate(16);
    format!("W/\"{digest}\"")
}

/// The resource with what every resource says of itself.
pub(super) fn with_meta(
    mut fields: Map<String, Value>,
    schema: &Schema,
    location: &str,
    [created, changed]: [Timestamp; 2],
    etag: Option<String>,
) -> Map<String, Value> {
    let version = etag.unwrap_or_else(|| version(&fields));
    let meta = json!({
        "resourceType": schema.name,
        "created": created.to_string(),
        "lastModified": changed.to_string(),
        "location": location,
        "version": version,
    });
    fields.insert("meta".to_owned(), meta);
    fields
}
