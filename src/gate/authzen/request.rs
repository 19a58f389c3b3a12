//! One question: may this subject do this to that resource?

use serde_json::{Map, Value};

/// What cannot be read in a request, in a sentence.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Wrong(pub String);

/// A question.
#[derive(Debug, Clone, PartialEq)]
pub struct Evaluation {
    /// Who.
    pub subject: Thing,
    /// What.
    pub action: Deed,
    /// To what.
    pub resource: Thing,
}

/// A subject or a resource.
#[derive(Debug, Clone, PartialEq)]
pub struct Thing {
    /// Its type.
    pub kind: String,
    /// Its id.
    pub id: String,
    /// What the caller says of it.
    pub properties: Map<String, Value>,
}

/// An action.
#[derive(Debug, Clone, PartialEq)]
pub struct Deed {
    /// Its name.
    pub name: String,
    /// How it would be done.
    pub properties: Map<String, Value>,
}

impl Evaluation {
    /// Reads a question; what is not known in it is ignored.
    pub fn read(body: &Value) -> Result<Self, Wrong> {
        let whole = whole(body)?;
        Ok(Self {
            subject: Thing::read(whole, "subject")?,
            action: Deed::read(whole)?,
            resource: Thing::read(whole, "resource")?,
        })
    }
}

impl Thing {
    /// Reads the subject or the resource of a request.
    pub(super) fn read(whole: &Map<String, Value>, key: &str) -> Result<Self, Wrong> {
        let all = object(whole, key)?;
        Ok(Self {
            kind: text(all, key, "type")?,
            id: text(all, key, "id")?,
            properties: properties(all, key)?,
        })
    }
}

impl Deed {
    /// Reads the action of a request.
    pub(super) fn read(whole: &Map<String, Value>) -> Result<Self, Wrong> {
        let all = object(whole, "action")?;
        Ok(Self {
            name: text(all, "action", "name")?,
            properties: properties(all, "action")?,
        })
    }
}

/// The body, which is an object; a context has to be one too, though no policy asks for it.
pub(super) fn whole(body: &Value) -> Result<&Map<String, Value>, Wrong> {
    let Value::Object(whole) = body else {
        return Err(Wrong("the body is not a JSON object".into()));
    };
    optional(whole, "context")?;
    Ok(whole)
}

/// The object of that name, which has to be there.
pub(super) fn object<'v>(
    whole: &'v Map<String, Value>,
    key: &str,
) -> Result<&'v Map<String, Value>, Wrong> {
    optional(whole, key)?.ok_or_else(|| Wrong(format!("`{key}` is missing")))
}

/// The object of that name, where there is one.
pub(super) fn optional<'v>(
    whole: &'v Map<String, Value>,
    key: &str,
) -> Result<Option<&'v Map<String, Value>>, Wrong> {
    match whole.get(key) {
        None => Ok(None),
        Some(Value::Object(all)) => Ok(Some(all)),
        Some(_) => Err(Wrong(format!("`{key}` is not an object"))),
    }
}

/// The text of that name, which has to be there and not be empty.
pub(super) fn text(all: &Map<String, Value>, key: &str, name: &str) -> Result<String, Wrong> {
    match all.get(name) {
        None => Err(Wrong(format!("`{key}.{name}` is missing"))),
        Some(Value::String(text)) if !text.is_empty() => Ok(text.clone()),
        Some(Value::String(_)) => Err(Wrong(format!("`{key}.{name}` is empty"))),
        Some(_) => Err(Wrong(format!("`{key}.{name}` is not a string"))),
    }
}

fn properties(all: &Map<String, Value>, key: &str) -> Result<Map<String, Value>, Wrong> {
    let properties = optional(all, "properties")
        .map_err(|_| Wrong(format!("`{key}.properties` is not an object")))?;
    Ok(properties.cloned().unwrap_or_default())
}
