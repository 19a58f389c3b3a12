//! Filters (RFC 7644, 3.4.2.2): read into a tree of bounded depth, and asked for what an index can answer.

use std::iter::Peekable;
use std::vec::IntoIter;

use serde_json::Value;

use super::lexer::{Word, words};
use super::path::{Name, shown};
use super::schema::{Attribute, Kind as Type, Schema};
use super::{Error, Kind};

/// Which resources are meant.
#[derive(Debug, Clone)]
pub struct Filter(pub(super) Node);

/// One of the things that a filter is put together from.
#[derive(Debug, Clone)]
pub(super) enum Node {
    And(Box<Node>, Box<Node>),
    Or(Box<Node>, Box<Node>),
    Not(Box<Node>),
    Present(Target),
    Compare(Target, Operator, Value),
    /// One of several values is as the inner filter says.
    Within(&'static str, Box<Node>),
}

/// What is compared: an attribute, and perhaps a part of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Target {
    pub(super) name: &'static str,
    pub(super) part: Option<&'static str>,
    pub(super) kind: Type,
    pub(super) is_exact: bool,
}

/// How two values compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operator {
    Equal,
    Unequal,
    Contains,
    Starts,
    Ends,
    Greater,
    GreaterEqual,
    Less,
    LessEqual,
}

/// A question that an index answers; everything that the filter means is among what it finds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Key {
    /// Our id.
    Id(String),
    /// The directory's own id.
    ExternalId(String),
    /// The `userName` of a person or the `displayName` of a group.
    Name(String),
}

/// So deep may one thing stand in another, and so many comparisons may a filter hold.
const DEEPEST: usize = 16;
const MOST: usize = 50;

impl Filter {
    /// Reads a filter over resources of these schemas.
    pub fn read(text: &str, schemas: &[&Schema]) -> Result<Self, Error> {
        Reader::read(text, Scope::Resources(schemas))
    }

    /// What an index can be asked about resources of this schema instead of looking at all of them.
    pub fn key(&self, schema: &Schema) -> Option<Key> {
        self.0.key(schema)
    }

    /// Whether it asks about that attribute.
    pub fn mentions(&self, name: &str) -> bool {
        self.0.mentions(name)
    }

    /// The values that it names by `value eq "…"`, where it says nothing else.
    pub(super) fn values(&self) -> Option<Vec<&str>> {
        self.0.values()
    }

    /// What a value is that it describes completely: `type eq "work"`, where it says nothing else.
    pub(super) fn describes(&self) -> Option<(&'static str, &Value)> {
        match &self.0 {
            Node::Compare(target, Operator::Equal, value) => Some((target.last(), value)),
            _ => None,
        }
    }
}

impl Node {
    fn key(&self, schema: &Schema) -> Option<Key> {
        match self {
            Self::And(one, other) => one.key(schema).or_else(|| other.key(schema)),
            Self::Compare(target, Operator::Equal, Value::String(value)) => match target.name {
                "id" => Some(Key::Id(value.clone())),
                "externalId" => Some(Key::ExternalId(value.clone())),
                name if name == schema.named_by => Some(Key::Name(value.clone())),
                _ => None,
            },
            Self::Or(..)
            | Self::Not(_)
            | Self::Present(_)
            | Self::Compare(..)
            | Self::Within(..) => None,
        }
    }

    fn mentions(&self, name: &str) -> bool {
        match self {
            Self::And(one, other) | Self::Or(one, other) => {
                one.mentions(name) || other.mentions(name)
            }
            Self::Not(inner) => inner.mentions(name),
            Self::Present(target) | Self::Compare(target, ..) => target.name == name,
            Self::Within(attribute, _) => *attribute == name,
        }
    }

    fn values(&self) -> Option<Vec<&str>> {
        match self {
            Self::Compare(target, Operator::Equal, Value::String(value))
                if target.last() == "value" =>
            {
                Some(vec![value])
            }
            Self::Or(one, other) => Some([one.values()?, other.values()?].concat()),
            Self::And(..)
            | Self::Not(_)
            | Self::Present(_)
            | Self::Compare(..)
            | Self::Within(..) => None,
        }
    }
}

/// Reads what stands between the brackets of `emails[…]`.
pub(super) fn of_values(text: &str, attribute: &'static Attribute) -> Result<Filter, Error> {
    Reader::read(text, Scope::Values(attribute))
}

/// What the names of a filter are looked up in.
#[derive(Clone, Copy)]
enum Scope<'s> {
    Resources(&'s [&'s Schema]),
    Values(&'static Attribute),
}

impl Scope<'_> {
    fn find(self, name: &str) -> Option<Name> {
        match self {
            Self::Resources(schemas) => Name::find(name, schemas),
            Self::Values(attribute) => attribute.part(name).map(|attribute| Name {
                attribute,
                part: None,
            }),
        }
    }
}

struct Reader<'s> {
    words: Peekable<IntoIter<Word>>,
    scope: Scope<'s>,
    compared: usize,
}

impl<'s> Reader<'s> {
    fn read(text: &str, scope: Scope<'s>) -> Result<Filter, Error> {
        let mut reader = Self {
            words: words(text)?.into_iter().peekable(),
            scope,
            compared: 0,
        };
        let filter = reader.either(0)?;
        match reader.words.next() {
            None => Ok(Filter(filter)),
            Some(_) => Err(wrong("there is something after its end")),
        }
    }

    fn either(&mut self, depth: usize) -> Result<Node, Error> {
        if depth > DEEPEST {
            return Err(wrong("it is nested too deeply"));
        }
        let mut node = self.both(depth)?;
        while self.takes("or") {
            node = Node::Or(Box::new(node), Box::new(self.both(depth)?));
        }
        Ok(node)
    }

