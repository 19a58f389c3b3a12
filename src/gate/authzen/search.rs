//! Questions with a gap: who may, what may they do, to what?

use serde_json::{Map, Value};

use super::request::{object, optional, text, whole};
use super::{Deed, Evaluation, Thing, Wrong};
use crate::id::UserId;

const MOST: usize = 1000;
const USUAL: usize = 100;

/// What a search looks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// Who may do this to that?
    Subjects,
    /// To what may they do this?
    Resources,
    /// What may they do to that?
    Actions,
}

/// A question with one gap, and the page of answers that is wanted.
#[derive(Debug, Clone, PartialEq)]
pub struct Search {
    /// What fills the gap.
    pub wanted: Wanted,
    /// The question, with nothing in its gap.
    pub question: Evaluation,
    /// Which answers.
    pub page: Page,
}

/// A page of answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// At most that many.
    pub limit: usize,
    /// Those after this.
    pub after: After,
    /// Whether the caller asked for a page at all.
    pub is_asked_for: bool,
}

/// Where a page begins: what `entities.json` knows comes first, then the people of the account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum After {
    /// At the beginning.
    Nothing,
    /// After this one of those that come first.
    Known(String),
    /// After this person.
    Person(UserId),
}

impl Search {
    /// Reads a search; what stands in its gap is ignored.
    pub fn read(wanted: Wanted, body: &Value) -> Result<Self, Wrong> {
        let whole = whole(body)?;
        let thing = |key: &str, is_gap: bool| {
            if is_gap {
                Ok(Thing {
                    kind: text(object(whole, key)?, key, "type")?,
                    id: String::new(),
                    properties: Map::new(),
                })
            } else {
                Thing::read(whole, key)
            }
        };
        let action = if wanted == Wanted::Actions {
            Deed {
                name: String::new(),
                properties: Map::new(),
            }
        } else {
            Deed::read(whole)?
        };
        Ok(Self {
            wanted,
            question: Evaluation {
                subject: thing("subject", wanted == Wanted::Subjects)?,
                action,
                resource: thing("resource", wanted == Wanted::Resources)?,
            },
            page: Page::read(whole)?,
        })
    }

    /// The question with this in its gap.
    pub fn about(&self, found: &str) -> Evaluation {
        let mut full = self.question.clone();
        let gap = match self.wanted {
            Wanted::Subjects => &mut full.subject.id,
            Wanted::Resources => &mut full.resource.id,
            Wanted::Actions => &mut full.action.name,
        };
        found.clone_into(gap);
        full
    }
}

impl Page {
    fn read(whole: &Map<String, Value>) -> Result<Self, Wrong> {
        let asked = optional(whole, "page")?;
        let said = |name: &str| asked.and_then(|page| page.get(name));
        let limit = match said("limit") {
            None => USUAL,
            Some(limit) => limit
                .as_u64()
                .and_then(|limit| usize::try_from(limit).ok())
                .filter(|limit| *limit > 0)
                .ok_or_else(|| Wrong("`page.limit` is not a number from 1 on".into()))?,
        };
        let after = match said("token") {
            None => After::Nothing,
            Some(token) => token
                .as_str()
                .and_then(After::read)
                .ok_or_else(|| Wrong("`page.token` is not a `next_token` of ours".into()))?,
        };
        Ok(Self {
            limit: limit.min(MOST),
            after,
            is_asked_for: asked.is_some(),
        })
    }
}

impl After {
    fn read(token: &str) -> Option<Self> {
        if token.is_empty() {
            return Some(Self::Nothing);
        }
        match token.split_once('.')? {
            ("known", id) => Some(Self::Known(id.to_owned())),
            ("person", id) => UserId::parse(id).map(Self::Person),
            _ => None,
        }
    }

    /// As it goes out and comes back; empty at the end.
    pub fn token(&self) -> String {
        match self {
            Self::Nothing => String::new(),
            Self::Known(id) => format!("known.{id}"),
            Self::Person(id) => format!("person.{id}"),
        }
    }
}
