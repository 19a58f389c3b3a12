//! Lists of resources (RFC 7644, 3.4.2): what is asked for, and the answer.

use serde_json::{Map, Value, json};

use super::{Error, Filter, Kind, Schema, Selection};

/// So many resources an answer carries at most, and so many where nobody asks for a number.
pub const MOST: i64 = 200;
const USUAL: i64 = 100;

/// What is asked for.
#[derive(Debug, Clone)]
pub struct List {
    /// Which resources.
    pub filter: Option<Filter>,
    /// The number of the first, from 1.
    pub start: i64,
    /// How many at most.
    pub count: i64,
    /// What of each.
    pub selection: Selection,
}

/// What was found.
#[derive(Debug, Default)]
pub struct Page {
    /// How many there are altogether.
    pub total: i64,
    /// Those of this page.
    pub resources: Vec<Map<String, Value>>,
}

impl List {
    /// Reads the parameters of an address.
    pub fn query(pairs: &[(String, String)], schemas: &[&Schema]) -> Result<Self, Error> {
        let find = |name: &str| {
            let mut found = pairs
                .iter()
                .filter(|(known, _)| known.eq_ignore_ascii_case(name));
            match (found.next(), found.next()) {
                (_, Some(_)) => Err(Kind::InvalidValue.because(format!("`{name}` is there twice"))),
                (one, None) => Ok(one.map(|(_, value)| value.as_str())),
            }
        };
        let number = |name: &str| {
            let parse = |text: &str| text.parse().map_err(|_| no_number(name));
            find(name)?.map(parse).transpose()
        };
        let names = |name: &str| Ok(Selection::split(find(name)?.unwrap_or_default()));
        let filter = find("filter")?.filter(|text| !text.trim().is_empty());
        Self::new(
            filter,
            [number("startIndex")?, number("count")?],
            Selection::new(names("attributes")?, names("excludedAttributes")?)?,
            schemas,
        )
    }

    /// Reads the body of a `SearchRequest`.
    pub fn search(body: &Value, schemas: &[&Schema]) -> Result<Self, Error> {
        let Some(fields) = body.as_object() else {
            return Err(Kind::InvalidSyntax.because("the body is no JSON object"));
        };
        let find = |name: &str| {
            let named = fields
                .iter()
                .find(|(known, _)| known.eq_ignore_ascii_case(name));
            named
                .map(|(_, value)| value)
                .filter(|value| !value.is_null())
        };
        let number = |name: &str| {
            let parse = |value: &Value| value.as_i64().ok_or_else(|| no_number(name));
            find(name).map(parse).transpose()
        };
        let names = |name: &str| match find(name) {
            None => Ok(Vec::new()),
            Some(Value::String(list)) => Ok(Selection::split(list)),
            Some(Value::Array(list)) => {
                let names = list.iter().filter_map(Value::as_str);
                Ok(names.map(str::to_owned).collect())
            }
            Some(_) => Err(Kind::InvalidValue.because(format!("`{name}` is a list of names"))),
        };
        let filter = match find("filter") {
            None => None,
            Some(Value::String(text)) => Some(text.as_str()),
            Some(_) => return Err(Kind::InvalidFilter.because("`filter` is a text")),
        };
        Self::new(
            filter,
            [number("startIndex")?, number("count")?],
            Selection::new(names("attributes")?, names("excludedAttributes")?)?,
            schemas,
        )
    }

    fn new(
        filter: Option<&str>,
        [start, count]: [Option<i64>; 2],
        selection: Selection,
        schemas: &[&Schema],
    ) -> Result<Self, Error> {
        Ok(Self {
            filter: filter.map(|text| Filter::read(text, schemas)).transpose()?,
            start: start.unwrap_or(1).max(1),
            count: count.unwrap_or(USUAL).clamp(0, MOST),
            selection,
        })
    }
}

fn no_number(name: &str) -> Error {
    Kind::InvalidValue.because(format!("`{name}` is a whole number"))
}

/// The answer to a list.
pub fn answer(page: &Page, start: i64) -> Value {
    json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
        "totalResults": page.total,
        "startIndex": start,
        "itemsPerPage": page.resources.len(),
        "Resources": page.resources,
    })
}
