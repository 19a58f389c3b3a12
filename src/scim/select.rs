//! Which attributes an answer carries (RFC 7644, 3.9).

use serde_json::{Map, Value};

use super::path::Name;
use super::schema::Schema;
use super::{Error, Kind};

/// What a directory wants to read, or not.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    only: Vec<String>,
    not: Vec<String>,
}

/// A longer list names attributes twice.
const MOST: usize = 50;

impl Selection {
    /// From names, of which each of the two lists may hold some but not both.
    pub fn new(only: Vec<String>, not: Vec<String>) -> Result<Self, Error> {
        if !only.is_empty() && !not.is_empty() {
            return Err(Kind::InvalidValue
                .because("`attributes` and `excludedAttributes` exclude each other; send one"));
        }
        if only.len().max(not.len()) > MOST {
            return Err(
                Kind::InvalidValue.because(format!("more than {MOST} attributes are named"))
            );
        }
        Ok(Self { only, not })
    }

    /// From a list with commas, as it stands in an address.
    pub fn split(list: &str) -> Vec<String> {
        let names = list
            .split(',')
            .map(str::trim)
            .filter(|name| !name.is_empty());
        names.map(str::to_owned).collect()
    }

    /// Whether an attribute is wanted at all.
    pub fn wants(&self, name: &str, schema: &Schema) -> bool {
        let names = |list: &[String], parts: bool| {
            list.iter()
                .filter_map(|text| Name::find(text, &[schema]))
                .any(|found| found.attribute.name == name && (parts || found.part.is_none()))
        };
        if self.only.is_empty() {
            !names(&self.not, false)
        } else {
            names(&self.only, true)
        }
    }

    /// The resource with what is wanted of it; `schemas` and `id` always are.
    pub fn apply(&self, resource: Map<String, Value>, schema: &Schema) -> Map<String, Value> {
        if self.only.is_empty() && self.not.is_empty() {
            return resource;
        }
        let (list, keeps) = if self.only.is_empty() {
            (&self.not, false)
        } else {
            (&self.only, true)
        };
        let named: Vec<Name> = list
            .iter()
            .filter_map(|text| Name::find(text, &[schema]))
            .collect();
        let mut kept = Map::new();
        for (name, mut value) in resource {
            let about = || named.iter().filter(|one| one.attribute.name == name);
            let is_whole = about().any(|one| one.part.is_none());
            let parts: Vec<&str> = about().filter_map(|one| Some(one.part?.name)).collect();
            let is_always = name == "schemas" || name == "id";
            let is_kept = match (keeps, is_whole, parts.is_empty()) {
                _ if is_always => true,
                (true, true, _) | (false, false, true) => true,
                (true, false, true) | (false, true, _) => false,
                (_, false, false) => {
                    narrow(&mut value, &parts, keeps);
                    true
                }
            };
            if is_kept {
                kept.insert(name, value);
            }
        }
        kept
    }
}

fn narrow(value: &mut Value, parts: &[&str], keeps: bool) {
    match value {
        Value::Array(values) => {
            for value in values {
                narrow(value, parts, keeps);
            }
        }
        Value::Object(fields) => {
            fields.retain(|name, _| parts.contains(&name.as_str()) == keeps);
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
