//! Whether a resource is one of those that a filter means.

use std::cmp::Ordering;

use serde_json::{Map, Value};

use super::filter::{Filter, Node, Operator, Target};
use super::schema::Kind;
use crate::time::Timestamp;
use crate::user::fold;

impl Filter {
    /// Whether it means this resource, or this value of an attribute.
    pub fn accepts(&self, resource: &Map<String, Value>) -> bool {
        accepts(&self.0, resource)
    }
}

fn accepts(node: &Node, resource: &Map<String, Value>) -> bool {
    match node {
        Node::And(one, other) => accepts(one, resource) && accepts(other, resource),
        Node::Or(one, other) => accepts(one, resource) || accepts(other, resource),
        Node::Not(inner) => !accepts(inner, resource),
        Node::Present(target) => values(target, resource).any(is_something),
        Node::Compare(target, Operator::Unequal, expected) => {
            !compares(target, Operator::Equal, expected, resource)
        }
        Node::Compare(target, operator, expected) => {
            compares(target, *operator, expected, resource)
        }
        Node::Within(name, inner) => several(resource.get(*name))
            .filter_map(Value::as_object)
            .any(|value| accepts(inner, value)),
    }
}

fn compares(
    target: &Target,
    operator: Operator,
    expected: &Value,
    resource: &Map<String, Value>,
) -> bool {
    match expected {
        Value::Null => !values(target, resource).any(is_something),
        Value::Bool(expected) => {
            values(target, resource).any(|value| value.as_bool() == Some(*expected))
        }
        Value::String(expected) => {
            let expected = Comparable::new(expected, target);
            values(target, resource)
                .filter_map(Value::as_str)
                .any(|value| Comparable::new(value, target).holds(operator, &expected))
        }
        Value::Number(_) | Value::Array(_) | Value::Object(_) => false,
    }
}

/// Two texts of one attribute are compared in this form.
enum Comparable {
    Moment(Timestamp),
    Text(String),
}

impl Comparable {
    fn new(text: &str, target: &Target) -> Self {
        if target.kind == Kind::Moment
            && let Some(moment) = Timestamp::parse(text)
        {
            return Self::Moment(moment);
        }
        Self::Text(if target.is_exact {
            text.to_owned()
        } else {
            fold(text)
        })
    }

    fn holds(&self, operator: Operator, expected: &Self) -> bool {
        let order = match (self, expected) {
            (Self::Moment(value), Self::Moment(expected)) => value.cmp(expected),
            (Self::Text(value), Self::Text(expected)) => match operator {
                Operator::Contains => return value.contains(expected.as_str()),
                Operator::Starts => return value.starts_with(expected.as_str()),
                Operator::Ends => return value.ends_with(expected.as_str()),
                _ => value.cmp(expected),
            },
            _ => return false,
        };
        match operator {
            Operator::Equal => order == Ordering::Equal,
            Operator::Greater => order == Ordering::Greater,
            Operator::GreaterEqual => order != Ordering::Less,
            Operator::Less => order == Ordering::Less,
            Operator::LessEqual => order != Ordering::Greater,
            Operator::Unequal | Operator::Contains | Operator::Starts | Operator::Ends => false,
        }
    }
}

/// Every value of what is compared.
fn values<'r>(
    target: &Target,
    resource: &'r Map<String, Value>,
) -> impl Iterator<Item = &'r Value> + use<'r> {
    let part = target.part;
    several(resource.get(target.name)).filter_map(move |value| match part {
        Some(part) => value.get(part),
        None => Some(value),
    })
}

fn several(value: Option<&Value>) -> impl Iterator<Item = &Value> {
    let (many, one) = match value {
        Some(Value::Array(values)) => (values.as_slice(), None),
        other => (&[][..], other),
    };
    many.iter().chain(one)
}

fn is_something(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::String(text) => !text.is_empty(),
        Value::Array(values) => !values.is_empty(),
        Value::Object(parts) => !parts.is_empty(),
        Value::Bool(_) | Value::Number(_) => true,
    }
}