    fn both(&mut self, depth: usize) -> Result<Node, Error> {
        let mut node = self.one(depth)?;
        while self.takes("and") {
            node = Node::And(Box::new(node), Box::new(self.one(depth)?));
        }
        Ok(node)
    }

    fn one(&mut self, depth: usize) -> Result<Node, Error> {
        match self.words.next() {
            Some(Word::Open) => self.until(&Word::Close, depth),
            Some(Word::Name(name))
                if name.eq_ignore_ascii_case("not") && self.words.peek() == Some(&Word::Open) =>
            {
                self.words.next();
                Ok(Node::Not(Box::new(self.until(&Word::Close, depth)?)))
            }
            Some(Word::Name(name)) => self.about(&name, depth),
            _ => Err(wrong("an attribute is missing")),
        }
    }

    fn until(&mut self, end: &Word, depth: usize) -> Result<Node, Error> {
        let node = self.either(depth + 1)?;
        match self.words.next() {
            Some(word) if word == *end => Ok(node),
            _ => Err(wrong("a bracket is not closed")),
        }
    }

    fn about(&mut self, text: &str, depth: usize) -> Result<Node, Error> {
        self.compared += 1;
        if self.compared > MOST {
            return Err(wrong("it compares too many things"));
        }
        let name = self.scope.find(text);
        let name = name.ok_or_else(|| wrong(&format!("`{}` is no attribute here", shown(text))))?;
        match self.words.next() {
            Some(Word::OpenBracket) if name.part.is_none() && name.attribute.is_many => {
                let outside = std::mem::replace(&mut self.scope, Scope::Values(name.attribute));
                let inside = self.until(&Word::CloseBracket, depth);
                self.scope = outside;
                Ok(Node::Within(name.attribute.name, Box::new(inside?)))
            }
            Some(Word::Name(operator)) if operator.eq_ignore_ascii_case("pr") => {
                Ok(Node::Present(Target::new(name)))
            }
            Some(Word::Name(operator)) => {
                let operator = Operator::parse(&operator)
                    .ok_or_else(|| wrong(&format!("`{}` is no operator", shown(&operator))))?;
                let value = match self.words.next() {
                    Some(Word::Value(value)) => value,
                    Some(Word::Name(name)) => plain(&name)?,
                    _ => return Err(wrong("a value is missing after an operator")),
                };
                comparison(Target::new(name), operator, value)
            }
            _ => Err(wrong("an operator is missing after an attribute")),
        }
    }

    fn takes(&mut self, word: &str) -> bool {
        let is_next =
            |next: &Word| matches!(next, Word::Name(name) if name.eq_ignore_ascii_case(word));
        self.words.next_if(is_next).is_some()
    }
}

impl Target {
    fn new(Name { attribute, part }: Name) -> Self {
        // `emails eq "…"` means `emails.value eq "…"` (RFC 7643, 2.4).
        let value = || attribute.is_many.then(|| attribute.part("value")).flatten();
        let part = part.or_else(value);
        let compared = part.unwrap_or(attribute);
        Self {
            name: attribute.name,
            part: part.map(|part| part.name),
            kind: compared.kind,
            is_exact: compared.is_exact,
        }
    }

    /// The name that stands last.
    pub(super) fn last(&self) -> &'static str {
        self.part.unwrap_or(self.name)
    }
}

impl Operator {
    fn parse(text: &str) -> Option<Self> {
        Some(match text.to_ascii_lowercase().as_str() {
            "eq" => Self::Equal,
            "ne" => Self::Unequal,
            "co" => Self::Contains,
            "sw" => Self::Starts,
            "ew" => Self::Ends,
            "gt" => Self::Greater,
            "ge" => Self::GreaterEqual,
            "lt" => Self::Less,
            "le" => Self::LessEqual,
            _ => return None,
        })
    }
}

fn plain(name: &str) -> Result<Value, Error> {
    match name.to_ascii_lowercase().as_str() {
        "true" => Ok(Value::Bool(true)),
        "false" => Ok(Value::Bool(false)),
        "null" => Ok(Value::Null),
        _ => Err(wrong(&format!(
            "`{}` is no value; a text stands between \"quotation marks\"",
            shown(name)
        ))),
    }
}

/// Refuses what cannot be compared, and reads a flag that was written as text.
fn comparison(target: Target, operator: Operator, value: Value) -> Result<Node, Error> {
    let plain = matches!(operator, Operator::Equal | Operator::Unequal);
    let fits = match (target.kind, &value) {
        (Type::Complex, _) => false,
        (_, Value::Null) | (Type::Flag, Value::Bool(_)) => plain,
        (Type::Flag, Value::String(text)) => {
            let Some(flag) = flag(text).filter(|_| plain) else {
                return Err(wrong("true or false is only equal or not"));
            };
            return Ok(Node::Compare(target, operator, Value::Bool(flag)));
        }
        (Type::Text | Type::Reference | Type::Moment, Value::String(_)) => true,
        _ => false,
    };
    if !fits {
        return Err(wrong(&format!("`{}` cannot be compared so", target.last())));
    }
    Ok(Node::Compare(target, operator, value))
}

/// `True` and its kin, as directories write them.
pub(super) fn flag(text: &str) -> Option<bool> {
    [true, false]
        .into_iter()
        .find(|flag| text.eq_ignore_ascii_case(&flag.to_string()))
}

/// What is wrong with a filter.
pub(super) fn wrong(sentence: &str) -> Error {
    Kind::InvalidFilter.because(format!("the filter cannot be read: {sentence}"))
}
