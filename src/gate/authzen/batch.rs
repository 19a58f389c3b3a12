//! Many questions at once.

use serde_json::{Map, Value};

use super::request::{optional, whole};
use super::{Evaluation, Wrong};

/// More questions than anybody asks at once.
const MOST: usize = 250;

/// One question, or many.
#[derive(Debug, Clone, PartialEq)]
pub enum Asked {
    /// One, asked where many could be.
    One(Box<Evaluation>),
    /// Many.
    Many(Batch),
}

/// Questions in their order; one that cannot be read is a no of its own.
#[derive(Debug, Clone, PartialEq)]
pub struct Batch {
    /// The questions.
    pub items: Vec<Result<Evaluation, Wrong>>,
    /// Which of them are answered.
    pub semantic: Semantic,
}

/// Which questions of a batch are answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Semantic {
    /// All of them.
    ExecuteAll,
    /// Those up to the first no.
    DenyOnFirstDeny,
    /// Those up to the first yes.
    PermitOnFirstPermit,
}

impl Semantic {
    const NAMES: [(&'static str, Self); 3] = [
        ("execute_all", Self::ExecuteAll),
        ("deny_on_first_deny", Self::DenyOnFirstDeny),
        ("permit_on_first_permit", Self::PermitOnFirstPermit),
    ];

    /// Whether nothing after this answer is asked any more.
    pub const fn ends_with(self, is_allowed: bool) -> bool {
        match self {
            Self::ExecuteAll => false,
            Self::DenyOnFirstDeny => !is_allowed,
            Self::PermitOnFirstPermit => is_allowed,
        }
    }

    fn read(whole: &Map<String, Value>) -> Result<Self, Wrong> {
        let said = optional(whole, "options")?.and_then(|all| all.get("evaluations_semantic"));
        let Some(said) = said else {
            return Ok(Self::ExecuteAll);
        };
        let found = Self::NAMES.into_iter().find(|(name, _)| said == name);
        found.map(|(_, semantic)| semantic).ok_or_else(|| {
            let names = Self::NAMES.map(|(name, _)| name).join(", ");
            Wrong(format!("`options.evaluations_semantic` is none of {names}"))
        })
    }
}

impl Asked {
    /// Reads a request; without any `evaluations` it is a single question.
    pub fn read(body: &Value) -> Result<Self, Wrong> {
        let whole = whole(body)?;
        let items = match whole.get("evaluations") {
            Some(Value::Array(items)) if !items.is_empty() => items,
            None | Some(Value::Array(_)) => {
                return Ok(Self::One(Box::new(Evaluation::read(body)?)));
            }
            Some(_) => return Err(Wrong("`evaluations` is not an array".into())),
        };
        if items.len() > MOST {
            return Err(Wrong(format!(
                "`evaluations` holds {}, at most {MOST} go at once",
                items.len()
            )));
        }
        for key in ["subject", "action", "resource"] {
            optional(whole, key)?;
        }
        Ok(Self::Many(Batch {
            semantic: Semantic::read(whole)?,
            items: items
                .iter()
                .map(|item| with_defaults(item, whole))
                .collect(),
        }))
    }
}

/// An item says each of its objects as a whole; only what names the thing may stand at the top instead.
fn with_defaults(item: &Value, top: &Map<String, Value>) -> Result<Evaluation, Wrong> {
    let Value::Object(item) = item else {
        return Err(Wrong("this evaluation is not an object".into()));
    };
    let mut full = item.clone();
    for (key, names) in [
        ("subject", ["type", "id"].as_slice()),
        ("action", &["name"]),
        ("resource", &["type", "id"]),
        ("context", &[]),
    ] {
        let Some(default) = top.get(key) else {
            continue;
        };
        let own = full.entry(key).or_insert_with(|| default.clone());
        if let (Value::Object(own), Value::Object(default)) = (own, default) {
            for name in names {
                if let (false, Some(value)) = (own.contains_key(*name), default.get(*name)) {
                    own.insert((*name).to_owned(), value.clone());
                }
            }
        }
    }
    Evaluation::read(&Value::Object(full))
}
